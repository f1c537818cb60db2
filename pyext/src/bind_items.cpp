// SPDX-License-Identifier: BSD-3-Clause
/// Descriptor, Item, ItemGroup: what lies under the classes of heapwire.items.
#include <pybind11/stl.h>

#include "collectable.h"
#include "items/decode.h"
#include "items/encode.h"
#include "items/item_table.h"
#include "received_heap.h"
#include "register.h"

namespace heapwire::python
{

namespace
{

item_object *item_of(const py::object &self)
{
    item_object *item = as_item(self);
    if (!item)
        throw py::type_error("heapwire.Descriptor expected");
    return item;
}

void set_from_raw(const py::object &self, const py::object &raw, const std::string &new_order)
{
    item_object *item = item_of(self);
    if (!py::isinstance<raw_item>(raw))
        throw py::type_error("raw_item: one of recv.Heap.get_items() is needed");
    const std::shared_ptr<const item_plan> plan = plan_of(item);
    const decode_context context{raw, new_order};
    const heapwire::item what = raw.cast<const raw_item &>().what;
    py::object value = decode(*plan, what, context, item);
    // Through the property, which a subclass may have its own of.
    self.attr("value") = std::move(value);
}

void set_hooks_from(const py::kwargs &given)
{
    set_hooks({given["item_type"], given["layout"], given["from_raw"], given["to_raw"], given["as_array"],
               given["pack_integer"], given["join_fields"], given["log_replaced"], given["log_unknown"],
               given["integral"]});
}

void register_table(py::module_ &m)
{
    py::class_<item_table>(m, "_ItemTable", py::custom_type_setup(make_collectable<item_table>))
        .def(py::init<>())
        .def("_add_item", &item_table::add, py::arg("item"))
        .def("_update", &item_table::update, py::arg("heap"), py::arg("new_order"))
        .def("keys", [](const item_table &self) { return self.now()->by_name.attr("keys")(); })
        .def("ids", [](const item_table &self) { return self.now()->by_id.attr("keys")(); })
        .def("values", [](const item_table &self) { return self.now()->by_id.attr("values")(); })
        .def("items", [](const item_table &self) { return self.now()->by_name.attr("items")(); })
        .def("__len__", [](const item_table &self) { return self.now()->entries.size(); })
        .def("__getitem__", &item_table::find, py::arg("key"));
}

} // namespace

void register_items(py::module_ &m)
{
    register_item_object(m);
    register_table(m);
    m.def("_set_item_hooks", set_hooks_from);
    m.def("_to_buffer", [](const py::object &self) { return to_buffer(item_of(self)); });
    m.def("_set_from_raw", set_from_raw);
    m.def(
        "_check_numpy_header",
        [](const std::string &text, bool swap)
        {
            std::string why;
            if (!wire::parse_numpy_header(text, &why))
                throw py::value_error("numpy header: " + why);
            return swap ? wire::swap_byte_order(text).value() : text;
        },
        py::arg("text"), py::arg("swap"));
}

} // namespace heapwire::python
