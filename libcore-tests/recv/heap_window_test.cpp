// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "heapwire/recv/heap_window.h"
#include "support/packet_maker.h"

namespace heapwire::test
{
namespace
{

std::unique_ptr<heap_builder> begun(std::uint64_t cnt)
{
    auto builder = std::make_unique<heap_builder>();
    const packet p = make_packet({.cnt = cnt, .length = 100, .size = 10});
    EXPECT_EQ(builder->add(parse(p), {}, 0), join::accepted);
    return builder;
}

TEST(HeapWindow, FindsWhatWasOpenedAndNothingElse)
{
    recv::heap_window window(1, 4);
    EXPECT_EQ(window.find(1, 0), nullptr);
    EXPECT_EQ(window.open(begun(1), 1, 0), nullptr);
    EXPECT_EQ(window.open(begun(2), 2, 0), nullptr);
    ASSERT_NE(window.find(1, 0), nullptr);
    EXPECT_EQ(window.find(1, 0)->cnt(), 1U);
    EXPECT_EQ(window.find(1, 7), nullptr) << "another source is another heap";
    EXPECT_EQ(window.close_last()->cnt(), 1U);
    EXPECT_EQ(window.find(1, 0), nullptr);
    EXPECT_EQ(window.find(2, 0)->cnt(), 2U);
    EXPECT_EQ(window.live(), 1U);
}

TEST(HeapWindow, GivesUpInOrderOfArrivalAndCountsHolesToo)
{
    recv::heap_window window(1, 3);
    EXPECT_EQ(window.open(begun(30), 30, 0), nullptr);
    EXPECT_EQ(window.open(begun(10), 10, 0), nullptr);
    EXPECT_NE(window.find(10, 0), nullptr);
    EXPECT_EQ(window.close_last()->cnt(), 10U); // leaves a hole
    EXPECT_EQ(window.pass(20), nullptr);
    const auto gone = window.open(begun(5), 5, 0); // third newer one: 30 must go, though there are free places
    ASSERT_NE(gone, nullptr);
    EXPECT_EQ(gone->cnt(), 30U);
    EXPECT_EQ(window.find(30, 0), nullptr);
}

TEST(HeapWindow, KeepsSubstreamsApart)
{
    recv::heap_window window(2, 1);
    EXPECT_EQ(window.open(begun(2), 2, 0), nullptr);
    EXPECT_EQ(window.open(begun(3), 3, 0), nullptr);
    EXPECT_EQ(window.open(begun(4), 4, 0)->cnt(), 2U);
    EXPECT_EQ(window.find(3, 0)->cnt(), 3U);
}

TEST(HeapWindow, HandsOutTheOldestFirst)
{
    recv::heap_window window(2, 2);
    for (std::uint64_t cnt : {1U, 2U, 3U, 4U, 6U})
        window.open(begun(cnt), cnt, 0);
    std::vector<std::uint64_t> order;
    while (auto next = window.take_oldest())
        order.push_back(next->cnt());
    EXPECT_EQ(order, (std::vector<std::uint64_t>{4, 6, 1, 3}));
    EXPECT_EQ(window.live(), 0U);
}

TEST(HeapWindow, SearchesShortChainsWhateverTheStep)
{
    for (std::uint64_t step : {1ULL, 1024ULL, 1ULL << 20, 1ULL << 39, 11400714819323198485ULL})
    {
        recv::heap_window window(1, 256);
        for (std::uint64_t i = 0; i < 256; ++i)
            window.open(begun(1), i * step, 0); // the window believes its caller
        for (std::uint64_t i = 0; i < 256; ++i)
            ASSERT_NE(window.find(i * step, 0), nullptr);
        // 256 heaps in 1024 chains: 32 steps are expected; all in one chain were 32640.
        EXPECT_LT(window.search_steps(), 3000U) << "step " << step;
    }
}

} // namespace
} // namespace heapwire::test
