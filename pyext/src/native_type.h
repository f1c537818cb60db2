// SPDX-License-Identifier: BSD-3-Clause
/// Small tools for types that are plain C objects, and for methods that do without pybind11's casters: what happens
/// millions of times a second.
#pragma once

#include <pybind11/pybind11.h>

#include <algorithm>
#include <atomic>
#include <cxxabi.h>
#include <string>
#include <type_traits>
#include <utility>

#include "bridge/interpreters.h"

namespace heapwire::python
{

namespace py = pybind11;

/// What `make` answers (a py::object), or null with Python's error set: exceptions are translated as pybind11 does it.
/// Nothing that may run Python is noexcept: an interpreter that ends before 3.14 ends other threads by unwinding them.
template <typename Make>
[[nodiscard]] PyObject *translated(Make &&make)
{
    try
    {
        return py::object(std::forward<Make>(make)()).release().ptr();
    }
    catch (py::error_already_set &raised)
    {
        raised.restore();
    }
    catch (abi::__forced_unwind &)
    {
        throw;
    }
    catch (...)
    {
        py::detail::try_translate_exceptions();
    }
    return nullptr;
}

/// The C++ object in an instance of the class that pybind11 registered for T, or of a class derived from it; null as
/// long as it is being made, and if __init__ was not called. Only where `self` is known to be one: slots and methods of
/// the class itself. Takes no lock: py::cast, which takes one of pybind11's, is for odd classes of several native bases
/// only.
template <typename T>
[[nodiscard]] T *native_or_null(PyObject *self)
{
    if (!py::detail::is_holder_constructed(self))
        return nullptr;
    auto *instance = reinterpret_cast<py::detail::instance *>(self);
    return instance->simple_layout ? static_cast<T *>(instance->simple_value_holder[0])
                                   : &py::cast<T &>(py::handle(self));
}
/// The same; TypeError instead of null.
template <typename T>
[[nodiscard]] T &native(PyObject *self)
{
    if (T *const found = native_or_null<T>(self))
        return *found;
    throw py::type_error(std::string(Py_TYPE(self)->tp_name) + ".__init__() was not called");
}

/// A getter or a method without arguments, of `T`'s plain C object.
template <typename T, auto Read>
PyObject *reader(PyObject *self, void *)
{
    return translated(
        [self]() -> py::object
        {
            auto &&read = Read(*reinterpret_cast<T *>(self));
            if constexpr (std::is_base_of_v<py::object, std::decay_t<decltype(read)>>)
                return std::move(read);
            else
                return py::cast(std::move(read));
        });
}
template <typename T, auto Read>
PyObject *method(PyObject *self, PyObject *)
{
    return reader<T, Read>(self, nullptr);
}

/// A Python string for a name that is looked up again and again.
template <std::size_t N>
struct literal
{
    char text[N];
    consteval literal(const char (&from)[N]) { std::copy_n(from, N, text); }
};
template <literal Name>
[[nodiscard]] PyObject *interned()
{
    static std::atomic<PyObject *> known{nullptr};
    static std::atomic<unsigned> known_since{0}; // an interpreter that ends may free its interned strings, kept or not
    const unsigned now = interpreters_begun.load(std::memory_order_relaxed);
    if (known_since.load(std::memory_order_acquire) != now)
    {
        PyObject *const name = PyUnicode_InternFromString(Name.text); // the same for all threads that come here at once
        if (!name)
            throw py::error_already_set();
        known.store(name, std::memory_order_relaxed);
        known_since.store(now, std::memory_order_release);
    }
    return known.load(std::memory_order_relaxed);
}

} // namespace heapwire::python
