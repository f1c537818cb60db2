// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/queue/wait_policy.h"

#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace heapwire
{
namespace
{

using namespace std::chrono_literals;

/// A step that answers from a script and notes what it was asked.
struct scripted_step
{
    std::vector<wait_result> answers;
    std::vector<steady_time> deadlines{};

    wait_result operator()(steady_time deadline, int)
    {
        deadlines.push_back(deadline);
        return answers.at(deadlines.size() - 1);
    }
};

TEST(PlainWait, GoesOnAfterInterruptions)
{
    scripted_step step{{wait_result::interrupted, wait_result::interrupted, wait_result::ready}};
    EXPECT_EQ(plain_wait().wait(step, no_deadline), wait_result::ready);
    EXPECT_EQ(step.deadlines.size(), 3u);
}

TEST(PlainWait, HandsOnTheTimeout)
{
    scripted_step step{{wait_result::timeout}};
    EXPECT_EQ(plain_wait().wait(step, steady_time{}), wait_result::timeout);
}

TEST(SignalCheckingWait, ChecksBeforeEachStepAndAfterAnInterruption)
{
    int checks = 0;
    signal_checking_wait policy{[&] { ++checks; }};
    scripted_step step{{wait_result::interrupted, wait_result::ready}};
    EXPECT_EQ(policy.wait(step, no_deadline), wait_result::ready);
    EXPECT_EQ(checks, 2);
}

TEST(SignalCheckingWait, SleepsInSlicesSoThatSignalsTakenElsewhereAreSeen)
{
    signal_checking_wait policy{[] {}, 10ms};
    scripted_step step{{wait_result::timeout, wait_result::timeout, wait_result::ready}};
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(policy.wait(step, no_deadline), wait_result::ready);
    EXPECT_EQ(step.deadlines.size(), 3u) << "the end of a slice is not the end of the wait";
    for (const steady_time deadline : step.deadlines)
    {
        EXPECT_GE(deadline, begin + 10ms);
        EXPECT_LT(deadline, std::chrono::steady_clock::now() + 11ms);
    }
}

TEST(SignalCheckingWait, KeepsANearDeadlineAndADeadlineInThePast)
{
    signal_checking_wait policy{[] {}, 1h};
    const steady_time near = std::chrono::steady_clock::now() + 1min;
    for (const steady_time deadline : {near, steady_time{}, steady_time::min()})
    {
        scripted_step step{{wait_result::timeout}};
        EXPECT_EQ(policy.wait(step, deadline), wait_result::timeout);
        EXPECT_EQ(step.deadlines.at(0), deadline);
    }
}

TEST(SignalCheckingWait, GivesUpWhenTheCheckThrows)
{
    int checks = 0;
    signal_checking_wait policy{[&]
                                {
                                    if (++checks == 2)
                                        throw std::runtime_error("Ctrl-C");
                                }};
    scripted_step step{{wait_result::interrupted, wait_result::ready}};
    EXPECT_THROW((void)policy.wait(step, no_deadline), std::runtime_error);
    EXPECT_EQ(step.deadlines.size(), 1u);
}

} // namespace
} // namespace heapwire
