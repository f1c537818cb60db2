// SPDX-License-Identifier: BSD-3-Clause
/// Packets made by hand, sound or not, for tests.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "heapwire/base/bytes.h"
#include "heapwire/wire/item_pointer.h"

namespace heapwire::test
{

inline constexpr wire::pointer_codec codec40{40};

[[nodiscard]] inline wire::item_pointer imm(std::uint64_t id, std::uint64_t value)
{
    return codec40.immediate(id, value);
}
[[nodiscard]] inline wire::item_pointer addr(std::uint64_t id, std::uint64_t address)
{
    return codec40.addressed(id, address);
}

/// Header word, pointers and payload one after the other, whatever they say.
[[nodiscard]] inline std::vector<std::byte>
raw_packet(std::uint64_t header, std::span<const wire::item_pointer> pointers, std::string_view payload)
{
    std::vector<std::byte> bytes(8 + 8 * pointers.size() + payload.size());
    store_be(bytes.data(), header);
    for (std::size_t i = 0; i < pointers.size(); ++i)
        store_be(bytes.data() + 8 + 8 * i, pointers[i]);
    std::memcpy(bytes.data() + 8 + 8 * pointers.size(), payload.data(), payload.size());
    return bytes;
}

/// A 64-40 packet with a true pointer count.
[[nodiscard]] inline std::vector<std::byte> packet40(const std::vector<wire::item_pointer> &pointers,
                                                     std::string_view payload)
{
    return raw_packet(0x5304'0305'0000'0000u | pointers.size(), pointers, payload);
}

} // namespace heapwire::test
