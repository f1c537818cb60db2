// SPDX-License-Identifier: BSD-3-Clause
/// delivery::in_passing: who sends carries on into the stream.
#include <atomic>
#include <gtest/gtest.h>
#include <thread>

#include "heapwire/transport/inproc.h"
#include "stream_rig.h"

namespace heapwire::test
{
namespace
{

using namespace transport;

/// A reader whose io thread is the test: it runs when it is told to.
struct idle_reader
{
    explicit idle_reader(std::size_t ring_heaps, std::size_t max_bytes = 0)
        : queue(std::make_shared<inproc_queue>(max_bytes)), stream({}, ring_of(ring_heaps)), sender(io, {queue})
    {
        stream.add(make_inproc_source(io, stream.gate(), queue, delivery::in_passing));
        run(); // it has looked once, and waits
    }
    static recv::ring_options ring_of(std::size_t heaps)
    {
        recv::ring_options how;
        how.heaps = heaps;
        return how;
    }
    void run()
    {
        io.restart();
        io.poll();
    }
    void send(std::uint64_t cnt, std::size_t size)
    {
        pattern_heap h(cnt, size);
        EXPECT_FALSE(sender.send_heap(h.reference()).error);
    }
    /// 0 if there is none now.
    std::uint64_t next()
    {
        heap h;
        if (stream.try_pop(h) != recv::pop_status::ok)
            return 0;
        EXPECT_TRUE(has_pattern(h.payload(), h.cnt()));
        return h.cnt();
    }

