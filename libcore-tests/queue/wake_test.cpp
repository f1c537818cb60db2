// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/queue/wake.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "waiting.h"

namespace heapwire
{
namespace
{

using namespace test;

std::string name_of(const testing::TestParamInfo<wake_kind> &info)
{
    switch (info.param)
    {
    case wake_kind::futex:
        return "futex";
    case wake_kind::eventfd:
        return "eventfd";
    case wake_kind::pipe:
        return "pipe";
    case wake_kind::sleeper:
        return "sleeper";
    }
    return "?";
}

class EveryWake : public testing::TestWithParam<wake_kind>
{
protected:
    wake w_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Kinds, EveryWake,
                         testing::Values(wake_kind::futex, wake_kind::eventfd, wake_kind::pipe, wake_kind::sleeper),
                         name_of);

class WakeThatWatches : public EveryWake
{
};
INSTANTIATE_TEST_SUITE_P(Kinds, WakeThatWatches,
                         testing::Values(wake_kind::eventfd, wake_kind::pipe, wake_kind::sleeper), name_of);

class WakeWithDescriptor : public EveryWake
{
};
INSTANTIATE_TEST_SUITE_P(Kinds, WakeWithDescriptor, testing::Values(wake_kind::eventfd, wake_kind::pipe), name_of);

TEST_P(EveryWake, AnswersTimeoutAtOnceWhenTheDeadlineIsPast)
{
    EXPECT_EQ(w_.wait_once(w_.prepare(), long_ago()), wait_result::timeout);
    EXPECT_EQ(w_.wait_once(w_.prepare(), steady_time{}), wait_result::timeout);
    EXPECT_EQ(w_.wait_once(w_.prepare(), steady_time::min()), wait_result::timeout);
}

TEST_P(EveryWake, AnswersTimeoutAtTheDeadlineAndNotBefore)
{
    const steady_time deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(3);
    while (w_.wait_once(w_.prepare(), deadline) != wait_result::timeout)
    {
    }
    EXPECT_GE(std::chrono::steady_clock::now(), deadline);
}

TEST_P(EveryWake, DoesNotSleepWhenNotifiedBetweenAnnouncementAndSleep)
{
    const auto ticket = w_.prepare();
    w_.notify_one();
    EXPECT_EQ(w_.wait_once(ticket, no_deadline), wait_result::ready);
    EXPECT_EQ(w_.wait_once(w_.prepare(), long_ago()), wait_result::timeout) << "one notification, one wake";
}

TEST_P(EveryWake, PrefersANotificationToADeadlineInThePast)
{
    const auto ticket = w_.prepare();
    w_.notify_one();
    EXPECT_EQ(w_.wait_once(ticket, long_ago()), wait_result::ready);
}

TEST_P(EveryWake, ForgetsANotificationThatMetNobody)
{
    w_.notify_one();
    w_.notify_all();
    EXPECT_EQ(w_.wait_once(w_.prepare(), long_ago()), wait_result::timeout);
}

TEST_P(EveryWake, SleepsAgainAfterANotifiedSleeperCancelled)
{
    const auto ticket = w_.prepare();
    w_.notify_all();
    w_.cancel(ticket);
    EXPECT_EQ(w_.wait_once(w_.prepare(), std::chrono::steady_clock::now() + std::chrono::milliseconds(1)),
              wait_result::timeout);
}

TEST_P(EveryWake, NotifyAllWakesEverySleeper)
{
    for (int round = 0; round < 20; ++round)
    {
        std::atomic<int> announced{0};
        std::atomic<int> timeouts{0};
        std::vector<std::thread> sleepers;
        for (int i = 0; i < 4; ++i)
        {
            sleepers.emplace_back(
                [&]
                {
                    const auto ticket = w_.prepare();
                    announced.fetch_add(1);
                    if (w_.wait_once(ticket, before_hang()) != wait_result::ready)
                        timeouts.fetch_add(1);
                });
        }
        EXPECT_TRUE(becomes_true([&] { return announced == 4; }));
        w_.notify_all();
        for (auto &sleeper : sleepers)
            sleeper.join();
        EXPECT_EQ(timeouts, 0);
    }
}

TEST_P(EveryWake, AsManyNotifyOneAsSleepersWakeThemAll)
{
    std::atomic<int> awake{0};
    std::atomic<int> announced{0};
    std::vector<std::thread> sleepers;
    for (int i = 0; i < 4; ++i)
    {
        sleepers.emplace_back(
            [&]
            {
                const auto ticket = w_.prepare();
                announced.fetch_add(1);
                if (w_.wait_once(ticket, before_hang()) == wait_result::ready)
                    awake.fetch_add(1);
            });
    }
    EXPECT_TRUE(becomes_true([&] { return announced == 4; }));
    w_.notify_one();
    EXPECT_TRUE(becomes_true([&] { return awake >= 1; }));
    for (int i = 0; i < 3; ++i)
        w_.notify_one();
    for (auto &sleeper : sleepers)
        sleeper.join();
    EXPECT_EQ(awake, 4);
}

// Two threads hand a ball to and fro: one lost wake-up and the test hangs.
TEST_P(EveryWake, LosesNoWakeUpBetweenTwoThreads)
{
    wake other(GetParam());
    std::atomic<int> ball{0};
    const auto play = [&](wake &mine, wake &theirs, int parity)
    {
        for (int turn = parity; turn < 4000; turn += 2)
        {
            while (ball.load() != turn)
            {
                const auto ticket = mine.prepare();
                if (ball.load() == turn)
                    mine.cancel(ticket);
                else if (mine.wait_once(ticket, before_hang()) == wait_result::timeout)
                    return;
            }
            ball.store(turn + 1);
            theirs.notify_one();
        }
    };
    std::thread second([&] { play(other, w_, 1); });
    play(w_, other, 0);
    second.join();
    EXPECT_EQ(ball, 4000);
}

TEST_P(EveryWake, AnswersInterruptedWhenASignalArrives)
{
    const interrupting_signal signal;
    std::atomic<bool> over{false};
    std::atomic<int> interruptions{0};
    std::thread sleeper(
        [&]
        {
            while (!over)
            {
                const auto ticket = w_.prepare();
                if (over)
                    w_.cancel(ticket);
                else if (w_.wait_once(ticket, before_hang()) == wait_result::interrupted)
                    interruptions.fetch_add(1);
            }
        });
    // A signal that comes before the sleep interrupts nothing, therefore again and again.
    EXPECT_TRUE(becomes_true(
        [&]
        {
            interrupting_signal::send(sleeper);
            return interruptions > 0;
        }));
    over = true;
    w_.notify_all();
    sleeper.join();
}

TEST(WakeWithoutLoop, HasNoDescriptor)
{
    EXPECT_EQ(wake().kind(), wake_kind::futex);
    for (const wake_kind kind : {wake_kind::futex, wake_kind::sleeper})
    {
        wake w(kind);
        w.arm();
        w.notify_one();
        w.drain();
        EXPECT_EQ(w.fd(), -1);
        EXPECT_EQ(w.kind(), kind);
    }
}

TEST_P(WakeThatWatches, AnswersInterruptedWhenTheAuxDescriptorIsReadable)
{
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    std::thread writer([&] { EXPECT_EQ(write(ends[1], "x", 1), 1); });
    EXPECT_EQ(w_.wait_once(w_.prepare(), before_hang(), ends[0]), wait_result::interrupted);
    writer.join();
    EXPECT_EQ(w_.wait_once(w_.prepare(), before_hang(), ends[0]), wait_result::interrupted) << "nobody has read it";
    const auto ticket = w_.prepare();
    w_.notify_one();
    EXPECT_EQ(w_.wait_once(ticket, before_hang(), ends[0]), wait_result::ready);
    close(ends[0]);
    close(ends[1]);
}

TEST_P(WakeWithDescriptor, IsReadableFromTheFirstNotificationAfterArmUntilDrained)
{
    w_.notify_one();
    EXPECT_FALSE(readable(w_.fd())) << "nobody has asked yet";
    w_.arm();
    EXPECT_FALSE(readable(w_.fd()));
    w_.notify_one();
    w_.notify_one();
    EXPECT_TRUE(readable(w_.fd()));
    w_.drain();
    EXPECT_FALSE(readable(w_.fd()));
    w_.notify_one();
    EXPECT_FALSE(readable(w_.fd())) << "not armed again";
    w_.arm();
    w_.notify_all();
    EXPECT_TRUE(readable(w_.fd()));
}

TEST_P(WakeWithDescriptor, SleepersAndTheEventLoopDoNotTakeEachOthersWakes)
{
    w_.arm();
    const auto ticket = w_.prepare();
    w_.notify_one();
    w_.drain();
    EXPECT_EQ(w_.wait_once(ticket, no_deadline), wait_result::ready);
    w_.arm();
    const auto second = w_.prepare();
    w_.notify_one();
    EXPECT_EQ(w_.wait_once(second, no_deadline), wait_result::ready);
    EXPECT_TRUE(readable(w_.fd()));
}

TEST_P(WakeWithDescriptor, SleepersDoNotSpinOnAnEventLoopThatIsSlowToDrain)
{
    w_.arm();
    w_.notify_one();
    ASSERT_TRUE(readable(w_.fd()));
    EXPECT_EQ(w_.wait_once(w_.prepare(), std::chrono::steady_clock::now() + std::chrono::milliseconds(1)),
              wait_result::timeout);
}

} // namespace
} // namespace heapwire
