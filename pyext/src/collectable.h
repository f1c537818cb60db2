// SPDX-License-Identifier: BSD-3-Clause
/// Classes whose objects hold Python objects: the garbage collector has to see these.
#pragma once

#include <pybind11/pybind11.h>

#include "native_type.h"

namespace heapwire::python
{

namespace py = pybind11;

/// For py::custom_type_setup. T::traverse(visitproc, void *) calls the first for each object that it owns, and locks
/// nothing: without a GIL the collector runs while all other threads are stopped, with whatever lock they hold.
/// T::clear() lets go of the objects.
template <typename T>
void make_collectable(PyHeapTypeObject *heap_type)
{
    PyTypeObject *type = &heap_type->ht_type;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = [](PyObject *self, visitproc visit, void *arg)
    {
        Py_VISIT(Py_TYPE(self));
        T *const object = native_or_null<T>(self);
        return object ? object->traverse(visit, arg) : 0;
    };
    type->tp_clear = [](PyObject *self)
    {
        if (T *const object = native_or_null<T>(self))
            object->clear();
        return 0;
    };
}

} // namespace heapwire::python
