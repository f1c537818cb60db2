// SPDX-License-Identifier: BSD-3-Clause
/// What is under heapwire.send.HeapGenerator: which descriptors and values the receivers still lack.
#pragma once

#include <optional>
#include <unordered_map>

#include "items/item_object.h"
#include "send_heap.h"

namespace heapwire::python
{

class heap_filler
{
public:
    heap_filler(std::optional<std::uint64_t> descriptor_frequency, const flavour &of_heaps)
        : frequency_(descriptor_frequency), flavour_(of_heaps)
    {
    }

    /// Of the heaps that are made.
    [[nodiscard]] const flavour &heap_flavour() const noexcept { return flavour_; }

    /// `descriptors` and `data` are "stale", "all" or "none", else ValueError. `group` is an item group of ours or
    /// anything with values(); `heap` a send.Heap or anything with add_item and add_descriptor.
    void fill(const py::object &group, const py::object &heap, py::handle descriptors, py::handle data);
    /// The same, knowing that `heap` is `own`; null if it is not ours.
    void fill_own(const py::object &group, const py::object &heap, outgoing *own, py::handle descriptors,
                  py::handle data);

private:
    enum class which
    {
        stale,
        all,
        none
    };
    struct sent
    {
        std::uint64_t serial = 0; ///< of the item; 0: none yet
        std::optional<std::uint64_t> descriptor_call;
        std::optional<long long> version;
    };
    struct task
    {
        const py::object &heap;
        outgoing *own; ///< the same if it is exactly a send.Heap
        which descriptors, data;
    };
    [[nodiscard]] static which choice(std::string_view argument, py::handle value);
    static void add_descriptor(const task &what, const py::object &item);
    static void add_value(const task &what, const py::object &item);
    void put(const task &what, const py::object &item);
    [[nodiscard]] bool descriptor_due(const sent &before) const noexcept;

    std::optional<std::uint64_t> frequency_;
    const flavour flavour_;
    std::uint64_t calls_ = 0;
    std::unordered_map<std::uint64_t, sent> sent_; // never shrinks: references stay good
    py::list guard_;
};

} // namespace heapwire::python
