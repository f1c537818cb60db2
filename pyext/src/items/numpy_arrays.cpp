// SPDX-License-Identifier: BSD-3-Clause
#include "items/numpy_arrays.h"

#include <pybind11/gil_safe_call_once.h>

namespace heapwire::python
{

namespace
{

using py::detail::npy_api;

struct more_of_numpy
{
    PyObject *(*scalar)(void *, PyObject *, PyObject *);
    void (*scalar_as_ctype)(PyObject *, void *);
};

more_of_numpy load()
{
    const auto table = py::detail::import_numpy_core_submodule("multiarray").attr("_ARRAY_API").cast<py::capsule>();
    void **const functions = table.get_pointer<void *>();
    more_of_numpy out;
    out.scalar = reinterpret_cast<decltype(out.scalar)>(functions[60]);
    out.scalar_as_ctype = reinterpret_cast<decltype(out.scalar_as_ctype)>(functions[62]);
    return out;
}

const more_of_numpy &more()
{
    PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<more_of_numpy> once;
    return once.call_once_and_store_result(load).get_stored();
}

PyObject *make(const py::dtype &type, array_layout layout, std::byte *at)
{
    const npy_api &numpy = npy_api::get();
    int flags = at ? npy_api::NPY_ARRAY_WRITEABLE_ : 0;
    if (layout.fortran)
        flags |= npy_api::NPY_ARRAY_F_CONTIGUOUS_;
    PyObject *made =
        numpy.PyArray_NewFromDescr_(numpy.PyArray_Type_, type.inc_ref().ptr(), static_cast<int>(layout.shape.size()),
                                    layout.shape.data(), nullptr, at, flags, nullptr);
    if (!made)
        throw py::error_already_set();
    return made;
}

} // namespace

py::object array_view(const py::dtype &type, array_layout layout, std::byte *at, py::handle base)
{
    // numpy allocates if it gets no address, and an empty view may have none.
    static std::byte nothing[16];
    auto out = py::reinterpret_steal<py::object>(make(type, layout, at ? at : nothing));
    if (npy_api::get().PyArray_SetBaseObject_(out.ptr(), base.inc_ref().ptr()) != 0)
        throw py::error_already_set();
    return out;
}

py::array new_array(const py::dtype &type, array_layout layout)
{
    return py::reinterpret_steal<py::array>(make(type, layout, nullptr));
}

py::object scalar_at(const py::dtype &type, const std::byte *at)
{
    PyObject *made = more().scalar(const_cast<std::byte *>(at), type.ptr(), nullptr);
    if (!made)
        throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
}

void scalar_bytes(py::handle scalar, std::byte *into) { more().scalar_as_ctype(scalar.ptr(), into); }

bool is_plain_array(py::handle value)
{
    return reinterpret_cast<PyObject *>(Py_TYPE(value.ptr())) ==
           reinterpret_cast<PyObject *>(npy_api::get().PyArray_Type_);
}

bytes_view bytes_of_array(const py::object &array)
{
    const auto &view = reinterpret_cast<const py::array &>(array);
    return {static_cast<const std::byte *>(view.data()), static_cast<std::size_t>(view.nbytes())};
}

bool same_type(py::handle a, py::handle b)
{
    return a.is(b) || npy_api::get().PyArray_EquivTypes_(a.ptr(), b.ptr()) != 0;
}

} // namespace heapwire::python
