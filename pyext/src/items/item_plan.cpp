// SPDX-License-Identifier: BSD-3-Clause
#include "items/item_plan.h"

#include <limits>

#include "heapwire/base/error.h"

namespace heapwire::python
{

namespace
{

constexpr std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();

std::uint64_t times(std::uint64_t a, std::uint64_t b) { return a != 0 && b > huge / a ? huge : a * b; }

void read_shape(item_plan &into)
{
    for (const py::handle size : into.shape)
    {
        if (size.is_none())
        {
            into.variable = static_cast<int>(into.sizes.size());
            into.sizes.push_back(0);
            continue;
        }
        const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(size.ptr()));
        if (!number)
            throw py::error_already_set();
        const py::ssize_t value = PyLong_AsSsize_t(number.ptr());
        if (value == -1 && PyErr_Occurred())
            throw py::error_already_set();
        if (value < 0)
            throw_bad_argument("shape", value, "sizes of 0 or more, None where it varies");
        into.sizes.push_back(value);
        into.known = times(into.known, static_cast<std::uint64_t>(value));
    }
}

void read_fields(item_plan &into, const py::handle format)
{
    if (format.is_none())
        return;
    for (const py::handle field : format)
    {
        const auto pair = py::reinterpret_steal<py::tuple>(PySequence_Tuple(field.ptr()));
        if (!pair)
            throw py::error_already_set();
        into.fields.push_back({pair[0].cast<char>(), pair[1].cast<std::uint64_t>()});
        if (into.item_bits > huge - into.fields.back().bits)
            throw_bad_argument("format", "widths", "a sum below 2^64 bits");
        into.item_bits += into.fields.back().bits;
    }
}

unsigned swap_unit(char kind, std::size_t bytes)
{
    const std::size_t unit = kind == 'c' ? bytes / 2 : bytes;
    const bool number = kind == 'i' || kind == 'u' || kind == 'f' || kind == 'c' || kind == 'm' || kind == 'M';
    return number && (unit == 2 || unit == 4 || unit == 8) ? static_cast<unsigned>(unit) : 0;
}

} // namespace

std::shared_ptr<const item_plan> make_plan(const py::tuple &layout)
{
    auto plan = std::make_shared<item_plan>();
    plan->shape = layout[0];
    plan->dtype = layout[1];
    plan->order = layout[2];
    plan->format = layout[3];
    plan->type = py::reinterpret_borrow<py::dtype>(layout[4]);
    plan->native_type = py::reinterpret_borrow<py::dtype>(layout[5]);
    plan->native = !layout[6].cast<bool>();
    plan->text = layout[7].cast<bool>();
    plan->fortran = plan->order.equal(py::str("F"));
    plan->kind = plan->type.kind();
    plan->item_bytes = static_cast<std::size_t>(plan->type.itemsize());
    plan->scalar_class = plan->type.attr("type");
    plan->converts = !same_type(plan->type, plan->native_type);
    plan->plain_scalar = plan->native && plan->kind != 'V';
    plan->swap_unit = swap_unit(plan->kind, plan->item_bytes);
    read_shape(*plan);
    read_fields(*plan, plan->format);
    if (plan->fields.empty())
        plan->item_bits = 8 * plan->item_bytes;
    const bool one_integer = plan->fields.size() == 1 && (plan->fields[0].code == 'u' || plan->fields[0].code == 'i');
    plan->integer_field = one_integer && plan->dimensionless() && plan->item_bits < 64 && plan->item_bits % 8 == 0;
    plan->allow_immediate = plan->variable < 0 && (plan->fields.empty() || plan->item_bits % 8 == 0);
    return plan;
}

} // namespace heapwire::python
