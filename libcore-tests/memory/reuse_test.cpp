// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/memory/reuse.h"

#include <vector>

#include <gtest/gtest.h>

namespace heapwire
{
namespace
{

/// Blocks are only compared: these are their addresses.
const std::vector<std::byte> ground(64);

/// Notes blocks of `size`, by their numbers.
void note(reuse_meter &meter, const std::vector<std::size_t> &blocks, std::uint64_t size)
{
    for (const std::size_t block : blocks)
        meter.note(ground.data() + block, size);
}

TEST(Reuse, TheLargestCacheIsOfASensibleSizeAndStaysSo)
{
    EXPECT_GE(largest_cache_bytes(), std::size_t{16} << 10);
    EXPECT_LT(largest_cache_bytes(), std::size_t{1} << 36);
    EXPECT_EQ(largest_cache_bytes(), largest_cache_bytes());
}

TEST(Reuse, MemoryThatWasNeverSeenIsBeyond)
{
    reuse_meter meter(100);
    EXPECT_TRUE(meter.beyond_limit());
    note(meter, {0, 1}, 40);
    EXPECT_TRUE(meter.beyond_limit());
}

TEST(Reuse, BlocksThatComeBackSoonAreNotBeyond)
{
    reuse_meter meter(100);
    note(meter, {0, 1, 0}, 50);
    EXPECT_FALSE(meter.beyond_limit());
    note(meter, {1, 0, 1, 0, 1}, 50);
    EXPECT_FALSE(meter.beyond_limit());
}

TEST(Reuse, BlocksThatComeBackLateAreBeyond)
{
    reuse_meter meter(100);
    note(meter, {0, 1, 2, 3, 0, 1, 2, 3, 0}, 30);
    EXPECT_TRUE(meter.beyond_limit());
    reuse_meter of_one(100);
    note(of_one, {0, 0, 0}, 101);
    EXPECT_TRUE(of_one.beyond_limit());
}

TEST(Reuse, TheLimitItselfIsNotBeyond)
{
    reuse_meter meter(100);
    note(meter, {0, 1, 2, 3, 0}, 25);
    EXPECT_FALSE(meter.beyond_limit());
}

TEST(Reuse, ABlockThatStaysAwayIsForgotten)
{
    reuse_meter meter(100);
    note(meter, {0, 1, 2, 1, 2, 1}, 25);
    EXPECT_TRUE(meter.beyond_limit()) << "nothing has told yet";
    note(meter, {2, 1, 2, 1}, 25);
    EXPECT_FALSE(meter.beyond_limit());
}

TEST(Reuse, FollowsWhatChanges)
{
    reuse_meter meter(100);
    note(meter, {0, 1, 0, 1, 0}, 40);
    EXPECT_FALSE(meter.beyond_limit());
    note(meter, {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6}, 40);
    EXPECT_TRUE(meter.beyond_limit());
    note(meter, {6, 5, 6, 5, 6, 5}, 40);
    EXPECT_FALSE(meter.beyond_limit());
}

} // namespace
} // namespace heapwire
