// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/packet_view.h"

#include "fixed_header.h"
#include "heapwire/wire/item_id.h"

namespace heapwire::wire
{
namespace
{

/// The packet-scope items of a packet, and how many stand in front of the first ordinary pointer.
struct packet_scope
{
    std::uint64_t heap_cnt;
    std::uint64_t heap_length;
    std::uint64_t payload_offset;
    std::uint64_t payload_length;
    std::uint32_t leading;
};

/// A pointer's mode bit and identifier as one number, so that the four packet-scope tags are consecutive.
constexpr std::uint64_t first_tag(unsigned address_bits)
{
    return (immediate_bit >> address_bits) + static_cast<std::uint64_t>(item_id::heap_cnt);
}

bool any_packet_scope(const std::byte *pointers, std::uint32_t from, std::uint32_t n, unsigned address_bits) noexcept
{
    const std::uint64_t first = first_tag(address_bits);
    for (std::uint32_t i = from; i < n; ++i)
        if ((load_be<item_pointer>(pointers + 8 * std::size_t{i}) >> address_bits) - first < 4)
            return true;
    return false;
}

/// The order all known senders use: HEAP_CNT, HEAP_LENGTH, PAYLOAD_OFFSET, PAYLOAD_LENGTH in front and nowhere else.
/// Kept apart so that everything stays in registers: nearly every packet goes this way.
inline bool usual_order(const std::byte *pointers, std::uint32_t n, unsigned address_bits, packet_scope &out) noexcept
{
    if (n < 4)
        return false;
    const std::uint64_t first = first_tag(address_bits) << address_bits;
    const std::uint64_t step = std::uint64_t{1} << address_bits;
    const auto cnt = load_be<std::uint64_t>(pointers) - first;
    const auto length = load_be<std::uint64_t>(pointers + 8) - (first + step);
    const auto offset = load_be<std::uint64_t>(pointers + 16) - (first + 2 * step);
    const auto payload = load_be<std::uint64_t>(pointers + 24) - (first + 3 * step);
    // A difference below `step` means that the tag was the expected one and the difference is the value.
    if ((cnt | length | offset | payload) >> address_bits != 0 || any_packet_scope(pointers, 4, n, address_bits))
        return false;
    out = {cnt, length, offset, payload, 4};
    return true;
}

constexpr unsigned slot_of(item_id id) { return static_cast<unsigned>(id) - 1; }

/// Any order and position, repetitions included; D6 and D11.
[[gnu::noinline]] reject any_order(const std::byte *pointers, std::uint32_t n, unsigned address_bits,
                                   packet_scope &out) noexcept
{
    const std::uint64_t first = first_tag(address_bits);
    const std::uint64_t value_mask = (std::uint64_t{1} << address_bits) - 1;
    std::uint64_t value[4] = {0, packet_view::unknown_length, 0, 0};
    unsigned seen = 0;
    out.leading = 0;
    for (std::uint32_t i = 0; i < n; ++i)
    {
        const auto p = load_be<item_pointer>(pointers + 8 * std::size_t{i});
        const std::uint64_t slot = (p >> address_bits) - first;
        if (slot >= 4)
            continue;
        if ((seen >> slot & 1) != 0 && value[slot] != (p & value_mask))
            return reject::contradiction;
        value[slot] = p & value_mask;
        seen |= 1u << slot;
        if (out.leading == i)
            ++out.leading;
    }
    if ((seen >> slot_of(item_id::heap_cnt) & 1) == 0)
        return reject::no_heap_cnt;
    if ((seen >> slot_of(item_id::payload_offset) & 1) == 0)
        return reject::no_payload_offset;
    if ((seen >> slot_of(item_id::payload_length) & 1) == 0)
        return reject::no_payload_length;
    out = {value[0], value[1], value[2], value[3], out.leading};
    return reject::none;
}

} // namespace

reject parse_packet(bytes_view bytes, framing how, packet_view &out) noexcept
{
    const std::uint64_t available = bytes.size();
    if (available < fixed_header_bytes)
        return reject::too_short;
    const auto header = load_be<std::uint64_t>(bytes.data());
    if (const reject bad = check_fixed_header(header); bad != reject::none) [[unlikely]]
        return bad;
    const std::uint32_t n = header_pointers(header);
    const std::uint64_t head_bytes = fixed_header_bytes + 8 * std::uint64_t{n};
    if (head_bytes > available)
        return reject::pointers_past_end;

    const std::byte *pointers = bytes.data() + fixed_header_bytes;
    const unsigned address_bits = 8 * header_address_bytes(header);
    packet_scope scope;
    if (!usual_order(pointers, n, address_bits, scope)) [[unlikely]]
        if (const reject bad = any_order(pointers, n, address_bits, scope); bad != reject::none)
            return bad;

    // Fields have at most 56 bits, so that these sums cannot overflow (D13).
    const std::uint64_t size = head_bytes + scope.payload_length;
    if (size > available)
        return reject::payload_past_end;
    if (size < available && how == framing::datagram)
        return reject::trailing_bytes;
    if (scope.payload_offset + scope.payload_length > scope.heap_length) // unknown_length is larger than any sum
        return reject::payload_past_heap;

    out.start = bytes.data();
    out.heap_cnt = scope.heap_cnt;
    out.heap_length = scope.heap_length;
    out.payload_offset = scope.payload_offset;
    out.payload = bytes_view(bytes.data() + head_bytes, scope.payload_length);
    out.pointers = pointers + 8 * std::size_t{scope.leading};
    out.n_pointers = n - scope.leading;
    out.heap_address_bits = static_cast<std::uint8_t>(address_bits);
    out.size = size;
    return reject::none;
}

packet_extent measure_packet(bytes_view bytes) noexcept
{
    const std::uint64_t available = bytes.size();
    if (available < fixed_header_bytes)
        return {packet_extent::need_more, fixed_header_bytes, reject::none, false};
    const auto header = load_be<std::uint64_t>(bytes.data());
    if (const reject bad = check_fixed_header(header); bad != reject::none)
        return {packet_extent::malformed, 0, bad, false};

    const std::uint64_t head_bytes = fixed_header_bytes + 8 * std::uint64_t{header_pointers(header)};
    const std::uint64_t here = head_bytes < available ? head_bytes : available;
    const unsigned address_bits = 8 * header_address_bytes(header);
    const std::uint64_t tag = first_tag(address_bits) + slot_of(item_id::payload_length);
    for (std::uint64_t at = fixed_header_bytes; at + 8 <= here; at += 8)
    {
        const auto p = load_be<item_pointer>(bytes.data() + at);
        if (p >> address_bits != tag)
            continue;
        const std::uint64_t size = head_bytes + (p & ((std::uint64_t{1} << address_bits) - 1));
        return {size <= available ? packet_extent::whole : packet_extent::need_more, size, reject::none, true};
    }
    if (head_bytes > available)
        return {packet_extent::need_more, head_bytes, reject::none, false};
    return {packet_extent::malformed, 0, reject::no_payload_length, false};
}

} // namespace heapwire::wire
