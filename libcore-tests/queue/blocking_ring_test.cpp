// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/queue/blocking_ring.h"

#include <array>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "waiting.h"

namespace heapwire
{
namespace
{

using namespace test;

using number_ring = blocking_ring<int>;

std::unique_ptr<int> boxed(int n) { return std::make_unique<int>(n); }

push_result push_now(number_ring &r, int n)
{
    auto v = boxed(n);
    return r.try_push(v);
}

/// Must not be asked: there was something to take at once.
struct no_wait_expected
{
    template <typename Step>
    wait_result wait(Step &&, steady_time)
    {
        ADD_FAILURE() << "the policy was asked";
        return wait_result::timeout;
    }
};

/// Runs `before` and throws, without a step or after one.
template <typename Before>
struct throwing_wait
{
    Before before;

    template <typename Step>
    wait_result wait(Step &&step, steady_time)
    {
        before(step);
        throw std::runtime_error("given up");
    }
};
template <typename Before>
throwing_wait(Before) -> throwing_wait<Before>;

TEST(BlockingRing, RefusesACapacityOfZero) { EXPECT_THROW(number_ring(0), std::invalid_argument); }

TEST(BlockingRing, AnswersFullAndEmptyAndTakesNothingThen)
{
    number_ring r(2);
    std::unique_ptr<int> out;
    EXPECT_EQ(r.try_pop(out), pop_result::empty);
    EXPECT_EQ(push_now(r, 1), push_result::ok);
    EXPECT_EQ(push_now(r, 2), push_result::ok);
    auto third = boxed(3);
    EXPECT_EQ(r.try_push(third), push_result::full);
    ASSERT_NE(third, nullptr);
    EXPECT_EQ(r.size(), 2u);
    EXPECT_EQ(r.try_pop(out), pop_result::ok);
    EXPECT_EQ(*out, 1);
    EXPECT_EQ(r.try_push(third), push_result::ok);
    EXPECT_EQ(third, nullptr);
}

TEST(BlockingRing, PushesAndPopsBatches)
{
    number_ring r(3);
    std::array<std::unique_ptr<int>, 4> in{boxed(0), boxed(1), boxed(2), boxed(3)};
    EXPECT_EQ(r.try_push_many(in), 3u);
    EXPECT_EQ(in[2], nullptr);
    ASSERT_NE(in[3], nullptr);
    std::array<std::unique_ptr<int>, 2> out;
    EXPECT_EQ(r.try_pop_many(out), 2u);
    EXPECT_EQ(*out[0], 0);
    EXPECT_EQ(*out[1], 1);
    EXPECT_EQ(r.try_pop_many(out), 1u);
    EXPECT_EQ(*out[0], 2);
    EXPECT_EQ(out[1], nullptr);
    EXPECT_EQ(r.try_pop_many(out), 0u);
    r.stop();
    EXPECT_EQ(r.try_push_many(std::span(in).last(1)), 0u);
}

TEST(BlockingRing, TellsConsumersOnceOfSeveralPushes)
{
    number_ring r(4, wake_kind::eventfd);
    r.data_wake().arm();
    std::array<std::unique_ptr<int>, 2> in{boxed(0), boxed(1)};
    EXPECT_EQ(r.put_many(in), 2u);
    in = {boxed(2), boxed(3)};
    EXPECT_EQ(r.put_many(in), 2u);
    EXPECT_EQ(r.size(), 4u);
    EXPECT_FALSE(readable(r.data_wake().fd()));
    r.tell(0);
    EXPECT_FALSE(readable(r.data_wake().fd()));
    r.tell(4);
    EXPECT_TRUE(readable(r.data_wake().fd()));
}

TEST(BlockingRing, AsksNoPolicyWhenItNeedNotWait)
{
    number_ring r(1);
    auto v = boxed(1);
    EXPECT_EQ(r.push(v, no_wait_expected()), push_result::ok);
    std::unique_ptr<int> out;
    EXPECT_EQ(r.pop(out, no_wait_expected(), long_ago()), pop_result::ok);
    r.stop();
    EXPECT_EQ(r.pop(out, no_wait_expected()), pop_result::ended);
    v = boxed(2);
    EXPECT_EQ(r.push(v, no_wait_expected()), push_result::stopped);
    EXPECT_NE(v, nullptr);
}

TEST(BlockingRing, TimesOutWithoutTaking)
{
    number_ring r(1);
    std::unique_ptr<int> out;
    EXPECT_EQ(r.pop(out, plain_wait(), long_ago()), pop_result::timeout);
    EXPECT_EQ(r.pop(out, plain_wait(), std::chrono::steady_clock::now() + std::chrono::milliseconds(2)),
              pop_result::timeout);
    EXPECT_EQ(push_now(r, 1), push_result::ok);
    auto v = boxed(2);
    EXPECT_EQ(r.push(v, plain_wait(), long_ago()), push_result::timeout);
    EXPECT_NE(v, nullptr);
}

TEST(BlockingRing, HandsOutWhatWasQueuedBeforeTheStopAndThenEnds)
{
    number_ring r(4);
    for (int i = 0; i < 3; ++i)
        ASSERT_EQ(push_now(r, i), push_result::ok);
    EXPECT_TRUE(r.stop());
    EXPECT_FALSE(r.stop()) << "only the first call stops it";
    EXPECT_TRUE(r.stopped());
    EXPECT_EQ(push_now(r, 9), push_result::stopped);
    std::unique_ptr<int> out;
    for (int i = 0; i < 3; ++i)
    {
        EXPECT_EQ(r.pop(out), pop_result::ok);
        EXPECT_EQ(*out, i);
    }
    EXPECT_EQ(r.pop(out), pop_result::ended);
    EXPECT_EQ(r.try_pop(out), pop_result::ended);
}

TEST(BlockingRing, DropsWhatIsQueuedOnStopAndClear)
{
    const auto counted = std::make_shared<int>(0);
    blocking_ring<std::shared_ptr<int>> r(4);
    for (int i = 0; i < 3; ++i)
    {
        auto v = std::make_unique<std::shared_ptr<int>>(counted);
        ASSERT_EQ(r.try_push(v), push_result::ok);
    }
    EXPECT_TRUE(r.stop_and_clear());
    EXPECT_FALSE(r.stop_and_clear());
    EXPECT_EQ(counted.use_count(), 1);
    std::unique_ptr<std::shared_ptr<int>> out;
    EXPECT_EQ(r.pop(out), pop_result::ended);
}

TEST(BlockingRing, IsStoppedByTheLastProducerThatLeaves)
{
    number_ring r(2);
    r.add_producer();
    r.add_producer();
    r.remove_producer();
    EXPECT_FALSE(r.stopped());
    EXPECT_EQ(push_now(r, 1), push_result::ok);
    r.remove_producer();
    EXPECT_TRUE(r.stopped());
    std::unique_ptr<int> out;
    EXPECT_EQ(r.pop(out), pop_result::ok);
    EXPECT_EQ(r.pop(out), pop_result::ended);
}

TEST(BlockingRing, WakesASleepingConsumerWithAPushAndWithAStop)
{
    number_ring r(1);
    std::vector<int> got;
    std::thread consumer(
        [&]
        {
            std::unique_ptr<int> out;
            while (r.pop(out, plain_wait(), before_hang()) == pop_result::ok)
                got.push_back(*out);
        });
    for (int i = 0; i < 100; ++i)
    {
        auto v = boxed(i);
        EXPECT_EQ(r.push(v, plain_wait(), before_hang()), push_result::ok);
    }
    r.stop();
    consumer.join();
    EXPECT_EQ(got.size(), 100u);
}

TEST(BlockingRing, WakesASleepingProducerWithAStop)
{
    number_ring r(1);
    ASSERT_EQ(push_now(r, 0), push_result::ok);
    push_result answer = push_result::ok;
    std::atomic<bool> asked{false};
    std::thread producer(
        [&]
        {
            auto v = boxed(1);
            const signal_checking_wait tells{[&] { asked = true; }};
            answer = r.push(v, tells, before_hang());
            EXPECT_NE(v, nullptr);
        });
    EXPECT_TRUE(becomes_true([&] { return asked.load(); }));
    r.stop();
    producer.join();
    EXPECT_EQ(answer, push_result::stopped);
}

TEST(BlockingRing, TakesNothingWhenThePolicyThrows)
{
    number_ring r(1);
    std::unique_ptr<int> out = boxed(-1);
    // The value comes while the policy waits, so that the step says "ready"; and the policy throws all the same.
    const auto push_and_step = [&](auto &step)
    {
        EXPECT_EQ(push_now(r, 7), push_result::ok);
        EXPECT_EQ(step(no_deadline, -1), wait_result::ready);
        EXPECT_EQ(step(no_deadline, -1), wait_result::ready) << "a later step looks again by itself";
    };
    EXPECT_THROW((void)r.pop(out, throwing_wait{push_and_step}), std::runtime_error);
    EXPECT_EQ(*out, -1);
    EXPECT_EQ(r.size(), 1u);

    auto v = boxed(8);
    EXPECT_THROW((void)r.push(v, throwing_wait{[](auto &) {}}), std::runtime_error);
    EXPECT_NE(v, nullptr);
    EXPECT_EQ(r.size(), 1u);
    EXPECT_EQ(r.pop(out), pop_result::ok);
    EXPECT_EQ(*out, 7);
}

/// Says that it waits; the announcement is made by then.
struct telling_wait
{
    std::atomic<bool> *waits;

