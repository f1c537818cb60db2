// SPDX-License-Identifier: BSD-3-Clause
/// Properties of configurations that must be valid as a whole.
#pragma once

#include <pybind11/pybind11.h>

#include <type_traits>
#include <utility>

#include "guarded.h"

namespace heapwire::python
{

/// What is judged when a field was assigned: everything, as it is.
struct as_it_is
{
    template <typename Core>
    void operator()(const Core &changed) const
    {
        changed.validate();
    }
};

/// A property for one field of `core`, in a class_ of a guarded value. An assignment is judged together with the other
/// fields, on a copy: Judge is given that, may change it for its judgement (of what it changes only Field comes back),
/// and throws what Python is to see; then nothing has changed. `text` is the docstring.
template <auto Field, typename Judge = as_it_is, typename Type>
void def_validated(Type &type, const char *name, const char *text)
{
    using config = typename Type::type;
    using value = std::remove_reference_t<decltype(std::declval<config &>().core.*Field)>;
    type.def_property(
        name,
        [](const config &self)
        {
            auto hold = self.hold();
            return self.core.*Field;
        },
        [](config &self, value to)
        {
            auto hold = self.hold();
            auto changed = self.core;
            changed.*Field = std::move(to);
            Judge()(changed);
            self.core.*Field = std::move(changed.*Field);
        },
        text);
}

} // namespace heapwire::python
