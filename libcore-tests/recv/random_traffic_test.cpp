// SPDX-License-Identifier: BSD-3-Clause
/// Lost, doubled, reordered and damaged packets, by a seed: every packet is counted once, every heap that came out
/// whole is right.
#include <random>

#include <gtest/gtest.h>

#include "receiving.h"

namespace heapwire::test
{
namespace
{

using recv::stat;

std::vector<packet> bad_weather(std::mt19937 &dice)
{
    std::vector<packet> out;
    for (std::uint64_t cnt = 0; cnt < 300; ++cnt)
        for (packet &p : make_heap(cnt, dice() % 700, 100))
        {
            switch (dice() % 20)
            {
            case 0:
                continue; // lost
            case 1:
                out.push_back(p);
                break; // doubled
            case 2:
                p[dice() % p.size()] ^= static_cast<std::byte>(1 + dice() % 255);
                break;
            case 3:
                p.resize(dice() % p.size());
                break;
            default:
                break;
            }
            out.push_back(std::move(p));
        }
    for (std::size_t i = 0; i + 8 < out.size(); ++i) // reordered, nearby
        if (dice() % 4 == 0)
            std::swap(out[i], out[i + dice() % 8]);
    return out;
}

class RandomTraffic : public testing::TestWithParam<ordering>
{
};

TEST_P(RandomTraffic, IsCountedExactlyOnce)
{
    std::mt19937 dice(31415);
    for (int round = 0; round < 20; ++round)
    {
        const std::vector<packet> packets = bad_weather(dice);
        gathering_sink sink;
        recv::receiver r({.max_heaps = 1 + dice() % 6,
                          .substreams = 1 + dice() % 3,
                          .order = GetParam(),
                          .stop_on_stop_item = false,
                          .max_heap_size = 100000},
                         sink);
        std::size_t done = 0;
        while (done < packets.size())
        {
            const std::size_t n = std::min<std::size_t>(1 + dice() % 50, packets.size() - done);
            const auto fed = feed(r, std::vector<packet>(packets.begin() + static_cast<std::ptrdiff_t>(done),
                                                         packets.begin() + static_cast<std::ptrdiff_t>(done + n)));
            ASSERT_EQ(fed.used, n);
            done += n;
        }
        EXPECT_EQ(r.finish(), recv::flow::ended);
        const recv::stats &s = r.statistics();
        EXPECT_EQ(s[stat::datagrams], packets.size());
        EXPECT_EQ(s[stat::datagrams], s.malformed() + s[stat::packets]);
        EXPECT_EQ(s[stat::packets], s[stat::packets_accepted] + s.refused());
        EXPECT_EQ(s[stat::heaps], sink.heaps.size());
        std::uint64_t complete = 0, given_up = 0;
        for (const heap &h : sink.heaps)
            ++(h.is_complete() ? complete : given_up);
        EXPECT_EQ(given_up, s[stat::incomplete_heaps_evicted] + s[stat::incomplete_heaps_flushed]);
        EXPECT_GT(complete, 0U);
        EXPECT_GT(s.malformed(), 0U);
        EXPECT_GT(s.refused(), 0U);
    }
}

TEST_P(RandomTraffic, WithoutDamageGivesRightBytes)
{
    std::mt19937 dice(27182);
    gathering_sink sink;
    recv::receiver r({.max_heaps = 8, .order = GetParam()}, sink);
    std::vector<packet> packets;
    for (std::uint64_t cnt = 0; cnt < 500; ++cnt)
        for (packet &p : make_heap(cnt, 1 + dice() % 900, 100))
            packets.push_back(std::move(p));
    for (std::size_t i = 0; i + 4 < packets.size(); ++i)
        if (dice() % 3 == 0)
            std::swap(packets[i], packets[i + dice() % 4]);
    feed(r, packets);
    EXPECT_EQ(r.finish(), recv::flow::ended);
    std::size_t complete = 0;
    for (const heap &h : sink.heaps)
        if (h.is_complete())
        {
            ++complete;
            EXPECT_TRUE(has_pattern(h.payload(), h.cnt()));
        }
    if (GetParam() == ordering::any_order)
    {
        EXPECT_EQ(complete, 500U) << "reordering within the window costs nothing";
    }
}

INSTANTIATE_TEST_SUITE_P(Both, RandomTraffic, testing::Values(ordering::in_order, ordering::any_order),
                         [](const auto &of) { return of.param == ordering::in_order ? "in_order" : "any_order"; });

} // namespace
} // namespace heapwire::test
