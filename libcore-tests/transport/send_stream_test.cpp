// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <poll.h>
#include <thread>
#include <unistd.h>

#include "heapwire/base/error.h"
#include "transport/sending.h"

namespace heapwire::transport
{
namespace
{

using test::completion_list;
using fixture = test::obedient_stream;
using test::sample_heap;
using test::sink_state;

TEST(SendStream, SendsOnTheCallersThreadWithoutAnyOther)
{
    boost::asio::io_context never_run;
    fixture f(never_run);
    sample_heap heap(1 << 20);
    send::outcome what = f.stream.send_heap(heap.reference());
    EXPECT_FALSE(what.error);
    EXPECT_EQ(what.bytes, f.state->bytes);
    EXPECT_GT(what.bytes, heap.bytes.size());
    EXPECT_EQ(f.stream.statistics().heaps, 1u);
}

TEST(SendStream, SendsAfterTheThreadsHaveStopped)
{
    io_threads threads(2);
    fixture f(threads);
    threads.stop();
    sample_heap heap(300000);
    EXPECT_FALSE(f.stream.send_heap(heap.reference()).error);
}

TEST(SendStream, FlushDoesTheWorkWhenNobodyElseDoes)
{
    boost::asio::io_context never_run;
    fixture f(never_run);
    completion_list done;
    sample_heap heap(5000);
    for (std::uint64_t i = 0; i < 4; ++i)
        ASSERT_FALSE(f.stream.submit(heap.reference(), done.with(i)));
    EXPECT_TRUE(done.tokens.empty());
    f.stream.flush();
    EXPECT_EQ(done.tokens, (std::vector<std::uint64_t>{0, 1, 2, 3}));
}

TEST(SendStream, BlockingSendWaitsBehindWhatIsQueued)
{
    boost::asio::io_context never_run;
    fixture f(never_run);
    completion_list done;
    sample_heap heap(5000);
    for (std::uint64_t i = 0; i < 4; ++i)
        ASSERT_FALSE(f.stream.submit(heap.reference(), done.with(i)));
    EXPECT_FALSE(f.stream.send_heap(heap.reference()).error); // there is no room: it makes some
    EXPECT_EQ(done.tokens.size(), 4u);
}

TEST(SendStream, RefusesWhenTheQueueIsFull)
{
    io_threads threads;
    fixture f(threads, {.max_heaps = 2});
    f.state->close_door();
    completion_list done;
    sample_heap heap(100);
    EXPECT_FALSE(f.stream.submit(heap.reference(), done.with(0)));
    EXPECT_FALSE(f.stream.submit(heap.reference(), done.with(1)));
    EXPECT_EQ(f.stream.submit(heap.reference(), done.with(2)), errc::queue_full);
    f.state->open_door();
    f.stream.flush();
    EXPECT_EQ(done.tokens, (std::vector<std::uint64_t>{0, 1}));
}

TEST(SendStream, RefusesAGroupThatCanNeverFit)
{
    boost::asio::io_context never_run;
    fixture f(never_run, {.max_heaps = 2});
    sample_heap heap(100);
    std::vector<send::heap_reference> group(3, heap.reference());
    EXPECT_EQ(f.stream.send_heaps(group, send::group_mode::serial).error, errc::queue_full);
    EXPECT_EQ(f.stream.send_heap({&heap.heap, -1, 2, -1}).error, errc::no_such_substream);
}

TEST(SendStream, GoesOnWhenTheSinkIsWritableAgain)
{
    io_threads threads;
    fixture f(threads);
    f.state->close_door();
    completion_list done;
    sample_heap heap(100000);
    ASSERT_FALSE(f.stream.submit(heap.reference(), done.with(7)));
    f.state->await_waiter();
    f.state->open_door();
    done.await(1);
    EXPECT_FALSE(done.outcomes[0].error);
    EXPECT_GE(f.stream.statistics().waits, 1u);
}

TEST(SendStream, BlockedCallerGoesOnWhenTheSinkIsWritableAgain)
{
    boost::asio::io_context never_run;
    fixture f(never_run);
    f.state->close_door();
    sample_heap heap(100000);
    send::outcome what;
    std::thread caller([&] { what = f.stream.send_heap(heap.reference()); });
    f.state->await_waiter();
    f.state->open_door();
    caller.join();
    EXPECT_FALSE(what.error);
    EXPECT_EQ(what.bytes, f.state->bytes);
}

TEST(SendStream, CompletesInOrderAndNeverTwoAtOnce)
{
    io_threads threads(3);
    fixture f(threads, {.max_heaps = 64});
    completion_list done;
    sample_heap heap(3000);
    std::uint64_t next = 0;
    for (int i = 0; i < 2000; ++i)
    {
        while (f.stream.submit(heap.reference(), done.with(next)))
            f.stream.flush();
        ++next;
        if (i % 97 == 0)
        {
            EXPECT_FALSE(f.stream.send_heap(heap.reference()).error);
        }
    }
    f.stream.flush();
    ASSERT_EQ(done.tokens.size(), 2000u);
    for (std::uint64_t i = 0; i < 2000; ++i)
        ASSERT_EQ(done.tokens[i], i);
    EXPECT_FALSE(done.overlapped);
}

TEST(SendStream, SlotIsFreeBeforeItsCompletion)
{
    struct chain
    {
        send_stream *stream;
        const sample_heap *heap;
        int left = 1000;
        bool refused = false;
        completion_list done;
        static void next(void *context, std::uint64_t token, const send::outcome &what) noexcept
        {
            auto *me = static_cast<chain *>(context);
            if (--me->left > 0)
                me->refused |= static_cast<bool>(me->stream->submit(me->heap->reference(), {next, me, token + 1}));
            else
                completion_list::note(&me->done, token, what);
        }
    };
    io_threads threads;
    fixture f(threads, {.max_heaps = 1});
    sample_heap heap(200);
    chain c{&f.stream, &heap, 1000, false, {}};
    ASSERT_FALSE(f.stream.submit(heap.reference(), {chain::next, &c, 1}));
    c.done.await(1);
    EXPECT_FALSE(c.refused);
    EXPECT_EQ(c.done.tokens[0], 1000u);
}

TEST(SendStream, ReportsTheSinksErrorAndGoesOn)
{
    io_threads threads;
    fixture f(threads);
    f.state->fail = std::make_error_code(std::errc::network_unreachable);
    sample_heap heap(5000);
    EXPECT_EQ(f.stream.send_heap(heap.reference()).error, std::errc::network_unreachable);
    f.state->fail = {};
    EXPECT_FALSE(f.stream.send_heap(heap.reference()).error);
    EXPECT_EQ(f.stream.statistics().heaps_failed, 1u);
}

struct gives_up
{
    template <typename Step>
    wait_result wait(Step &&, steady_time)
    {
        throw std::runtime_error("interrupted");
    }
};

TEST(SendStream, GoesOnWithAHeapWhosePolicyGaveUp)
{
    io_threads threads;
    fixture f(threads);
    f.state->close_door();
    sample_heap heap(5000);
    EXPECT_THROW(f.stream.send_heap(heap.reference(), gives_up{}), std::runtime_error);
    f.state->open_door();
    f.stream.flush();
    EXPECT_EQ(f.stream.statistics().heaps, 1u);
    EXPECT_EQ(f.stream.statistics().heaps_failed, 0u);
}

struct counts_steps
{
    int *steps;
    template <typename Step>
    wait_result wait(Step &&step, steady_time deadline)
    {
        wait_result result;
        do
            ++*steps;
        while ((result = step(deadline, -1)) == wait_result::interrupted);
        return result;
    }
};

TEST(SendStream, ASmallHeapNeedsNoWaitPolicy)
{
    boost::asio::io_context never_run;
    fixture f(never_run);
    sample_heap heap(8000);
    int steps = 0;
    EXPECT_FALSE(f.stream.send_heap(heap.reference(), counts_steps{&steps}).error);
    EXPECT_EQ(steps, 0);
}

TEST(SendStream, ABlockingSendMayHaveACompletionOfItsOwn)
{
    boost::asio::io_context never_run;
    fixture f(never_run, {.max_heaps = 1});
    completion_list done;
    sample_heap small(8000), large(1 << 20);
    const send::heap_reference first = small.reference(), second = large.reference();
    EXPECT_FALSE(f.stream.begin({&first, 1}, send::group_mode::serial, done.with(7)).refused);
    EXPECT_EQ(done.tokens, (std::vector<std::uint64_t>{7})); // on this thread, at once
    const send_stream::begun begun = f.stream.begin({&second, 1}, send::group_mode::serial, done.with(8));
    EXPECT_FALSE(begun.refused);
    EXPECT_EQ(f.stream.begin({&first, 1}, send::group_mode::serial, done.with(9)).refused, errc::queue_full);
    f.stream.wait(begun.number); // one batch was not enough
    EXPECT_EQ(done.tokens, (std::vector<std::uint64_t>{7, 8}));
}

struct opens_late
{
    int *steps;
    sink_state *door;
    template <typename Step>
    wait_result wait(Step &&step, steady_time deadline)
    {
        wait_result result;
        do
        {
            if (++*steps == 3)
                door->open_door();
        } while ((result = step(deadline, -1)) == wait_result::interrupted);
        return result;
    }
};

TEST(SendStream, APolicyGetsItsTurnWhileTheSinkIsClosed)
{
    boost::asio::io_context never_run;
    fixture f(never_run);
    f.state->close_door();
    sample_heap heap(8000);
    int steps = 0;
    EXPECT_FALSE(f.stream.send_heap(heap.reference(), opens_late{&steps, f.state.get()}).error);
    EXPECT_GE(steps, 3);
}

/// Gives up when its descriptor is readable, and counts how often it was asked whether it is.
struct watches
{
    int fd;
    int *interruptions;
    template <typename Step>
    wait_result wait(Step &&step, steady_time deadline)
    {
        wait_result result;
        while ((result = step(deadline, fd)) == wait_result::interrupted)
        {
            ++*interruptions;
            pollfd what{fd, POLLIN, 0};
            if (::poll(&what, 1, 0) == 1)
                throw std::runtime_error("interrupted");
        }
        return result;
    }
};

class SendStreamWatched : public testing::Test
{
protected:
    SendStreamWatched() { EXPECT_TRUE(::pipe(ends_) == 0 && ::pipe(never_fires_) == 0); }
    ~SendStreamWatched() override
    {
        for (int end : {ends_[0], ends_[1], never_fires_[0], never_fires_[1]})
            ::close(end);
    }
    /// Fires long after a wait that looked from time to time would have looked.
    void fire_when_paced()
    {
        while (stream_.stream.statistics().sleeps == 0)
            std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        EXPECT_EQ(::write(ends_[1], "x", 1), 1);
    }

