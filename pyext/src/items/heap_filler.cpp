// SPDX-License-Identifier: BSD-3-Clause
#include "items/heap_filler.h"

#include <pybind11/critical_section.h>

#include "heapwire/base/error.h"
#include "items/encode.h"
#include "items/item_table.h"
#include "native_type.h"

namespace heapwire::python
{

heap_filler::which heap_filler::choice(std::string_view argument, py::handle value)
{
    // As a rule it is a constant of a program, or the default: both are interned.
    if (value.ptr() == interned<"stale">())
        return which::stale;
    if (value.ptr() == interned<"all">())
        return which::all;
    if (value.ptr() == interned<"none">())
        return which::none;
    const auto is = [value](const char *name)
    { return PyUnicode_Check(value.ptr()) && PyUnicode_CompareWithASCIIString(value.ptr(), name) == 0; };
    if (is("stale"))
        return which::stale;
    if (is("all"))
        return which::all;
    if (is("none"))
        return which::none;
    throw_bad_argument(argument, py::repr(value).cast<std::string>(), "'stale', 'all' or 'none'");
}

bool heap_filler::descriptor_due(const sent &before) const noexcept
{
    return !before.descriptor_call || (frequency_ && calls_ - *before.descriptor_call >= *frequency_);
}

void heap_filler::add_descriptor(const task &what, const py::object &object)
{
    if (!what.own)
        what.heap.attr("add_descriptor")(object);
    else if (is_plain_item(object))
        what.own->add_raw_descriptor(raw_of(as_item(object), what.own->flavour().core())->raw);
    else
        what.own->add_descriptor(object);
}

void heap_filler::add_value(const task &what, const py::object &object)
{
    if (!what.own)
    {
        what.heap.attr("add_item")(object);
        return;
    }
    if (!is_plain_item(object))
    {
        what.own->add_item(object);
        return;
    }
    item_object *item = as_item(object);
    const std::shared_ptr<const item_plan> plan = plan_of(item);
    encoded_value value = encode(*plan, value_of(item), item);
    if (!value.exporter)
        what.own->add_copy(id_of(item), bytes_view(value.small).first(value.small_size), plan->allow_immediate);
    else if (is_plain_array(value.exporter))
    {
        const bytes_view bytes = bytes_of_array(value.exporter);
        what.own->add_view(id_of(item), bytes, std::move(value.exporter), plan->allow_immediate);
    }
    else
        what.own->add(id_of(item), value.exporter, plan->allow_immediate);
}

void heap_filler::put(const task &what, const py::object &object)
{
    item_object *item = as_item(object);
    if (!item)
        throw py::type_error("an item group holds heapwire.Item, not " +
                             py::str(py::type::of(object)).cast<std::string>());
    sent &before = sent_[id_of(item)];
    if (before.serial != item->serial)
    {
        if (before.serial != 0 && what.descriptors == which::stale)
            before = {};
        if (before.serial == 0)
            before.serial = item->serial;
    }
    if (what.descriptors == which::all || (what.descriptors == which::stale && descriptor_due(before)))
    {
        add_descriptor(what, object);
        before.descriptor_call = calls_;
    }
    const long long version = version_of(item);
    const bool wanted = what.data == which::all || (what.data == which::stale && before.version != version);
    if (!wanted || !value_of(item))
        return;
    add_value(what, object);
    before.version = version;
}

void heap_filler::fill(const py::object &group, const py::object &heap, py::handle descriptors, py::handle data)
{
    const bool is_own = py::type::handle_of(heap).is(py::type::of<outgoing>());
    fill_own(group, heap, is_own ? &heap.cast<outgoing &>() : nullptr, descriptors, data);
}

void heap_filler::fill_own(const py::object &group, const py::object &heap, outgoing *own, py::handle descriptors,
                           py::handle data)
{
    const task what{heap, own, choice("descriptors", descriptors), choice("data", data)};
    py::scoped_critical_section lock{guard_};
    if (const item_table *const table = as_table(group))
    {
        const auto items = table->now();
        for (const item_list::entry &e : items->entries)
            if (e.item)
                put(what, e.item);
    }
    else
    {
        for (const py::handle item : py::list(group.attr("values")()))
            put(what, py::reinterpret_borrow<py::object>(item));
    }
    ++calls_;
}

} // namespace heapwire::python
