// SPDX-License-Identifier: BSD-3-Clause
#include "ready.h"

namespace heapwire::python
{

namespace
{

struct ready_object
{
    PyObject_HEAD PyObject *result; ///< null: it was awaited
};

PyTypeObject *ready_type = nullptr;

/// The end of an iteration, which it is from the start, carries the result.
PyObject *ready_next(PyObject *self)
{
    PyObject *const result = std::exchange(reinterpret_cast<ready_object *>(self)->result, nullptr);
    if (result)
        PyErr_SetObject(PyExc_StopIteration, result);
    else
        PyErr_SetString(PyExc_RuntimeError, "this can be awaited once only");
    Py_XDECREF(result);
    return nullptr;
}

int ready_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(reinterpret_cast<ready_object *>(self)->result);
    return 0;
}

int ready_clear(PyObject *self)
{
    Py_CLEAR(reinterpret_cast<ready_object *>(self)->result);
    return 0;
}

void ready_dealloc(PyObject *self)
{
    PyTypeObject *const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    (void)ready_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

} // namespace

py::object make_ready(py::object result)
{
    PyObject *made = ready_type->tp_alloc(ready_type, 0);
    if (!made)
        throw py::error_already_set();
    reinterpret_cast<ready_object *>(made)->result = result.release().ptr();
    return py::reinterpret_steal<py::object>(made);
}

void register_ready(py::module_ &m)
{
    PyType_Slot slots[] = {
        {Py_tp_dealloc, reinterpret_cast<void *>(ready_dealloc)},
        {Py_tp_traverse, reinterpret_cast<void *>(ready_traverse)},
        {Py_tp_clear, reinterpret_cast<void *>(ready_clear)},
        {Py_tp_iter, reinterpret_cast<void *>(PyObject_SelfIter)},
        {Py_tp_iternext, reinterpret_cast<void *>(ready_next)},
        {Py_am_await, reinterpret_cast<void *>(PyObject_SelfIter)},
        {0, nullptr},
    };
    PyType_Spec spec{"heapwire._core._Ready", sizeof(ready_object), 0,
                     static_cast<unsigned>(Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION),
                     slots};
    PyObject *made = PyType_FromSpec(&spec);
    if (!made)
        throw py::error_already_set();
    ready_type = reinterpret_cast<PyTypeObject *>(made);
    m.attr("_Ready") = py::reinterpret_steal<py::object>(made);
}

} // namespace heapwire::python
