// SPDX-License-Identifier: BSD-3-Clause
/// The stream with sources in threads: nothing lost, nothing hangs, whatever stops when. Run it under TSan.
#include <atomic>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "thread_source.h"

namespace heapwire::test
{
namespace
{

using recv::heap_stream;
using recv::pop_status;
using recv::stat;

/// Heaps 0 .. n-1 of one source: cnt = k * stride + which, so that substreams keep sources apart.
std::vector<packet> source_traffic(std::uint64_t which, std::uint64_t stride, std::uint64_t n)
{
    std::vector<packet> out;
    for (std::uint64_t k = 0; k < n; ++k)
        for (packet &p : make_heap(k * stride + which, 40 + 40 * (k % 3), 40))
            out.push_back(std::move(p));
    return out;
}

void expect_identities(const recv::stats &s)
{
    EXPECT_EQ(s[stat::datagrams], s.malformed() + s[stat::packets]);
    EXPECT_EQ(s[stat::packets], s[stat::packets_accepted] + s.refused());
}

TEST(StreamThreads, SeveralSourcesLoseNothingThroughASmallRing)
{
    constexpr std::uint64_t n_sources = 3, n_heaps = 1000;
    for (const std::size_t ring : {1U, 2U, 16U})
    {
        heap_stream stream({.max_heaps = 2, .substreams = n_sources, .end = recv::end_when::last_source},
                           {.heaps = ring});
        for (std::uint64_t s = 0; s < n_sources; ++s)
            stream.add(
                std::make_unique<thread_source>(stream.gate(), source_traffic(s, n_sources, n_heaps), 1 + 7 * s));
        std::map<std::uint64_t, std::uint64_t> next; // of each source, heaps come in order
        while (auto got = stream.pop())
        {
            ASSERT_EQ(got->cnt() / n_sources, next[got->cnt() % n_sources]++);
            ASSERT_TRUE(has_pattern(got->payload(), got->cnt()));
        }
        for (std::uint64_t s = 0; s < n_sources; ++s)
            EXPECT_EQ(next[s], n_heaps);
        expect_identities(stream.statistics());
        EXPECT_EQ(stream.statistics()[stat::packets_accepted], n_sources * (n_heaps * 2 - 1))
            << "1, 2, 3, 1, … packets a heap";
    }
}

TEST(StreamThreads, ASlowConsumerStopsTheReadingAndNothingIsLost)
{
    heap_stream stream({}, {.heaps = 2});
    stream.add(std::make_unique<thread_source>(stream.gate(), source_traffic(0, 1, 300), 64));
    // The ring is full before the first heap is taken: the source must have paused, and must come back.
    while (stream.statistics()[stat::worker_blocked] == 0)
        std::this_thread::yield();
    std::uint64_t got = 0;
    while (stream.pop())
    {
        ++got;
        std::this_thread::yield();
    }
    EXPECT_EQ(got, 300U);
    EXPECT_GE(stream.statistics()[stat::worker_blocked], 2U);
}

TEST(StreamThreads, SeveralConsumersShareTheHeaps)
{
    heap_stream stream({}, {.heaps = 3});
    std::atomic<std::uint64_t> got{0};
    std::vector<std::thread> consumers;
    for (int i = 0; i < 3; ++i)
        consumers.emplace_back(
            [&]
            {
                while (stream.pop())
                    ++got;
            });
    stream.add(std::make_unique<thread_source>(stream.gate(), source_traffic(0, 1, 2000), 10));
    for (std::thread &c : consumers)
        c.join();
    EXPECT_EQ(got, 2000U);
}

TEST(StreamThreads, StopWakesABlockedSourceAndABlockedConsumer)
{
    for (int round = 0; round < 20; ++round)
    {
        heap_stream full({}, {.heaps = 1});
        full.add(std::make_unique<thread_source>(full.gate(), source_traffic(0, 1, 50), 5));
        while (full.statistics()[stat::worker_blocked] == 0)
            std::this_thread::yield();
        full.stop();

        heap_stream empty;
        std::thread consumer([&] { EXPECT_FALSE(empty.pop()); });
        empty.stop();
        consumer.join();
    }
}

TEST(StreamThreads, ConcurrentStopsAllReturnAfterTheStop)
{
    for (int round = 0; round < 30; ++round)
    {
        heap_stream stream({}, {.heaps = 1});
        for (std::uint64_t s = 0; s < 2; ++s)
            stream.add(std::make_unique<thread_source>(stream.gate(), source_traffic(s, 2, 50), 5));
        std::vector<std::thread> stoppers;
        for (int i = 0; i < 3; ++i)
            stoppers.emplace_back(
                [&]
                {
                    stream.stop();
                    EXPECT_TRUE(stream.gate()->ended());
                });
        for (std::thread &s : stoppers)
            s.join();
        expect_identities(stream.statistics());
    }
}

TEST(StreamThreads, AStopItemFromOneSourceStopsTheOthers)
{
    for (int round = 0; round < 30; ++round)
    {
        heap_stream stream({}, {.heaps = 4});
        stream.add(
            std::make_unique<thread_source>(stream.gate(), source_traffic(0, 2, 20), 5, thread_source::at_end::linger));
        auto last = source_traffic(1, 2, 20);
        last.push_back(make_stop(1000001));
        stream.add(std::make_unique<thread_source>(stream.gate(), last, 5, thread_source::at_end::linger));
        while (stream.pop())
        {
        }
        EXPECT_TRUE(stream.gate()->ended());
    }
}

/// Any order of adding, popping, stopping and destroying, chosen by a seed, on two threads.
TEST(StreamThreads, SurviveAnyInterleavingOfAddPopStopAndDestroy)
{
    std::mt19937 dice(20240607);
    for (int round = 0; round < 150; ++round)
    {
        const std::uint64_t n_sources = dice() % 4;
        const std::size_t ring = 1 + dice() % 4;
        const std::uint64_t pops = dice() % 40;
        const std::uint64_t stop_at = dice() % 60; // 40 and more: nobody stops but the destructor
        const bool late_add = dice() % 2 == 0;
        const auto end = dice() % 2 == 0 ? recv::end_when::any_source : recv::end_when::last_source;
        auto stream = std::make_unique<heap_stream>(recv::options{.end = end}, recv::ring_options{.heaps = ring});
        for (std::uint64_t s = 0; s < n_sources; ++s)
            stream->add(std::make_unique<thread_source>(
                stream->gate(), source_traffic(s, 4, dice() % 30), 1 + dice() % 9,
                dice() % 2 == 0 ? thread_source::at_end::sign_off : thread_source::at_end::linger));
        std::thread other(
            [&, late = source_traffic(3, 4, 10)]
            {
                if (late_add)
                    stream->add(std::make_unique<thread_source>(stream->gate(), late, 3));
                for (std::uint64_t i = 0; i < 40; ++i)
                    if (i == stop_at)
                        stream->stop();
                    else
                        std::this_thread::yield();
            });
        heap out;
        for (std::uint64_t i = 0; i < pops; ++i)
            if (stream->try_pop(out) != pop_status::ok)
                std::this_thread::yield();
        other.join();
        expect_identities(stream->statistics());
        stream.reset();
    }
}

} // namespace
} // namespace heapwire::test
