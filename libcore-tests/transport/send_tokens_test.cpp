// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include "heapwire/base/error.h"
#include "heapwire/transport/memory_source.h"
#include "transport/sending.h"

namespace heapwire::transport
{
namespace
{

using test::obedient_sink;
using test::sample_heap;
using test::sink_state;

TEST(SendTokens, FutureTellsErrorAndBytes)
{
    io_threads threads;
    std::vector<std::byte> out;
    send_stream stream(threads, make_memory_sink(out), {});
    sample_heap heap(10000);
    auto [error, bytes] = stream.async_send_heap(heap.reference(), boost::asio::use_future).get();
    EXPECT_FALSE(error);
    EXPECT_EQ(bytes, out.size());
    auto [refused, none] = stream.async_send_heap(heap.reference(-1, 5), boost::asio::use_future).get();
    EXPECT_EQ(refused, errc::no_such_substream);
    EXPECT_EQ(none, 0u);
}

TEST(SendTokens, FutureOfAGroupHasTheSum)
{
    io_threads threads;
    std::vector<std::byte> out;
    send_stream stream(threads, make_memory_sink(out), {});
    sample_heap one(10000), two(333);
    std::vector<send::heap_reference> group{one.reference(), two.reference()};
    auto [error, bytes] = stream.async_send_heaps(group, send::group_mode::round_robin, boost::asio::use_future).get();
    EXPECT_FALSE(error);
    EXPECT_EQ(bytes, out.size());
}

TEST(SendTokens, HandlerRunsOnItsExecutor)
{
    io_threads senders, others;
    auto state = std::make_shared<sink_state>();
    send_stream stream(senders, std::make_unique<obedient_sink>(state), {});
    auto strand = boost::asio::make_strand(others.context());
    std::promise<bool> in_strand;
    sample_heap heap(100);
    stream.async_send_heap(heap.reference(),
                           boost::asio::bind_executor(strand, [&](std::error_code, std::uint64_t)
                                                      { in_strand.set_value(strand.running_in_this_thread()); }));
    EXPECT_TRUE(in_strand.get_future().get());
}

TEST(SendTokens, RefusalDoesNotRunInsideTheCall)
{
    boost::asio::io_context io;
    auto state = std::make_shared<sink_state>();
    send_stream stream(io, std::make_unique<obedient_sink>(state), {});
    bool called = false;
    sample_heap heap(100);
    stream.async_send_heap(heap.reference(-1, 77),
                           [&](std::error_code error, std::uint64_t)
                           {
                               called = true;
                               EXPECT_EQ(error, errc::no_such_substream);
                           });
    EXPECT_FALSE(called);
    io.run();
    EXPECT_TRUE(called);
}

TEST(SendTokens, MoveOnlyHandlerAndAnExceptionFromIt)
{
    io_threads threads;
    auto state = std::make_shared<sink_state>();
    send_stream stream(threads, std::make_unique<obedient_sink>(state), {});
    sample_heap heap(100);
    auto owned = std::make_unique<int>(3);
    stream.async_send_heap(heap.reference(), [owned = std::move(owned)](std::error_code, std::uint64_t)
                           { throw std::runtime_error("planted"); });
    stream.flush();
    auto [error, bytes] = stream.async_send_heap(heap.reference(), boost::asio::use_future).get();
    EXPECT_FALSE(error);
    EXPECT_GT(bytes, 100u);
}

// What still waits when the context goes must not be leaked (the address sanitizer would say so).
TEST(SendTokens, OperationsOfAStoppedContextAreFreed)
{
    auto state = std::make_shared<sink_state>();
    sample_heap heap(100);
    std::future<std::tuple<std::error_code, std::uint64_t>> result;
    {
        boost::asio::io_context io;
        send_stream stream(io, std::make_unique<obedient_sink>(state), {});
        result = stream.async_send_heap(heap.reference(), boost::asio::use_future);
    }
    EXPECT_EQ(result.wait_for(std::chrono::seconds(0)), std::future_status::ready);
}

} // namespace
} // namespace heapwire::transport
