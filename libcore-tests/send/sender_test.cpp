// SPDX-License-Identifier: BSD-3-Clause
// Short conversations with the sending hall.
#include "heapwire/send/sender.h"

#include <gtest/gtest.h>

#include "heapwire/base/error.h"
#include "heapwire/wire/packet_view.h"
#include "send/sending.h"

namespace heapwire::test
{
namespace
{

using send::next_step;

constexpr std::size_t two_packets = 24; // bytes of a heap that needs two packets of 64

send::options queue_of(std::size_t max_heaps, std::size_t max_packet_size = 64)
{
    send::options how;
    how.max_heaps = max_heaps;
    how.max_packet_size = max_packet_size;
    how.packets = send::split::full;
    return how;
}

class Sender : public testing::Test
{
protected:
    const outgoing_heap *heap(std::size_t size)
    {
        heaps_.emplace_back().add(0x1000, counting(size));
        return &heaps_.back().heap;
    }
    std::error_code push(send::sender &to, std::size_t size, std::uint64_t token = 0, send::heap_reference how = {})
    {
        how.heap = heap(size);
        return to.push({&how, 1}, send::group_mode::serial, numbered(token));
    }
    std::error_code push_group(send::sender &to, std::initializer_list<std::size_t> sizes, send::group_mode mode,
                               std::uint64_t token = 0)
    {
        std::vector<send::heap_reference> group;
        for (std::size_t size : sizes)
            group.push_back({.heap = heap(size)});
        return to.push(group, mode, numbered(token));
    }
    static std::vector<std::uint64_t> cnts(const datagrams &packets)
    {
        std::vector<std::uint64_t> out;
        for (const bytes &packet : packets)
        {
            wire::packet_view view;
            EXPECT_EQ(wire::parse_packet(packet, wire::framing::datagram, view), wire::reject::none);
            out.push_back(view.heap_cnt);
        }
        return out;
    }

private:
    std::deque<test_heap> heaps_;
};

using numbers = std::vector<std::uint64_t>;
const std::error_code broken = std::make_error_code(std::errc::message_size);
const std::error_code refused = std::make_error_code(std::errc::connection_refused);

TEST_F(Sender, OffersTheSamePacketsUntilTheyAreWritten)
{
    send::sender s(queue_of(4), 1);
    ASSERT_FALSE(push(s, two_packets, 7));
    next_step first = s.next(at_ns(0));
    ASSERT_EQ(first.what, next_step::write);
    ASSERT_EQ(first.packets.size(), 2u);
    EXPECT_EQ(s.next(at_ns(1)).packets.data(), first.packets.data());

    s.written(1, {}, at_ns(2));
    EXPECT_TRUE(take(s).empty());
    next_step rest = s.next(at_ns(2));
    ASSERT_EQ(rest.packets.size(), 1u);
    EXPECT_EQ(rest.packets.data(), first.packets.data() + 1);

    s.written(1, {}, at_ns(3));
    std::vector<send::finished> done = take(s);
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(done[0].whom.token, 7u);
    EXPECT_FALSE(done[0].what.error);
    EXPECT_EQ(done[0].what.bytes, 64u + 48u);
    EXPECT_EQ(s.next(at_ns(4)).what, next_step::idle);
    EXPECT_TRUE(s.idle());
}

TEST_F(Sender, RefusesWhatDoesNotFitTheQueueAndQueuesNothingOfIt)
{
    send::sender s(queue_of(3), 1);
    ASSERT_FALSE(push(s, 8));
    EXPECT_EQ(push_group(s, {8, 8, 8}, send::group_mode::serial), errc::queue_full);
    EXPECT_EQ(s.queued(), 1u);
    ASSERT_FALSE(push_group(s, {8, 8}, send::group_mode::serial));
    EXPECT_EQ(push(s, 8), errc::queue_full);
    EXPECT_EQ(s.statistics().heaps_refused, 4u);
    EXPECT_EQ(cnts(drain(s)), (numbers{1, 2, 3}));
    EXPECT_EQ(take(s).size(), 2u);
}

TEST_F(Sender, SlotsAreFreeBeforeCompletionsAreTaken)
{
    send::sender s(queue_of(1), 1);
    ASSERT_FALSE(push(s, 8, 1));
    drain(s);
    EXPECT_EQ(s.queued(), 0u);
    ASSERT_FALSE(push(s, 8, 2));
    drain(s);
    std::vector<send::finished> done = take(s);
    ASSERT_EQ(done.size(), 2u);
    EXPECT_EQ(done[0].whom.token, 1u);
    EXPECT_EQ(done[1].whom.token, 2u);
}

TEST_F(Sender, AHeapOutOfRangeRefusesItsWholeGroup)
{
    send::sender s(queue_of(8), 2);
    outgoing_heap bad;
    bad.add_immediate(0x1000, 1);
    bad.item(0).id = 0;
    std::vector<send::heap_reference> group{{.heap = heap(8)}, {.heap = &bad}};
    EXPECT_EQ(s.push(group, send::group_mode::serial, {}), errc::id_out_of_range);
    group[1] = {.heap = heap(8), .substream = 2};
    EXPECT_EQ(s.push(group, send::group_mode::serial, {}), errc::no_such_substream);
    group[1] = {.heap = heap(8), .cnt = std::int64_t{1} << 40};
    EXPECT_EQ(s.push(group, send::group_mode::serial, {}), errc::cnt_out_of_range);
    EXPECT_EQ(s.push({}, send::group_mode::serial, {}), errc::empty_group);
    EXPECT_TRUE(s.idle());
    ASSERT_FALSE(push(s, 8));
    EXPECT_EQ(cnts(drain(s)), (numbers{1})) << "refused heaps use no cnt";
}

TEST_F(Sender, NullHeapsAndRatesThatAreNoNumbersThrow)
{
    send::sender s(queue_of(8), 1);
    send::heap_reference reference;
    EXPECT_THROW((void)s.push({&reference, 1}, send::group_mode::serial, {}), std::invalid_argument);
    reference.heap = heap(8);
    reference.rate = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THROW((void)s.push({&reference, 1}, send::group_mode::serial, {}), std::invalid_argument);
    EXPECT_TRUE(s.idle());
}

TEST_F(Sender, RoundRobinSkipsExhaustedHeaps)
{
    send::sender s(queue_of(8), 1);
    ASSERT_FALSE(push_group(s, {24, 8, 56}, send::group_mode::round_robin));
    ASSERT_FALSE(push_group(s, {24, 24}, send::group_mode::serial));
    EXPECT_EQ(cnts(drain(s)), (numbers{1, 2, 3, 1, 3, 3, 4, 4, 5, 5}));
}

TEST_F(Sender, AGroupCompletesOnceWithItsSumAndItsFirstError)
{
    send::sender s(queue_of(8), 1);
    ASSERT_FALSE(push_group(s, {24, 8, 24}, send::group_mode::serial, 5));
    ASSERT_EQ(s.next(at_ns(0)).packets.size(), 5u);
    s.written(1, {}, at_ns(0));
    s.written(1, broken, at_ns(0));
    s.written(1, {}, at_ns(0));
    s.written(1, refused, at_ns(0));
    EXPECT_TRUE(take(s).empty());
    s.written(1, {}, at_ns(0));
    std::vector<send::finished> done = take(s);
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(done[0].what.error, broken);
    EXPECT_EQ(done[0].what.bytes, 64u + 56u + 48u);
    EXPECT_EQ(s.statistics().heaps, 3u);
    EXPECT_EQ(s.statistics().heaps_failed, 2u);
    EXPECT_EQ(s.statistics().packets, 5u);
    EXPECT_EQ(s.statistics().packets_failed, 2u);
    EXPECT_EQ(s.statistics().bytes, 64u + 56u + 48u);
}

TEST_F(Sender, CompletionsComeInOrderOfAcceptance)
{
    send::sender s(queue_of(8), 1);
    ASSERT_FALSE(push_group(s, {56, 8}, send::group_mode::round_robin, 1));
    ASSERT_FALSE(push(s, 8, 2));
    ASSERT_FALSE(push(s, 8, 3));
    drain(s);
    numbers tokens;
    for (const send::finished &done : take(s))
        tokens.push_back(done.whom.token);
    EXPECT_EQ(tokens, (numbers{1, 2, 3}));
}

TEST_F(Sender, StopCompletesEverythingAndRefusesTheRest)
{
    send::sender s(queue_of(8), 1);
    ASSERT_FALSE(push(s, two_packets, 1));
    ASSERT_FALSE(push(s, 8, 2));
    ASSERT_FALSE(push_group(s, {8, 8}, send::group_mode::round_robin, 3));
    ASSERT_EQ(s.next(at_ns(0)).packets.size(), 5u);
    s.written(1, {}, at_ns(0));
    s.stop();
    std::vector<send::finished> done = take(s);
    ASSERT_EQ(done.size(), 3u);
    for (const send::finished &each : done)
        EXPECT_EQ(each.what.error, errc::stopped);
    EXPECT_EQ(done[0].what.bytes, 64u) << "what was sent is counted";
    s.written(4, {}, at_ns(0)); // the transport was in the middle of it
    EXPECT_TRUE(take(s).empty());
    EXPECT_EQ(s.next(at_ns(0)).what, next_step::idle);
    EXPECT_EQ(push(s, 8), errc::stopped);
    s.stop();
    EXPECT_TRUE(take(s).empty());
    EXPECT_EQ(s.statistics().heaps, 4u);
    EXPECT_EQ(s.statistics().heaps_failed, 4u);
}

TEST_F(Sender, WaitsBetweenBurstsAndCountsTheWait)
{
    send::options how = queue_of(8);
    how.rate = 1e9; // a byte a nanosecond
    how.burst_size = 64;
    send::sender s(how, 1);
    ASSERT_FALSE(push(s, 56)); // packets of 64, 64 and 56 bytes
    EXPECT_EQ(s.next(at_ns(0)).packets.size(), 1u);
    s.written(1, {}, at_ns(0));
    for (std::int64_t now : {0, 10, 63})
    {
        next_step step = s.next(at_ns(now));
        EXPECT_EQ(step.what, next_step::wait);
        EXPECT_EQ(step.until, at_ns(64));
    }
    EXPECT_EQ(s.next(at_ns(64)).packets.size(), 1u);
    EXPECT_EQ(s.statistics().sleeps, 1u);
}

TEST_F(Sender, AveragesItsRate)
{
    send::options how = queue_of(100);
    how.rate = 1e6;
    how.burst_size = 4096;
    how.max_packet_size = 1472;
    send::sender s(how, 1);
    for (int i = 0; i < 100; ++i)
        ASSERT_FALSE(push(s, 10000));
    send::time_point now = at_ns(5);
    drain(s, now);
    EXPECT_NEAR(s.statistics().achieved_rate, 1e6, 1e6 * 0.005) << "the first burst is free";
    EXPECT_EQ(s.next(now + std::chrono::hours(1)).what, next_step::idle);
    ASSERT_FALSE(push(s, 100));
    now += std::chrono::hours(2);
    drain(s, now);
    EXPECT_NEAR(s.statistics().achieved_rate, 1e6, 1e6 * 0.01) << "idle time does not count";
}

TEST_F(Sender, HeapsHaveRatesOfTheirOwn)
{
    send::options how = queue_of(8);
    how.burst_size = 0;
    send::sender s(how, 1);
    ASSERT_FALSE(push(s, 24, 0, {.rate = 1e9}));
    ASSERT_FALSE(push(s, 24, 0, {}));
    EXPECT_EQ(s.next(at_ns(0)).packets.size(), 1u);
    s.written(1, {}, at_ns(0));
    EXPECT_EQ(s.next(at_ns(0)).until, at_ns(64));
    EXPECT_EQ(s.next(at_ns(64)).packets.size(), 1u);
    s.written(1, {}, at_ns(64));
    EXPECT_EQ(s.next(at_ns(64)).until, at_ns(64 + 48));
    EXPECT_EQ(s.next(at_ns(64 + 48)).packets.size(), 2u) << "the stream itself has no rate";
}

TEST_F(Sender, SequencesNeedAStep)
{
    send::sender s(queue_of(8), 1);
    EXPECT_THROW(s.set_cnt_sequence(1, 0), std::invalid_argument);
    s.set_cnt_sequence(3, 2);
    ASSERT_FALSE(push_group(s, {8, 8}, send::group_mode::serial));
    ASSERT_FALSE(push(s, 8, 0, {.cnt = 0}));
    ASSERT_FALSE(push(s, 8));
    EXPECT_EQ(cnts(drain(s)), (numbers{3, 5, 0, 7}));
}

TEST_F(Sender, SmallHeapsOfOneSizeLieTogetherInABatch)
{
    send::sender s(queue_of(300, 1472), 1);
    for (int i = 0; i < 300; ++i)
        ASSERT_FALSE(push(s, 1024));
    next_step step = s.next(at_ns(0));
    EXPECT_EQ(step.packets.size(), send::packet_batch::max_packets);
    for (const send::packet &packet : step.packets)
        EXPECT_EQ(packet.size, 1072u);
    s.written(step.packets.size(), {}, at_ns(0));
    EXPECT_EQ(s.statistics().max_batch, send::packet_batch::max_packets);
    EXPECT_EQ(s.statistics().batches, 1u);
}

TEST_F(Sender, WithoutSubstreamsIsRefused) { EXPECT_THROW(send::sender(queue_of(8), 0), std::invalid_argument); }

} // namespace
} // namespace heapwire::test
