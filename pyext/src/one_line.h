// SPDX-License-Identifier: BSD-3-Clause
/// __repr__ on one line: the class, and its properties by name.
#pragma once

#include <pybind11/pybind11.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace heapwire::python
{

namespace py = pybind11;

/// Arrays by type and shape: their own texts have many lines.
[[nodiscard]] inline std::string shown(const py::object &value)
{
    if (!py::hasattr(value, "shape") || !py::hasattr(value, "dtype"))
        return py::repr(value);
    return "<" + std::string(py::str(value.attr("dtype"))) + " array of shape " +
           std::string(py::str(value.attr("shape"))) + ">";
}

[[nodiscard]] inline std::string class_name(const py::object &self)
{
    return std::string(py::str(py::type::of(self).attr("__name__")));
}

/// `Name(first=1, second=2)`.
[[nodiscard]] inline std::string one_line(const std::string &name,
                                          const std::vector<std::pair<std::string, std::string>> &parts)
{
    std::string out = name + "(";
    for (const auto &[key, text] : parts)
        out.append(out.ends_with('(') ? "" : ", ").append(key).append("=").append(text);
    return out + ")";
}

/// Reads the properties as Python does: each is whole, several threads may assign meanwhile.
template <typename Type>
void def_repr(Type &type, std::initializer_list<const char *> names)
{
    type.def("__repr__",
             [properties = std::vector<std::string>(names.begin(), names.end())](const py::object &self)
             {
                 std::vector<std::pair<std::string, std::string>> parts;
                 for (const std::string &name : properties)
                     parts.emplace_back(name, shown(self.attr(name.c_str())));
                 return one_line(class_name(self), parts);
             });
}

} // namespace heapwire::python
