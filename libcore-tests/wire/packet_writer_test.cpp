// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/wire/packet_writer.h"

#include <array>

#include <gtest/gtest.h>

#include "heapwire/wire/packet_view.h"
#include "support/vectors.h"

using namespace heapwire;
using namespace heapwire::wire;

TEST(PacketWriter, WritesWhatTheViewReads)
{
    for (int bits = 8; bits <= 56; bits += 8)
    {
        const flavour f(bits);
        const pointer_codec codec(f);
        const std::array pointers{codec.addressed(0x40, 0), codec.immediate(0x41, 9)};
        std::array<std::byte, prefix_bytes + 16 + 3> bytes{};
        const packet_fields fields{f.max_address(), f.max_address(), f.max_address() - 3, 3};
        ASSERT_EQ(write_packet_header(bytes.data(), f, fields, pointers), prefix_bytes + 16);
        packet_view view;
        ASSERT_EQ(parse_packet(bytes, framing::datagram, view), reject::none);
        EXPECT_EQ(view.heap_cnt, fields.heap_cnt);
        EXPECT_EQ(view.heap_length, fields.heap_length);
        EXPECT_EQ(view.payload_offset, fields.payload_offset);
        EXPECT_EQ(view.payload.size(), fields.payload_length);
        EXPECT_EQ(view.heap_address_bits, bits);
        ASSERT_EQ(view.n_pointers, 2u);
        EXPECT_EQ(view.pointer(0), pointers[0]);
        EXPECT_EQ(view.pointer(1), pointers[1]);
    }
}

TEST(PacketWriter, WritesThePacketsOfOtherSendersAgainByteForByte)
{
    std::size_t same = 0;
    for (const test::vector_case &v : test::all_vectors())
        for (const auto &datagram : test::load_datagrams(v))
        {
            packet_view view;
            if (v.origin != "wheel" || parse_packet(datagram, framing::datagram, view) != reject::none)
                continue;
            std::vector<item_pointer> pointers;
            for (std::uint32_t i = 0; i < view.n_pointers; ++i)
                pointers.push_back(view.pointer(i));
            std::vector<std::byte> written(prefix_bytes + 8 * pointers.size());
            write_packet_header(written.data(), flavour(view.heap_address_bits),
                                {view.heap_cnt, view.heap_length, view.payload_offset, view.payload.size()}, pointers);
            EXPECT_TRUE(std::equal(written.begin(), written.end(), datagram.begin())) << v;
            ++same;
        }
    EXPECT_GT(same, 100u);
}

TEST(PacketWriter, CountsUpToTheLastPointerThatFits)
{
    const std::vector<item_pointer> pointers(max_packet_pointers - 4, pointer_codec(40).immediate(0x1000, 1));
    std::vector<std::byte> bytes(prefix_bytes + 8 * pointers.size() + 1);
    write_packet_header(bytes.data(), flavour{}, {1, 1, 0, 1}, pointers);
    packet_view view;
    ASSERT_EQ(parse_packet(bytes, framing::datagram, view), reject::none);
    EXPECT_EQ(view.n_pointers, pointers.size());
}
