// SPDX-License-Identifier: BSD-3-Clause
#include "items/item_table.h"

#include <pybind11/critical_section.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "flavour.h"
#include "heapwire/base/process_seed.h"
#include "heapwire/wire/item_id.h"
#include "items/decode.h"
#include "received_heap.h"

namespace heapwire::python
{

namespace
{

constexpr std::uint64_t first_free_id = 0x1000;

bool equal(const py::object &a, const py::object &b)
{
    if (a.is(b))
        return true;
    const int answer = PyObject_RichCompareBool(a.ptr(), b.ptr(), Py_EQ);
    if (answer < 0)
        throw py::error_already_set();
    return answer == 1;
}

/// Name, description, shape, dtype, order, format.
bool same_descriptor(item_object *a, item_object *b)
{
    const auto left = attributes_of(a);
    const auto right = attributes_of(b);
    for (std::size_t i = 1; i < left.size(); ++i)
        if (!equal(left[i], right[i]))
            return false;
    return true;
}

item_object *require_item(const py::object &object)
{
    item_object *item = as_item(object);
    if (!item)
        throw py::type_error("an item group holds heapwire.Item, not " +
                             py::str(py::type::of(object)).cast<std::string>());
    return item;
}

/// 0, which no item has, if the key is no id that can be received. Makes no object.
std::uint64_t number_of(const py::object &id)
{
    int beyond = 0;
    const long long number = PyLong_Check(id.ptr()) ? PyLong_AsLongLongAndOverflow(id.ptr(), &beyond) : 0;
    return beyond || number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

std::uint64_t first_free(const item_list &in)
{
    std::uint64_t id = in.free_from;
    while (in.by_id.contains(py::int_(id)))
        ++id;
    return id;
}

bool is_received(std::uint64_t number) { return number > static_cast<std::uint64_t>(wire::item_id::stream_ctrl); }

/// Hashed and compared as int or str: no code of a user's class runs, so no other thread either.
bool is_plain(const py::object &key)
{
    const PyTypeObject *const type = Py_TYPE(key.ptr());
    for (const PyTypeObject *known : {&PyLong_Type, &PyUnicode_Type})
        if (type->tp_hash == known->tp_hash && type->tp_richcompare == known->tp_richcompare)
            return true;
    return false;
}

std::optional<std::size_t> place_in(const py::dict &places, const py::object &key)
{
    if (!places.contains(key))
        return std::nullopt;
    return places[key].cast<std::size_t>();
}

void erase(py::dict &from, const py::object &key)
{
    if (PyDict_DelItem(from.ptr(), key.ptr()) != 0)
        throw py::error_already_set();
}

void raise_version(item_object *item, long long at_least)
{
    if (version_of(item) < at_least)
        std::atomic_ref(item->version).store(at_least, std::memory_order_relaxed);
}

void take_value(const py::object &target, const item &from, const decode_context &context)
{
    item_object *item = as_item(target);
    if (is_plain_item(target))
    {
        const std::shared_ptr<const item_plan> plan = plan_of(item);
        assign_value(item, decode(*plan, from, context, item), 2);
        return;
    }
    const auto owner = py::reinterpret_borrow<py::object>(context.owner);
    target.attr("set_from_raw")(raw_item{owner, from}, py::str(context.new_order.data(), context.new_order.size()));
    std::atomic_ref(item->version).fetch_add(1, std::memory_order_relaxed);
}

} // namespace

std::size_t item_list::seeded_hash::operator()(std::uint64_t id) const noexcept
{
    static const std::uint64_t seed = process_seed();
    const std::uint64_t mixed = (id ^ seed) * 0x9e3779b97f4a7c15u;
    return static_cast<std::size_t>((mixed ^ mixed >> 32) * (seed | 1));
}

py::object item_list::find_number(std::uint64_t id) const
{
    const auto found = by_number.find(id);
    return found == by_number.end() ? py::object() : entries[found->second].item;
}

std::shared_ptr<item_list> item_list::copy() const
{
    auto made = std::make_shared<item_list>();
    made->entries.reserve(size() + 1);
    for (const entry &e : entries)
        if (e.item)
            made->append(e);
    made->free_from = free_from;
    return made;
}

void item_list::put(const entry &fresh, std::vector<entry> &gone)
{
    std::optional<std::size_t> first = place_in(place_of_id, fresh.id), second = place_in(place_of_name, fresh.name);
    if (first > second) // none comes before every index
        first.swap(second);
    if (first != second && first)
        take_out(*first, gone);
    if (second)
        take_out(*second, gone);
    for (const entry &e : gone)
        raise_version(as_item(fresh.item), version_of(as_item(e.item)) + 1);
    append(fresh);
}

void item_list::take_out(std::size_t at, std::vector<entry> &gone)
{
    entry &old = entries[at];
    gone.push_back(old); // keeps it alive: what its end may run, runs later
    erase(by_id, old.id);
    erase(by_name, old.name);
    erase(place_of_id, old.id);
    erase(place_of_name, old.name);
    const std::uint64_t number = number_of(old.id);
    by_number.erase(number);
    if (number >= first_free_id)
        free_from = std::min(free_from, number);
    old = {};
    ++holes;
}

void item_list::append(const entry &fresh)
{
    const py::int_ at(entries.size());
    by_id[fresh.id] = fresh.item;
    by_name[fresh.name] = fresh.item;
    place_of_id[fresh.id] = at;
    place_of_name[fresh.name] = at;
    if (const std::uint64_t number = number_of(fresh.id); is_received(number))
        by_number[number] = entries.size();
    entries.push_back(fresh);
    plain = plain && is_plain(fresh.id) && is_plain(fresh.name);
    while (by_number.contains(free_from))
        ++free_from;
}

std::shared_ptr<const item_list> item_table::now() const
{
    py::scoped_critical_section lock{guard_};
    return now_;
}

std::shared_ptr<const item_list> item_table::shown()
{
    py::scoped_critical_section lock{guard_};
    now_->shown = true;
    return now_;
}

/// In the list itself if nobody else looks at it, in a copy if somebody does. False, and nothing happens, if another
/// thread was faster.
bool item_table::change(std::shared_ptr<const item_list> before, const item_list::entry &fresh,
                        std::vector<item_list::entry> &gone)
{
    if (is_plain(fresh.id) && is_plain(fresh.name))
    {
        py::scoped_critical_section lock{guard_};
        if (now_ != before)
            return false;
        // Nothing below runs code of others, so no thread sees it half done. With more holes a copy is due anyway.
        const bool alone = now_.use_count() == 2 && !now_->shown && now_->plain && now_->holes <= now_->size();
        if (alone)
        {
            std::atomic_thread_fence(std::memory_order_acquire); // whoever looked has let go
            now_->put(fresh, gone);
            return true;
        }
    }
    std::shared_ptr<item_list> after = before->copy();
    after->put(fresh, gone);
    return replace(before, std::move(after));
}

/// False, and nothing happens, if another thread was faster.
bool item_table::replace(const std::shared_ptr<const item_list> &before, std::shared_ptr<item_list> after)
{
    py::scoped_critical_section lock{guard_};
    if (now_ != before)
        return false;
    now_.swap(after);
    return true;
}

py::object item_table::find(const py::object &key) const
{
    const bool is_id =
        PyLong_Check(key.ptr()) || (!PyUnicode_Check(key.ptr()) && py::isinstance(key, hooks().integral));
    const std::shared_ptr<const item_list> in = now();
    PyObject *const found = PyObject_GetItem((is_id ? in->by_id : in->by_name).ptr(), key.ptr());
    if (!found)
        throw py::error_already_set();
    return py::reinterpret_steal<py::object>(found);
}

void item_table::add(const py::object &object)
{
    for (const item_list::entry &gone : add_quietly(object))
        hooks().log_replaced(gone.name, gone.id);
}

std::vector<item_list::entry> item_table::add_quietly(const py::object &object)
{
    item_object *item = require_item(object);
    const bool choose_id = attributes_of(item)[0].is_none();
    for (;;) // comparing may run a user's code, and other threads
    {
        std::shared_ptr<const item_list> before = now();
        if (choose_id)
            object.attr("id") = first_free(*before);
        const auto own = attributes_of(item);
        if (before->by_id.contains(own[0]))
        {
            const py::object old = before->by_id[own[0]];
            if (same_descriptor(as_item(old), item))
            {
                if (const py::object value = value_of(item))
                    old.attr("value") = value;
                return {};
            }
        }
        std::vector<item_list::entry> gone;
        if (change(std::move(before), {own[0], own[1], object}, gone))
            return gone;
    }
}

void item_table::take_descriptor(const wire::descriptor &raw, wire::flavour f)
{
    if (const py::object known = now()->find_number(raw.id))
    {
        const std::shared_ptr<const raw_memo> received = received_of(as_item(known));
        if (received && received->bugs == f.bugs() && received->raw == raw)
            return;
    }
    add(hooks().from_raw(raw, flavour(f)));
    if (const py::object made = now()->find_number(raw.id))
        remember_received(as_item(made), raw, f);
}

py::dict item_table::update(const py::object &heap, std::string_view new_order)
{
    const heapwire::heap *const from = as_heap(heap);
    if (!from)
        throw py::type_error("heap: a heapwire.recv.Heap is needed");
    for (const wire::descriptor &raw : from->descriptors())
        take_descriptor(raw, from->flavour());
    py::dict out;
    const decode_context context{heap, new_order};
    const std::shared_ptr<const item_list> known = now();
    for (const item &one : from->items())
    {
        if (one.id <= static_cast<std::uint64_t>(wire::item_id::stream_ctrl))
            continue;
        const py::object found = known->find_number(one.id);
        if (!found)
        {
            hooks().log_unknown(one.id);
            continue;
        }
        take_value(found, one, context);
        if (PyDict_SetItem(out.ptr(), name_of(as_item(found)).ptr(), found.ptr()) != 0)
            throw py::error_already_set();
    }
    return out;
}

int item_table::traverse(visitproc visit, void *arg)
{
    Py_VISIT(now_->by_id.ptr());
    Py_VISIT(now_->by_name.ptr());
    Py_VISIT(now_->place_of_id.ptr());
    Py_VISIT(now_->place_of_name.ptr());
    for (const item_list::entry &e : now_->entries)
        Py_VISIT(e.item.ptr());
    return 0;
}

void item_table::clear() { (void)replace(now(), std::make_shared<item_list>()); }

} // namespace heapwire::python
