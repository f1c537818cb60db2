// SPDX-License-Identifier: BSD-3-Clause
/// send.Heap without its Python face.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include <pybind11/pybind11.h>

#include "flavour.h"
#include "heapwire/heap/outgoing_heap.h"
#include "heapwire/wire/item_id.h"

namespace heapwire::python
{

namespace py = pybind11;

/// Refers to the memory of its items and keeps their exports open as long as it lives, so the last owner must be
/// attached (flights see to that). Any thread, also without a GIL. A heap in flight is read by workers: what would
/// change it raises RuntimeError then.
class outgoing
{
public:
    explicit outgoing(const python::flavour &f) : flavour_(f), core_(f.core()) {}
    ~outgoing();
    outgoing(const outgoing &) = delete;
    outgoing &operator=(const outgoing &) = delete;

    /// An item of the bytes of `buffer`, which are referred to. Calls no Python code but the exporter's. Raises
    /// TypeError, BufferError or what the exporter raises; std::invalid_argument for an id that the flavour cannot say.
    void add(std::uint64_t id, py::handle buffer, bool allow_immediate);
    /// The same, of bytes that stay where they are as long as `owner` lives.
    void add_view(std::uint64_t id, bytes_view bytes, py::object owner, bool allow_immediate);
    /// The same, of a copy of a few bytes.
    void add_copy(std::uint64_t id, bytes_view bytes, bool allow_immediate);
    /// Duck-typed: id, to_buffer(), allow_immediate().
    void add_item(const py::object &item);
    /// Duck-typed: to_raw(flavour).
    void add_descriptor(const py::object &descriptor);
    /// `raw` is copied. Throws std::invalid_argument for an id out of range.
    void add_raw_descriptor(const wire::descriptor &raw);
    void add_control(wire::stream_control what);

    [[nodiscard]] const python::flavour &flavour() const noexcept { return flavour_; }
    [[nodiscard]] bool repeat_pointers() const
    {
        std::lock_guard hold(lock_);
        return core_.repeat_pointers();
    }
    void repeat_pointers(bool on);

    /// Between these two the heap does not change. Any number of flights at once.
    void take_off() noexcept;
    void land() noexcept { in_flight_.fetch_sub(1, std::memory_order_acq_rel); }
    [[nodiscard]] const outgoing_heap &core() const noexcept { return core_; }
    /// Of all items; for guesses about how long something takes.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    struct held
    {
        Py_buffer view;
        held *next = nullptr;
    };
    struct released;
    void keep(std::uint64_t id, released &&now, bool allow_immediate);

    template <typename Change>
    void change(Change &&how);

    const python::flavour flavour_;
    mutable std::mutex lock_; // whoever changes the heap, or takes off
    std::atomic<int> in_flight_{0};
    outgoing_heap core_;
    held *exports_ = nullptr; // one block each: an exporter may point into its Py_buffer
    std::size_t size_ = 0;
    std::array<std::byte, 64> room_; // for add_copy: the bytes of a few scalars, without an allocation each
    std::size_t room_used_ = 0;
};

} // namespace heapwire::python
