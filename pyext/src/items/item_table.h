// SPDX-License-Identifier: BSD-3-Clause
/// What is under heapwire.ItemGroup: items by id and by name, and the way from a heap into them.
#pragma once

#include <unordered_map>
#include <vector>

#include "items/item_object.h"

namespace heapwire::python
{

/// What is in a group. Once somebody else can see it, it never changes: a change of the group makes another one then,
/// so that whoever looks, or iterates, while other threads add items sees one moment.
struct item_list
{
    struct entry
    {
        py::object id, name; ///< as they were when it was added: the keys
        py::object item;     ///< null: it is gone
    };
    /// What the peer chooses shall not collide.
    struct seeded_hash
    {
        [[nodiscard]] std::size_t operator()(std::uint64_t id) const noexcept;
    };
    std::vector<entry> entries;                                            ///< in the order in which they were added
    std::size_t holes = 0;                                                 ///< entries that are gone
    std::unordered_map<std::uint64_t, std::size_t, seeded_hash> by_number; ///< those whose id can be received
    py::dict by_id, by_name;
    py::dict place_of_id, place_of_name; ///< the index among the entries
    std::uint64_t free_from = 0x1000;    ///< no id from 0x1000 to here is free
    bool plain = true;                   ///< all keys are: to look them up runs nobody's code
    bool shown = false;                  ///< Python has a view of the dictionaries

    [[nodiscard]] std::size_t size() const noexcept { return entries.size() - holes; }
    /// Null if there is none.
    [[nodiscard]] py::object find_number(std::uint64_t id) const;
    [[nodiscard]] std::shared_ptr<item_list> copy() const;
    /// At the end. What has its id or name moves to `gone`, and raises its version.
    void put(const entry &fresh, std::vector<entry> &gone);

private:
    void take_out(std::size_t at, std::vector<entry> &gone);
    void append(const entry &fresh);
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
    /// For who hands out views of its dictionaries.
    [[nodiscard]] std::shared_ptr<const item_list> shown();

    int traverse(visitproc visit, void *arg);
    void clear();

private:
    void take_descriptor(const wire::descriptor &raw, wire::flavour flavour);
    [[nodiscard]] std::vector<item_list::entry> add_quietly(const py::object &item);
    [[nodiscard]] bool change(std::shared_ptr<const item_list> before, const item_list::entry &fresh,
                              std::vector<item_list::entry> &gone);
    [[nodiscard]] bool replace(const std::shared_ptr<const item_list> &before, std::shared_ptr<item_list> after);

    py::list guard_; // its critical section guards the pointer; it stays empty
    std::shared_ptr<item_list> now_ = std::make_shared<item_list>();
};

/// A borrowed look at what lies under a heapwire.ItemGroup; null if it is none.
[[nodiscard]] item_table *as_table(py::handle object);

} // namespace heapwire::python
