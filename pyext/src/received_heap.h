// SPDX-License-Identifier: BSD-3-Clause
/// Received heaps as Python holds them: plain C objects, because there may be millions a second.
#pragma once

#include <pybind11/pybind11.h>

#include "heapwire/heap/heap.h"

namespace heapwire::python
{

namespace py = pybind11;

/// heapwire.recv.Heap and heapwire.recv.IncompleteHeap. Does not change; items and arrays that look into it refer to
/// it.
struct heap_object
{
    PyObject_HEAD heap core;
    PyObject *weak_references;
    bool keep_payload_ranges;
};

/// A Heap, or an IncompleteHeap if `got` is not contiguous. Throws py::error_already_set.
[[nodiscard]] py::object as_python(heap &&got, bool keep_payload_ranges);
/// A borrowed look at a recv.Heap; null if it is none.
[[nodiscard]] const heap *as_heap(py::handle object) noexcept;

/// heapwire._core.recv.RawItem: bytes inside a heap, which it keeps alive.
struct raw_item
{
    py::object owner;
    item what;
};

} // namespace heapwire::python
