// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/packet_view.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "heapwire/wire/item_id.h"
#include "wire/build_packet.h"

using namespace heapwire;
using namespace heapwire::wire;
using test::addr;
using test::imm;
using test::packet40;

namespace
{

reject verdict(const std::vector<std::byte> &bytes, framing how = framing::datagram)
{
    packet_view view;
    return parse_packet(bytes, how, view);
}

const item_pointer cnt = imm(1, 7);
const item_pointer length = imm(2, 8);
const item_pointer offset = imm(3, 0);
const item_pointer payload = imm(4, 8);
const item_pointer item = addr(0x1000, 0);

/// A sound packet whose header word is replaced.
std::vector<std::byte> with_header(std::uint64_t header)
{
    auto bytes = packet40({cnt, length, offset, payload}, "01234567");
    store_be(bytes.data(), header);
    return bytes;
}

} // namespace

TEST(PacketView, ReadsAllFields)
{
    const auto bytes = packet40({imm(1, 7), imm(2, 24), imm(3, 16), payload, item, imm(0x1001, 5)}, "01234567");
    packet_view view;
    ASSERT_EQ(parse_packet(bytes, framing::datagram, view), reject::none);
    EXPECT_EQ(view.start, bytes.data());
    EXPECT_EQ(view.heap_cnt, 7u);
    EXPECT_EQ(view.heap_length, 24u);
    EXPECT_EQ(view.payload_offset, 16u);
    EXPECT_EQ(view.payload.data(), bytes.data() + 56);
    EXPECT_EQ(view.payload.size(), 8u);
    EXPECT_EQ(view.heap_address_bits, 40);
    EXPECT_EQ(view.size, bytes.size());
    ASSERT_EQ(view.n_pointers, 2u);
    EXPECT_EQ(view.pointer(0), item);
    EXPECT_EQ(view.pointer(1), imm(0x1001, 5));
}

