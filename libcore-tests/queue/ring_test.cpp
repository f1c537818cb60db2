// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/queue/ring.h"

#include <array>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

namespace heapwire
{
namespace
{

std::unique_ptr<int> number(int n) { return std::make_unique<int>(n); }

TEST(Ring, RefusesCapacitiesThatMakeNoSense)
{
    EXPECT_THROW(ring<int>(0), std::invalid_argument);
    EXPECT_THROW(ring<int>((std::size_t{1} << 31) + 1), std::invalid_argument);
}

TEST(Ring, HoldsExactlyItsCapacityAlsoIfThatIsNoPowerOfTwo)
{
    for (const std::size_t capacity : {1, 2, 3, 5, 64, 100})
    {
        ring<int> r(capacity);
        EXPECT_EQ(r.capacity(), capacity);
        for (int round = 0; round < 3; ++round)
        {
            for (std::size_t i = 0; i < capacity; ++i)
            {
                auto v = number(static_cast<int>(i));
                ASSERT_TRUE(r.try_push(v));
                ASSERT_EQ(v, nullptr);
            }
            auto extra = number(-1);
            EXPECT_FALSE(r.try_push(extra));
            EXPECT_NE(extra, nullptr) << "a refused value stays with its owner";
            EXPECT_EQ(r.size(), capacity);
            std::unique_ptr<int> out;
            for (std::size_t i = 0; i < capacity; ++i)
            {
                ASSERT_TRUE(r.try_pop(out));
                ASSERT_EQ(*out, static_cast<int>(i));
            }
            EXPECT_FALSE(r.try_pop(out));
            EXPECT_EQ(*out, static_cast<int>(capacity) - 1) << "an empty ring leaves the place alone";
        }
    }
}

TEST(Ring, TakesAndHandsOutAsManyOfABatchAsFit)
{
    ring<int> r(5);
    std::array<std::unique_ptr<int>, 4> in;
    std::array<std::unique_ptr<int>, 8> out;
    int next_in = 0;
    int next_out = 0;
    for (int round = 0; round < 50; ++round)
    {
        for (auto &v : in)
            v = number(next_in++);
        const std::size_t room = r.capacity() - r.size();
        const std::size_t taken = r.try_push_many(in);
        EXPECT_EQ(taken, std::min(room, in.size()));
        next_in -= static_cast<int>(in.size() - taken);
        const std::size_t wanted = 1 + static_cast<std::size_t>(round) % out.size();
        const std::size_t there = r.size();
        const std::size_t got = r.try_pop_many(std::span(out).first(wanted));
        EXPECT_EQ(got, std::min(there, wanted));
        for (std::size_t i = 0; i < got; ++i)
            EXPECT_EQ(*out[i], next_out++);
    }
    EXPECT_EQ(r.try_push_many({}), 0u);
    EXPECT_EQ(r.try_pop_many({}), 0u);
}

TEST(Ring, DropsWhatIsQueuedWhenItGoes)
{
    const auto counted = std::make_shared<int>(0);
    {
        ring<std::shared_ptr<int>> r(4);
        for (int i = 0; i < 3; ++i)
        {
            auto v = std::make_unique<std::shared_ptr<int>>(counted);
            ASSERT_TRUE(r.try_push(v));
        }
        EXPECT_EQ(counted.use_count(), 4);
    }
    EXPECT_EQ(counted.use_count(), 1);
}

TEST(Ring, HandsEveryValueOverInOrderBetweenTwoThreads)
{
    constexpr int values = 20000;
    ring<int> r(7);
    std::thread producer(
        [&]
        {
            for (int i = 0; i < values;)
            {
                auto v = number(i);
                while (!r.try_push(v))
                    std::this_thread::yield();
                ++i;
            }
        });
    int expected = 0;
    std::unique_ptr<int> out;
    while (expected < values)
    {
        if (!r.try_pop(out))
            std::this_thread::yield();
        else if (*out != expected++)
            ADD_FAILURE() << *out << " instead of " << expected - 1;
    }
    producer.join();
    EXPECT_EQ(r.size(), 0u);
}

} // namespace
} // namespace heapwire
