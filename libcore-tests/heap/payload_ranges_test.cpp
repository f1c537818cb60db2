// SPDX-License-Identifier: BSD-3-Clause
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "heapwire/heap/payload_ranges.h"

namespace heapwire
{
namespace
{

using fit = payload_ranges::fit;

void insert(payload_ranges &ranges, std::uint64_t begin, std::uint64_t end)
{
    ASSERT_EQ(ranges.look(begin, end), fit::fresh);
    ranges.reserve_one();
    ranges.add(begin, end);
}

std::vector<byte_range> listed(const payload_ranges &ranges)
{
    return {ranges.ranges().begin(), ranges.ranges().end()};
}

TEST(PayloadRanges, JoinNeighboursOnBothSides)
{
    payload_ranges ranges;
    insert(ranges, 0, 10);
    insert(ranges, 20, 30);
    insert(ranges, 40, 50);
    EXPECT_EQ(listed(ranges), (std::vector<byte_range>{{0, 10}, {20, 30}, {40, 50}}));
    insert(ranges, 10, 20);
    EXPECT_EQ(listed(ranges), (std::vector<byte_range>{{0, 30}, {40, 50}}));
    insert(ranges, 38, 40);
    EXPECT_EQ(listed(ranges), (std::vector<byte_range>{{0, 30}, {38, 50}}));
    insert(ranges, 50, 51);
    insert(ranges, 33, 34);
    EXPECT_EQ(listed(ranges), (std::vector<byte_range>{{0, 30}, {33, 34}, {38, 51}}));
}

TEST(PayloadRanges, TellDuplicateFromOverlap)
{
    payload_ranges ranges;
    insert(ranges, 10, 20);
    insert(ranges, 30, 40);
    EXPECT_EQ(ranges.look(10, 20), fit::duplicate);
    EXPECT_EQ(ranges.look(12, 15), fit::duplicate);
    EXPECT_EQ(ranges.look(5, 11), fit::overlap);
    EXPECT_EQ(ranges.look(19, 21), fit::overlap);
    EXPECT_EQ(ranges.look(15, 35), fit::overlap);
    EXPECT_EQ(ranges.look(0, 100), fit::overlap);
    EXPECT_EQ(ranges.look(20, 30), fit::fresh);
    EXPECT_EQ(ranges.look(0, 10), fit::fresh);
}

TEST(PayloadRanges, AgreeWithAMapOfBytes)
{
    std::mt19937 dice(4711);
    payload_ranges ranges;
    std::vector<bool> there(300);
    for (int step = 0; step < 2000; ++step)
    {
        const std::size_t begin = dice() % 299;
        const std::size_t end = std::min<std::size_t>(300, begin + 1 + dice() % 6);
        std::size_t known = 0;
        for (std::size_t i = begin; i < end; ++i)
            known += there[i] ? 1 : 0;
        const fit want = known == 0 ? fit::fresh : known == end - begin ? fit::duplicate : fit::overlap;
        ASSERT_EQ(ranges.look(begin, end), want) << begin << " to " << end;
        if (want != fit::fresh)
            continue;
        insert(ranges, begin, end);
        std::fill(there.begin() + static_cast<std::ptrdiff_t>(begin), there.begin() + static_cast<std::ptrdiff_t>(end),
                  true);
    }
    std::size_t bytes = 0;
    std::uint64_t before = 0;
    for (const byte_range &range : ranges.ranges())
    {
        EXPECT_TRUE(bytes == 0 || range.first > before) << "ranges must be ascending and must not touch";
        before = range.second;
        bytes += range.second - range.first;
    }
    EXPECT_EQ(bytes, static_cast<std::size_t>(std::count(there.begin(), there.end(), true)));
}

TEST(PayloadRanges, RefuseToGrowWithoutBound)
{
    payload_ranges ranges;
    for (std::uint64_t i = 0; i < payload_ranges::max_ranges; ++i)
        insert(ranges, 2 * i, 2 * i + 1);
    const std::uint64_t beyond = 2 * payload_ranges::max_ranges + 10;
    EXPECT_EQ(ranges.look(beyond, beyond + 1), fit::scattered);
    EXPECT_EQ(ranges.look(0, 1), fit::duplicate);
    insert(ranges, 1, 2); // closes a gap: that is always welcome
    EXPECT_EQ(ranges.look(beyond, beyond + 1), fit::fresh);
}

} // namespace
} // namespace heapwire
