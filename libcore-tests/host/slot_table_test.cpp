// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/slot_table.h"

#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <thread>

namespace heapwire::host
{
namespace
{

TEST(SlotTable, GivesBackWhatWasPutIn)
{
    slot_table<std::unique_ptr<int>> table;
    token one = table.put(std::make_unique<int>(1));
    token two = table.put(std::make_unique<int>(2));
    EXPECT_NE(one, two);
    EXPECT_EQ(table.size(), 2U);
    EXPECT_EQ(**table.take(two), 2);
    EXPECT_EQ(**table.take(one), 1);
    EXPECT_EQ(table.size(), 0U);
}

TEST(SlotTable, ATokenIsGoodForOneTake)
{
    slot_table<int> table;
    token first = table.put(7);
    EXPECT_TRUE(table.contains(first));
    EXPECT_EQ(table.take(first), 7);
    EXPECT_FALSE(table.contains(first));
    EXPECT_EQ(table.take(first), std::nullopt);
}

TEST(SlotTable, AnOldTokenDoesNotFindTheSlotsNextTenant)
{
    slot_table<int> table;
    token old = table.put(1);
    (void)table.take(old);
    token now = table.put(2);
    EXPECT_EQ(static_cast<std::uint32_t>(now), static_cast<std::uint32_t>(old)) << "the slot is used again";
    EXPECT_EQ(table.take(old), std::nullopt);
    EXPECT_EQ(table.take(now), 2);
}

TEST(SlotTable, NoTokenIsZero)
{
    slot_table<int> table;
    EXPECT_NE(table.put(1), 0U);
    EXPECT_EQ(table.take(0), std::nullopt);
    EXPECT_EQ(table.take(~token{0}), std::nullopt);
}

TEST(SlotTable, DestroysValuesOutsideItsLock)
{
    // The destructor calls back into the table, as a runtime's object may: with the lock held it would hang.
    slot_table<std::shared_ptr<void>> table;
    auto calls_back = [&] { return std::shared_ptr<void>(nullptr, [&](void *) { EXPECT_GE(table.size() + 1, 1U); }); };
    token one = table.put(calls_back());
    (void)table.put(calls_back());
    (void)table.take(one);
    table.take_all().clear();
    EXPECT_EQ(table.size(), 0U);
}

TEST(SlotTable, ShowsEveryValueToTheCollector)
{
    slot_table<int> table;
    for (int i = 1; i <= 3; ++i)
        (void)table.put(int(i));
    int sum = 0;
    table.visit([&](int v) { sum += v; });
    EXPECT_EQ(sum, 6);
}

TEST(SlotTable, TakesAllTokensOfSeveralThreadsOnce)
{
    slot_table<int> table;
    std::vector<std::thread> threads;
    std::atomic<long> sum{0};
    for (int t = 0; t < 4; ++t)
    {
        threads.emplace_back(
            [&, t]
            {
                for (int i = 0; i < 2000; ++i)
                {
                    token mine = table.put(int(t));
                    auto got = table.take(mine);
                    ASSERT_EQ(got, t);
                    sum += *got + 1;
                }
            });
    }
    for (std::thread &t : threads)
        t.join();
    EXPECT_EQ(sum.load(), 2000 * (1 + 2 + 3 + 4));
    EXPECT_EQ(table.size(), 0U);
}

} // namespace
} // namespace heapwire::host