TEST(PacketView, TakesPacketScopeItemsInAnyOrder)
{
    std::array<item_pointer, 5> order{cnt, length, offset, payload, item};
    std::sort(order.begin(), order.end());
    do
    {
        const auto bytes = packet40({order.begin(), order.end()}, "01234567");
        packet_view view;
        ASSERT_EQ(parse_packet(bytes, framing::datagram, view), reject::none);
        EXPECT_EQ(view.heap_cnt, 7u);
        EXPECT_EQ(view.heap_length, 8u);
        EXPECT_EQ(view.payload_offset, 0u);
        EXPECT_EQ(view.payload.size(), 8u);
        const auto leading = std::find(order.begin(), order.end(), item) - order.begin();
        ASSERT_EQ(view.n_pointers, 5u - static_cast<unsigned>(leading));
        EXPECT_EQ(view.pointer(0), item);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST(PacketView, HeapLengthIsOptional)
{
    const auto bytes = packet40({cnt, offset, payload, item}, "01234567");
    packet_view view;
    view.heap_length = 99;
    ASSERT_EQ(parse_packet(bytes, framing::datagram, view), reject::none);
    EXPECT_EQ(view.heap_length, packet_view::unknown_length);
    EXPECT_EQ(view.n_pointers, 1u);
}

TEST(PacketView, AcceptsRepetitionsThatAgree)
{
    const auto bytes = packet40({cnt, length, offset, payload, cnt, item, payload, length, offset}, "01234567");
    packet_view view;
    ASSERT_EQ(parse_packet(bytes, framing::datagram, view), reject::none);
    EXPECT_EQ(view.n_pointers, 4u);
    EXPECT_EQ(view.pointer(0), item);
}

TEST(PacketView, RefusesRepetitionsThatDiffer)
{
    for (const item_pointer other : {imm(1, 8), imm(2, 9), imm(3, 1), imm(4, 7)})
    {
        EXPECT_EQ(verdict(packet40({cnt, length, offset, payload, item, other}, "01234567")), reject::contradiction);
        EXPECT_EQ(verdict(packet40({other, item, payload, offset, length, cnt}, "01234567")), reject::contradiction);
    }
}

TEST(PacketView, AddressedIdsOneToFourAreOrdinary)
{
    const auto bytes = packet40({cnt, length, offset, payload, addr(1, 3), addr(4, 5)}, "01234567");
    packet_view view;
    ASSERT_EQ(parse_packet(bytes, framing::datagram, view), reject::none);
    EXPECT_EQ(view.n_pointers, 2u);
    EXPECT_EQ(verdict(packet40({addr(1, 7), length, offset, payload}, "01234567")), reject::no_heap_cnt);
}

TEST(PacketView, RefusesFewerThanEightBytes)
{
    const auto bytes = packet40({cnt, length, offset, payload}, "01234567");
    for (std::size_t n = 0; n < 8; ++n)
        EXPECT_EQ(verdict({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)}), reject::too_short);
}

TEST(PacketView, RefusesBadHeaders)
{
    EXPECT_EQ(verdict(with_header(0x5404'0305'0000'0004)), reject::bad_magic);
    EXPECT_EQ(verdict(with_header(0x5303'0305'0000'0004)), reject::bad_version);
    EXPECT_EQ(verdict(with_header(0x5304'0008'0000'0004)), reject::zero_width);
    EXPECT_EQ(verdict(with_header(0x5304'0800'0000'0004)), reject::zero_width);
    EXPECT_EQ(verdict(with_header(0x5304'0405'0000'0004)), reject::bad_widths);
    EXPECT_EQ(verdict(with_header(0x5304'8385'0000'0004)), reject::bad_widths);
}

TEST(PacketView, IgnoresReservedHeaderBytes) { EXPECT_EQ(verdict(with_header(0x5304'0305'ffff'0004)), reject::none); }

TEST(PacketView, RefusesPointersPastTheEnd)
{
    EXPECT_EQ(verdict(with_header(0x5304'0305'0000'0006)), reject::pointers_past_end);
    EXPECT_EQ(verdict(with_header(0x5304'0305'0000'ffff)), reject::pointers_past_end);
}

TEST(PacketView, RefusesMissingPacketScopeItems)
{
    EXPECT_EQ(verdict(packet40({}, "")), reject::no_heap_cnt);
    EXPECT_EQ(verdict(packet40({length, offset, payload, item}, "01234567")), reject::no_heap_cnt);
    EXPECT_EQ(verdict(packet40({cnt, length, payload, item}, "01234567")), reject::no_payload_offset);
    EXPECT_EQ(verdict(packet40({cnt, length, offset, item}, "01234567")), reject::no_payload_length);
}

TEST(PacketView, RefusesPayloadPastTheEnd)
{
    EXPECT_EQ(verdict(packet40({cnt, length, offset, payload}, "0123456")), reject::payload_past_end);
    EXPECT_EQ(verdict(packet40({cnt, length, offset, payload}, "0123456"), framing::stream), reject::payload_past_end);
    EXPECT_EQ(verdict(packet40({cnt, offset, imm(4, 0xff'ffff'ffff)}, "01234567")), reject::payload_past_end);
}

TEST(PacketView, TrailingBytesMatterInDatagramsOnly)
{
    const auto bytes = packet40({cnt, length, offset, payload}, "01234567x");
    EXPECT_EQ(verdict(bytes), reject::trailing_bytes);
    packet_view view;
    ASSERT_EQ(parse_packet(bytes, framing::stream, view), reject::none);
    EXPECT_EQ(view.size, bytes.size() - 1);
    EXPECT_EQ(view.payload.size(), 8u);
}

TEST(PacketView, RefusesPayloadPastTheHeap)
{
    EXPECT_EQ(verdict(packet40({cnt, imm(2, 7), offset, payload}, "01234567")), reject::payload_past_heap);
    EXPECT_EQ(verdict(packet40({cnt, length, imm(3, 1), payload}, "01234567")), reject::payload_past_heap);
    EXPECT_EQ(verdict(packet40({cnt, length, imm(3, 9), imm(4, 0)}, "")), reject::payload_past_heap);
    EXPECT_EQ(verdict(packet40({cnt, length, imm(3, 0xff'ffff'ffff), payload}, "01234567")), reject::payload_past_heap);
}

TEST(PacketView, AcceptsPacketsWithoutPayload)
{
    packet_view view;
    const auto bytes = packet40({cnt, length, imm(3, 8), imm(4, 0), item}, "");
    ASSERT_EQ(parse_packet(bytes, framing::datagram, view), reject::none);
    EXPECT_TRUE(view.payload.empty());
}

TEST(PacketView, SumsOfTheWidestFlavourDoNotWrap)
{
    const pointer_codec codec(56);
    const std::uint64_t most = flavour(56).max_address();
    const std::array pointers{codec.immediate(1, most), codec.immediate(2, most), codec.immediate(3, most),
                              codec.immediate(4, 1)};
    EXPECT_EQ(verdict(test::raw_packet(0x5304'0107'0000'0004, pointers, "x")), reject::payload_past_heap);
    const std::array huge{codec.immediate(1, 1), codec.immediate(3, most), codec.immediate(4, most)};
    EXPECT_EQ(verdict(test::raw_packet(0x5304'0107'0000'0003, huge, "x")), reject::payload_past_end);
}
