// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/descriptor.h"

#include <algorithm>

#include "heapwire/base/error.h"
#include "heapwire/wire/item_id.h"
#include "heapwire/wire/packet_writer.h"

namespace heapwire::wire
{
namespace
{

/// The last `width` bytes of a big-endian number.
void append_number(std::string &to, std::uint64_t value, int width)
{
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
        to.push_back(static_cast<char>(value >> shift & 0xff));
}

bool fits(std::uint64_t value, int width) { return value >> (8 * width) == 0; } // width is at most 7

std::string encode_format(const std::vector<format_field> &format, flavour f)
{
    const int width = f.format_element_bytes() - 1;
    std::string bytes;
    for (const format_field &field : format)
    {
        if (!fits(field.bits, width))
            throw_bad_argument("format", field.bits, "a width that fits the flavour's format element");
        bytes.push_back(field.type);
        append_number(bytes, field.bits, width);
    }
    return bytes;
}

std::string encode_shape(const std::vector<std::optional<std::uint64_t>> &shape, flavour f)
{
    if (std::count(shape.begin(), shape.end(), std::nullopt) > 1)
        throw_bad_argument("shape", std::count(shape.begin(), shape.end(), std::nullopt),
                           "at most one variable dimension");
    const int width = f.shape_element_bytes() - 1;
    const char variable = f.bugs() & shape_bit_1 ? 2 : 1;
    std::string bytes;
    for (const auto &size : shape)
    {
        if (size && !fits(*size, width))
            throw_bad_argument("shape", *size, "a dimension that fits the flavour's shape element");
        bytes.push_back(size ? char{0} : variable);
        append_number(bytes, size.value_or(0), width);
    }
    return bytes;
}

/// The shape that goes on the wire next to a numpy header.
std::vector<std::optional<std::uint64_t>> shape_of(const descriptor &d)
{
    if (!d.shape.empty() || d.numpy_header.empty())
        return d.shape;
    const auto header = parse_numpy_header(d.numpy_header);
    if (!header)
        return {};
    return {header->shape.begin(), header->shape.end()};
}

} // namespace

std::vector<std::byte> encode_descriptor(const descriptor &d, flavour f)
{
    if (d.id == 0 || d.id > f.max_id())
        throw_bad_argument("id", d.id, "an id from 1 to the largest of the flavour");
    const std::string format = d.numpy_header.empty() ? encode_format(d.format, f) : std::string{};
    const std::string shape = encode_shape(shape_of(d), f);

    const pointer_codec codec(f);
    std::vector<item_pointer> pointers{codec.immediate(static_cast<std::uint64_t>(item_id::descriptor_id), d.id)};
    std::string payload;
    const auto add = [&](item_id id, const std::string &field)
    {
        pointers.push_back(codec.addressed(static_cast<std::uint64_t>(id), payload.size()));
        payload += field;
    };
    add(item_id::descriptor_name, d.name);
    add(item_id::descriptor_description, d.description);
    add(item_id::descriptor_format, format);
    add(item_id::descriptor_shape, shape);
    if (!d.numpy_header.empty())
        add(item_id::descriptor_dtype, d.numpy_header);
    if (payload.size() > f.max_address())
        throw_bad_argument("descriptor", payload.size(), "fields that together fit an address of the flavour");

    std::vector<std::byte> packet(prefix_bytes + 8 * pointers.size() + payload.size());
    const std::size_t head = write_packet_header(packet.data(), f, {1, payload.size(), 0, payload.size()}, pointers);
    std::memcpy(packet.data() + head, payload.data(), payload.size());
    return packet;
}

} // namespace heapwire::wire
