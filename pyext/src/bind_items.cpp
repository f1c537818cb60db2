// SPDX-License-Identifier: BSD-3-Clause
/// Descriptor, Item, ItemGroup: what lies under the classes of heapwire.items.
#include <pybind11/stl.h>

#include "collectable.h"
#include "items/decode.h"
#include "items/encode.h"
#include "items/item_table.h"
#include "native_type.h"
#include "received_heap.h"
#include "register.h"

namespace heapwire::python
{

namespace
{

PyTypeObject *table_type = nullptr; // the module keeps it

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
               given["pack_integer"], given["join_fields"], given["update"], given["log_replaced"],
               given["log_unknown"], given["integral"]});
}

PyObject *subscript(PyObject *self, PyObject *key)
{
    return translated([&] { return native<item_table>(self).find(py::reinterpret_borrow<py::object>(key)); });
}

/// What is tried where a group is iterated: there is no item of the id 0, so that is a KeyError.
PyObject *item_of_index(PyObject *self, Py_ssize_t index)
{
    return translated([&] { return native<item_table>(self).find(py::int_(index)); });
}

/// ItemGroup.update: at once for a received heap, with everything else by way of Python.
PyObject *update(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return translated(
        [&]() -> py::object
        {
            if (count == 1 && !names && as_heap(args[0]))
                return native<item_table>(self).update(py::reinterpret_borrow<py::object>(args[0]), "=");
            const auto all = static_cast<std::size_t>(count + (names ? PyTuple_GET_SIZE(names) : 0));
            std::vector<PyObject *> with_self{self};
            with_self.insert(with_self.end(), args, args + all);
            PyObject *const done =
                PyObject_Vectorcall(hooks().update.ptr(), with_self.data(), static_cast<std::size_t>(count + 1), names);
            if (!done)
                throw py::error_already_set();
            return py::reinterpret_steal<py::object>(done);
        });
}

PyMethodDef update_method{
    "update", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(update)), METH_FASTCALL | METH_KEYWORDS,
    "update($self, /, heap, new_order='=')\n--\n\n"
    "Apply a received heap: its descriptors, then its values. Answers a dict of the items that got values, by name.\n"
    "new_order: byte order of the arrays, '=' (this machine's) by default. ValueError for a descriptor that makes "
    "no sense; items without a descriptor are logged and passed over."};

/// Items may refer back to their group: the collector has to see them. And groups are looked into for every heap.
void make_group(PyHeapTypeObject *heap_type)
{
    make_collectable<item_table>(heap_type);
    heap_type->as_mapping.mp_subscript = subscript;
    heap_type->as_sequence.sq_item = item_of_index;
}

void register_table(py::module_ &m)
{
    py::class_<item_table> type(m, "_ItemTable", py::custom_type_setup(make_group));
    type.def(py::init<>(), "A group without items.")
        .def("_add_item", &item_table::add, py::arg("item"))
        .def("_update", &item_table::update, py::arg("heap"), py::arg("new_order"))
        .def(
            "keys", [](item_table &self) { return self.shown()->by_name.attr("keys")(); },
            "The names, as they are now.")
        .def(
            "ids", [](item_table &self) { return self.shown()->by_id.attr("keys")(); }, "The IDs, as they are now.")
        .def(
            "values", [](item_table &self) { return self.shown()->by_id.attr("values")(); },
            "The items, as they are now.")
        .def(
            "items", [](item_table &self) { return self.shown()->by_name.attr("items")(); },
            "Pairs (name, item), as they are now.")
        .def("__len__", [](const item_table &self) { return self.now()->size(); });
    table_type = reinterpret_cast<PyTypeObject *>(type.ptr());
    PyObject *const light = PyDescr_NewMethod(reinterpret_cast<PyTypeObject *>(type.ptr()), &update_method);
    type.attr("update") = py::reinterpret_steal<py::object>(light);
}

} // namespace

item_table *as_table(py::handle object)
{
    return PyObject_TypeCheck(object.ptr(), table_type) ? native_or_null<item_table>(object.ptr()) : nullptr;
}

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
