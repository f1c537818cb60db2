// SPDX-License-Identifier: BSD-3-Clause
#include "items/decode.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "items/bit_stream.h"

namespace heapwire::python
{

namespace
{

/// The shape that a value has, without a vector for each.
class shape_now
{
public:
    shape_now(const item_plan &plan, std::uint64_t capacity, item_object *into) : plan_(plan)
    {
        elements_ = plan.known;
        if (plan.variable < 0)
        {
            sizes_ = plan.sizes;
        }
        else
        {
            own_.assign(plan.sizes.begin(), plan.sizes.end());
            const std::uint64_t varying = plan.known == 0 ? 0 : capacity / plan.known;
            own_[static_cast<std::size_t>(plan.variable)] = static_cast<py::ssize_t>(varying);
            sizes_ = own_;
            elements_ = plan.known * varying;
        }
        if (elements_ > capacity)
            throw py::value_error("Item " + py::str(name_of(into)).cast<std::string>() +
                                  " has too few elements for shape (" + std::to_string(capacity) + " < " +
                                  std::to_string(elements_) + ")");
    }

    [[nodiscard]] array_layout layout() const noexcept { return {sizes_, plan_.fortran}; }
    [[nodiscard]] std::uint64_t elements() const noexcept { return elements_; }

private:
    const item_plan &plan_;
    std::vector<py::ssize_t> own_;
    std::span<const py::ssize_t> sizes_;
    std::uint64_t elements_;
};

bytes_view wanted(const item &from, std::uint64_t bytes)
{
    const auto size = static_cast<std::size_t>(bytes);
    return from.is_immediate ? from.bytes.last(size) : from.bytes.first(size);
}

template <typename Word>
void swap_all(const std::byte *from, std::byte *to, std::size_t bytes)
{
    for (std::size_t at = 0; at < bytes; at += sizeof(Word))
    {
        Word word;
        std::memcpy(&word, from + at, sizeof word);
        if constexpr (sizeof(Word) == 2)
            word = __builtin_bswap16(word);
        else if constexpr (sizeof(Word) == 4)
            word = __builtin_bswap32(word);
        else
            word = __builtin_bswap64(word);
        std::memcpy(to + at, &word, sizeof word);
    }
}

py::object swapped_array(const item_plan &plan, const shape_now &shape, bytes_view bytes)
{
    py::array out = new_array(plan.native_type, shape.layout());
    auto *to = static_cast<std::byte *>(out.mutable_data());
    if (plan.swap_unit == 2)
        swap_all<std::uint16_t>(bytes.data(), to, bytes.size());
    else if (plan.swap_unit == 4)
        swap_all<std::uint32_t>(bytes.data(), to, bytes.size());
    else
        swap_all<std::uint64_t>(bytes.data(), to, bytes.size());
    return out;
}

/// Without its NULs: text of fixed size is filled up with them, and numpy takes them for nothing.
py::object text_of(bytes_view bytes)
{
    std::string kept(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    std::erase(kept, '\0');
    return py::reinterpret_steal<py::object>(
        PyUnicode_DecodeASCII(kept.data(), static_cast<py::ssize_t>(kept.size()), "strict"));
}

py::object decode_native(const item_plan &plan, const item &from, const decode_context &context, item_object *into)
{
    const std::size_t capacity = from.bytes.size() / plan.item_bytes;
    const shape_now shape(plan, capacity, into);
    const bytes_view bytes = wanted(from, shape.elements() * plan.item_bytes);
    auto *const at = const_cast<std::byte *>(bytes.data()); // the heap's memory is its consumer's to write
    const bool usual_order = context.new_order == "=";
    if (plan.text)
        return text_of(bytes);
    if (plan.dimensionless() && plan.plain_scalar && usual_order)
        return scalar_at(plan.type, at);
    if (usual_order && plan.converts && plan.swap_unit != 0)
        return swapped_array(plan, shape, bytes);
    py::object out = array_view(plan.type, shape.layout(), at, context.owner);
    if (!usual_order || plan.converts)
    {
        const py::object type = usual_order ? py::object(plan.native_type)
                                            : py::object(plan.type.attr("newbyteorder")(
                                                  py::str(context.new_order.data(), context.new_order.size())));
        if (!same_type(plan.type, type))
            out = out.attr("astype")(type);
    }
    return plan.dimensionless() ? py::object(out[py::tuple()]) : out;
}

py::object wide_integer(bit_reader &in, const bit_field &field)
{
    // Bytes first, because an int is made of bytes or of 64 bits.
    bit_writer padded;
    padded.put(0, static_cast<unsigned>((8 - field.bits % 8) % 8));
    for (std::uint64_t left = field.bits; left > 0;)
    {
        const auto step = static_cast<unsigned>(std::min<std::uint64_t>(left, 64));
        padded.put(in.take(step), step);
        left -= step;
    }
    const py::object make = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject *>(&PyLong_Type));
    py::object out = make.attr("from_bytes")(py::bytes(padded.bytes()), "big");
    if (field.code == 'b')
        return py::bool_(!out.equal(py::int_(0)));
    const py::object limit = py::int_(1).attr("__lshift__")(field.bits - 1);
    if (field.code == 'i' && out.attr("__ge__")(limit).cast<bool>())
        out = out - limit - limit;
    return out;
}

py::object take_field(bit_reader &in, const bit_field &field)
{
    if (field.bits > 64)
        return wide_integer(in, field);
    const auto bits = static_cast<unsigned>(field.bits);
    const std::uint64_t raw = in.take(bits);
    switch (field.code)
    {
    case 'i':
        return py::int_(static_cast<std::int64_t>(raw << (64 - bits)) >> (64 - bits));
    case 'b':
        return py::bool_(raw != 0);
    case 'c':
        return py::bytes(std::string(1, static_cast<char>(raw)));
    case 'f':
        return py::float_(bits == 32 ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(raw)))
                                     : std::bit_cast<double>(raw));
    default:
        return py::int_(raw);
    }
}

py::object take_element(bit_reader &in, const item_plan &plan)
{
    if (plan.fields.size() == 1)
        return take_field(in, plan.fields[0]);
    py::tuple row(plan.fields.size());
    for (std::size_t i = 0; i < plan.fields.size(); ++i)
        row[i] = take_field(in, plan.fields[i]);
    return py::object(std::move(row));
}

py::object decode_bits(const item_plan &plan, const item &from, item_object *into)
{
    const std::uint64_t capacity = 8 * static_cast<std::uint64_t>(from.bytes.size()) / plan.item_bits;
    const shape_now shape(plan, capacity, into);
    bit_reader in(wanted(from, (shape.elements() * plan.item_bits + 7) / 8));
    if (plan.dimensionless() && plan.fields.size() == 1)
        return take_field(in, plan.fields[0]);
    py::list rows(shape.elements());
    for (std::uint64_t i = 0; i < shape.elements(); ++i)
        rows[i] = take_element(in, plan);
    const array_layout layout = shape.layout();
    py::tuple sizes(layout.shape.size());
    for (std::size_t i = 0; i < layout.shape.size(); ++i)
        sizes[i] = layout.shape[i];
    py::object out = hooks().join_fields(rows, plan.type, sizes);
    return plan.dimensionless() ? py::object(out[py::tuple()]) : out;
}

} // namespace

py::object decode(const item_plan &plan, const item &from, const decode_context &context, item_object *into)
{
    py::object out = plan.native ? decode_native(plan, from, context, into) : decode_bits(plan, from, into);
    if (!out)
        throw py::error_already_set();
    return out;
}

} // namespace heapwire::python