    int ends_[2], never_fires_[2];
    int interruptions_ = 0, interruptions_of_the_other_ = 0;
    sample_heap heap_{8000};
    // The second packet is due in a quarter of an hour.
    boost::asio::io_context never_run_;
    fixture stream_{never_run_, {.max_packet_size = 1024, .rate = 1, .burst_size = 1}};
};

TEST_F(SendStreamWatched, APauseEndsAtOnceWhenThePolicysDescriptorFires)
{
    std::thread firing([this] { fire_when_paced(); });
    EXPECT_THROW(stream_.stream.send_heap(heap_.reference(), watches{ends_[0], &interruptions_}), std::runtime_error);
    EXPECT_LE(interruptions_, 3) << "it was looked at from time to time"; // 1, if nobody keeps us from the processor
    firing.join();
    stream_.stream.stop();
    EXPECT_EQ(stream_.state->packets, 1u);
}

TEST_F(SendStreamWatched, SoDoesTheWaitForAnotherCallersPause)
{
    std::thread other(
        [this]
        {
            watches patient{never_fires_[0], &interruptions_of_the_other_};
            EXPECT_EQ(stream_.stream.send_heap(heap_.reference(), patient).error, errc::stopped);
        });
    std::thread firing([this] { fire_when_paced(); });
    while (stream_.stream.statistics().sleeps == 0)
        std::this_thread::yield();
    EXPECT_THROW(stream_.stream.flush(watches{ends_[0], &interruptions_}), std::runtime_error);
    EXPECT_LE(interruptions_, 3) << "it was looked at from time to time";
    firing.join();
    stream_.stream.stop();
    other.join();
}

TEST_F(SendStreamWatched, AStreamThatStopsEndsAPauseThatWatches)
{
    std::thread stopping(
        [this]
        {
            while (stream_.stream.statistics().sleeps == 0)
                std::this_thread::yield();
            stream_.stream.stop();
        });
    EXPECT_EQ(stream_.stream.send_heap(heap_.reference(), watches{ends_[0], &interruptions_}).error, errc::stopped);
    stopping.join();
}

TEST(SendStream, PacesOnWorkerAndCaller)
{
    using clock = std::chrono::steady_clock;
    for (bool on_worker : {true, false})
    {
        io_threads threads;
        fixture f(threads, {.max_packet_size = 1024, .rate = 4e6, .burst_size = 4096, .burst_rate_ratio = 1.05});
        sample_heap heap(200000);
        completion_list done;
        auto start = clock::now();
        if (on_worker)
        {
            ASSERT_FALSE(f.stream.submit(heap.reference(), done.with(0)));
            done.await(1);
        }
        else
        {
            ASSERT_FALSE(f.stream.send_heap(heap.reference()).error);
        }
        std::chrono::duration<double> took = clock::now() - start;
        // The first burst is free, and catching up may go faster by the ratio. There is no upper limit to be had.
        EXPECT_GE(took.count(), (200000.0 - 2 * 4096) / 4e6 / 1.05 * 0.95);
        EXPECT_GT(f.stream.statistics().sleeps, 10u);
    }
}

TEST(SendStream, RefusesBadOptionsByName)
{
    boost::asio::io_context io;
    EXPECT_THROW(fixture(io, {.max_packet_size = 10}), std::invalid_argument);
    EXPECT_THROW(fixture(io, {.max_heaps = 0}), std::invalid_argument);
    EXPECT_THROW(send_stream(io, nullptr, {}), std::invalid_argument);
}

} // namespace
} // namespace heapwire::transport
