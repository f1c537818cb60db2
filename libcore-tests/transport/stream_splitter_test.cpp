// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <random>

#include "heapwire/transport/stream_splitter.h"
#include "stream_rig.h"

namespace heapwire::test
{
namespace
{

using transport::stream_splitter;

struct cut_result
{
    std::vector<packet> packets; ///< whole ones
    std::size_t oversized = 0;
    std::size_t refused = 0;
    bool operator==(const cut_result &) const = default;
};

/// Offers `bytes` in pieces of `next_slice()` bytes, as a reader with a buffer does.
template <typename Slice>
cut_result cut_in_slices(bytes_view bytes, std::size_t max_packet, Slice next_slice)
{
    stream_splitter splitter(max_packet);
    cut_result result;
    std::vector<recv::datagram> out;
    std::size_t begin = 0;
    for (std::size_t end = 0; end < bytes.size();)
    {
        end = std::min(bytes.size(), end + next_slice());
        begin += splitter.cut(bytes.subspan(begin, end - begin), out);
        EXPECT_LE(end - begin, std::max(max_packet, stream_splitter::longest_header));
        for (const recv::datagram &d : out)
        {
            wire::packet_view view;
            if (d.truncated)
                ++result.oversized;
            else if (wire::parse_packet(d.bytes, wire::framing::datagram, view) == wire::reject::none)
                result.packets.emplace_back(d.bytes.begin(), d.bytes.end());
            else
                ++result.refused;
        }
        out.clear();
    }
    return result;
}

cut_result cut_at_once(bytes_view bytes, std::size_t max_packet = 65536)
{
    return cut_in_slices(bytes, max_packet, [&] { return bytes.size(); });
}

std::vector<std::byte> garbage(std::size_t size) { return std::vector<std::byte>(size, std::byte{'X'}); }

TEST(StreamSplitter, FindsPacketsBackToBack)
{
    auto packets = make_heap(1, 5000, 1000);
    cut_result r = cut_at_once(flat(packets));
    EXPECT_EQ(r.packets, packets);
    EXPECT_EQ(r.oversized + r.refused, 0u);
}

TEST(StreamSplitter, FindsTheSameInSlicesOfOneByte)
{
    auto packets = make_heap(1, 500, 100);
    EXPECT_EQ(cut_in_slices(flat(packets), 65536, [] { return 1; }).packets, packets);
}

TEST(StreamSplitter, SkipsAnOversizedPacketExactly)
{
    auto large = make_heap(1, 3000, 3000);
    auto small = make_heap(2, 100, 50);
    std::vector<std::byte> bytes = flat(small);
    append(bytes, flat(large));
    append(bytes, flat(small));
    auto both = small;
    both.insert(both.end(), small.begin(), small.end());
    for (std::size_t slice : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, bytes.size()})
    {
        cut_result r = cut_in_slices(bytes, 200, [&] { return slice; });
        EXPECT_EQ(r.packets, both);
        EXPECT_EQ(r.oversized, 1u);
        EXPECT_EQ(r.refused, 0u);
    }
}

TEST(StreamSplitter, SkipsAPacketWhoseHeaderAloneIsTooLarge)
{
    std::vector<wire::item_pointer> many(60000, wire::pointer_codec(40).immediate(0x2000, 1));
    auto bytes = make_packet({.cnt = 1, .length = 0, .pointers = many});
    auto small = make_heap(2, 100, 100);
    append(bytes, small[0]);
    for (std::size_t slice : {std::size_t{4099}, bytes.size()})
    {
        cut_result r = cut_in_slices(bytes, 9200, [&] { return slice; });
        EXPECT_EQ(r.packets, small);
        EXPECT_EQ(r.oversized, 1u);
    }
}

TEST(StreamSplitter, FindsTheNextHeaderAfterGarbageOfAnyLength)
{
    auto good = make_heap(2, 64, 64);
    for (std::size_t length = 1; length < 20; ++length)
    {
        auto bytes = garbage(length);
        append(bytes, good[0]);
        cut_result r = cut_at_once(bytes);
        EXPECT_EQ(r.packets, good) << length;
        EXPECT_EQ(r.refused, 1u) << "one run of garbage is counted once";
    }
}

TEST(StreamSplitter, IsNotFooledByAHeaderThatGarbageImitates)
{
    auto good = make_heap(2, 64, 64);
    auto bytes = garbage(3);
    std::vector<std::byte> fake = make_heap(9, 8000, 8000)[0];
    fake.resize(100); // claims 8000 bytes more
    fake[9] ^= std::byte{1};
    append(bytes, fake);
    for (int i = 0; i < 200; ++i)
        append(bytes, good[0]);
    cut_result r = cut_at_once(bytes);
    // What follows makes up the claimed length, but then there stands no sound packet of that length.
    EXPECT_EQ(r.packets.size(), 200u);
}

TEST(StreamSplitter, DoesNotBelieveAnOversizedHeaderInGarbage)
{
    auto good = make_heap(2, 64, 64);
    auto fake = make_packet({.cnt = 1, .length = 0});
    store_be(fake.data() + 8 + 16, wire::pointer_codec(40).immediate(4, std::uint64_t{1} << 39));
    auto bytes = garbage(5);
    append(bytes, fake);
    append(bytes, good[0]);
    EXPECT_EQ(cut_at_once(bytes).packets, good);
}

TEST(StreamSplitter, SlicesDoNotMatter)
{
    std::mt19937 random(7);
    std::vector<std::byte> bytes;
    for (std::uint64_t cnt = 1; cnt < 60; ++cnt)
    {
        append(bytes, flat(make_heap(cnt, random() % 3000, 500)));
        if (random() % 4 == 0)
            for (std::size_t n = random() % 40; n > 0; --n)
                bytes.push_back(static_cast<std::byte>(random() % 8 == 0 ? 0x53 : random()));
    }
    cut_result whole = cut_at_once(bytes, 400);
    EXPECT_GT(whole.packets.size(), 20u);
    EXPECT_GT(whole.oversized, 0u);
    EXPECT_GT(whole.refused, 0u);
    for (unsigned most : {1u, 3u, 17u, 200u, 5000u})
        EXPECT_EQ(cut_in_slices(bytes, 400, [&] { return 1 + random() % most; }), whole) << most;
}

} // namespace
} // namespace heapwire::test
