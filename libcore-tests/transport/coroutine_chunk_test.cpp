// SPDX-License-Identifier: BSD-3-Clause
/// Chunks for coroutines, from an in-process sender on the same thread. The build leaves this file out where compiler
/// and Boost know no coroutines together.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "heapwire/recv/chunk_stream.h"
#include "heapwire/transport/async_chunk.h"
#include "heapwire/transport/inproc.h"
#include "heapwire/transport/send_stream.h"

namespace heapwire::transport
{
namespace
{

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using chunk_ptr = std::unique_ptr<recv::chunk>;

constexpr std::uint64_t heaps_a_chunk = 4;

recv::chunk_options by_cnt()
{
    recv::linear_placement rule;
    rule.chunk_id.terms = {{.item = 0, .divide = heaps_a_chunk}};
    rule.heap_index.terms = {{.item = 0, .modulo = heaps_a_chunk}};
    return {.items = {0x1600}, .place = rule};
}

std::shared_ptr<recv::chunk_ring> ring(std::size_t capacity)
{
    return std::make_shared<recv::chunk_ring>(capacity, wake_kind::eventfd);
}

awaitable<void> send_numbers(send_stream &sender, std::uint64_t count, inproc_queue &queue)
{
    for (std::uint64_t i = 0; i < count; ++i)
    {
        outgoing_heap heap;
        heap.add_immediate(0x1600, i);
        auto [error, bytes] = co_await sender.async_send_heap({.heap = &heap}, use_awaitable);
        EXPECT_FALSE(error);
    }
    queue.stop();
}

awaitable<void> pop_all(recv::chunk_ring_stream &stream, chunk_popper &pops, std::int64_t &next)
{
    for (;;)
    {
        auto [error, chunk] = co_await pops.async_pop(use_awaitable);
        if (error)
        {
            EXPECT_EQ(error, errc::end_of_stream);
            co_return;
        }
        EXPECT_EQ(chunk->chunk_id, next++);
        for (const std::byte flag : chunk->present.view())
            EXPECT_EQ(flag, std::byte{1});
        EXPECT_EQ(stream.add_free_chunk(chunk), push_result::ok);
    }
}

// Sender, receiver and consumer on one thread and one context: nobody may block, though there are only three chunks.
TEST(ChunkCoroutines, OneThreadForEverything)
{
    boost::asio::io_context io;
    const auto queue = std::make_shared<inproc_queue>();
    recv::chunk_ring_stream stream({}, by_cnt(), ring(3), ring(3));
    for (int i = 0; i < 3; ++i)
    {
        chunk_ptr fresh = recv::make_chunk({.data = 16, .present = heaps_a_chunk});
        ASSERT_EQ(stream.add_free_chunk(fresh), push_result::ok);
    }
    stream.add(make_inproc_source(io, stream.gate(), queue));
    inproc_sender sender(io, {queue});
    chunk_popper pops(io.get_executor(), stream.data_ring());
    std::int64_t next = 0;
    co_spawn(io, send_numbers(sender, 100 * heaps_a_chunk, *queue), boost::asio::detached);
    co_spawn(io, pop_all(stream, pops, next), boost::asio::detached);
    io.run();
    EXPECT_EQ(next, 100);
}

} // namespace
} // namespace heapwire::transport
