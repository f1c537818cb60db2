// SPDX-License-Identifier: BSD-3-Clause
/// Classes whose objects hold Python objects: the garbage collector has to see these.
#pragma once

#include <pybind11/pybind11.h>

namespace heapwire::python
{

namespace py = pybind11;

namespace detail
{

/// Null as long as `self` is being made. Without a GIL the collector runs while all other threads are stopped, with
/// whatever lock they hold: py::cast, which takes one of pybind11's, is for odd classes of several native bases only.
template <typename T>
T *native(PyObject *self)
{
    if (!py::detail::is_holder_constructed(self))
        return nullptr;
    auto *instance = reinterpret_cast<py::detail::instance *>(self);
    return instance->simple_layout ? static_cast<T *>(instance->get_value_and_holder().value_ptr())
                                   : &py::cast<T &>(py::handle(self));
}

} // namespace detail

/// For py::custom_type_setup. T::traverse(visitproc, void *) calls the first for each object that it owns, and locks
/// nothing; T::clear() lets go of them.
template <typename T>
void make_collectable(PyHeapTypeObject *heap_type)
{
    PyTypeObject *type = &heap_type->ht_type;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = [](PyObject *self, visitproc visit, void *arg)
    {
        Py_VISIT(Py_TYPE(self));
        T *const object = detail::native<T>(self);
        return object ? object->traverse(visit, arg) : 0;
    };
    type->tp_clear = [](PyObject *self)
    {
        if (T *const object = detail::native<T>(self))
            object->clear();
        return 0;
    };
}

} // namespace heapwire::python
