// SPDX-License-Identifier: BSD-3-Clause
/// recv.Heap, recv.IncompleteHeap, recv.RawItem.
#include <pybind11/stl.h>

#include <structmember.h>

#include <cstring>
#include <new>

#include "flavour.h"
#include "native_type.h"
#include "one_line.h"
#include "received_heap.h"
#include "register.h"

namespace heapwire::python
{

namespace
{

PyTypeObject *whole_type = nullptr;
PyTypeObject *incomplete_type = nullptr;

py::object items_of(heap_object &self)
{
    const auto owner = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject *>(&self));
    const std::span<const item> items = self.core.items();
    py::list out(items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
        out[i] = raw_item{owner, items[i]};
    return out;
}

auto cnt_of = [](const heap_object &self) { return self.core.cnt(); };
auto flavour_of = [](const heap_object &self) { return flavour(self.core.flavour()); };
auto is_start = [](const heap_object &self) { return self.core.is_start_of_stream(); };
auto is_end = [](const heap_object &self) { return self.core.is_end_of_stream(); };
auto descriptors_of = [](const heap_object &self) { return self.core.descriptors(); };
auto length_of = [](const heap_object &self) { return self.core.heap_length(); };
auto received_of = [](const heap_object &self) { return self.core.received_length(); };
auto ranges_of = [](const heap_object &self)
{ return self.keep_payload_ranges ? self.core.payload_ranges() : std::vector<byte_range>(); };

std::string size_text(const heap &what)
{
    if (what.is_contiguous())
        return std::to_string(what.items().size()) + " items, " + std::to_string(what.descriptors().size()) +
               " descriptors";
    const std::string came = std::to_string(what.received_length());
    return what.heap_length() < 0 ? came + " bytes" : came + " of " + std::to_string(what.heap_length()) + " bytes";
}

PyObject *heap_repr(PyObject *self)
{
    return translated(
        [self]() -> py::object
        {
            const heap &what = reinterpret_cast<heap_object *>(self)->core;
            return py::str("<" + class_name(py::reinterpret_borrow<py::object>(self)) + " " +
                           std::to_string(what.cnt()) + ": " + size_text(what) + ">");
        });
}

PyGetSetDef common_properties[] = {
    {"cnt", reader<heap_object, cnt_of>, nullptr, "The number that the sender gave it.", nullptr},
    {"flavour", reader<heap_object, flavour_of>, nullptr, "The sender's flavour.", nullptr},
    {},
};

PyMethodDef common_methods[] = {
    {"get_items", method<heap_object, items_of>, METH_NOARGS, "get_items($self, /)\n--\n\nA list of RawItem."},
    {"is_start_of_stream", method<heap_object, is_start>, METH_NOARGS,
     "is_start_of_stream($self, /)\n--\n\nWhether it says that the stream begins."},
    {"is_end_of_stream", method<heap_object, is_end>, METH_NOARGS,
     "is_end_of_stream($self, /)\n--\n\nWhether it says that the stream ends."},
    {},
};

PyMethodDef whole_methods[] = {
    {"get_descriptors", method<heap_object, descriptors_of>, METH_NOARGS,
     "get_descriptors($self, /)\n--\n\nA list of RawDescriptor."},
    {},
};

PyGetSetDef incomplete_properties[] = {
    {"heap_length", reader<heap_object, length_of>, nullptr, "The announced length in bytes; -1 if there was none.",
     nullptr},
    {"received_length", reader<heap_object, received_of>, nullptr, "Bytes of payload that came.", nullptr},
    {"payload_ranges", reader<heap_object, ranges_of>, nullptr,
     "Which bytes came: a list of (start, stop), if RingStreamConfig.incomplete_keep_payload_ranges is on.", nullptr},
    {},
};

constexpr const char *whole_text =
    "A received heap. It does not change, and any number of threads may read it at once; for the memory of its items "
    "numpy's rules hold.";
constexpr const char *incomplete_text =
    "What came of a heap that was given up. It does not change, and any number of threads may read it at once.";

PyMemberDef weak_member[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(heap_object, weak_references), READONLY, nullptr},
    {},
};

void heap_dealloc(PyObject *object)
{
    auto *self = reinterpret_cast<heap_object *>(object);
    PyTypeObject *const type = Py_TYPE(object);
    if (self->weak_references)
        PyObject_ClearWeakRefs(object);
    self->core.~heap();
    type->tp_free(object);
    Py_DECREF(type);
}

/// `base` is the class above, which only its two heirs derive from; the module keeps the type.
PyTypeObject *make_type(py::module_ &recv, const char *name, PyType_Slot *slots, PyTypeObject *base)
{
    constexpr auto flags = static_cast<unsigned>(Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION);
    PyType_Spec spec{name, sizeof(heap_object), 0, base ? flags : flags | static_cast<unsigned>(Py_TPFLAGS_BASETYPE),
                     slots};
    const py::tuple bases = base ? py::make_tuple(py::handle(reinterpret_cast<PyObject *>(base))) : py::tuple();
    PyObject *made = base ? PyType_FromSpecWithBases(&spec, bases.ptr()) : PyType_FromSpec(&spec);
    if (!made)
        throw py::error_already_set();
    recv.attr(std::strrchr(name, '.') + 1) = py::reinterpret_steal<py::object>(made);
    return reinterpret_cast<PyTypeObject *>(made);
}

void register_heaps(py::module_ &recv)
{
    PyType_Slot common[] = {{Py_tp_dealloc, reinterpret_cast<void *>(heap_dealloc)},
                            {Py_tp_repr, reinterpret_cast<void *>(heap_repr)},
                            {Py_tp_getset, common_properties},
                            {Py_tp_methods, common_methods},
                            {Py_tp_members, weak_member},
                            {0, nullptr}};
    PyType_Slot whole[] = {{Py_tp_methods, whole_methods}, {Py_tp_doc, const_cast<char *>(whole_text)}, {0, nullptr}};
    PyType_Slot incomplete[] = {
        {Py_tp_getset, incomplete_properties}, {Py_tp_doc, const_cast<char *>(incomplete_text)}, {0, nullptr}};
    PyTypeObject *const base = make_type(recv, "heapwire._core.recv.HeapBase", common, nullptr);
    whole_type = make_type(recv, "heapwire._core.recv.Heap", whole, base);
    incomplete_type = make_type(recv, "heapwire._core.recv.IncompleteHeap", incomplete, base);
}

// The memory is the heap's own and nobody else's: writing to it is the user's right.
py::buffer_info writable_view(raw_item &self)
{
    auto *at = const_cast<std::byte *>(self.what.bytes.data());
    return {at, 1, py::format_descriptor<std::uint8_t>::format(), static_cast<py::ssize_t>(self.what.bytes.size())};
}

} // namespace

