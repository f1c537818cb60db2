// SPDX-License-Identifier: BSD-3-Clause
/// A checked look into a received packet, or the reason why it is refused. Nothing is copied.
#pragma once

#include <cstdint>

#include "heapwire/base/bytes.h"
#include "heapwire/wire/flavour.h"
#include "heapwire/wire/item_pointer.h"
#include "heapwire/wire/reject.h"

namespace heapwire::wire
{

enum class framing : std::uint8_t
{
    datagram, ///< the bytes are exactly one packet
    stream,   ///< another packet may follow
};

/// Valid as long as the bytes it was made from. All numbers are checked against the packet's end and each other.
struct packet_view
{
    static constexpr std::uint64_t unknown_length = ~std::uint64_t{0};

    const std::byte *start = nullptr; ///< first byte of the packet
    std::uint64_t heap_cnt = 0;
    std::uint64_t heap_length = unknown_length;
    std::uint64_t payload_offset = 0;
    bytes_view payload;
    const std::byte *pointers = nullptr; ///< ordinary pointers start here; big-endian, unaligned
    std::uint32_t n_pointers = 0;        ///< packet-scope ones in front are left out; later ones are among these
    std::uint8_t heap_address_bits = 0;
    std::size_t size = 0; ///< of the whole packet in bytes

    [[nodiscard]] item_pointer pointer(std::size_t index) const noexcept
    {
        return load_be<std::uint64_t>(pointers + 8 * index);
    }
};

/// Fills `out` and answers reject::none, or answers the reason; `out` is then unspecified. Rules D1 to D15 of
/// docs/reference/wire-format.md section 10.1.
[[nodiscard]] reject parse_packet(bytes_view bytes, framing how, packet_view &out) noexcept;

/// For transports without packet borders.
struct packet_extent
{
    enum kind : std::uint8_t
    {
        whole,
        need_more,
        malformed
    } state;
    std::uint64_t size; ///< whole: bytes of the packet; need_more: bytes needed to decide or to be whole
    reject reason;      ///< if malformed
    bool exact;         ///< `size` is the size of the packet, even if the packet is not all here yet
};
/// How long is the packet that starts here (section 11.3)? The first immediate PAYLOAD_LENGTH decides; whether the
/// packet is sound is parse_packet's business. Never asks for more than 8 + 8 * 65535 bytes before `exact`; an exact
/// size may be anything up to 2^56 and is to be compared with the largest packet that is wanted before waiting for it.
[[nodiscard]] packet_extent measure_packet(bytes_view bytes) noexcept;

} // namespace heapwire::wire
