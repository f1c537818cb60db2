// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/bytes.h"

#include <array>
#include <string_view>

#include <gtest/gtest.h>

namespace heapwire
{
namespace
{

constexpr std::array<std::byte, 9> counted = {std::byte{0}, std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                                              std::byte{5}, std::byte{6}, std::byte{7}, std::byte{8}};

TEST(Bytes, LoadsBigEndianFromAnyAddress)
{
    EXPECT_EQ(load_be<std::uint8_t>(&counted[1]), 0x01);
    EXPECT_EQ(load_be<std::uint16_t>(&counted[1]), 0x0102);
    EXPECT_EQ(load_be<std::uint32_t>(&counted[1]), 0x01020304u);
    EXPECT_EQ(load_be<std::uint64_t>(&counted[1]), 0x0102030405060708u);
}

TEST(Bytes, StoresWhatItLoads)
{
    std::array<std::byte, 9> out{};
    store_be<std::uint64_t>(&out[1], 0x0102030405060708u);
    EXPECT_EQ(out, counted);
    store_be<std::uint16_t>(&out[0], 0xfffe);
    EXPECT_EQ(out[0], std::byte{0xff});
    EXPECT_EQ(out[1], std::byte{0xfe});
}

TEST(Bytes, SwapsEveryWidth)
{
    static_assert(swap_bytes<std::uint8_t>(0x12) == 0x12);
    static_assert(swap_bytes<std::uint16_t>(0x1234) == 0x3412);
    static_assert(swap_bytes<std::uint32_t>(0x12345678) == 0x78563412);
    static_assert(swap_bytes<std::uint64_t>(0x0102030405060708) == 0x0807060504030201);
    EXPECT_EQ(swap_bytes(swap_bytes<std::uint32_t>(0xdeadbeef)), 0xdeadbeefu);
}

TEST(Bytes, ViewsAnArrayAsItLiesInMemory)
{
    const std::string_view text = "abc";
    const bytes_view view = bytes_of(std::span<const char>(text));
    ASSERT_EQ(view.size(), 3u);
    EXPECT_EQ(view[2], std::byte{'c'});
    const std::array<std::uint32_t, 2> words{};
    EXPECT_EQ(bytes_of(std::span<const std::uint32_t>(words)).size(), 8u);
}

} // namespace
} // namespace heapwire
