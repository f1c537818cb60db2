// SPDX-License-Identifier: BSD-3-Clause
#include <memory>
#include <optional>

#include "heapwire/wire/descriptor.h"
#include "heapwire/wire/item_id.h"
#include "heapwire/wire/packet_view.h"
#include "inner_heap.h"

namespace heapwire::wire
{
namespace
{

/// The bytes of a field. An immediate has the width of an address; the zeros in front of a shorter value are padding.
std::string text_of(const inner_item &item, int address_bytes)
{
    if (!item.immediate)
        return {reinterpret_cast<const char *>(item.bytes.data()), item.bytes.size()};
    std::string text;
    for (int shift = 8 * (address_bytes - 1); shift >= 0; shift -= 8)
        if (const auto byte = static_cast<char>(item.value >> shift & 0xff); byte != 0 || !text.empty())
            text.push_back(byte);
    return text;
}

std::uint64_t number(std::string_view digits)
{
    std::uint64_t value = 0;
    for (const char c : digits)
        value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

/// Calls `take` with each whole element; a partial one at the end is ignored.
template <typename Take>
void for_each_element(std::string_view field, int element_bytes, Take take)
{
    const auto width = static_cast<std::size_t>(element_bytes);
    for (; field.size() >= width; field.remove_prefix(width))
        take(field.front(), number(field.substr(1, width - 1)));
}

std::vector<format_field> decode_format(std::string_view field, flavour f)
{
    std::vector<format_field> format;
    for_each_element(field, f.format_element_bytes(),
                     [&](char type, std::uint64_t bits) {
                         format.push_back({type, bits});
                     });
    return format;
}

std::vector<std::optional<std::uint64_t>> decode_shape(std::string_view field, flavour f)
{
    const int variable = f.bugs() & shape_bit_1 ? 2 : 1;
    std::vector<std::optional<std::uint64_t>> shape;
    for_each_element(field, f.shape_element_bytes(),
                     [&](char flag, std::uint64_t size)
                     { shape.push_back(flag & variable ? std::nullopt : std::optional(size)); });
    return shape;
}

/// Nothing if the heap does not say in immediate mode which id it describes, or one that the flavour cannot have.
/// Control items and unknown ones are skipped.
std::optional<descriptor> interpret(const inner_heap &heap, std::uint32_t bugs)
{
    const flavour f(heap.heap_address_bits(), bugs);
    descriptor d;
    std::string format, shape;
    for (const inner_item &item : heap.items())
    {
        switch (static_cast<item_id>(item.id))
        {
        case item_id::descriptor_id:
            d.id = item.immediate ? item.value : d.id;
            break;
        case item_id::descriptor_name:
            d.name = text_of(item, f.address_bytes());
            break;
        case item_id::descriptor_description:
            d.description = text_of(item, f.address_bytes());
            break;
        case item_id::descriptor_format:
            format = text_of(item, f.address_bytes());
            break;
        case item_id::descriptor_shape:
            shape = text_of(item, f.address_bytes());
            break;
        case item_id::descriptor_dtype:
            d.numpy_header = text_of(item, f.address_bytes());
            break;
        default:
            break;
        }
    }
    if (d.id == 0 || d.id > f.max_id())
        return std::nullopt;
    if (d.numpy_header.empty())
    {
        d.format = decode_format(format, f);
        d.shape = decode_shape(shape, f);
    }
    return d;
}

} // namespace

void decode_descriptors(bytes_view value, std::uint32_t bugs, std::vector<descriptor> &out)
{
    static_cast<void>(flavour(40, bugs)); // throws for flags that do not exist, whatever the bytes are
    std::unique_ptr<inner_heap> heap;
    const auto finish = [&]
    {
        if (heap && heap->contiguous())
            if (auto d = interpret(*heap, bugs))
                out.push_back(std::move(*d));
        heap.reset();
    };

    packet_view packet;
    while (!value.empty() && parse_packet(value, framing::stream, packet) == reject::none)
    {
        value = value.subspan(packet.size);
        if (heap && heap->cnt() != packet.heap_cnt)
            finish();
        if (heap)
            heap->add(packet);
        else if (packet.payload_offset == 0)
            heap = std::make_unique<inner_heap>(packet);
        if (heap && heap->complete())
            finish();
    }
    finish();
}

} // namespace heapwire::wire
