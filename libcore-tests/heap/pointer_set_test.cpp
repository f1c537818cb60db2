// SPDX-License-Identifier: BSD-3-Clause
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "heapwire/heap/pointer_set.h"

namespace heapwire
{
namespace
{

using added = pointer_set::added;

TEST(PointerSet, KnowsEqualPointersBeforeAndAfterTheSpill)
{
    pointer_set set;
    for (std::uint64_t round = 0; round < 2; ++round)
        for (std::uint64_t i = 0; i < 1000; ++i)
            ASSERT_EQ(set.add({i << 40, round, 0}), round == 0 ? added::fresh : added::known) << i;
    EXPECT_EQ(set.size(), 1000U);
    for (std::uint64_t i = 0; i < 1000; ++i)
        EXPECT_EQ(set.values()[i].pointer, i << 40);
}

TEST(PointerSet, KeepsTheEarlierPlaceOfADuplicate)
{
    pointer_set set;
    for (std::uint64_t i = 0; i < 20; ++i)
        set.add({i, 100, 7});
    set.add({3, 50, 9});
    set.add({15, 100, 2});
    set.add({16, 200, 0});
    EXPECT_EQ(set.values()[3].offset, 50U);
    EXPECT_EQ(set.values()[3].index, 9U);
    EXPECT_EQ(set.values()[15].index, 2U);
    EXPECT_EQ(set.values()[16].offset, 100U);
}

TEST(PointerSet, RollsBackAcrossTheSpillAndAcrossGrowth)
{
    std::mt19937_64 dice(99);
    for (std::size_t keep : {0U, 3U, 7U, 8U, 9U, 40U, 200U})
    {
        pointer_set set;
        std::vector<std::uint64_t> kept;
        while (set.size() < keep)
            if (kept.push_back(dice()); set.add({kept.back(), 0, 0}) == added::known)
                kept.pop_back();
        for (int i = 0; i < 500; ++i)
            set.add({dice(), 1, 0});
        set.roll_back(keep);
        ASSERT_EQ(set.size(), keep);
        for (std::uint64_t pointer : kept)
            EXPECT_EQ(set.add({pointer, 2, 0}), added::known);
        for (int i = 0; i < 500; ++i)
            EXPECT_EQ(set.add({dice(), 3, 0}), added::fresh);
    }
}

TEST(PointerSet, AgreesWithASetUnderRandomUse)
{
    std::mt19937 dice(5);
    pointer_set set;
    std::set<std::uint64_t> model;
    for (int i = 0; i < 20000; ++i)
    {
        const std::uint64_t pointer = dice() % 3000;
        ASSERT_EQ(set.add({pointer, 0, 0}) == added::fresh, model.insert(pointer).second);
    }
    EXPECT_EQ(set.size(), model.size());
    set.clear();
    EXPECT_EQ(set.size(), 0U);
    EXPECT_EQ(set.add({1, 0, 0}), added::fresh);
}

} // namespace
} // namespace heapwire
