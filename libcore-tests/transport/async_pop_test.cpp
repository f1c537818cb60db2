// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "heapwire/transport/async_pop.h"
#include "heapwire/transport/inproc.h"
#include "transport/udp_pair.h"

namespace heapwire::transport
{
namespace
{

using test::sample_heap;

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
