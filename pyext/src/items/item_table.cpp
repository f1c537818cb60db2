// SPDX-License-Identifier: BSD-3-Clause
#include "items/item_table.h"

#include <pybind11/critical_section.h>
#include <pybind11/gil_safe_call_once.h>

#include "flavour.h"
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

/// 0, which no item has, if the key is no id that can be received.
std::uint64_t number_of(const py::object &id)
{
    const std::uint64_t number = PyLong_Check(id.ptr()) ? PyLong_AsUnsignedLongLong(id.ptr()) : 0;
    if (PyErr_Occurred())
    {
        PyErr_Clear();
        return 0;
    }
    return number;
}

/// numbers.Integral: ints, numpy's integers and whatever was registered.
const py::object &integral()
{
    PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::object> type;
    return type.call_once_and_store_result([] { return py::module_::import("numbers").attr("Integral"); }).get_stored();
}

void take_value(const py::object &target, const item &from, const std::shared_ptr<received_heap> &heap,
                const decode_context &context)
{
    item_object *item = as_item(target);
    if (is_plain_item(target))
    {
        const std::shared_ptr<const item_plan> plan = plan_of(item);
        assign_value(item, decode(*plan, from, context, item), 2);
        return;
    }
    target.attr("set_from_raw")(raw_item{heap, from}, py::str(context.new_order.data(), context.new_order.size()));
    std::atomic_ref(item->version).fetch_add(1, std::memory_order_relaxed);
}

} // namespace

item_table::target item_table::find_number(std::uint64_t id)
{
    py::scoped_critical_section lock{guard_};
    const auto found = by_number_.find(id);
    if (found == by_number_.end())
        return {};
    const entry &e = entries_[found->second];
    return {e.item, e.received};
}

py::object item_table::item_at(std::size_t index)
{
    py::scoped_critical_section lock{guard_};
    return index < entries_.size() ? entries_[index].item : py::object();
}

std::size_t item_table::size()
{
    py::scoped_critical_section lock{guard_};
    return entries_.size();
}

py::object item_table::find(const py::object &key)
{
    const bool is_id = PyLong_Check(key.ptr()) || (!PyUnicode_Check(key.ptr()) && py::isinstance(key, integral()));
    const py::dict &where = is_id ? by_id_ : by_name_;
    PyObject *const found = PyObject_GetItem(where.ptr(), key.ptr());
    if (!found)
        throw py::error_already_set();
    return py::reinterpret_steal<py::object>(found);
}

void item_table::index_numbers()
{
    by_number_.clear();
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (entries_[i].number > static_cast<std::uint64_t>(wire::item_id::stream_ctrl))
            by_number_[entries_[i].number] = i;
}

item_table::entry item_table::remove(std::size_t index, item_object *replacement)
{
    entry gone = std::move(entries_[index]);
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
    PyDict_DelItem(by_id_.ptr(), gone.id.ptr());
    PyDict_DelItem(by_name_.ptr(), gone.name.ptr());
    PyErr_Clear(); // a user may have taken them out of the views' dicts already
    const long long at_least = version_of(as_item(gone.item)) + 1;
    if (version_of(replacement) < at_least)
        std::atomic_ref(replacement->version).store(at_least, std::memory_order_relaxed);
    return gone;
}

void item_table::insert(const py::object &item)
{
    const auto now = attributes_of(as_item(item));
    entries_.push_back({now[0], now[1], item, number_of(now[0]), nullptr});
    by_id_[now[0]] = item;
    by_name_[now[1]] = item;
}

void item_table::add(const py::object &object)
{
    for (const entry &gone : add_quietly(object))
        hooks().log_replaced(gone.name, gone.id);
}

std::vector<item_table::entry> item_table::add_quietly(const py::object &object)
{
    item_object *item = require_item(object);
    py::scoped_critical_section lock{guard_};
    if (attributes_of(item)[0].is_none())
    {
        std::uint64_t id = first_free_id;
        while (by_id_.contains(py::int_(id)))
            ++id;
        object.attr("id") = id;
    }
    const auto now = attributes_of(item);
    if (by_id_.contains(now[0]))
    {
        const py::object old = by_id_[now[0]];
        if (same_descriptor(as_item(old), item))
        {
            if (const py::object value = value_of(item))
                old.attr("value") = value;
            return {};
        }
    }
    std::vector<entry> removed;
    for (std::size_t i = entries_.size(); i-- > 0;)
    {
        if (i >= entries_.size())
            continue; // comparing may run a user's code, which may let other threads in
        const entry old = entries_[i];
        if ((equal(old.id, now[0]) || equal(old.name, now[1])) && i < entries_.size() && entries_[i].item.is(old.item))
            removed.push_back(remove(i, item));
    }
    insert(object);
    index_numbers();
    return removed;
}

void item_table::remember(std::uint64_t id, std::shared_ptr<const raw_memo> received)
{
    py::scoped_critical_section lock{guard_};
    const auto found = by_number_.find(id);
    if (found != by_number_.end())
        entries_[found->second].received.swap(received);
}

void item_table::take_descriptor(const wire::descriptor &raw, wire::flavour f)
{
    const target known = find_number(raw.id);
    if (known.received && known.received->bugs == f.bugs() && known.received->raw == raw)
    {
        const auto now = attributes_of(as_item(known.item));
        bool untouched = true;
        for (std::size_t i = 0; i < now.size(); ++i)
            untouched = untouched && now[i].is(known.received->from[i]);
        if (untouched)
            return;
    }
    add(hooks().from_raw(raw, flavour(f)));
    if (const target now = find_number(raw.id); now.item)
    {
        auto memo = std::make_shared<raw_memo>();
        memo->from = attributes_of(as_item(now.item));
        memo->bugs = f.bugs();
        memo->raw = raw;
        remember(raw.id, std::move(memo));
    }
}

py::dict item_table::update(const py::object &heap, std::string_view new_order)
{
    const auto from = heap.cast<std::shared_ptr<received_heap>>();
    for (const wire::descriptor &raw : from->core.descriptors())
        take_descriptor(raw, from->core.flavour());
    py::dict out;
    const decode_context context{heap, new_order};
    for (const item &one : from->core.items())
    {
        if (one.id <= static_cast<std::uint64_t>(wire::item_id::stream_ctrl))
            continue;
        const target found = find_number(one.id);
        if (!found.item)
        {
            hooks().log_unknown(one.id);
            continue;
        }
        take_value(found.item, one, from, context);
        if (PyDict_SetItem(out.ptr(), name_of(as_item(found.item)).ptr(), found.item.ptr()) != 0)
            throw py::error_already_set();
    }
    return out;
}

int item_table::traverse(visitproc visit, void *arg)
{
    Py_VISIT(by_id_.ptr());
    Py_VISIT(by_name_.ptr());
    for (const entry &e : entries_)
        Py_VISIT(e.item.ptr());
    return 0;
}

void item_table::clear()
{
    by_number_.clear();
    const std::vector<entry> gone = std::move(entries_);
    entries_.clear();
    by_id_ = py::dict();
    by_name_ = py::dict();
}

} // namespace heapwire::python
