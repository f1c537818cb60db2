// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "heapwire/transport/async_pop.h"
#include "heapwire/transport/inproc.h"
#include "transport/udp_pair.h"

namespace heapwire::transport
{
namespace
{

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using test::sample_heap;

awaitable<void> send_all(send_stream &sender, std::uint64_t count, inproc_queue &queue)
{
    for (std::uint64_t i = 0; i < count; ++i)
    {
        sample_heap heap(2000, static_cast<unsigned>(i));
        auto [error, bytes] = co_await sender.async_send_heap(heap.reference(), use_awaitable);
        EXPECT_FALSE(error);
    }
    queue.stop();
}

awaitable<void> pop_all(heap_popper &pops, std::uint64_t &count)
{
    for (;;)
    {
        auto [error, got] = co_await pops.async_pop(use_awaitable);
        if (error)
        {
            EXPECT_EQ(error, errc::end_of_stream);
            co_return;
        }
        EXPECT_TRUE(test::same_bytes(got, sample_heap(2000, static_cast<unsigned>(count))));
        ++count;
    }
}

// Sender, receiver and transport on one thread and one context: nobody may block.
TEST(HeapPopper, APipelineOfCoroutinesRunsOnOneThread)
{
    boost::asio::io_context io;
    auto queue = std::make_shared<inproc_queue>();
    recv::heap_stream stream({}, {.heaps = 2, .wake = wake_kind::eventfd});
    stream.add(make_inproc_source(io, stream.gate(), queue));
    inproc_sender sender(io, {queue});
    heap_popper pops(io.get_executor(), stream);
    std::uint64_t count = 0;
    boost::asio::co_spawn(io, send_all(sender, 300, *queue), boost::asio::detached);
    boost::asio::co_spawn(io, pop_all(pops, count), boost::asio::detached);
    io.run();
    EXPECT_EQ(count, 300u);
}

TEST(HeapPopper, CancellationLosesNoHeap)
{
    boost::asio::io_context io;
    io_threads threads;
    auto queue = std::make_shared<inproc_queue>();
    recv::heap_stream stream({}, {.heaps = 2, .wake = wake_kind::pipe});
    stream.add(make_inproc_source(threads, stream.gate(), queue));
    inproc_sender sender(threads, {queue});
    heap_popper pops(io.get_executor(), stream);
    sample_heap heap(500);
    std::uint64_t got = 0, cancelled = 0;
    auto pop_once = [&]
    {
        pops.async_pop(
            [&](std::error_code error, heapwire::heap what)
            {
                if (!error && what)
                    ++got;
                if (error == std::errc::operation_canceled)
                    ++cancelled;
            });
    };
    for (int i = 0; i < 200; ++i)
    {
        ASSERT_FALSE(sender.send_heap(heap.reference()).error);
        const std::uint64_t before = got;
        pop_once();
        if (i % 3 == 0)
            io.poll_one();
        pops.cancel();
        io.restart();
        io.run();
        if (got == before) // then the heap must still be there
        {
            pop_once();
            io.restart();
            io.run();
        }
        ASSERT_EQ(got, before + 1);
    }
    EXPECT_GT(cancelled, 0u);
    EXPECT_EQ(got, 200u);
}

TEST(HeapPopper, MayGoBeforeItsHandler)
{
    boost::asio::io_context io;
    recv::heap_stream stream({}, {.wake = wake_kind::eventfd});
    std::error_code answer;
    {
        heap_popper pops(io.get_executor(), stream);
        pops.async_pop([&](std::error_code error, heapwire::heap) { answer = error; });
        io.poll();
    }
    io.restart();
    io.run();
    EXPECT_EQ(answer, std::errc::operation_canceled);
}

TEST(HeapPopper, NeedsADescriptor)
{
    boost::asio::io_context io;
    recv::heap_stream stream;
    EXPECT_THROW(heap_popper(io.get_executor(), stream), std::invalid_argument);
}

} // namespace
} // namespace heapwire::transport