    template <typename Step>
    wait_result wait(Step &&step, steady_time deadline)
    {
        *waits = true;
        return plain_wait().wait(step, deadline);
    }
};

// One push wakes one of two sleepers. If that is the one that gives up, the other must be woken by it.
TEST(BlockingRing, PassesTheWakeOnWhenAWokenConsumerGivesUp)
{
    for (int round = 0; round < 50; ++round)
    {
        number_ring r(2);
        std::atomic<bool> first_waits{false};
        std::atomic<bool> second_waits{false};
        const auto sleep_once = [&](auto &step)
        {
            first_waits = true;
            (void)step(before_hang(), -1);
        };
        std::thread first(
            [&]
            {
                std::unique_ptr<int> out;
                EXPECT_THROW((void)r.pop(out, throwing_wait{sleep_once}), std::runtime_error);
            });
        EXPECT_TRUE(becomes_true([&] { return first_waits.load(); }));
        pop_result answer = pop_result::empty;
        std::thread second(
            [&]
            {
                std::unique_ptr<int> out;
                answer = r.pop(out, telling_wait{&second_waits}, before_hang());
            });
        EXPECT_TRUE(becomes_true([&] { return second_waits.load(); }));
        EXPECT_EQ(push_now(r, 5), push_result::ok);
        second.join();
        EXPECT_EQ(answer, pop_result::ok);
        r.stop();
        first.join();
    }
}

TEST(BlockingRing, GoesOnAfterASignalWithPlainWait)
{
    const interrupting_signal signal;
    number_ring r(1);
    std::atomic<bool> waits{false};
    pop_result answer = pop_result::empty;
    std::thread consumer(
        [&]
        {
            std::unique_ptr<int> out;
            answer = r.pop(out, telling_wait{&waits}, before_hang());
        });
    EXPECT_TRUE(becomes_true([&] { return waits.load(); }));
    for (int i = 0; i < 50; ++i)
        interrupting_signal::send(consumer);
    EXPECT_EQ(push_now(r, 1), push_result::ok);
    consumer.join();
    EXPECT_EQ(answer, pop_result::ok);
}

TEST(BlockingRing, LetsASignalCheckEndTheWait)
{
    const interrupting_signal signal;
    number_ring r(1, wake_kind::eventfd);
    std::atomic<int> checks{0};
    std::atomic<bool> ctrl_c{false};
    bool thrown = false;
    std::thread consumer(
        [&]
        {
            const signal_checking_wait policy{[&]
                                              {
                                                  checks.fetch_add(1);
                                                  if (ctrl_c)
                                                      throw std::runtime_error("Ctrl-C");
                                              }};
            std::unique_ptr<int> out;
            try
            {
                (void)r.pop(out, policy, before_hang());
            }
            catch (const std::runtime_error &)
            {
                thrown = true;
            }
        });
    EXPECT_TRUE(becomes_true([&] { return checks > 0; }));
    ctrl_c = true;
    interrupting_signal::send(consumer);
    consumer.join();
    EXPECT_TRUE(thrown);
}

TEST(BlockingRing, TellsAnEventLoopThroughTheDescriptorOfItsDataWake)
{
    number_ring r(2, wake_kind::eventfd);
    r.data_wake().arm();
    EXPECT_FALSE(readable(r.data_wake().fd()));
    EXPECT_EQ(push_now(r, 1), push_result::ok);
    EXPECT_TRUE(readable(r.data_wake().fd()));
    r.data_wake().drain();
    r.data_wake().arm();
    r.stop();
    EXPECT_TRUE(readable(r.data_wake().fd()));
    EXPECT_EQ(r.space_wake().fd(), -1);
}

} // namespace
} // namespace heapwire
