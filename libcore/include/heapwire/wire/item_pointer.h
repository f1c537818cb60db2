// SPDX-License-Identifier: BSD-3-Clause
/// One 64-bit item pointer: mode bit, identifier, and an address or an immediate value.
#pragma once

#include <cstdint>

#include "heapwire/wire/flavour.h"

namespace heapwire::wire
{

using item_pointer = std::uint64_t; ///< in the machine's byte order
inline constexpr item_pointer immediate_bit = item_pointer{1} << 63;

/// Takes pointers of one flavour apart and puts them together. No range checks: see packet_writer and outgoing_heap.
class pointer_codec
{
public:
    explicit constexpr pointer_codec(int heap_address_bits) noexcept : bits_(heap_address_bits) {}
    explicit constexpr pointer_codec(flavour f) noexcept : bits_(f.heap_address_bits()) {}

    [[nodiscard]] static constexpr bool is_immediate(item_pointer p) noexcept { return (p & immediate_bit) != 0; }
    [[nodiscard]] constexpr std::uint64_t id(item_pointer p) const noexcept { return (p & ~immediate_bit) >> bits_; }
    /// The address of an addressed item, the value of an immediate one.
    [[nodiscard]] constexpr std::uint64_t value(item_pointer p) const noexcept
    {
        return p & ((item_pointer{1} << bits_) - 1);
    }
    [[nodiscard]] constexpr item_pointer immediate(std::uint64_t id, std::uint64_t value) const noexcept
    {
        return immediate_bit | id << bits_ | value;
    }
    [[nodiscard]] constexpr item_pointer addressed(std::uint64_t id, std::uint64_t address) const noexcept
    {
        return id << bits_ | address;
    }

private:
    int bits_;
};

} // namespace heapwire::wire
