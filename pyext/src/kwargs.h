// SPDX-License-Identifier: BSD-3-Clause
/// Classes that are made of keywords: each is an assignment to a property, so that what the property refuses the
/// constructor refuses too.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace heapwire::python
{

namespace py = pybind11;

/// Adds __init__(**kwargs). TypeError for a keyword that is no attribute; AttributeError for one that cannot be set.
template <typename T, typename... Extra>
void def_keyword_init(py::class_<T, Extra...> &type)
{
    type.def(py::init(
                 [](const py::kwargs &settings)
                 {
                     auto made = std::make_unique<T>();
                     py::object view = py::cast(made.get(), py::return_value_policy::reference);
                     for (auto [name, value] : settings)
                     {
                         if (!py::hasattr(view, name))
                             throw py::type_error("unexpected keyword argument '" + std::string(py::str(name)) + "'");
                         view.attr(name) = value;
                     }
                     return made;
                 }),
             "Each keyword is assigned to the property of that name. TypeError if there is none.");
}

} // namespace heapwire::python
