// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "heapwire/wire/packet_view.h"
#include "support/vectors.h"
#include "wire/build_packet.h"

using namespace heapwire;
using namespace heapwire::wire;
using test::addr;
using test::imm;
using test::packet40;

TEST(MeasurePacket, AsksForTheHeaderFirst)
{
    const auto bytes = packet40({imm(1, 1), imm(3, 0), imm(4, 4)}, "abcd");
    for (std::size_t n = 0; n < 8; ++n)
    {
        const packet_extent e = measure_packet(bytes_view(bytes).first(n));
        EXPECT_EQ(e.state, packet_extent::need_more);
        EXPECT_EQ(e.size, 8u);
        EXPECT_FALSE(e.exact);
    }
}

TEST(MeasurePacket, AsksForThePointersUntilThePayloadLengthIsThere)
{
    const auto bytes = packet40({imm(1, 1), imm(3, 0), imm(4, 4), addr(0x1000, 0)}, "abcd");
    for (std::size_t n = 8; n < bytes.size(); ++n)
    {
        const packet_extent e = measure_packet(bytes_view(bytes).first(n));
        EXPECT_EQ(e.state, packet_extent::need_more);
        EXPECT_EQ(e.exact, n >= 32) << n;
        EXPECT_EQ(e.size, n >= 32 ? bytes.size() : 40u) << n;
    }
    const packet_extent e = measure_packet(bytes);
    EXPECT_EQ(e.state, packet_extent::whole);
    EXPECT_EQ(e.size, bytes.size());
    EXPECT_TRUE(e.exact);
}

TEST(MeasurePacket, IsNotDisturbedByWhatFollows)
{
    auto bytes = packet40({imm(1, 1), imm(3, 0), imm(4, 4)}, "abcdS\x04garbage");
    const packet_extent e = measure_packet(bytes);
    EXPECT_EQ(e.state, packet_extent::whole);
    EXPECT_EQ(e.size, 36u);
}

TEST(MeasurePacket, TheFirstImmediatePayloadLengthDecides)
{
    const packet_extent e = measure_packet(packet40({addr(4, 9), imm(4, 2), imm(1, 1), imm(3, 0), imm(4, 1)}, "ab"));
    EXPECT_EQ(e.state, packet_extent::whole);
    EXPECT_EQ(e.size, 50u);
}

TEST(MeasurePacket, RefusesBadHeadersAndMissingLengths)
{
    auto bytes = packet40({imm(1, 1), imm(3, 0), addr(4, 4)}, "abcd");
    EXPECT_EQ(measure_packet(bytes).reason, reject::no_payload_length);
    EXPECT_EQ(measure_packet(bytes).state, packet_extent::malformed);
    bytes[0] = std::byte{0x54};
    EXPECT_EQ(measure_packet(bytes).reason, reject::bad_magic);
    EXPECT_EQ(measure_packet(bytes_view(bytes).first(8)).state, packet_extent::malformed);
}

TEST(MeasurePacket, AnnouncesTheSizeOfAPacketThatNobodyWants)
{
    const packet_extent e = measure_packet(packet40({imm(4, 0xff'ffff'ffff)}, ""));
    EXPECT_EQ(e.state, packet_extent::need_more);
    EXPECT_TRUE(e.exact);
    EXPECT_EQ(e.size, 16u + 0xff'ffff'ffffu);
}

TEST(MeasurePacket, AgreesWithTheBordersOfEveryValidVector)
{
    std::size_t seen = 0;
    for (const test::vector_case &v : test::all_vectors())
        for (const auto &datagram : test::load_datagrams(v))
        {
            packet_view view;
            if (parse_packet(datagram, framing::datagram, view) != reject::none)
                continue;
            const packet_extent e = measure_packet(datagram);
            EXPECT_EQ(e.state, packet_extent::whole) << v;
            EXPECT_EQ(e.size, datagram.size()) << v;
            ++seen;
        }
    EXPECT_GT(seen, 200u);
}

TEST(MeasurePacket, CutsATcpStreamIntoPackets)
{
    const auto bytes = test::load(test::vector_named("tcp_two_heaps"));
    bytes_view rest(bytes);
    std::uint64_t expected_cnt = 1;
    while (!rest.empty())
    {
        const packet_extent e = measure_packet(rest);
        ASSERT_EQ(e.state, packet_extent::whole);
        packet_view view;
        ASSERT_EQ(parse_packet(rest, framing::stream, view), reject::none);
        EXPECT_EQ(view.size, e.size);
        EXPECT_EQ(view.heap_cnt, expected_cnt++);
        rest = rest.subspan(e.size);
    }
    EXPECT_EQ(expected_cnt, 3u);
}
