// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/send/oversleep.h"

#include <gtest/gtest.h>

#include "send/sending.h"

namespace heapwire::test
{
namespace
{

using namespace std::chrono_literals;
using send::oversleep;

/// Sleeps for a millisecond again and again, each time longer than that by `late`.
void sleep_often(oversleep &sleeper, std::chrono::nanoseconds late, int times = 1000)
{
    for (int i = 0; i < times; ++i)
    {
        const auto until = sleeper.sleep_until(at_ns(1000000), at_ns(0));
        ASSERT_TRUE(until);
        sleeper.woke(*until, *until + late);
    }
}

TEST(Oversleep, ShortWaitsAreWaitedForAwake)
{
    oversleep sleeper;
    EXPECT_FALSE(sleeper.sleep_until(at_ns(20000), at_ns(0)));
    EXPECT_FALSE(sleeper.sleep_until(at_ns(20000), at_ns(30000))) << "it is due already";
    EXPECT_TRUE(sleeper.sleep_until(at_ns(20001), at_ns(0)));
}

TEST(Oversleep, WhoWakesUpLateGoesOnInTimeBecauseItSleepsLess)
{
    oversleep sleeper;
    sleep_often(sleeper, 60us);
    EXPECT_GE(sleeper.lead(), 60us - 2us);
    EXPECT_LE(sleeper.lead(), 60us + 2us);
    const auto until = sleeper.sleep_until(at_ns(500000), at_ns(0));
    ASSERT_TRUE(until);
    EXPECT_LE(*until + 60us, at_ns(500000) + 2us);
}

TEST(Oversleep, UnlearnsWhenWakeUpsComeInTime)
{
    oversleep sleeper;
    sleep_often(sleeper, 60us);
    sleep_often(sleeper, 3us);
    EXPECT_LE(sleeper.lead(), 5us);
    EXPECT_GE(sleeper.lead(), 2us);
}

TEST(Oversleep, ABusyMachineDoesNotKeepItAwakeForLong)
{
    oversleep sleeper;
    sleep_often(sleeper, 20ms);
    EXPECT_EQ(sleeper.lead(), oversleep::most);
}

TEST(Oversleep, OneLongSleepMeansLittle)
{
    oversleep sleeper;
    const auto before = sleeper.lead();
    sleep_often(sleeper, 20ms, 1);
    EXPECT_LE(sleeper.lead() - before, 2us);
}

} // namespace
} // namespace heapwire::test
