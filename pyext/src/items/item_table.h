// SPDX-License-Identifier: BSD-3-Clause
/// What is under heapwire.ItemGroup: items by id and by name, and the way from a heap into them.
#pragma once

#include <unordered_map>
#include <vector>

#include "items/item_object.h"

namespace heapwire::python
{

/// Every function is called attached. Several threads at once: each sees the table before or after a change of
/// another, and two updates at once may put their items' values in any order.
class item_table
{
public:
    struct entry
    {
        py::object id, name; ///< as they were when it was added: the keys
        py::object item;
        std::uint64_t number = 0;                 ///< the id, if it is one that can be received
        std::shared_ptr<const raw_memo> received; ///< the descriptor that made the item, until an attribute changes
    };

    /// By the merging rules; an id of None becomes the first free one from 0x1000.
    void add(const py::object &item);
    /// Puts the values of a recv.Heap into the items; the result has those that got one.
    [[nodiscard]] py::dict update(const py::object &heap, std::string_view new_order);
    [[nodiscard]] py::object find(const py::object &key);
    [[nodiscard]] py::dict by_id() const { return by_id_; }
    [[nodiscard]] py::dict by_name() const { return by_name_; }
    /// In the order in which they were added; null past the end.
    [[nodiscard]] py::object item_at(std::size_t index);
    [[nodiscard]] std::size_t size();

    int traverse(visitproc visit, void *arg);
    void clear();

private:
    struct target
    {
        py::object item;
        std::shared_ptr<const raw_memo> received;
    };
    [[nodiscard]] target find_number(std::uint64_t id);
    void take_descriptor(const wire::descriptor &raw, wire::flavour flavour);
    void remember(std::uint64_t id, std::shared_ptr<const raw_memo> received);
    [[nodiscard]] std::vector<entry> add_quietly(const py::object &item);
    [[nodiscard]] entry remove(std::size_t index, item_object *replacement);
    void insert(const py::object &item);
    void index_numbers();

    py::list guard_; // its critical section guards what follows; it stays empty
    py::dict by_id_, by_name_;
    std::vector<entry> entries_;
    std::unordered_map<std::uint64_t, std::size_t> by_number_;
};

} // namespace heapwire::python
