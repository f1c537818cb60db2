// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "heapwire/queue/blocking_ring.h"
#include "waiting.h"

namespace heapwire
{
namespace
{

using namespace test;

class SpaceHook : public testing::Test
{
protected:
    static void count(void *context) noexcept { static_cast<std::atomic<int> *>(context)->fetch_add(1); }

    void fill()
    {
        std::unique_ptr<int> v;
        do
            v = std::make_unique<int>(0);
        while (ring_.try_push(v) == push_result::ok);
    }
    void pop()
    {
        std::unique_ptr<int> out;
        ASSERT_EQ(ring_.try_pop(out), pop_result::ok);
    }

    blocking_ring<int> ring_{4};
    std::atomic<int> calls_{0};
    space_hook hook_{&count, &calls_};
};

TEST_F(SpaceHook, IsNotRegisteredWhenThereIsRoom)
{
    EXPECT_FALSE(ring_.call_on_space(hook_));
    fill();
    pop();
    EXPECT_FALSE(ring_.call_on_space(hook_));
    ring_.stop();
    EXPECT_EQ(calls_, 0);
}

TEST_F(SpaceHook, IsNotRegisteredWhenTheRingIsStopped)
{
    fill();
    ring_.stop();
    EXPECT_FALSE(ring_.call_on_space(hook_));
}

TEST_F(SpaceHook, IsCalledOnceWhenTheRingIsHalfFull)
{
    fill();
    ASSERT_TRUE(ring_.call_on_space(hook_));
    pop();
    EXPECT_EQ(calls_, 0) << "three of four";
    pop();
    EXPECT_EQ(calls_, 1);
    pop();
    pop();
    ring_.stop();
    EXPECT_EQ(calls_, 1);
}

TEST_F(SpaceHook, IsCalledAfterABatchIsPopped)
{
    fill();
    ASSERT_TRUE(ring_.call_on_space(hook_));
    std::array<std::unique_ptr<int>, 3> out;
    EXPECT_EQ(ring_.try_pop_many(out), 3u);
    EXPECT_EQ(calls_, 1);
}

TEST_F(SpaceHook, IsCalledByStop)
{
    fill();
    ASSERT_TRUE(ring_.call_on_space(hook_));
    ring_.stop();
    EXPECT_EQ(calls_, 1);
}

TEST_F(SpaceHook, IsNotCalledAfterCancel)
{
    fill();
    std::atomic<int> others{0};
    space_hook first{&count, &others};
    space_hook last{&count, &others};
    ASSERT_TRUE(ring_.call_on_space(first));
    ASSERT_TRUE(ring_.call_on_space(hook_));
    ASSERT_TRUE(ring_.call_on_space(last));
    ring_.cancel(hook_);
    ring_.cancel(hook_);
    ring_.stop();
    EXPECT_EQ(calls_, 0);
    EXPECT_EQ(others, 2);
}

TEST_F(SpaceHook, MayCancelItselfWhileItRuns)
{
    struct itself
    {
        blocking_ring<int> *ring;
        space_hook hook;
        int calls = 0;
    } mine{&ring_, {}};
    mine.hook = {[](void *context) noexcept
                 {
                     auto *self = static_cast<itself *>(context);
                     ++self->calls;
                     self->ring->cancel(self->hook);
                 },
                 &mine};
    fill();
    ASSERT_TRUE(ring_.call_on_space(mine.hook));
    ring_.stop();
    EXPECT_EQ(mine.calls, 1);
}

TEST_F(SpaceHook, MayFillTheRingAndRegisterItselfAgain)
{
    struct worker
    {
        blocking_ring<int> *ring;
        space_hook hook;
        int calls = 0;
        bool registered = false;
        void work()
        {
            auto v = std::make_unique<int>(0);
            while (ring->try_push(v) == push_result::ok)
                v = std::make_unique<int>(0);
            registered = ring->call_on_space(hook);
        }
    } mine{&ring_, {}};
    mine.hook = {[](void *context) noexcept
                 {
                     auto *self = static_cast<worker *>(context);
                     ++self->calls;
                     self->work();
                 },
                 &mine};
    mine.work();
    for (int i = 1; i <= 10; ++i)
    {
        ASSERT_TRUE(mine.registered);
        pop();
        pop();
        EXPECT_EQ(mine.calls, i);
    }
    ring_.stop();
    EXPECT_EQ(mine.calls, 11);
    EXPECT_FALSE(mine.registered);
}

TEST_F(SpaceHook, CancelWaitsForACallThatRuns)
{
    struct slow
    {
        std::atomic<bool> entered{false};
        std::atomic<bool> may_leave{false};
        std::atomic<bool> left{false};
    } state;
    space_hook hook{[](void *context) noexcept
                    {
                        auto *s = static_cast<slow *>(context);
                        s->entered = true;
                        while (!s->may_leave)
                            std::this_thread::yield();
                        s->left = true;
                    },
                    &state};
    fill();
    ASSERT_TRUE(ring_.call_on_space(hook));
    std::thread stopper([&] { ring_.stop(); });
    EXPECT_TRUE(becomes_true([&] { return state.entered.load(); }));
    std::thread helper([&] { state.may_leave = true; });
    ring_.cancel(hook);
    EXPECT_TRUE(state.left);
    stopper.join();
    helper.join();
}

// Workers that never sleep hand everything over, driven by their hooks alone: a lost call and the test hangs.
TEST_F(SpaceHook, LosesNoCallBetweenThreads)
{
    constexpr int values = 5000;
    wake called;
    struct context
    {
        wake *called;
        std::atomic<bool> ready{false};
    } state{&called};
    space_hook hook{[](void *c) noexcept
                    {
                        auto *s = static_cast<context *>(c);
                        s->ready = true;
                        s->called->notify_one();
                    },
                    &state};
    std::thread worker(
        [&]
        {
            for (int i = 0; i < values;)
            {
                auto v = std::make_unique<int>(i);
                if (ring_.try_push(v) == push_result::ok)
                {
                    ++i;
                    continue;
                }
                state.ready = false;
                if (!ring_.call_on_space(hook))
                    continue;
                while (!state.ready)
                {
                    const auto ticket = called.prepare();
                    if (state.ready)
                        called.cancel(ticket);
                    else if (called.wait_once(ticket, before_hang()) == wait_result::timeout)
                        break;
                }
            }
            ring_.cancel(hook);
            ring_.stop();
        });
    int got = 0;
    std::unique_ptr<int> out;
    while (ring_.pop(out, plain_wait(), before_hang()) == pop_result::ok)
        EXPECT_EQ(*out, got++);
    worker.join();
    EXPECT_EQ(got, values);
}

} // namespace
} // namespace heapwire
