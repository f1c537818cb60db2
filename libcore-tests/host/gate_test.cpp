// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/gate.h"

#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "host/fake_host.h"

namespace heapwire::host
{
namespace
{

TEST(Gate, LetsNobodyInAfterItClosed)
{
    gate g;
    {
        passage in(g);
        EXPECT_TRUE(in);
        EXPECT_EQ(g.inside(), 1U);
    }
    EXPECT_EQ(g.inside(), 0U);
    EXPECT_TRUE(g.close_and_wait(test::patience()));
    EXPECT_TRUE(g.closed());
    passage late(g);
    EXPECT_FALSE(late);
    EXPECT_EQ(g.inside(), 0U);
    g.reopen();
    EXPECT_TRUE(passage(g));
}

TEST(Gate, SaysSoWhenSomebodyIsStillInsideAtTheDeadline)
{
    gate g;
    ASSERT_TRUE(g.enter());
    EXPECT_FALSE(g.close_and_wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(5)));
    g.leave();
    EXPECT_TRUE(g.wait_empty(std::chrono::steady_clock::now()));
}

TEST(Gate, WaitsForTheLastOneToLeave)
{
    gate g;
    std::atomic<int> left{0};
    std::vector<std::thread> inside;
    for (int i = 0; i < 4; ++i)
    {
        ASSERT_TRUE(g.enter());
        inside.emplace_back(
            [&]
            {
                while (!g.closed())
                    std::this_thread::yield();
                left.fetch_add(1);
                g.leave();
            });
    }
    EXPECT_TRUE(g.close_and_wait(test::patience()));
    EXPECT_EQ(left.load(), 4);
    for (std::thread &t : inside)
        t.join();
}

TEST(Gate, NobodyPassesWhileItClosesAndNothingHangs)
{
    for (int round = 0; round < 50; ++round)
    {
        gate g;
        std::atomic<bool> shut{false};
        std::atomic<int> inside_after{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i)
        {
            threads.emplace_back(
                [&]
                {
                    for (;;)
                    {
                        passage in(g);
                        if (!in)
                            return;
                        if (shut.load())
                            inside_after.fetch_add(1);
                    }
                });
        }
        EXPECT_TRUE(g.close_and_wait(test::patience()));
        shut.store(true);
        for (std::thread &t : threads)
            t.join();
        EXPECT_EQ(inside_after.load(), 0);
    }
}

TEST(Gate, ForgetsTheThreadsThatAForkLeftBehind)
{
    gate g;
    ASSERT_TRUE(g.enter());
    g.forget_inside();
    EXPECT_TRUE(g.wait_empty(std::chrono::steady_clock::now()));
}

} // namespace
} // namespace heapwire::host
