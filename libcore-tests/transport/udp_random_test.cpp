// SPDX-License-Identifier: BSD-3-Clause
/// Stop, destroy and late add, from any thread, in any order: the seed is fixed, the interleaving is the machine's.
/// A hang is caught by the test's time limit.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "heapwire/base/error.h"
#include "transport/udp_pair.h"

namespace heapwire::transport
{
namespace
{

using test::loopback_v4;
using test::sample_heap;

struct traffic
{
    explicit traffic(std::vector<boost::asio::ip::udp::endpoint> to) : sender(threads, {.endpoints = std::move(to)})
    {
        loop = std::thread(
            [this]
            {
                sample_heap heap(4000);
                for (std::size_t i = 0;; ++i)
                    if (sender.send_heap(heap.reference(-1, i % sender.substreams())).error == errc::stopped)
                        return;
            });
    }
    ~traffic()
    {
        sender.stop();
        loop.join();
    }
    io_threads threads;
    udp_sender sender;
    std::thread loop;
};

TEST(UdpLifetimes, StreamsAreStoppedInAnyOrder)
{
    std::mt19937 random(4711);
    for (int round = 0; round < 16; ++round)
    {
        auto threads = std::make_unique<io_threads>(1 + random() % 3);
        recv::options how{.end = random() % 2 ? recv::end_when::any_source : recv::end_when::last_source};
        auto stream = std::make_unique<recv::heap_stream>(how, recv::ring_options{.heaps = 1 + random() % 4});
        std::vector<udp_facts> facts(3);
        for (udp_facts &one : facts)
            stream->add(make_udp_source(*threads, *stream, {.endpoint = loopback_v4()}, &one));
        traffic flow({facts[0].local, facts[1].local, facts[2].local});

        const unsigned wanted = random() % 50;
        std::thread reader(
            [&]
            {
                heapwire::heap got;
                for (unsigned i = 0; i < wanted; ++i)
                    if (stream->pop_for(got, std::chrono::seconds(20)) == recv::pop_status::ended)
                        return;
            });
        std::thread adder(
            [&]
            {
                for (int i = 0; i < 3; ++i)
                    stream->add(make_udp_source(*threads, *stream, {.endpoint = loopback_v4()}));
            });
        if (random() % 2)
            reader.join();
        const bool threads_first = random() % 3 == 0;
        std::thread stopper([&] { stream->stop(); });
        if (threads_first)
            threads->stop();
        stream->stop();
        stopper.join();
        adder.join();
        if (reader.joinable())
            reader.join();
        if (random() % 2)
            threads.reset();
        stream.reset();
    }
}

TEST(UdpLifetimes, StreamsAreDestroyedWhileTheyAreFull)
{
    std::mt19937 random(815);
    for (int round = 0; round < 10; ++round)
    {
        io_threads threads(1 + random() % 2);
        auto stream = std::make_unique<recv::heap_stream>(recv::options{}, recv::ring_options{.heaps = 1});
        udp_facts facts;
        stream->add(make_udp_source(threads, *stream, {.endpoint = loopback_v4()}, &facts));
        traffic flow({facts.local});
        while (stream->statistics()[recv::stat::worker_blocked] == 0)
            std::this_thread::yield();
        if (random() % 2)
            stream->stop();
        stream.reset();
    }
}

TEST(UdpLifetimes, ASourceThatNeverStartedGoesAway)
{
    io_threads threads;
    recv::heap_stream stream({.explicit_start = true});
    stream.add(make_udp_source(threads, stream, {.endpoint = loopback_v4()}));
    (void)make_udp_source(threads, stream, {.endpoint = loopback_v4()});
    stream.stop();
    stream.add(make_udp_source(threads, stream, {.endpoint = loopback_v4()})); // dropped
}

// What came before the start waits in the socket.
TEST(UdpLifetimes, AnExplicitStartReadsWhatCameBefore)
{
    io_threads threads;
    recv::heap_stream stream({.explicit_start = true});
    udp_facts facts;
    stream.add(make_udp_source(threads, stream, {.endpoint = loopback_v4()}, &facts));
    udp_sender sender(threads, {.endpoints = {facts.local}});
    sample_heap heap(10000);
    ASSERT_FALSE(sender.send_heap(heap.reference()).error);
    stream.start();
    auto got = stream.pop();
    ASSERT_TRUE(got);
    EXPECT_TRUE(test::same_bytes(*got, heap));
}

// One thread, one stream that nobody reads: the other must not starve.
TEST(UdpLifetimes, AFullStreamDoesNotHoldUpAnotherOnTheSameThread)
{
    io_threads one;
    recv::heap_stream unread({}, {.heaps = 1}), read({}, {.heaps = 2});
    udp_facts unread_facts, read_facts;
    unread.add(make_udp_source(one, unread, {.endpoint = loopback_v4()}, &unread_facts));
    read.add(make_udp_source(one, read, {.endpoint = loopback_v4()}, &read_facts));
    traffic noise({unread_facts.local});
    while (unread.statistics()[recv::stat::worker_blocked] == 0)
        std::this_thread::yield();
    udp_sender sender(one, {.endpoints = {read_facts.local}});
    for (int i = 0; i < 50; ++i)
    {
        sample_heap heap(5000, static_cast<unsigned>(i));
        ASSERT_FALSE(sender.send_heap(heap.reference()).error);
        auto got = read.pop();
        ASSERT_TRUE(got);
        ASSERT_TRUE(test::same_bytes(*got, heap));
    }
}

} // namespace
} // namespace heapwire::transport
