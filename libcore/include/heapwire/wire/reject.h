// SPDX-License-Identifier: BSD-3-Clause
/// Why a packet is refused before anything else is known: one table of reason, text and counter name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace heapwire::wire
{

enum class reject : std::uint8_t
{
    none,
    too_short,         ///< fewer than 8 bytes
    bad_magic,         ///< first byte is not 0x53
    bad_version,       ///< second byte is not 4
    zero_width,        ///< an identifier or address width of 0
    bad_widths,        ///< the widths do not add up to 8 bytes
    pointers_past_end, ///< more item pointers than the packet has bytes for
    no_heap_cnt,       ///< no immediate HEAP_CNT
    no_payload_offset, ///< no immediate PAYLOAD_OFFSET
    no_payload_length, ///< no immediate PAYLOAD_LENGTH
    payload_past_end,  ///< PAYLOAD_LENGTH is more than the packet holds
    trailing_bytes,    ///< the datagram is longer than header, pointers and payload
    payload_past_heap, ///< PAYLOAD_OFFSET + PAYLOAD_LENGTH > HEAP_LENGTH
    contradiction,     ///< a packet-scope item stands twice with different values
    truncated,         ///< the datagram was longer than the receiver's buffer
};
inline constexpr std::size_t reject_count = 15;

struct reject_entry
{
    reject reason;
    std::string_view counter; ///< name in statistics: "malformed_bad_magic"
    std::string_view text;    ///< for people
};

/// Indexed by reason.
[[nodiscard]] const std::array<reject_entry, reject_count> &reject_table() noexcept;
[[nodiscard]] std::string_view to_string(reject reason) noexcept;

} // namespace heapwire::wire
