// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "heapwire/base/error.h"
#include "heapwire/transport/inproc.h"
#include "stream_rig.h"

namespace heapwire::test
{
namespace
{

using namespace transport;

TEST(Inproc, CarriesEachSubstreamToItsQueue)
{
    io_threads io;
    auto first = std::make_shared<inproc_queue>();
    auto second = std::make_shared<inproc_queue>();
    recv::ring_options ring;
    ring.heaps = 64;
    recv::heap_stream even({}, ring), odd({}, ring);
    even.add(make_inproc_source(io, even.gate(), first));
    odd.add(make_inproc_source(io, odd.gate(), second));
    {
        inproc_sender sender(io, {first, second});
        EXPECT_EQ(sender.substreams(), 2u);
        for (std::uint64_t cnt = 0; cnt < 40; ++cnt)
        {
            pattern_heap h(cnt, 5000);
            EXPECT_FALSE(sender.send_heap(h.reference(cnt % 2)).error);
        }
    }
    first->stop();
    second->stop();
    EXPECT_EQ(drain(even).size(), 20u);
    for (std::uint64_t cnt : drain(odd))
        EXPECT_EQ(cnt % 2, 1u);
    EXPECT_EQ(odd.statistics()[recv::stat::heaps], 20u);
}

TEST(Inproc, DrainsWhatWasQueuedBeforeTheStop)
{
    io_threads io;
    auto queue = std::make_shared<inproc_queue>();
    for (const packet &p : make_heap(3, 100000, 100))
        ASSERT_FALSE(queue->add_packet(p));
    EXPECT_EQ(queue->packets(), 1000u);
    queue->stop();
    EXPECT_TRUE(queue->stopped());
    EXPECT_EQ(queue->add_packet(make_heap(4, 10, 10)[0]), errc::stopped);
    recv::heap_stream stream;
    stream.add(make_inproc_source(io, stream.gate(), queue));
    EXPECT_EQ(drain(stream), numbers(3, 4));
    EXPECT_EQ(queue->packets(), 0u);
}

TEST(Inproc, PacketsOfNoBytesAreCountedAsTooShort)
{
    io_threads io;
    auto queue = std::make_shared<inproc_queue>();
    for (int i = 0; i < 3000; ++i)
        ASSERT_FALSE(queue->add_packet({}));
    ASSERT_FALSE(queue->add_packet(make_heap(4, 10, 10)[0]));
    queue->stop();
    recv::heap_stream stream;
    stream.add(make_inproc_source(io, stream.gate(), queue));
    EXPECT_EQ(drain(stream), numbers(4, 5));
    EXPECT_EQ(stream.statistics()[wire::reject::too_short], 3000u);
}

TEST(Inproc, TheEndReachesAnIdleReader)
{
    io_threads io;
    auto queue = std::make_shared<inproc_queue>();
    recv::heap_stream stream;
    stream.add(make_inproc_source(io, stream.gate(), queue));
    ASSERT_FALSE(queue->add_packet(make_heap(1, 10, 10)[0]));
    heap h;
    ASSERT_EQ(stream.pop_for(h, patience), recv::pop_status::ok); // from now on it is idle, or about to be
    queue->stop();
    EXPECT_EQ(stream.pop_for(h, patience), recv::pop_status::ended);
}

TEST(Inproc, ABoundedQueueRefusesAndTheSenderWaits)
{
    io_threads io;
    auto queue = std::make_shared<inproc_queue>(20000);
    packet p = make_heap(1, 9000, 9000)[0];
    EXPECT_FALSE(queue->add_packet(p));
    EXPECT_FALSE(queue->add_packet(p));
    EXPECT_EQ(queue->add_packet(p), errc::queue_full);
    recv::ring_options ring;
    ring.heaps = 1;
    recv::heap_stream stream({}, ring);
    stream.add(make_inproc_source(io, stream.gate(), queue));
    std::thread producer(
        [&]
        {
            io_threads other;
            inproc_sender sender(other, {queue});
            std::vector<std::unique_ptr<pattern_heap>> heaps;
            for (std::uint64_t cnt = 2; cnt < 100; ++cnt)
            {
                heaps.push_back(std::make_unique<pattern_heap>(cnt, 10000));
                // Both ways: the caller's own thread that sleeps, and the io thread that is called back.
                if (cnt % 2 == 0)
                {
                    EXPECT_FALSE(sender.send_heap(heaps.back()->reference()).error);
                }
                else
                {
                    EXPECT_FALSE(sender.submit(heaps.back()->reference(),
                                               {.call = [](void *, std::uint64_t, const send::outcome &what) noexcept
                                                { EXPECT_FALSE(what.error); }}));
                    sender.flush();
                }
            }
            sender.stop();
            queue->stop();
        });
    std::vector<std::uint64_t> got = drain(stream);
    producer.join();
    auto want = numbers(2, 100);
    want.insert(want.begin(), 2, 1); // the two from above
    EXPECT_EQ(got, want);
}

TEST(Inproc, APacketLargerThanTheBoundPassesAnEmptyQueue)
{
    inproc_queue queue(100);
    packet p = make_heap(1, 9000, 9000)[0];
    EXPECT_FALSE(queue.add_packet(p));
    EXPECT_EQ(queue.add_packet(p), errc::queue_full);
}

TEST(Inproc, AStoppedQueueFailsTheSender)
{
    io_threads io;
    auto queue = std::make_shared<inproc_queue>(1000);
    inproc_sender sender(io, {queue});
    pattern_heap h(1, 5000); // does not fit, and nobody reads
    std::thread stopper(
        [&]
        {
            while (queue->packets() == 0)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            queue->stop();
        });
    EXPECT_EQ(sender.send_heap(h.reference()).error, errc::stopped);
    stopper.join();
}

TEST(Inproc, StoppingTheSenderFreesOneThatWaitsForRoom)
{
    io_threads io;
    auto queue = std::make_shared<inproc_queue>(1000);
    inproc_sender sender(io, {queue});
    pattern_heap h(1, 5000);
    std::thread stopper(
        [&]
        {
            while (queue->packets() == 0)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            sender.stop();
        });
    EXPECT_EQ(sender.send_heap(h.reference()).error, errc::stopped);
    stopper.join();
}

TEST(Inproc, SeveralProducersAndReadersLoseNothing)
{
    constexpr std::uint64_t producers = 3, each = 400;
    io_threads io(2);
    auto queue = std::make_shared<inproc_queue>(100000);
    recv::ring_options ring;
    ring.heaps = 8;
    std::vector<std::unique_ptr<recv::heap_stream>> streams;
    for (int i = 0; i < 3; ++i)
    {
        streams.push_back(std::make_unique<recv::heap_stream>(recv::options{}, ring));
        streams.back()->add(make_inproc_source(io, streams.back()->gate(), queue));
    }
    std::vector<std::thread> writers;
    for (std::uint64_t w = 0; w < producers; ++w)
        writers.emplace_back(
            [&, w]
            {
                for (std::uint64_t i = 0; i < each; ++i)
                {
                    packet p = make_heap(w * each + i, 1000, 1000)[0];
                    while (queue->add_packet(p) == errc::queue_full)
                        std::this_thread::sleep_for(std::chrono::microseconds(50));
                }
            });
    std::vector<std::vector<std::uint64_t>> got(streams.size());
    std::vector<std::thread> readers;
    for (std::size_t i = 0; i < streams.size(); ++i)
        readers.emplace_back([&, i] { got[i] = drain(*streams[i]); });
    for (auto &w : writers)
        w.join();
    queue->stop();
    std::multiset<std::uint64_t> all;
    for (std::size_t i = 0; i < readers.size(); ++i)
    {
        readers[i].join();
        all.insert(got[i].begin(), got[i].end());
    }
    auto want = numbers(0, producers * each);
    EXPECT_EQ(all, std::multiset<std::uint64_t>(want.begin(), want.end()));
}

TEST(Inproc, AReaderThatStopsLeavesTheRestToTheNext)
{
    io_threads io;
    auto queue = std::make_shared<inproc_queue>();
    for (std::uint64_t cnt = 0; cnt < 30; ++cnt)
        ASSERT_FALSE(queue->add_packet(make_heap(cnt, 100, 100)[0]));
    queue->stop();
    recv::ring_options ring;
    ring.heaps = 2;
    std::uint64_t seen = 0;
    {
        recv::heap_stream first({}, ring);
        first.add(make_inproc_source(io, first.gate(), queue));
        heap h;
        ASSERT_EQ(first.pop_for(h, patience), recv::pop_status::ok);
        first.stop();
        seen = first.statistics()[recv::stat::packets];
    }
    recv::heap_stream second;
    second.add(make_inproc_source(io, second.gate(), queue));
    EXPECT_EQ(drain(second), numbers(seen, 30));
}

TEST(Inproc, RefusesMissingQueues)
{
    io_threads io;
    recv::heap_stream stream;
    EXPECT_THROW(static_cast<void>(make_inproc_source(io, stream.gate(), nullptr)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(make_inproc_sink(io, {})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(make_inproc_sink(io, {nullptr})), std::invalid_argument);
}

} // namespace
} // namespace heapwire::test
