// SPDX-License-Identifier: BSD-3-Clause
/// A slow and plain reading of docs/reference/wire-format.md sections 1 to 4 and 10.1, written without a look at the
/// library: what parse_packet answers has to agree with it for every sequence of bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "heapwire/base/bytes.h"
#include "heapwire/wire/packet_view.h"
#include "heapwire/wire/reject.h"

namespace heapwire::test
{

struct plain_packet
{
    wire::reject reason = wire::reject::none;
    std::map<int, std::uint64_t> scope;     ///< packet-scope items by id
    std::vector<std::uint64_t> after_scope; ///< all pointers but the packet-scope ones in front
    std::size_t header_bytes = 0;
    std::size_t size = 0;
};

[[nodiscard]] inline std::uint64_t plain_number(bytes_view bytes, std::size_t at, std::size_t width)
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i)
        value = value * 256 + std::to_integer<unsigned>(bytes[at + i]);
    return value;
}

/// Takes the pointers apart; false if an item contradicts an earlier one.
[[nodiscard]] inline bool plain_pointers(bytes_view bytes, std::size_t count, int address_bits, plain_packet &packet)
{
    for (std::size_t i = 0; i < count; ++i)
    {
        const std::uint64_t pointer = plain_number(bytes, 8 + 8 * i, 8);
        const bool immediate = pointer >= 0x8000'0000'0000'0000;
        const std::uint64_t id = (pointer & 0x7fff'ffff'ffff'ffff) >> address_bits;
        const std::uint64_t value = pointer % (std::uint64_t{1} << address_bits);
        const bool special = immediate && (id == 1 || id == 2 || id == 3 || id == 4);
        if (!special || !packet.after_scope.empty())
            packet.after_scope.push_back(pointer);
        if (!special)
            continue;
        if (packet.scope.contains(static_cast<int>(id)) && packet.scope[static_cast<int>(id)] != value)
            return false;
        packet.scope[static_cast<int>(id)] = value;
    }
    return true;
}

[[nodiscard]] inline plain_packet plain_parse(bytes_view bytes, wire::framing how)
{
    using wire::reject;
    plain_packet packet;
    const auto refuse = [&](reject reason)
    {
        packet.reason = reason;
        return packet;
    };
    if (bytes.size() < 8)
        return refuse(reject::too_short);
    if (plain_number(bytes, 0, 1) != 0x53)
        return refuse(reject::bad_magic);
    if (plain_number(bytes, 1, 1) != 4)
        return refuse(reject::bad_version);
    const auto id_width = plain_number(bytes, 2, 1), address_width = plain_number(bytes, 3, 1);
    if (id_width == 0 || address_width == 0)
        return refuse(reject::zero_width);
    if (id_width + address_width != 8)
        return refuse(reject::bad_widths);
    const std::size_t count = plain_number(bytes, 6, 2);
    packet.header_bytes = 8 + 8 * count;
    if (packet.header_bytes > bytes.size())
        return refuse(reject::pointers_past_end);
    if (!plain_pointers(bytes, count, static_cast<int>(8 * address_width), packet))
        return refuse(reject::contradiction);
    if (!packet.scope.contains(1))
        return refuse(reject::no_heap_cnt);
    if (!packet.scope.contains(3))
        return refuse(reject::no_payload_offset);
    if (!packet.scope.contains(4))
        return refuse(reject::no_payload_length);
    packet.size = packet.header_bytes + packet.scope[4];
    if (packet.size > bytes.size())
        return refuse(reject::payload_past_end);
    if (packet.size < bytes.size() && how == wire::framing::datagram)
        return refuse(reject::trailing_bytes);
    if (packet.scope.contains(2) && packet.scope[3] + packet.scope[4] > packet.scope[2])
        return refuse(reject::payload_past_heap);
    return packet;
}

/// nullopt if the two agree, else what differs.
[[nodiscard]] inline std::optional<const char *> disagreement(bytes_view bytes, wire::framing how)
{
    const plain_packet plain = plain_parse(bytes, how);
    wire::packet_view view;
    if (wire::parse_packet(bytes, how, view) != plain.reason)
        return "reason";
    if (plain.reason != wire::reject::none)
        return std::nullopt;
    if (view.heap_cnt != plain.scope.at(1) || view.payload_offset != plain.scope.at(3))
        return "cnt or offset";
    const auto length = plain.scope.find(2);
    if (view.heap_length != (length == plain.scope.end() ? wire::packet_view::unknown_length : length->second))
        return "heap length";
    if (view.start != bytes.data() || view.size != plain.size)
        return "extent";
    if (view.payload.data() != bytes.data() + plain.header_bytes || view.payload.size() != plain.scope.at(4))
        return "payload";
    if (view.n_pointers != plain.after_scope.size())
        return "number of pointers";
    for (std::uint32_t i = 0; i < view.n_pointers; ++i)
        if (view.pointer(i) != plain.after_scope[i])
            return "pointer";
    return std::nullopt;
}

} // namespace heapwire::test
