// SPDX-License-Identifier: BSD-3-Clause
/// Packets lost, doubled, reordered and damaged, by a seed: what arrived is in place exactly once, flags tell the
/// truth, statistics add up.
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "chunking.h"
#include "heapwire/recv/chunk_group.h"

namespace heapwire::test
{
namespace
{

using recv::chunk_stat;
using recv::flow;
using recv::stat;

constexpr std::uint64_t heap_size = 96, heaps_a_chunk = 8, step = 32;

packet with_source(std::uint64_t cnt, std::uint64_t piece)
{
    const target to{cnt / heaps_a_chunk, cnt % heaps_a_chunk, cnt % heaps_a_chunk * heap_size};
    return make_placed_heap(cnt, to, heap_size, step)[piece];
}

struct weather_result
{
    std::vector<packet> packets;
    std::map<std::uint64_t, std::set<std::uint64_t>> pieces; // of each heap, those that came undamaged
};

/// Heaps of three packets, every packet with its own fate.
weather_result make_weather(std::mt19937 &dice, std::uint64_t heaps, bool damage)
{
    weather_result out;
    for (std::uint64_t cnt = 0; cnt < heaps; ++cnt)
        for (std::uint64_t piece = 0; piece < heap_size / step; ++piece)
        {
            packet p = with_source(cnt, piece);
            const unsigned fate = dice() % 20;
            if (fate == 0)
                continue;
            if (fate == 1 && damage)
                p[dice() % 4] ^= std::byte{0xff}; // magic, version or widths: it is refused
            else
                out.pieces[cnt].insert(piece);
            if (fate == 2)
                out.packets.push_back(p);
            out.packets.push_back(std::move(p));
        }
    for (std::size_t i = 0; i + 8 < out.packets.size(); ++i)
        if (dice() % 4 == 0)
            std::swap(out.packets[i], out.packets[i + dice() % 8]);
    return out;
}

/// Every flag that is set belongs to bytes that are right. Answers how many are set.
std::size_t check_chunk(const recv::chunk &c, std::uint64_t flag_size)
{
    std::size_t set = 0;
    const std::uint64_t flags_a_heap = heap_size / flag_size;
    for (std::uint64_t flag = 0; flag < heaps_a_chunk * flags_a_heap; ++flag)
        if (c.present.view()[flag] != std::byte{0})
        {
            ++set;
            const std::uint64_t cnt = static_cast<std::uint64_t>(c.chunk_id) * heaps_a_chunk + flag / flags_a_heap;
            const std::uint64_t at = flag % flags_a_heap * flag_size;
            for (std::uint64_t i = 0; i < flag_size; ++i)
                EXPECT_EQ(c.data.view()[flag / flags_a_heap * heap_size + at + i], pattern(cnt, at + i));
        }
    return set;
}

void check_sums(const recv::stats &s, std::size_t sent)
{
    EXPECT_EQ(s[stat::datagrams], sent);
    EXPECT_EQ(s[stat::datagrams], s.malformed() + s[stat::packets]);
    EXPECT_EQ(s[stat::packets], s[stat::packets_accepted] + s.refused());
    EXPECT_EQ(s[stat::heaps], all_fates(s));
}

class ChunkWeather : public testing::TestWithParam<std::uint64_t>
{
};

TEST_P(ChunkWeather, WhatArrivedIsInPlaceOnce)
{
    std::mt19937 dice(27 + static_cast<unsigned>(GetParam()));
    for (int round = 0; round < 30; ++round)
    {
        const weather_result weather = make_weather(dice, 400, round % 2 == 0);
        auto where = believing();
        recv::linear_placement rule = plain_rule();
        rule.heap_index.terms[0].scale = GetParam() ? heap_size / step : 1;
        where.place = rule;
        where.packet_presence = GetParam();
        where.max_chunks = 4;
        driven_stream s(where, {.max_heaps = 32, .order = ordering::any_order});
        s.supply->sizes = {.data = heaps_a_chunk * heap_size, .present = heaps_a_chunk * heap_size / step};
        s.supply->room = 0;
        for (std::size_t at = 0; at < weather.packets.size();)
        {
            // Room and chunks come and go: a pause must not change what arrives.
            s.supply->chunks = dice() % 3;
            s.supply->room = dice() % 3;
            at += s.give(part(weather.packets, at, 1 + dice() % 100)).used;
        }
        s.supply->chunks = s.supply->room = ~std::size_t{0};
        EXPECT_EQ(s.end(), flow::ended);
        std::size_t set = 0;
        std::int64_t last = -1;
        for (const auto &c : s.supply->done)
        {
            EXPECT_EQ(c->chunk_id, ++last);
            set += check_chunk(*c, GetParam() ? step : heap_size);
        }
        const recv::stats counted = s.stream.statistics();
        check_sums(counted, weather.packets.size());
        EXPECT_EQ(recv::count_of(counted, chunk_stat::too_old_heaps), 0U) << "the window is wider than the disorder";
        std::size_t expected = 0;
        for (const auto &[cnt, pieces] : weather.pieces)
            expected += GetParam() ? pieces.size() : pieces.size() == heap_size / step;
        EXPECT_EQ(set, expected);
    }
}

INSTANTIATE_TEST_SUITE_P(Flags, ChunkWeather, testing::Values(0, step),
                         [](const auto &of) { return of.param == 0 ? "by_heap" : "by_packet"; });

TEST(ChunkWeatherInAGroup, MembersShareTheFlagsOfEveryChunk)
{
    std::mt19937 dice(99);
    for (int round = 0; round < 30; ++round)
    {
        const auto mode = round % 2 == 0 ? recv::eviction::lossy : recv::eviction::lossless;
        const weather_result weather = make_weather(dice, 400, false);
        const auto supply = std::make_shared<scripted_supply>();
        supply->sizes = {.data = heaps_a_chunk * heap_size, .present = heaps_a_chunk};
        recv::chunk_group group({.max_chunks = 4, .mode = mode}, supply);
        auto where = believing();
        where.max_chunks = 3;
        std::vector<std::shared_ptr<recv::chunk_stream>> members;
        std::vector<std::vector<packet>> rest(3);
        for (std::size_t i = 0; i < rest.size(); ++i)
            members.push_back(group.emplace_back({.max_heaps = 32, .order = ordering::any_order}, where));
        for (const packet &p : weather.packets) // dealt out by heap, as a network would
            rest[parse(p).heap_cnt % 3].push_back(p);
        std::vector<std::size_t> at(3);
        std::vector<bool> over(3);
        for (int turn = 0; over != std::vector<bool>(3, true); ++turn)
        {
            ASSERT_LT(turn, 100000) << "nobody goes on";
            const std::size_t i = dice() % 3;
            const std::vector<packet> some = part(rest[i], at[i], 1 + dice() % 20);
            if (!some.empty())
                at[i] += members[i]->gate()->take(as_datagrams(some)).used;
            else if (!over[i])
                over[i] = members[i]->gate()->source_ended() == flow::ended;
        }
        std::size_t set = 0;
        std::int64_t last = -1;
        for (const auto &c : supply->done)
        {
            EXPECT_GT(c->chunk_id, last);
            last = c->chunk_id;
            set += check_chunk(*c, heap_size);
        }
        std::uint64_t placed = 0, repeated = 0, too_old = 0, packets = 0;
        for (const auto &m : members)
        {
            const recv::stats s = m->statistics();
            placed += recv::count_of(s, chunk_stat::chunk_heaps);
            repeated += recv::count_of(s, chunk_stat::repeated_heaps);
            too_old += recv::count_of(s, chunk_stat::too_old_heaps);
            packets += s[stat::datagrams];
            EXPECT_EQ(s[stat::heaps], all_fates(s));
        }
        EXPECT_EQ(packets, weather.packets.size());
        EXPECT_EQ(set, placed - repeated);
        if (mode == recv::eviction::lossless)
        {
            EXPECT_EQ(too_old, 0U);
            EXPECT_EQ(supply->done.size(), 50U);
        }
    }
}

} // namespace
} // namespace heapwire::test
