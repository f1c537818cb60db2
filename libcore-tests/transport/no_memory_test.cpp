// SPDX-License-Identifier: BSD-3-Clause
/// A send stream without memory: the turn is never lost, so that what was accepted completes and the stream goes on.
#include <array>
#include <gtest/gtest.h>
#include <optional>

#include "heapwire/transport/memory_source.h"
#include "stream_rig.h"
#include "support/failing_new.h"
#include "transport/sending.h"

namespace heapwire::transport
{
namespace
{

using test::memory_ends;

struct count_of_completions
{
    std::size_t all = 0, failed = 0;

    [[nodiscard]] send::completion one() { return {note, this, 0}; }
    static void note(void *context, std::uint64_t, const send::outcome &what) noexcept
    {
        auto *me = static_cast<count_of_completions *>(context);
        ++me->all;
        me->failed += static_cast<bool>(what.error);
    }
};

/// All on this thread: the context runs when the test says so.
struct rehearsal
{
    explicit rehearsal(send::options how) : stream(io, how) {}

    std::size_t submit_three(const test::sample_heap &heap)
    {
        std::size_t accepted = 0;
        for (int i = 0; i < 3; ++i)
        {
            try
            {
                accepted += !stream.stream.submit(heap.reference(), done.one());
                accepted +=
                    !stream.stream.begin(std::array{heap.reference()}, send::group_mode::serial, done.one()).refused;
            }
            catch (const std::bad_alloc &)
            {
            }
        }
        return accepted;
    }
    void run_for(std::chrono::milliseconds time)
    {
        io.restart();
        try
        {
            io.run_for(time);
        }
        catch (const std::bad_alloc &) // Asio's own: what its thread has set aside
        {
        }
    }

    boost::asio::io_context io;
    count_of_completions done;
    test::obedient_stream stream;
};

// Each allocation of the whole course of things fails in its turn: once, or from then on.
void survives(send::options how)
{
    test::sample_heap heap(20000);
    for (auto extent : {memory_ends::once, memory_ends::for_good})
        for (std::size_t good = 0;; ++good)
        {
            rehearsal r(how);
            std::size_t accepted = 0;
            bool happened = false;
            {
                memory_ends then(good, extent);
                r.stream.state->close_door();
                accepted += r.submit_three(heap);
                r.run_for(std::chrono::milliseconds(2));
                r.stream.state->open_door();
                accepted += r.submit_three(heap);
                r.run_for(std::chrono::milliseconds(2));
                happened = then.happened();
            }
            ASSERT_FALSE(r.stream.stream.submit(heap.reference(), r.done.one()));
            ++accepted;
            r.run_for(std::chrono::seconds(60)); // ends at once when nothing is left to do
            ASSERT_EQ(r.done.all, accepted) << good;
            ASSERT_LE(r.done.failed, accepted - 1) << good;
            if (!happened)
                break;
        }
}

TEST(SendWithoutMemory, CompletesAllAndGoesOn) { survives({.max_heaps = 100}); }

TEST(SendWithoutMemory, CompletesAllAndGoesOnWhilePaced)
{
    survives({.rate = 200e6, .burst_size = 1500, .max_heaps = 100});
}

TEST(SendWithoutMemory, StopsWhateverWaits)
{
    test::sample_heap heap(20000);
    for (double rate : {0.0, 1.0})
        for (std::size_t good = 0; good < 40; ++good)
        {
            rehearsal r({.rate = rate, .burst_size = 1, .max_heaps = 100});
            r.stream.state->close_door();
            std::size_t accepted = r.submit_three(heap);
            memory_ends then(good, memory_ends::for_good);
            r.run_for(std::chrono::milliseconds(1));
            r.stream.stream.stop();
            ASSERT_EQ(r.done.all, accepted);
        }
}

// What keeps the promise: posting takes no memory at all.
TEST(SendWithoutMemory, AcceptedHeapsAreSentWithoutAnyOnceWarm)
{
    test::sample_heap heap(20000);
    rehearsal r({.max_heaps = 100});
    std::size_t accepted = r.submit_three(heap);
    r.run_for(std::chrono::seconds(60));
    ASSERT_EQ(r.done.all, accepted);
    memory_ends now(0, memory_ends::for_good);
    accepted += r.submit_three(heap);
    r.run_for(std::chrono::seconds(60));
    EXPECT_FALSE(now.happened());
    EXPECT_EQ(r.done.all, accepted);
    EXPECT_EQ(r.done.failed, 0u);
}

// The consumer's thread tells the source that there is room, and may have no memory for that.
TEST(ReceiveWithoutMemory, ASourceGoesOnWhenThereIsRoom)
{
    for (std::size_t good = 0; good < 20; ++good)
    {
        boost::asio::io_context io;
        recv::heap_stream stream({}, {.heaps = 1});
        std::vector<std::byte> recorded;
        for (std::uint64_t cnt = 0; cnt < 5; ++cnt)
            test::append(recorded, test::flat(test::make_heap(cnt, 200, 100)));
        stream.add(make_memory_source(io, stream.gate(), recorded));
        auto status = recv::pop_status::ok;
        for (int i = 0; i < 100 && status == recv::pop_status::ok; ++i)
        {
            io.restart();
            io.poll();
            heap h;
            std::optional<memory_ends> now;
            if (i < 3)
                now.emplace(good, memory_ends::for_good);
            try
            {
                status = stream.try_pop(h);
            }
            catch (const std::bad_alloc &) // pop's own
            {
            }
        }
        EXPECT_EQ(status, recv::pop_status::ended) << good;
    }
}

} // namespace
} // namespace heapwire::transport
