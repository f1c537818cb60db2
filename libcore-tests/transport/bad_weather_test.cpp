// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <limits>
#include <set>
#include <thread>

#include "heapwire/transport/bad_weather.h"
#include "heapwire/transport/inproc.h"
#include "heapwire/transport/memory_source.h"
#include "stream_rig.h"

namespace heapwire::test
{
namespace
{

using namespace transport;

/// The same packets whatever the sink.
void send_samples(io_threads &io, std::unique_ptr<packet_sink> sink, std::size_t batch = 1)
{
    send::options options;
    options.max_packet_size = 200;
    options.burst_size = batch * 200;
    send_stream sender(io, std::move(sink), options);
    for (std::uint64_t cnt = 0; cnt < 50; ++cnt)
    {
        pattern_heap h(cnt, 3000);
        send::outcome what = sender.send_heap(h.reference());
        EXPECT_FALSE(what.error) << "lost packets count as sent";
    }
    sender.stop();
}

std::vector<std::byte> sent_through(const weather &how, weather_report *report = nullptr, std::size_t batch = 1)
{
    std::vector<std::byte> out;
    io_threads io;
    send_samples(io, make_bad_weather(make_memory_sink(out), how, report), batch);
    return out;
}

weather storm(std::uint64_t seed)
{
    return {.seed = seed, .lose = 0.1, .duplicate = 0.1, .reorder = 0.2, .reorder_depth = 5, .corrupt = 0.02};
}

TEST(BadWeather, IsTheSameForTheSameSeed)
{
    auto first = sent_through(storm(1));
    EXPECT_EQ(first, sent_through(storm(1)));
    EXPECT_EQ(first, sent_through(storm(1), nullptr, 64)) << "batches do not matter";
    EXPECT_NE(first, sent_through(storm(2)));
}

TEST(BadWeather, AQuietDayChangesNothing)
{
    weather_report report;
    auto out = sent_through({}, &report);
    EXPECT_EQ(out, sent_through({.seed = 99}));
    EXPECT_EQ(report.lost + report.duplicated + report.reordered + report.corrupted, 0u);
    EXPECT_GT(report.passed, 0u);
}

TEST(BadWeather, TheReportAddsUp)
{
    weather_report calm, report;
    static_cast<void>(sent_through({}, &calm));
    static_cast<void>(sent_through(storm(3), &report));
    EXPECT_GT(report.lost, 0u);
    EXPECT_GT(report.duplicated, 0u);
    EXPECT_GT(report.reordered, 0u);
    EXPECT_GT(report.corrupted, 0u);
    EXPECT_EQ(report.passed, calm.passed - report.lost + report.duplicated);
}

TEST(BadWeather, TotalLossLosesEverything)
{
    weather_report report;
    EXPECT_TRUE(sent_through({.lose = 1}, &report).empty());
    EXPECT_EQ(report.passed, 0u);
}

TEST(BadWeather, WhatIsHeldBackLeavesAtTheClose)
{
    weather_report calm, report;
    auto straight = sent_through({}, &calm);
    auto shuffled = sent_through({.reorder = 1, .reorder_depth = 100000}, &report);
    EXPECT_EQ(report.reordered, calm.passed);
    EXPECT_EQ(report.passed, calm.passed);
    EXPECT_EQ(shuffled.size(), straight.size());
}

std::vector<std::uint64_t> numbers_of(const weather_report &r)
{
    return {r.passed, r.lost, r.duplicated, r.reordered, r.corrupted};
}

TEST(BadWeather, OfAQueueIsThatOfASinkByTheSameSeed)
{
    io_threads io;
    for (const weather &how : {storm(4), weather{}})
    {
        weather_report of_sink;
        const std::vector<std::byte> through_sink = sent_through(how, &of_sink);
        const auto queue = std::make_shared<inproc_queue>(0, how);
        send_samples(io, make_inproc_sink(io, {queue}));
        queue->stop();
        queue->stop();
        EXPECT_EQ(numbers_of(queue->report()), numbers_of(of_sink));
        EXPECT_EQ(queue->packets(), of_sink.passed);
    }
    EXPECT_THROW(inproc_queue(0, {.lose = 2}), std::invalid_argument);
}

/// A bound that is smaller than what the weather holds back: nobody waits for ever, nothing is lost uncounted.
TEST(BadWeather, OfABoundedQueueIsAccountedFor)
{
    io_threads io, sender_io;
    const auto queue = std::make_shared<inproc_queue>(500, weather{.lose = 0.1, .duplicate = 0.1, .reorder = 0.5});
    recv::options how;
    how.order = ordering::any_order;
    how.max_heaps = 8;
    recv::heap_stream stream(how);
    stream.add(make_inproc_source(io, stream.gate(), queue));
    std::thread producer(
        [&]
        {
            send_samples(sender_io, make_inproc_sink(sender_io, {queue}));
            queue->stop();
        });
    EXPECT_LT(drain(stream).size(), 50u);
    producer.join();
    EXPECT_EQ(stream.statistics()[recv::stat::datagrams], queue->report().passed);
    expect_books_balance(stream.statistics());
}

TEST(BadWeather, RefusesWhatIsNoProbability)
{
    std::vector<std::byte> out;
    auto attempt = [&](weather how) { static_cast<void>(make_bad_weather(make_memory_sink(out), how)); };
    EXPECT_THROW(attempt({.lose = -0.1}), std::invalid_argument);
    EXPECT_THROW(attempt({.duplicate = 1.1}), std::invalid_argument);
    EXPECT_THROW(attempt({.reorder = std::numeric_limits<double>::quiet_NaN()}), std::invalid_argument);
    EXPECT_THROW(attempt({.reorder_depth = 0}), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(make_bad_weather(nullptr, {})), std::invalid_argument);
}

/// A bounded pipe behind the weather: full again and again, so that decided packets are offered twice.
TEST(BadWeather, ReceiverAccountsForEveryPacketThatPassed)
{
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
    {
        SCOPED_TRACE(seed);
        constexpr std::uint64_t heaps = 200;
        io_threads io, sender_io;
        auto queue = std::make_shared<inproc_queue>(4000);
        recv::options how;
        how.order = ordering::any_order;
        how.max_heaps = 8;
        recv::ring_options ring;
        ring.heaps = 4;
        recv::heap_stream stream(how, ring);
        stream.add(make_inproc_source(io, stream.gate(), queue));
        weather_report report;
        weather w = storm(seed);
        w.corrupt = 0; // a flipped bit in the payload cannot be seen
        std::thread producer(
            [&]
            {
                send::options options;
                options.max_packet_size = 500;
                send_stream sender(sender_io, make_bad_weather(make_inproc_sink(sender_io, {queue}), w, &report),
                                   options);
                for (std::uint64_t cnt = 0; cnt < heaps; ++cnt)
                {
                    pattern_heap h(cnt, 2000);
                    EXPECT_FALSE(sender.send_heap(h.reference()).error);
                }
                sender.stop();
                queue->stop();
            });
        std::vector<std::uint64_t> got = drain(stream);
        producer.join();
        recv::stats s = stream.statistics();
        EXPECT_EQ(s[recv::stat::datagrams], report.passed);
        expect_books_balance(s);
        EXPECT_EQ(s[recv::stat::heaps], got.size() + s[recv::stat::heaps_dropped_incomplete]);
        // A heap comes twice only if a late packet opened it anew, and that one is incomplete.
        EXPECT_EQ(std::set<std::uint64_t>(got.begin(), got.end()).size(), got.size());
        EXPECT_GT(got.size(), heaps / 4);
        EXPECT_LT(got.size(), heaps);
    }
}

TEST(BadWeather, CorruptPacketsNeverBringDownTheReceiver)
{
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
    {
        std::vector<std::byte> out;
        io_threads io;
        auto queue = std::make_shared<inproc_queue>();
        {
            send::options options;
            options.max_packet_size = 100; // mostly header
            weather_report report;
            send_stream sender(
                io, make_bad_weather(make_inproc_sink(io, {queue}), {.seed = seed, .corrupt = 1}, &report), options);
            for (std::uint64_t cnt = 0; cnt < 100; ++cnt)
            {
                pattern_heap h(cnt, 2000);
                EXPECT_FALSE(sender.send_heap(h.reference()).error);
            }
            sender.stop();
            EXPECT_EQ(report.corrupted, report.passed);
        }
        queue->stop();
        recv::options how;
        how.max_heap_size = 1 << 20;
        how.stop_on_stop_item = false;
        recv::heap_stream stream(how);
        stream.add(make_inproc_source(io, stream.gate(), queue));
        heap h;
        recv::pop_status status;
        while ((status = stream.pop_for(h, patience)) == recv::pop_status::ok)
        {
        }
        EXPECT_EQ(status, recv::pop_status::ended);
        expect_books_balance(stream.statistics());
        EXPECT_GT(stream.statistics().malformed(), 0u);
    }
}

} // namespace
} // namespace heapwire::test