py::object as_python(heap &&got, bool keep_payload_ranges)
{
    PyTypeObject *const type = got.is_contiguous() ? whole_type : incomplete_type;
    auto *self = reinterpret_cast<heap_object *>(type->tp_alloc(type, 0));
    if (!self)
        throw py::error_already_set();
    new (&self->core) heap(std::move(got));
    self->weak_references = nullptr;
    self->keep_payload_ranges = keep_payload_ranges;
    return py::reinterpret_steal<py::object>(reinterpret_cast<PyObject *>(self));
}

const heap *as_heap(py::handle object) noexcept
{
    return Py_TYPE(object.ptr()) == whole_type ? &reinterpret_cast<heap_object *>(object.ptr())->core : nullptr;
}

void register_heap(py::module_ &recv)
{
    py::class_<raw_item>(recv, "RawItem",
                         "An item of a received heap, not decoded: a buffer of its bytes, which keeps the heap. Any "
                         "number of threads may read one.",
                         py::buffer_protocol())
        .def_property_readonly(
            "id", [](const raw_item &self) { return self.what.id; }, "The number of the item.")
        .def_property_readonly(
            "is_immediate", [](const raw_item &self) { return self.what.is_immediate; },
            "Whether the value stood in the item pointer.")
        .def_property_readonly(
            "immediate_value", [](const raw_item &self) { return self.what.immediate_value; },
            "That value, as an unsigned number; of no meaning for other items.")
        .def_buffer(writable_view);
    register_heaps(recv);
}

} // namespace heapwire::python
