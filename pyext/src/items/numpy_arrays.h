// SPDX-License-Identifier: BSD-3-Clause
/// Arrays and scalars of numpy, made without going through Python. No header of numpy is needed: its functions come
/// from the table that it exports, at positions that are part of its ABI.
#pragma once

#include <pybind11/numpy.h>

#include <span>

#include "heapwire/base/bytes.h"

namespace heapwire::python
{

namespace py = pybind11;

struct array_layout
{
    std::span<const py::ssize_t> shape;
    bool fortran = false;
};

/// A writable view of `at`, which `base` keeps alive. May be misaligned. Raises ValueError for a shape that numpy
/// cannot hold.
[[nodiscard]] py::object array_view(const py::dtype &type, array_layout layout, std::byte *at, py::handle base);
/// Its own memory; of Python objects: all null.
[[nodiscard]] py::array new_array(const py::dtype &type, array_layout layout);
/// The element at `at` (any alignment, any byte order) as numpy's scalar, copied.
[[nodiscard]] py::object scalar_at(const py::dtype &type, const std::byte *at);
/// The bytes of a numpy scalar in this machine's byte order. `into` has room for its item size.
void scalar_bytes(py::handle scalar, std::byte *into);
/// Exactly numpy.ndarray, no subclass.
[[nodiscard]] bool is_plain_array(py::handle value);
/// The bytes of a contiguous array. They stay where they are as long as it lives: numpy exports no more than that.
[[nodiscard]] bytes_view bytes_of_array(const py::object &array);
/// The same type and byte order.
[[nodiscard]] bool same_type(py::handle a, py::handle b);

} // namespace heapwire::python
