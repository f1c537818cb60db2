// SPDX-License-Identifier: BSD-3-Clause
/// The header of a packet: fixed part, the four packet-scope pointers, then ordinary pointers.
#pragma once

#include <cstdint>
#include <span>

#include "heapwire/base/bytes.h"
#include "heapwire/wire/flavour.h"
#include "heapwire/wire/item_pointer.h"

namespace heapwire::wire
{

inline constexpr std::size_t prefix_bytes = 40;     ///< header and the four packet-scope pointers
inline constexpr std::size_t min_packet_bytes = 56; ///< prefix, one pointer, 8 bytes of payload
inline constexpr std::size_t max_packet_pointers = 65535;

struct packet_fields
{
    std::uint64_t heap_cnt = 0;
    std::uint64_t heap_length = 0;
    std::uint64_t payload_offset = 0;
    std::uint64_t payload_length = 0;
};

/// Writes prefix and `pointers` to `to` and answers the number of bytes: prefix_bytes + 8 * pointers.size().
/// Required: that many bytes are there, every field fits the flavour, pointers.size() + 4 <= max_packet_pointers.
std::size_t write_packet_header(std::byte *to, flavour f, const packet_fields &fields,
                                std::span<const item_pointer> pointers) noexcept;

} // namespace heapwire::wire
