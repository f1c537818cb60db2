// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <thread>

#include "heapwire/base/error.h"
#include "transport/sending.h"

namespace heapwire::transport
{
namespace
{

using test::completion_list;
using fixture = test::obedient_stream;
using test::sample_heap;
using tokens = std::vector<std::uint64_t>;

struct held_stream : fixture
{
    using fixture::fixture;
    void hold(std::uint64_t token)
    {
        const send::heap_reference one = heap.reference();
        EXPECT_FALSE(stream.hold({&one, 1}, send::group_mode::serial, done.with(token)));
    }
    sample_heap heap{1000};
    completion_list done;
};

send::options room_for(std::size_t heaps)
{
    send::options how;
    how.max_heaps = heaps;
    return how;
}

TEST(SendHeld, LeavesInOneBatchOnTheThreadThatSends)
{
    boost::asio::io_context never_run;
    held_stream f(never_run, room_for(32));
    tokens all;
    for (std::uint64_t i = 0; i < 32; ++i)
    {
        f.hold(i);
        all.push_back(i);
    }
    EXPECT_TRUE(f.done.tokens.empty());
    EXPECT_EQ(f.state->writes, 0u);
    f.stream.send_held();
    EXPECT_EQ(f.done.tokens, all);
    EXPECT_EQ(f.state->packets, 32u);
    EXPECT_EQ(f.state->writes, 1u);
    f.stream.send_held();
    EXPECT_EQ(f.state->writes, 1u) << "there was nothing";
}

TEST(SendHeld, IsSentByAnIoThreadIfNobodyElseDoes)
{
    io_threads io;
    held_stream f(io);
    for (std::uint64_t i = 0; i < 3; ++i)
    {
        f.hold(i);
        f.done.await(i + 1);
    }
}

TEST(SendHeld, TheWatchEndsWhenThereIsNothingToWatch)
{
    boost::asio::io_context io;
    held_stream f(io);
    f.hold(0);
    f.stream.send_held();
    io.run(); // else it would go on for ever
    f.hold(1);
    io.restart();
    io.run();
    EXPECT_EQ(f.done.tokens, (tokens{0, 1}));
}

TEST(SendHeld, ComesBeforeABlockingSend)
{
    boost::asio::io_context never_run;
    held_stream f(never_run);
    f.hold(0);
    f.hold(1);
    EXPECT_FALSE(f.stream.send_heap(f.heap.reference()).error);
    EXPECT_EQ(f.done.tokens, (tokens{0, 1}));
    f.hold(2);
    f.stream.flush();
    EXPECT_EQ(f.done.tokens, (tokens{0, 1, 2}));
}

TEST(SendHeld, GoesWithWhatIsSubmitted)
{
    boost::asio::io_context io;
    held_stream f(io);
    f.hold(0);
    ASSERT_FALSE(f.stream.submit(f.heap.reference(), f.done.with(1)));
    io.poll();
    EXPECT_EQ(f.done.tokens, (tokens{0, 1}));
}

TEST(SendHeld, FailsAtStop)
{
    boost::asio::io_context never_run;
    held_stream f(never_run);
    f.hold(0);
    f.stream.stop();
    ASSERT_EQ(f.done.outcomes.size(), 1u);
    EXPECT_EQ(f.done.outcomes[0].error, errc::stopped);
    f.stream.send_held();
}

TEST(SendHeld, ASinkWithoutRoomIsForAnIoThread)
{
    io_threads io;
    held_stream f(io);
    f.state->close_door();
    f.hold(0);
    f.stream.send_held();
    f.state->await_waiter();
    f.state->open_door();
    f.done.await(1);
}

TEST(SendHeld, KeepsTheOrderWhoeverSends)
{
    constexpr std::uint64_t count = 5000;
    io_threads io(2);
    held_stream f(io, room_for(64));
    std::atomic<bool> over{false};
    std::thread meddler(
        [&]
        {
            for (; !over; std::this_thread::yield())
                f.stream.send_held();
        });
    for (std::uint64_t i = 0; i < count;)
    {
        const send::heap_reference one = f.heap.reference();
        const std::error_code refused = i % 7 == 0 ? f.stream.submit(one, f.done.with(i))
                                                   : f.stream.hold({&one, 1}, send::group_mode::serial, f.done.with(i));
        if (refused)
            f.stream.send_held();
        else
            ++i;
    }
    f.done.await(count);
    over = true;
    meddler.join();
    EXPECT_FALSE(f.done.overlapped);
    tokens want(count);
    for (std::uint64_t i = 0; i < count; ++i)
        want[i] = i;
    EXPECT_EQ(f.done.tokens, want);
}

} // namespace
} // namespace heapwire::transport
