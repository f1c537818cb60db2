// SPDX-License-Identifier: BSD-3-Clause
/// Well-formed data packets for tests of the receiving side, written out field by field.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "heapwire/base/bytes.h"
#include "heapwire/wire/item_id.h"
#include "heapwire/wire/item_pointer.h"
#include "heapwire/wire/packet_view.h"

namespace heapwire::test
{

using packet = std::vector<std::byte>;

struct packet_plan
{
    std::uint64_t cnt = 1;
    std::optional<std::uint64_t> length{}; ///< HEAP_LENGTH, left out if absent
    std::uint64_t offset = 0;
    std::uint64_t size = 0; ///< of the payload: byte k of the heap is pattern(cnt, k)
    std::vector<wire::item_pointer> pointers{};
    int bits = 40;
};

[[nodiscard]] inline std::byte pattern(std::uint64_t cnt, std::uint64_t position)
{
    return static_cast<std::byte>(position * 7 + position / 256 + cnt * 13);
}

[[nodiscard]] inline packet make_packet(const packet_plan &plan)
{
    const wire::pointer_codec codec(plan.bits);
    std::vector<wire::item_pointer> all{codec.immediate(1, plan.cnt), codec.immediate(3, plan.offset),
                                        codec.immediate(4, plan.size)};
    if (plan.length)
        all.push_back(codec.immediate(2, *plan.length));
    all.insert(all.end(), plan.pointers.begin(), plan.pointers.end());
    packet bytes(8 + 8 * all.size() + plan.size);
    const std::uint64_t width = static_cast<std::uint64_t>(plan.bits / 8);
    store_be(bytes.data(), std::uint64_t{0x5304} << 48 | (8 - width) << 40 | width << 32 | all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        store_be(bytes.data() + 8 + 8 * i, all[i]);
    for (std::uint64_t i = 0; i < plan.size; ++i)
        bytes[8 + 8 * all.size() + i] = pattern(plan.cnt, plan.offset + i);
    return bytes;
}

/// A heap of one item 0x1000 over the whole payload, cut into packets of at most `step` bytes of payload.
[[nodiscard]] inline std::vector<packet> make_heap(std::uint64_t cnt, std::uint64_t length, std::uint64_t step)
{
    const wire::pointer_codec codec(40);
    std::vector<packet> packets;
    for (std::uint64_t at = 0; at == 0 || at < length; at += step)
        packets.push_back(make_packet(
            {.cnt = cnt,
             .length = length,
             .offset = at,
             .size = std::min(step, length - at),
             .pointers = at == 0 ? std::vector{codec.addressed(0x1000, 0)} : std::vector<wire::item_pointer>{}}));
    return packets;
}

[[nodiscard]] inline packet make_stop(std::uint64_t cnt)
{
    const wire::pointer_codec codec(40);
    return make_packet({.cnt = cnt, .length = 0, .pointers = {codec.immediate(6, 2)}});
}

[[nodiscard]] inline wire::packet_view parse(const packet &bytes)
{
    wire::packet_view view;
    if (wire::parse_packet(bytes, wire::framing::datagram, view) != wire::reject::none)
        throw std::logic_error("a test made a malformed packet");
    return view;
}

/// Is this the payload that make_packet() gives to heap `cnt`?
[[nodiscard]] inline bool has_pattern(bytes_view payload, std::uint64_t cnt)
{
    for (std::size_t i = 0; i < payload.size(); ++i)
        if (payload[i] != pattern(cnt, i))
            return false;
    return true;
}

} // namespace heapwire::test
