// SPDX-License-Identifier: BSD-3-Clause
/// A SPEAD flavour: how the 64 bits of an item pointer are split, and which old bugs are imitated.
#pragma once

#include <cstdint>

namespace heapwire::wire
{

/// Flags; the values are part of the public API (docs/reference/wire-format.md section 8).
enum bug_compat : std::uint32_t
{
    no_bugs = 0,
    descriptor_widths = 1, ///< descriptor elements are 4 (format) and 8 (shape) bytes whatever the flavour
    shape_bit_1 = 2,       ///< a variable dimension is flagged by 0x02
    swap_endian = 4,       ///< byte-order characters of numpy headers are inverted
    pyspead_0_5_2 = 7,
};

/// SPEAD-64-B. A value: copy freely. Equality compares everything.
class flavour
{
public:
    static constexpr int version = 4;
    static constexpr int item_pointer_bits = 64;

    constexpr flavour() noexcept = default; ///< SPEAD-64-40
    /// `heap_address_bits` is a multiple of 8 from 8 to 56, `bugs` at most 7; else std::invalid_argument.
    explicit flavour(int heap_address_bits, std::uint32_t bugs = no_bugs);

    [[nodiscard]] constexpr int heap_address_bits() const noexcept { return address_bits_; }
    [[nodiscard]] constexpr int address_bytes() const noexcept { return address_bits_ / 8; }
    [[nodiscard]] constexpr std::uint32_t bugs() const noexcept { return bugs_; }
    /// Largest address, immediate value, heap length and heap cnt.
    [[nodiscard]] constexpr std::uint64_t max_address() const noexcept
    {
        return (std::uint64_t{1} << address_bits_) - 1;
    }
    [[nodiscard]] constexpr std::uint64_t max_id() const noexcept
    {
        return (std::uint64_t{1} << (63 - address_bits_)) - 1;
    }
    /// Bytes of one element of a descriptor's format field, and of its shape field.
    [[nodiscard]] constexpr int format_element_bytes() const noexcept
    {
        return bugs_ & descriptor_widths ? 4 : 1 + 8 - address_bytes();
    }
    [[nodiscard]] constexpr int shape_element_bytes() const noexcept
    {
        return bugs_ & descriptor_widths ? 8 : 1 + address_bytes();
    }
    friend constexpr bool operator==(const flavour &, const flavour &) noexcept = default;

private:
    std::uint8_t address_bits_ = 40;
    std::uint8_t bugs_ = 0;
};

} // namespace heapwire::wire
