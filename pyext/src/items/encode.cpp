// SPDX-License-Identifier: BSD-3-Clause
#include "items/encode.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "heapwire/base/error.h"
#include "items/bit_stream.h"

namespace heapwire::python
{

namespace
{

bool shape_fits(const item_plan &plan, const py::array &array)
{
    if (static_cast<std::size_t>(array.ndim()) != plan.sizes.size())
        return false;
    for (std::size_t i = 0; i < plan.sizes.size(); ++i)
        if (static_cast<int>(i) != plan.variable && array.shape(static_cast<py::ssize_t>(i)) != plan.sizes[i])
            return false;
    return true;
}

void require_shape(const item_plan &plan, const py::array &array, item_object *item)
{
    if (shape_fits(plan, array))
        return;
    throw py::value_error("Item " + py::str(name_of(item)).cast<std::string>() + ": value has shape " +
                          py::str(array.attr("shape")).cast<std::string>() + ", expected " +
                          py::str(plan.shape).cast<std::string>());
}

/// Already as it has to be: plain, of the right type, contiguous the right way.
bool is_ready(const item_plan &plan, const py::object &value)
{
    if (!is_plain_array(value))
        return false;
    const auto &array = reinterpret_cast<const py::array &>(value);
    const int order = plan.fortran ? py::array::f_style : py::array::c_style;
    return (array.flags() & order) != 0 && same_type(array.dtype(), plan.type) && shape_fits(plan, array);
}

/// `bytes` of `word` in the order of the plan's type.
encoded_value small_number(const item_plan &plan, const void *from)
{
    encoded_value out;
    out.small_size = plan.item_bytes;
    std::memcpy(out.small.data(), from, plan.item_bytes);
    if (plan.converts)
        for (std::size_t at = 0; at < plan.item_bytes; at += plan.swap_unit)
            std::reverse(out.small.begin() + at, out.small.begin() + at + plan.swap_unit);
    return out;
}

/// An int into an integer type if it fits; the caller leaves the rest, complaints too, to numpy.
bool take_int(const item_plan &plan, PyObject *value, encoded_value &out)
{
    const auto bits = static_cast<unsigned>(8 * plan.item_bytes);
    if (bits > 64)
        return false;
    int overflow = 0;
    const long long small = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow != 0)
        return false;
    const bool fits =
        plan.kind == 'i' ? (small >> (bits - 1)) == (small >> 63) : small >= 0 && (bits == 64 || (small >> bits) == 0);
    if (fits)
        out = small_number(plan, &small); // little-endian machines: checked below
    return fits;
}

bool take_float(const item_plan &plan, double value, encoded_value &out)
{
    if (plan.item_bytes == 8)
    {
        out = small_number(plan, &value);
        return true;
    }
    const auto narrow = static_cast<float>(value);
    if (plan.item_bytes != 4 || std::isfinite(narrow) != std::isfinite(value))
        return false; // numpy warns of the overflow
    out = small_number(plan, &narrow);
    return true;
}

/// Scalars without a temporary array.
bool take_scalar(const item_plan &plan, const py::object &value, encoded_value &out)
{
    static_assert(std::endian::native == std::endian::little);
    if (!plan.plain_scalar || plan.item_bytes > out.small.size() || (plan.converts && plan.swap_unit == 0))
        return false;
    PyObject *const object = value.ptr();
    if ((plan.kind == 'i' || plan.kind == 'u') && PyLong_CheckExact(object))
        return take_int(plan, object, out);
    if (plan.kind == 'f' && PyFloat_CheckExact(object))
        return take_float(plan, PyFloat_AS_DOUBLE(object), out);
    const bool number =
        plan.kind == 'i' || plan.kind == 'u' || plan.kind == 'f' || plan.kind == 'c' || plan.kind == 'b';
    if (!number || reinterpret_cast<PyObject *>(Py_TYPE(object)) != plan.scalar_class.ptr())
        return false;
    std::array<std::byte, 16> bytes{};
    scalar_bytes(value, bytes.data());
    out = small_number(plan, bytes.data());
    return true;
}

void put_wide(bit_writer &out, const bit_field &field, const py::object &number)
{
    const py::object one = py::int_(1);
    const std::uint64_t whole = (field.bits + 7) / 8;
    const py::object low = number & ((one << py::int_(field.bits)) - one);
    const auto bytes = low.attr("to_bytes")(whole, "big").cast<std::string>();
    unsigned bits = static_cast<unsigned>((field.bits + 7) % 8 + 1);
    for (const char byte : bytes)
    {
        out.put(static_cast<unsigned char>(byte), bits);
        bits = 8;
    }
}

void put_integer(bit_writer &out, const bit_field &field, const py::handle value)
{
    // What int() makes of a value: floats are cut off, strings of digits are read, as numpy does for whole types.
    const py::object number = PyLong_Check(value.ptr()) ? py::reinterpret_borrow<py::object>(value)
                                                        : py::reinterpret_steal<py::object>(PyNumber_Long(value.ptr()));
    if (!number)
        throw py::error_already_set();
    const bool is_signed = field.code == 'i';
    const py::object limit = py::int_(1) << py::int_(field.bits - (is_signed ? 1 : 0));
    const py::object least = is_signed ? py::object(-limit) : py::object(py::int_(0));
    if (number < least || number >= limit)
        throw py::value_error(py::str(number).cast<std::string>() + " is out of range for " + field.code +
                              std::to_string(field.bits));
    put_wide(out, field, number);
}

void put_field(bit_writer &out, const bit_field &field, const py::handle value)
{
    if (field.code == 'f')
    {
        const double number = value.cast<double>();
        if (field.bits == 32)
            out.put(std::bit_cast<std::uint32_t>(static_cast<float>(number)), 32);
        else
            out.put(std::bit_cast<std::uint64_t>(number), 64);
    }
    else if (field.code == 'c')
    {
        const auto text = value.cast<std::string>();
        out.put(text.empty() ? 0 : static_cast<unsigned char>(text[0]), 8);
    }
    else if (field.code == 'b')
    {
        const int truth = PyObject_IsTrue(value.ptr());
        if (truth < 0)
            throw py::error_already_set();
        put_wide(out, field, py::int_(truth));
    }
    else
    {
        put_integer(out, field, value);
    }
}

encoded_value pack(const item_plan &plan, const py::array &array)
{
    const py::list rows = array.attr("reshape")(-1).attr("tolist")();
    bit_writer out;
    for (const py::handle row : rows)
    {
        if (plan.fields.size() == 1)
        {
            put_field(out, plan.fields[0], row);
            continue;
        }
        const auto values = row.cast<py::tuple>();
        for (std::size_t i = 0; i < plan.fields.size(); ++i)
            put_field(out, plan.fields[i], values[i]);
    }
    const std::string &bytes = out.bytes();
    encoded_value done;
    done.exporter = py::reinterpret_steal<py::object>(
        PyByteArray_FromStringAndSize(bytes.data(), static_cast<py::ssize_t>(bytes.size())));
    return done;
}

/// A str as its characters, if that is all there is to do.
bool take_text(const item_plan &plan, const py::object &value, encoded_value &out)
{
    PyObject *const object = value.ptr();
    if (!plan.text || !PyUnicode_CheckExact(object) || !PyUnicode_IS_ASCII(object))
        return false;
    const py::ssize_t length = PyUnicode_GET_LENGTH(object);
    if (plan.variable < 0 && plan.sizes[0] != length)
        return false;
    out.exporter = py::bytes(reinterpret_cast<const char *>(PyUnicode_1BYTE_DATA(object)), length);
    return true;
}

encoded_value convert(const item_plan &plan, const py::object &value, item_object *item)
{
    const auto array = hooks().as_array(value, plan.type, plan.order, plan.sizes.size()).cast<py::array>();
    require_shape(plan, array, item);
    if (!plan.native)
        return pack(plan, array);
    encoded_value out;
    out.exporter = plan.fortran ? py::object(array.attr("T")) : py::object(array);
    if (plan.kind == 'm' || plan.kind == 'M') // numpy does not export times
        out.exporter = out.exporter.attr("view")("i8");
    return out;
}

} // namespace

encoded_value encode(const item_plan &plan, const py::object &value, item_object *item)
{
    if (!value || value.is_none())
        throw py::value_error("Item " + py::str(name_of(item)).cast<std::string>() + ": cannot send a value of None");
    encoded_value out;
    if (plan.dimensionless() && take_scalar(plan, value, out))
        return out;
    if (plan.native && plan.kind != 'm' && plan.kind != 'M' && is_ready(plan, value))
    {
        out.exporter = plan.fortran ? py::object(value.attr("T")) : value;
        return out;
    }
    if (take_text(plan, value, out))
        return out;
    // Whole bytes of a 64-bit word; an array of one is looked into, so that its changes are sent.
    if (plan.integer_field && (!plan.native || is_plain_array(value)))
    {
        out.exporter = hooks().pack_integer(value, plan.item_bits / 8, plan.native, name_of(item));
        if (!out.exporter.is_none())
            return out;
    }
    return convert(plan, value, item);
}

py::object to_buffer(item_object *item)
{
    const std::shared_ptr<const item_plan> plan = plan_of(item);
    const encoded_value out = encode(*plan, value_of(item), item);
    return out.exporter ? out.exporter : py::object(out.as_bytes());
}

} // namespace heapwire::python
