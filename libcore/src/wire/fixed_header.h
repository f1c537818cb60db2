// SPDX-License-Identifier: BSD-3-Clause
/// The first 8 bytes of a packet as one big-endian word: 53 04 IW AW 00 00 NN NN.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heapwire/wire/flavour.h"
#include "heapwire/wire/reject.h"

namespace heapwire::wire
{

inline constexpr std::uint64_t magic = 0x53;
inline constexpr std::size_t fixed_header_bytes = 8;

/// `n_pointers` counts all pointers and is at most 65535.
[[nodiscard]] constexpr std::uint64_t fixed_header(int address_bytes, std::size_t n_pointers) noexcept
{
    const auto width = static_cast<std::uint64_t>(address_bytes);
    return magic << 56 | std::uint64_t{flavour::version} << 48 | (8 - width) << 40 | width << 32 | n_pointers;
}

/// The reserved bytes are ignored (D10).
[[nodiscard]] constexpr std::uint32_t header_pointers(std::uint64_t word) noexcept
{
    return static_cast<std::uint32_t>(word & 0xffff);
}
[[nodiscard]] constexpr unsigned header_address_bytes(std::uint64_t word) noexcept
{
    return static_cast<unsigned>(word >> 32 & 0xff);
}

/// Rules D2 to D4 of section 10.1. The widths are added as integers: 0x83 + 0x85 is not 8.
[[nodiscard]] constexpr reject check_fixed_header(std::uint64_t word) noexcept
{
    const unsigned id_bytes = word >> 40 & 0xff;
    const unsigned address_bytes = header_address_bytes(word);
    if (word >> 56 != magic)
        return reject::bad_magic;
    if ((word >> 48 & 0xff) != flavour::version)
        return reject::bad_version;
    if (id_bytes == 0 || address_bytes == 0)
        return reject::zero_width;
    if (id_bytes + address_bytes != 8)
        return reject::bad_widths;
    return reject::none;
}

} // namespace heapwire::wire
