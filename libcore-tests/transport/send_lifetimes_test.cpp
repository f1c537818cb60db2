// SPDX-License-Identifier: BSD-3-Clause
/// Ends of send streams: stopped, destroyed, from anywhere, while anything goes on.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "heapwire/base/error.h"
#include "transport/sending.h"

namespace heapwire::transport
{
namespace
{

using fixture = test::obedient_stream;
using test::completion_list;
using test::sample_heap;

TEST(SendLifetimes, StopFailsWhatIsQueued)
{
    io_threads threads;
    fixture f(threads);
    f.state->close_door();
    completion_list done;
    sample_heap heap(5000);
    for (std::uint64_t i = 0; i < 3; ++i)
        ASSERT_FALSE(f.stream.submit(heap.reference(), done.with(i)));
    f.stream.stop();
    ASSERT_EQ(done.outcomes.size(), 3u);
    for (const send::outcome &what : done.outcomes)
        EXPECT_EQ(what.error, errc::stopped);
    EXPECT_TRUE(f.state->closed);
    EXPECT_EQ(f.stream.submit(heap.reference(), done.with(9)), errc::stopped);
    EXPECT_EQ(f.stream.send_heap(heap.reference()).error, errc::stopped);
    f.stream.stop();
    f.stream.flush();
    EXPECT_EQ(done.outcomes.size(), 3u);
}

TEST(SendLifetimes, StopEndsABlockedSender)
{
    boost::asio::io_context never_run;
    fixture f(never_run);
    f.state->close_door();
    sample_heap heap(5000);
    send::outcome what;
    std::thread caller([&] { what = f.stream.send_heap(heap.reference()); });
    f.state->await_waiter();
    f.stream.stop();
    caller.join();
    EXPECT_EQ(what.error, errc::stopped);
}

// At a byte a second the sleep that stop() must end would take hours.
TEST(SendLifetimes, StopEndsARateLimitedSleep)
{
    for (bool on_worker : {true, false})
    {
        io_threads threads;
        fixture f(threads, {.rate = 1, .burst_size = 1});
        completion_list done;
        sample_heap heap(100000);
        send::outcome what;
        std::thread caller;
        if (on_worker)
        {
            ASSERT_FALSE(f.stream.submit(heap.reference(), done.with(0)));
        }
        else
            caller = std::thread([&] { what = f.stream.send_heap(heap.reference()); });
        while (f.stream.statistics().sleeps == 0)
            std::this_thread::yield();
        f.stream.stop();
        if (on_worker)
            what = done.outcomes.at(0);
        else
            caller.join();
        EXPECT_EQ(what.error, errc::stopped);
    }
}

TEST(SendLifetimes, IsDestroyedInARateLimitedSleepAfterItsThreads)
{
    completion_list done;
    sample_heap heap(100000);
    auto threads = std::make_unique<io_threads>();
    auto f = std::make_unique<fixture>(*threads, send::options{.rate = 1, .burst_size = 1});
    ASSERT_FALSE(f->stream.submit(heap.reference(), done.with(0)));
    while (f->stream.statistics().sleeps == 0)
        std::this_thread::yield();
    threads.reset();
    f.reset();
    EXPECT_EQ(done.outcomes.at(0).error, errc::stopped);
}

TEST(SendLifetimes, MayBeStoppedByItsOwnCompletion)
{
    struct stopper
    {
        send_stream *stream;
        completion_list *rest;
        static void call(void *context, std::uint64_t, const send::outcome &) noexcept
        {
            auto *me = static_cast<stopper *>(context);
            me->stream->stop();
        }
    };
    io_threads threads;
    fixture f(threads);
    completion_list done;
    f.state->close_door();
    stopper first{&f.stream, &done};
    sample_heap heap(100);
    ASSERT_FALSE(f.stream.submit(heap.reference(), {stopper::call, &first, 0}));
    ASSERT_FALSE(f.stream.submit(heap.reference(), done.with(1)));
    ASSERT_FALSE(f.stream.submit(heap.reference(), done.with(2)));
    f.state->at_most = 1;
    f.state->open_door();
    done.await(2);
    f.stream.stop();
    EXPECT_EQ(done.tokens, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_FALSE(done.overlapped);
}

TEST(SendLifetimes, MayBeDestroyedByItsOwnCompletion)
{
    struct destroyer
    {
        std::unique_ptr<fixture> victim;
        completion_list done;
        static void call(void *context, std::uint64_t token, const send::outcome &what) noexcept
        {
            auto *me = static_cast<destroyer *>(context);
            me->victim.reset();
            completion_list::note(&me->done, token, what);
        }
    };
    io_threads threads;
    sample_heap heap(100);
    destroyer d{std::make_unique<fixture>(threads), {}};
    ASSERT_FALSE(d.victim->stream.submit(heap.reference(), {destroyer::call, &d, 5}));
    d.done.await(1);
    EXPECT_EQ(d.done.tokens[0], 5u);
}

// Any thread may do anything at any time: the seed is fixed, the interleaving is not. A hang is caught by the
// test's time limit.
TEST(SendLifetimes, SurvivesEverybodyAtOnce)
{
    std::mt19937 random(20240611);
    for (int round = 0; round < 24; ++round)
    {
        io_threads threads(1 + random() % 3);
        completion_list done;
        sample_heap heap(1 + random() % 30000);
        send::options how{.max_heaps = 1 + random() % 5};
        how.rate = random() % 3 == 0 ? 50e6 : 0;
        auto f = std::make_unique<fixture>(threads, how);
        std::atomic<std::uint64_t> accepted{0};
        const unsigned after = random() % 200;
        std::vector<std::thread> crowd;
        for (unsigned who = 0; who < 4; ++who)
            crowd.emplace_back(
                [&, who]
                {
                    for (unsigned i = 0;; ++i)
                    {
                        std::error_code error;
                        if (who == 0)
                            error = f->stream.send_heap(heap.reference()).error;
                        else if (who == 1 && i % 7 == 0)
                            f->stream.flush();
                        else if (!(error = f->stream.submit(heap.reference(), done.with(0))))
                            ++accepted;
                        if (who == 3 && i % 5 == 0)
                            i % 2 ? f->state->open_door() : f->state->close_door();
                        if (error == errc::stopped)
                            return;
                    }
                });
        while (f->stream.statistics().heaps < after && round % 2 == 0)
        {
            f->state->open_door();
            std::this_thread::yield();
        }
        if (round % 5 == 4)
            threads.stop();
        std::thread second([&] { f->stream.stop(); });
        f->stream.stop();
        second.join();
        for (std::thread &one : crowd)
            one.join();
        EXPECT_EQ(done.tokens.size(), accepted.load());
        EXPECT_FALSE(done.overlapped);
        f.reset();
    }
}

} // namespace
} // namespace heapwire::transport
