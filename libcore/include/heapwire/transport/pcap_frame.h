// SPDX-License-Identifier: BSD-3-Clause
/// From a captured frame to its UDP payload (docs/reference/wire-format.md section 11.4). Bytes in, bytes out; knows
/// nothing of libpcap.
#pragma once

#include <cstdint>

#include "heapwire/base/bytes.h"

namespace heapwire::transport
{

enum class frame_kind : std::uint8_t
{
    udp,      ///< `payload` is a datagram
    cut,      ///< a UDP datagram, of which not all was captured; `payload` is what there is
    empty,    ///< a UDP datagram without payload
    not_udp,  ///< another protocol: not ours to judge
    fragment, ///< a part of a fragmented datagram
    bad_ip,   ///< versions or lengths contradict each other
    bad_udp,
};
inline constexpr std::size_t frame_kind_count = 7;

struct frame
{
    frame_kind kind = frame_kind::not_udp;
    bytes_view payload;
    std::uint64_t source = 0; ///< a hash of address and port of the sender
};

/// Link types, by libpcap's DLT numbers: Ethernet (1, with 802.1Q and 802.1ad tags), Linux cooked v1 (113) and v2
/// (276), raw IP (12, 14, 101, 228, 229), BSD loopback (0, 108).
[[nodiscard]] bool is_known_link_type(int link_type) noexcept;

/// `bytes` is what was captured of a frame that had `original` bytes on the wire. Reads nothing behind `bytes`.
/// An unknown link type is not_udp.
[[nodiscard]] frame decode_frame(int link_type, bytes_view bytes, std::size_t original) noexcept;

} // namespace heapwire::transport
