// SPDX-License-Identifier: BSD-3-Clause
/// What lies under send.HeapGenerator.
#include <pybind11/stl.h>

#include "items/heap_filler.h"
#include "native_type.h"
#include "register.h"

namespace heapwire::python
{

namespace
{

/// new_heap(group, descriptors, data): a million a second.
PyObject *new_heap(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    return translated(
        [&]
        {
            if (count != 3)
                throw py::type_error("new_heap: takes group, descriptors and data");
            auto &filler = native<heap_filler>(self);
            auto made = std::make_shared<outgoing>(filler.heap_flavour());
            outgoing *const own = made.get();
            py::object heap = py::cast(std::move(made));
            filler.fill_own(py::reinterpret_borrow<py::object>(args[0]), heap, own, args[1], args[2]);
            return heap;
        });
}

PyMethodDef new_heap_method{"new_heap", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(new_heap)),
                            METH_FASTCALL, "A new heap of what is due in a group: new_heap(group, descriptors, data)."};

} // namespace

void register_heap_filler(py::module_ &send)
{
    py::class_<heap_filler> type(send, "_HeapFiller");
    type.def(py::init<std::optional<std::uint64_t>, const flavour &>(), py::arg("descriptor_frequency"),
             py::arg("flavour"))
        .def("fill", &heap_filler::fill, py::arg("group"), py::arg("heap"), py::arg("descriptors"), py::arg("data"));
    PyObject *const light = PyDescr_NewMethod(reinterpret_cast<PyTypeObject *>(type.ptr()), &new_heap_method);
    type.attr("new_heap") = py::reinterpret_steal<py::object>(light);
}

} // namespace heapwire::python
