// SPDX-License-Identifier: BSD-3-Clause
/// What is under heapwire.ItemGroup: items by id and by name, and the way from a heap into them.
#pragma once

#include <unordered_map>
#include <vector>

#include "items/item_object.h"

namespace heapwire::python
{

/// What is in a group. Never changes: a change of the group makes another one, so that whoever looks, or iterates,
/// while other threads add items sees one moment.
struct item_list
{
    struct entry
    {
        py::object id, name; ///< as they were when it was added: the keys
        py::object item;
    };
    std::vector<entry> entries;                               ///< in the order in which they were added
    std::unordered_map<std::uint64_t, std::size_t> by_number; ///< those whose id can be received
    py::dict by_id, by_name;

    /// Null if there is none.
    [[nodiscard]] py::object find_number(std::uint64_t id) const;
};

/// Every function is called attached. Several threads at once: each sees the table before or after a change of
/// another, and two updates at once may put their items' values in any order.
class item_table
{
public:
    /// By the merging rules; an id of None becomes the first free one from 0x1000.
    void add(const py::object &item);
    /// Puts the values of a recv.Heap into the items; the result has those that got one.
    [[nodiscard]] py::dict update(const py::object &heap, std::string_view new_order);
    [[nodiscard]] py::object find(const py::object &key) const;
    [[nodiscard]] std::shared_ptr<const item_list> now() const;

    int traverse(visitproc visit, void *arg);
    void clear();

private:
    void take_descriptor(const wire::descriptor &raw, wire::flavour flavour);
    [[nodiscard]] std::vector<item_list::entry> add_quietly(const py::object &item);
    [[nodiscard]] bool replace(const std::shared_ptr<const item_list> &before, std::shared_ptr<const item_list> after);

    py::list guard_; // its critical section guards the pointer; it stays empty
    std::shared_ptr<const item_list> now_ = std::make_shared<item_list>();
};

/// A borrowed look at what lies under a heapwire.ItemGroup; null if it is none.
[[nodiscard]] item_table *as_table(py::handle object);

} // namespace heapwire::python
