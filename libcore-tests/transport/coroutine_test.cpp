// SPDX-License-Identifier: BSD-3-Clause
/// Coroutines on both ends. The build leaves this file out where compiler and Boost know no coroutines together.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "heapwire/base/error.h"
#include "heapwire/transport/async_pop.h"
#include "heapwire/transport/inproc.h"
#include "heapwire/transport/memory_source.h"
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

boost::asio::awaitable<void> send_many(send_stream &stream, int count, int &sent)
{
    sample_heap heap(3000);
    for (int i = 0; i < count; ++i)
    {
        auto [error, bytes] = co_await stream.async_send_heap(heap.reference(), boost::asio::use_awaitable);
        if (!error && bytes > 3000)
            ++sent;
    }
}

TEST(SendTokens, CoroutinesOfOneThreadShareAStream)
{
    boost::asio::io_context io;
    std::vector<std::byte> out;
    send_stream stream(io, make_memory_sink(out), {.max_heaps = 8});
    int sent = 0;
    for (int i = 0; i < 8; ++i)
        boost::asio::co_spawn(io, send_many(stream, 200, sent), boost::asio::detached);
    io.run();
    EXPECT_EQ(sent, 1600);
}

} // namespace
} // namespace heapwire::transport
