// SPDX-License-Identifier: BSD-3-Clause
#include "items/item_table.h"

#include <pybind11/critical_section.h>

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

std::uint64_t first_free(const item_list &in)
{
    std::uint64_t id = first_free_id;
    while (in.by_id.contains(py::int_(id)))
        ++id;
    return id;
}

/// From the entries.
void index(item_list &in)
{
    for (std::size_t i = 0; i < in.entries.size(); ++i)
    {
        const item_list::entry &e = in.entries[i];
        in.by_id[e.id] = e.item;
        in.by_name[e.name] = e.item;
        if (const std::uint64_t number = number_of(e.id);
            number > static_cast<std::uint64_t>(wire::item_id::stream_ctrl))
            in.by_number[number] = i;
    }
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

py::object item_list::find_number(std::uint64_t id) const
{
    const auto found = by_number.find(id);
    return found == by_number.end() ? py::object() : entries[found->second].item;
}

std::shared_ptr<const item_list> item_table::now() const
{
    py::scoped_critical_section lock{guard_};
    return now_;
}

/// False, and nothing happens, if another thread was faster.
bool item_table::replace(const std::shared_ptr<const item_list> &before, std::shared_ptr<const item_list> after)
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
        const std::shared_ptr<const item_list> before = now();
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
        auto after = std::make_shared<item_list>();
        std::vector<item_list::entry> gone;
        for (const item_list::entry &e : before->entries)
            (equal(e.id, own[0]) || equal(e.name, own[1]) ? gone : after->entries).push_back(e);
        for (const item_list::entry &e : gone)
            raise_version(item, version_of(as_item(e.item)) + 1);
        after->entries.push_back({own[0], own[1], object});
        index(*after);
        if (replace(before, std::move(after)))
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
    for (const item_list::entry &e : now_->entries)
        Py_VISIT(e.item.ptr());
    return 0;
}

void item_table::clear() { (void)replace(now(), std::make_shared<item_list>()); }

} // namespace heapwire::python
