// SPDX-License-Identifier: BSD-3-Clause
/// Every datagram of the conformance vectors against parse_packet.
#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "heapwire/wire/item_id.h"
#include "heapwire/wire/packet_view.h"
#include "support/vectors.h"

using namespace heapwire;
using namespace heapwire::wire;

namespace
{

/// The index names groups of reasons; the name of the vector tells the one that is meant.
const std::map<std::string_view, reject> reason_of{
    {"bad_magic", reject::bad_magic},
    {"bad_version", reject::bad_version},
    {"bad_width_zero_id", reject::zero_width},
    {"bad_width_zero_addr", reject::zero_width},
    {"bad_width_sum", reject::bad_widths},
    {"bad_width_sum_mod_256", reject::bad_widths},
    {"bad_short_header", reject::too_short},
    {"bad_item_count", reject::pointers_past_end},
    {"bad_no_items", reject::no_heap_cnt},
    {"bad_no_cnt", reject::no_heap_cnt},
    {"bad_no_offset", reject::no_payload_offset},
    {"bad_no_payload_length", reject::no_payload_length},
    {"bad_cnt_addressed", reject::no_heap_cnt},
    {"bad_payload_overruns_packet", reject::payload_past_end},
    {"bad_trailing_bytes", reject::trailing_bytes},
    {"bad_payload_overruns_heap", reject::payload_past_heap},
    {"bad_offset_past_heap", reject::payload_past_heap},
    {"bad_huge_payload_length", reject::payload_past_end},
    {"bad_offset_plus_length_huge", reject::payload_past_heap},
};

const std::multimap<std::string_view, reject> group_of{
    {"magic/version", reject::bad_magic},
    {"magic/version", reject::bad_version},
    {"flavour", reject::zero_width},
    {"flavour", reject::bad_widths},
    {"short header", reject::too_short},
    {"item pointers overrun packet", reject::pointers_past_end},
    {"missing required item 1", reject::no_heap_cnt},
    {"missing required item 3", reject::no_payload_offset},
    {"missing required item 4", reject::no_payload_length},
    {"payload overruns packet", reject::payload_past_end},
    {"trailing bytes", reject::trailing_bytes},
    {"payload overruns heap", reject::payload_past_heap},
};

bool belongs_to(reject reason, std::string_view group)
{
    const auto [first, last] = group_of.equal_range(group);
    return std::any_of(first, last, [&](const auto &entry) { return entry.second == reason; });
}

void expect_same(const packet_view &view, const test::vector_packet &p, std::string_view name)
{
    EXPECT_EQ(view.heap_cnt, p.heap_cnt) << name;
    EXPECT_EQ(view.heap_length, p.heap_length) << name;
    EXPECT_EQ(view.payload_offset, p.payload_offset) << name;
    EXPECT_EQ(view.payload.size(), p.payload_length) << name;
    EXPECT_EQ(view.size, p.length) << name;

    ASSERT_LE(view.n_pointers, p.pointers.size()) << name;
    const std::size_t skipped = p.pointers.size() - view.n_pointers;
    const pointer_codec codec(view.heap_address_bits);
    for (std::size_t i = 0; i < p.pointers.size(); ++i)
    {
        const test::vector_pointer &expected = p.pointers[i];
        const bool packet_scope = expected.immediate && is_packet_scope(expected.id);
        if (i < skipped)
        {
            EXPECT_TRUE(packet_scope) << name;
            continue;
        }
        EXPECT_FALSE(i == skipped && packet_scope) << name;
        const item_pointer pointer = view.pointer(i - skipped);
        EXPECT_EQ(pointer_codec::is_immediate(pointer), expected.immediate) << name;
        EXPECT_EQ(codec.id(pointer), expected.id) << name;
        EXPECT_EQ(codec.value(pointer), expected.value) << name;
    }
}

} // namespace

TEST(Vectors, AreAllThere) { EXPECT_EQ(test::all_vectors().size(), 144u); }

TEST(Vectors, PacketsAreReadAsTheIndexSays)
{
    std::size_t packets = 0;
    for (const test::vector_case &v : test::all_vectors())
    {
        const auto datagrams = test::load_datagrams(v);
        ASSERT_EQ(datagrams.size(), v.packets.size());
        std::size_t refused = 0;
        for (std::size_t i = 0; i < datagrams.size(); ++i, ++packets)
        {
            packet_view view;
            const reject reason = parse_packet(datagrams[i], framing::datagram, view);
            refused += reason != reject::none;
            if (v.name == "special_items_repeated") // we differ: the last one does not win
            {
                EXPECT_EQ(reason, reject::contradiction);
            }
            else if (!v.packets[i].valid)
            {
                EXPECT_TRUE(belongs_to(reason, v.packets[i].reason)) << v << ": " << to_string(reason);
            }
            else
            {
                ASSERT_EQ(reason, reject::none) << v;
                expect_same(view, v.packets[i], v.name);
            }
        }
        EXPECT_EQ(refused, v.expect.malformed_packets) << v;
    }
    EXPECT_EQ(packets, 294u);
}

TEST(Vectors, EveryMalformedPacketHasItsOwnReason)
{
    for (const auto &[name, expected] : reason_of)
    {
        const auto datagrams = test::load_datagrams(test::vector_named(name));
        packet_view view;
        EXPECT_EQ(parse_packet(datagrams.front(), framing::datagram, view), expected) << name;
        EXPECT_EQ(parse_packet(datagrams.back(), framing::datagram, view), reject::none) << name;
    }
}
