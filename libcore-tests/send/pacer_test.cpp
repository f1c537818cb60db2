// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/send/pacer.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "send/sending.h"

namespace heapwire::test
{
namespace
{

using namespace std::chrono_literals;

/// Sends packets of one size for ever, as soon as the pacer lets it, `late` after each wait.
struct stream
{
    send::pacer pace;
    send::time_point now = at_ns(1000);
    std::uint64_t packet = 1000;
    std::chrono::nanoseconds late{0};

    /// One burst; answers when it began.
    send::time_point burst(double rate = -1)
    {
        if (pace.burst_complete())
        {
            send::time_point due = pace.due();
            now = std::max(now, due + late);
            pace.start_burst(now);
        }
        pace.resume(now);
        while (!pace.burst_complete())
            pace.count(packet, rate);
        return now;
    }
};

TEST(Pacer, FirstBurstIsFreeAndTheNextWaitsForIt)
{
    stream s{send::pacer(1e9, 4000, 1.05)}; // 1 byte a nanosecond
    EXPECT_EQ(s.burst(), at_ns(1000));
    EXPECT_EQ(s.burst(), at_ns(5000));
    EXPECT_EQ(s.burst(), at_ns(9000));
}

TEST(Pacer, FractionsOfANanosecondAreNotLost)
{
    // 65536 bytes at 40 Gb/s are 13107.2 ns.
    stream s{.pace = send::pacer(5e9, 65536, 1.05), .packet = 8192};
    send::time_point first = s.burst();
    for (int i = 1; i < 100000; ++i)
        s.burst();
    EXPECT_EQ(s.burst() - first, 1310720000ns);
}

TEST(Pacer, LatenessIsMadeGoodSoThatTheAverageIsExact)
{
    stream s{.pace = send::pacer(1e9, 1000, 1.25)};
    send::time_point first = s.burst();
    s.now += 3us; // three bursts late
    s.burst();
    for (int i = 2; i < 100; ++i)
        s.burst();
    EXPECT_EQ(s.burst() - first, 100us);
}

TEST(Pacer, LatenessIsMadeGoodNoFasterThanTheRatio)
{
    stream s{.pace = send::pacer(1e9, 1000, 1.25)};
    s.burst();
    s.now += 1ms;
    send::time_point before = s.burst();
    for (int i = 0; i < 100; ++i)
    {
        send::time_point next = s.burst();
        EXPECT_EQ(next - before, 800ns);
        before = next;
    }
}

TEST(Pacer, EachWakeUpMayBeLateAndTheAverageStays)
{
    stream s{.pace = send::pacer(1e9, 1000, 1.5), .late = 300ns};
    send::time_point first = s.burst();
    for (int i = 1; i < 1000; ++i)
        s.burst();
    std::chrono::nanoseconds took = s.burst() - first;
    EXPECT_LE(took, 1000us + 300ns);
    EXPECT_GE(took, 1000us);
}

TEST(Pacer, IdlenessIsNeitherLagNorCredit)
{
    stream s{.pace = send::pacer(1e9, 1000, 1.25)};
    s.burst();
    s.pace.rest(s.now);
    s.now += 1s;
    s.pace.resume(s.now);
    send::time_point first = s.burst();
    EXPECT_EQ(first, at_ns(1000) + 1s) << "what was sent before is long paid for";
    EXPECT_EQ(s.burst() - first, 1000ns);
    EXPECT_EQ(s.burst() - first, 2000ns);
}

TEST(Pacer, ShortIdlenessDoesNotPayForTheBurstThatIsOut)
{
    stream s{.pace = send::pacer(1e9, 1000, 1.25)};
    s.burst();
    s.pace.rest(s.now);
    s.now += 400ns;
    s.pace.resume(s.now);
    EXPECT_EQ(s.burst(), at_ns(2000));
}

TEST(Pacer, LagOfBeforeSurvivesARest)
{
    // A sender that lets its queue run empty for a moment after each burst keeps its average.
    stream s{.pace = send::pacer(1e9, 1000, 1.5), .late = 300ns};
    send::time_point first = s.burst();
    for (int i = 1; i < 1000; ++i)
    {
        s.burst();
        s.pace.rest(s.now);
        s.now += 5ns;
        s.pace.resume(s.now);
    }
    EXPECT_LE(s.burst() - first, 1000us + 300ns);
}

TEST(Pacer, NothingWaitsWithoutARate)
{
    send::pacer pace(0, 1000, 1.05);
    pace.resume(at_ns(0));
    for (int i = 0; i < 100; ++i)
        pace.count(1000, -1);
    EXPECT_FALSE(pace.burst_complete());
}

TEST(Pacer, HeapsMayHaveRatesOfTheirOwn)
{
    stream s{send::pacer(1e9, 1000, 1.05)};
    s.burst(5e8);
    EXPECT_EQ(s.burst(2e9), at_ns(3000));
    EXPECT_EQ(s.burst(-1), at_ns(3500));
    EXPECT_EQ(s.burst(-1), at_ns(4500));
    send::pacer pace(1e9, 1000, 1.05);
    pace.resume(at_ns(0));
    pace.count(5000, 0);
    EXPECT_FALSE(pace.burst_complete()) << "an unlimited heap does not wait";
}

TEST(Pacer, BurstOfNothingPacesEveryPacket)
{
    stream s{.pace = send::pacer(1e9, 0, 1.05)};
    EXPECT_EQ(s.burst(), at_ns(1000));
    EXPECT_EQ(s.burst(), at_ns(2000));
}

TEST(Pacer, BurstsStayWithinTheirSizeUnlessOnePacketIsLarger)
{
    for (std::uint64_t packet : {1472u, 8972u, 9000u, 65536u, 70000u})
    {
        send::pacer pace(1e9, 65536, 1.05);
        pace.resume(at_ns(0));
        std::uint64_t packets = 0;
        for (; !pace.burst_complete(); ++packets)
            pace.count(packet, -1);
        EXPECT_EQ(packets, std::max<std::uint64_t>(1, 65536 / packet)) << packet;
    }
}

TEST(Pacer, TheSlowestRateDoesNotOverflow)
{
    stream s{.pace = send::pacer(1e-300, 1000, 1)};
    s.burst();
    send::time_point due = s.pace.due();
    EXPECT_GT(due, at_ns(0) + 10 * 365 * 24h);
    for (int i = 0; i < 100; ++i)
        s.burst();
    EXPECT_GE(s.pace.due(), due);
}

} // namespace
} // namespace heapwire::test