    boost::asio::io_context io;
    std::shared_ptr<inproc_queue> queue;
    recv::heap_stream stream;
    inproc_sender sender;
};

TEST(InprocAtOnce, ASmallHeapNeedsNoIoThread)
{
    idle_reader r(4);
    for (std::uint64_t cnt = 1; cnt < 100; ++cnt)
    {
        r.send(cnt, 1000);
        EXPECT_EQ(r.next(), cnt);
        EXPECT_EQ(r.queue->packets(), 0u);
    }
    r.io.restart();
    EXPECT_EQ(r.io.poll(), 0u) << "nothing was posted";
}

TEST(InprocAtOnce, MuchIsForAnIoThread)
{
    idle_reader r(4);
    r.send(1, 1 << 20);
    EXPECT_EQ(r.next(), 0u);
    EXPECT_GT(r.queue->packets(), 0u);
    r.run();
    EXPECT_EQ(r.next(), 1u);
    r.send(2, 1000);
    EXPECT_EQ(r.next(), 2u) << "and then the reader waits again";
}

TEST(InprocAtOnce, WhoMakesRoomInAFullRingFillsIt)
{
    idle_reader r(4);
    for (std::uint64_t cnt = 1; cnt <= 20; ++cnt)
        r.send(cnt, 1000);
    for (std::uint64_t cnt = 1; cnt <= 20; ++cnt)
        EXPECT_EQ(r.next(), cnt);
    r.send(21, 1000);
    EXPECT_EQ(r.next(), 21u);
    r.io.restart();
    EXPECT_EQ(r.io.poll(), 0u) << "nothing was posted";
}

TEST(InprocAtOnce, MuchMoreThanARingHoldsIsForAnIoThread)
{
    idle_reader r(2);
    for (std::uint64_t cnt = 1; cnt <= 300; ++cnt)
        r.send(cnt, 1000);
    for (std::uint64_t cnt = 1; cnt <= 300; ++cnt)
    {
        std::uint64_t got = r.next();
        if (got == 0)
        {
            r.run();
            got = r.next();
        }
        EXPECT_EQ(got, cnt);
    }
}

TEST(InprocAtOnce, TheEndWaitsForRoomToo)
{
    idle_reader r(2);
    for (std::uint64_t cnt = 1; cnt <= 5; ++cnt)
        r.send(cnt, 1000);
    r.queue->stop();
    for (std::uint64_t cnt = 1; cnt <= 5; ++cnt)
    {
        EXPECT_EQ(r.next(), cnt);
        r.run();
    }
    heap h;
    EXPECT_EQ(r.stream.try_pop(h), recv::pop_status::ended);
}

TEST(InprocAtOnce, TheEndComesAfterWhatWasSent)
{
    idle_reader r(4);
    r.send(1, 1000);
    r.send(2, 1000);
    r.queue->stop();
    r.run();
    EXPECT_EQ(drain(r.stream), numbers(1, 3));
}

TEST(InprocAtOnce, AStoppedStreamLeavesPacketsInTheQueue)
{
    idle_reader r(4);
    r.send(1, 1000);
    r.stream.stop();
    r.send(2, 1000);
    EXPECT_EQ(r.queue->packets(), 1u);
    EXPECT_EQ(drain(r.stream), numbers(1, 2));
}

TEST(InprocAtOnce, AStopWithAFullRingLeavesTheRestToTheNextReader)
{
    idle_reader r(2);
    for (std::uint64_t cnt = 1; cnt <= 10; ++cnt)
        r.send(cnt, 1000);
    r.stream.stop();
    const std::uint64_t taken = r.stream.statistics()[recv::stat::packets];
    EXPECT_EQ(taken + r.queue->packets(), 10u);
    recv::heap_stream next({}, idle_reader::ring_of(16));
    next.add(make_inproc_source(r.io, next.gate(), r.queue, delivery::in_passing));
    r.queue->stop();
    r.run();
    EXPECT_EQ(drain(next), numbers(1 + taken, 11));
}

TEST(InprocAtOnce, OtherReadersKeepTheirIoThread)
{
    idle_reader r(4);
    recv::heap_stream other({}, idle_reader::ring_of(4));
    auto queue = std::make_shared<inproc_queue>();
    other.add(make_inproc_source(r.io, other.gate(), queue));
    r.run();
    inproc_sender sender(r.io, {queue});
    pattern_heap h(1, 1000);
    ASSERT_FALSE(sender.send_heap(h.reference()).error);
    heap got;
    EXPECT_EQ(other.try_pop(got), recv::pop_status::empty);
    r.run();
    EXPECT_EQ(other.try_pop(got), recv::pop_status::ok);
}

// Senders, io threads and a stop, all at once: what was sent is received or still in the queue.
TEST(InprocAtOnce, ManySendersLoseNothing)
{
    constexpr std::uint64_t senders = 4, each = 500;
    io_threads io(2);
    auto queue = std::make_shared<inproc_queue>();
    recv::options how;
    how.max_heaps = senders * each; // a sender may be overtaken by any number
    recv::heap_stream stream(how, idle_reader::ring_of(8));
    stream.add(make_inproc_source(io, stream.gate(), queue, delivery::in_passing));
    std::vector<std::thread> threads;
    for (std::uint64_t s = 0; s < senders; ++s)
        threads.emplace_back(
            [&, s]
            {
                inproc_sender sender(io, {queue});
                for (std::uint64_t i = 0; i < each; ++i)
                {
                    pattern_heap h(1 + s * each + i, i % 50 == 0 ? 200000 : 300);
                    EXPECT_FALSE(sender.send_heap(h.reference()).error);
                }
            });
    std::thread ender(
        [&]
        {
            for (std::thread &t : threads)
                t.join();
            queue->stop();
        });
    std::vector<std::uint64_t> got = drain(stream);
    ender.join();
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, numbers(1, 1 + senders * each));
    expect_books_balance(stream.statistics());
}

TEST(InprocAtOnce, MayBeStoppedAtAnyTime)
{
    for (int round = 0; round < 50; ++round)
    {
        io_threads io(1);
        auto queue = std::make_shared<inproc_queue>();
        auto stream = std::make_unique<recv::heap_stream>(recv::options{}, idle_reader::ring_of(2));
        stream->add(make_inproc_source(io, stream->gate(), queue, delivery::in_passing));
        std::atomic<int> sent{0};
        std::thread producer(
            [&]
            {
                inproc_sender sender(io, {queue});
                for (std::uint64_t cnt = 1; cnt <= 200; ++cnt, ++sent)
                {
                    pattern_heap h(cnt, 300);
                    EXPECT_FALSE(sender.send_heap(h.reference()).error);
                }
            });
        heap h;
        for (int i = 0; i < round; ++i)
            EXPECT_EQ(stream->pop_for(h, patience), recv::pop_status::ok);
        stream.reset();
        producer.join();
        EXPECT_EQ(sent, 200);
    }
}

} // namespace
} // namespace heapwire::test
