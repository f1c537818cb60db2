// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/log_ring.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <string>
#include <thread>
#include <vector>

#include "host/fake_host.h"

namespace heapwire::host
{
namespace
{

log_record record(std::string_view text)
{
    return {log_level::info, "recv", text, "somewhere.cpp", 12, std::chrono::system_clock::now(), 4711};
}

TEST(LogRing, KeepsTheEventsOwnTimePlaceThreadAndText)
{
    log_ring ring(8);
    auto when = std::chrono::system_clock::time_point(std::chrono::seconds(1'000'000));
    std::thread(
        [&]
        {
            pthread_setname_np(pthread_self(), "a-worker");
            log_record r = record("ring full");
            r.time = when;
            ring.write(r);
        })
        .join();
    std::size_t n = ring.drain(
        [&](const log_entry &e)
        {
            EXPECT_EQ(e.level, log_level::info);
            EXPECT_EQ(e.room(), "recv");
            EXPECT_EQ(e.text(), "ring full");
            EXPECT_STREQ(e.file, "somewhere.cpp");
            EXPECT_EQ(e.line, 12);
            EXPECT_EQ(e.time, when);
            EXPECT_EQ(e.thread, 4711U);
            EXPECT_EQ(e.thread_name(), "a-worker");
            EXPECT_FALSE(e.truncated);
        });
    EXPECT_EQ(n, 1U);
    EXPECT_TRUE(ring.empty());
}

TEST(LogRing, DropsWhenFullAndCountsExactly)
{
    log_ring ring(4);
    for (int i = 0; i < 10; ++i)
        ring.write(record(std::to_string(i)));
    EXPECT_EQ(ring.counts().produced, 10U);
    EXPECT_EQ(ring.counts().dropped, 6U);
    std::string seen;
    EXPECT_EQ(ring.drain([&](const log_entry &e) { seen += e.text(); }), 4U);
    EXPECT_EQ(seen, "0123") << "the oldest are kept: they tell how it began";
    EXPECT_EQ(ring.take_drops(), 6U);
    EXPECT_EQ(ring.take_drops(), 0U) << "each drop is told once";
    ring.write(record("again"));
    EXPECT_EQ(ring.drain([](const log_entry &) {}), 1U);
    EXPECT_EQ(ring.counts().delivered, 5U);
}

TEST(LogRing, RefusesOnlyWhileItIsFullAndCountsThatAsADrop)
{
    log_ring ring(2);
    EXPECT_FALSE(ring.refuses());
    ring.write(record("0"));
    EXPECT_FALSE(ring.refuses());
    ring.write(record("1"));
    EXPECT_TRUE(ring.refuses());
    EXPECT_TRUE(ring.refuses());
    EXPECT_EQ(ring.counts().produced, 4U);
    EXPECT_EQ(ring.counts().dropped, 2U);
    EXPECT_EQ(ring.drain([](const log_entry &) {}, 1), 1U);
    EXPECT_FALSE(ring.refuses());
    EXPECT_EQ(ring.take_drops(), 2U);
    EXPECT_EQ(ring.counts().produced, 4U);
}

TEST(LogRing, CutsLongTextsAndSaysSo)
{
    log_ring ring(2);
    ring.write(record(std::string(log_entry::max_text, 'x')));
    ring.write(record(std::string(log_entry::max_text + 1, 'y')));
    std::vector<bool> cut;
    ring.drain(
        [&](const log_entry &e)
        {
            EXPECT_EQ(e.text().size(), log_entry::max_text);
            cut.push_back(e.truncated);
        });
    EXPECT_EQ(cut, (std::vector<bool>{false, true}));
}

TEST(LogRing, PassesBytesThatAreNoTextUnchanged)
{
    log_ring ring(2);
    ring.write(record("\xff\xfe"));
    ring.drain([&](const log_entry &e) { EXPECT_EQ(e.text(), "\xff\xfe"); });
}

TEST(LogRing, AReaderThatThrowsLosesOneRecordOnly)
{
    log_ring ring(4);
    ring.write(record("bad"));
    ring.write(record("good"));
    EXPECT_THROW(ring.drain([](const log_entry &) { throw 1; }), int);
    EXPECT_EQ(ring.drain([](const log_entry &e) { EXPECT_EQ(e.text(), "good"); }), 1U);
    EXPECT_EQ(ring.counts().delivered, 2U);
}

TEST(LogRing, RefusesACapacityThatIsNoPowerOfTwo)
{
    EXPECT_THROW(log_ring(0), std::invalid_argument);
    EXPECT_THROW(log_ring(1), std::invalid_argument);
    EXPECT_THROW(log_ring(1000), std::invalid_argument);
}

TEST(LogRing, WakesASleepingReader)
{
    log_ring ring(8);
    std::atomic<int> got{0};
    std::thread reader(
        [&]
        {
            while (got.load() < 3)
            {
                ring.wait(test::patience());
                ring.drain([&](const log_entry &) { got.fetch_add(1); });
            }
        });
    for (int i = 1; i <= 3; ++i)
    {
        ring.write(record("one"));
        EXPECT_TRUE(test::eventually([&] { return got.load() == i; }));
    }
    reader.join();
}

TEST(LogRing, ACallWakesTheReaderAlsoIfItCameBeforeTheSleep)
{
    log_ring ring(8);
    ring.wake_reader();
    ring.wait(test::patience()); // would hang for the length of the patience
    SUCCEED();
}

TEST(LogRing, ProducedIsDeliveredAndDroppedUnderAStorm)
{
    constexpr int writers = 4, each = 5000;
    log_ring ring(64);
    test::fake_host host;
    std::atomic<bool> over{false};
    std::uint64_t delivered = 0, told = 0;
    std::vector<int> last(writers, -1);
    std::thread reader(
        [&]
        {
            for (bool done = false; !done;)
            {
                done = over.load();
                ring.wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
                test::fake_host::attached in(host); // a handler: slow, and holding what Python holds
                delivered += ring.drain(
                    [&](const log_entry &e)
                    {
                        EXPECT_EQ(e.text().size(), 40U);
                        int number = std::stoi(std::string(e.text()));
                        EXPECT_GT(number, last[e.thread]) << "order of one writer";
                        last[e.thread] = number;
                    });
                told += ring.take_drops();
            }
        });
    std::vector<std::thread> threads;
    for (int w = 0; w < writers; ++w)
    {
        threads.emplace_back(
            [&, w]
            {
                for (int i = 0; i < each; ++i)
                {
                    std::string text = std::to_string(i);
                    text.resize(40, ' ');
                    log_record r = record(text);
                    r.thread = static_cast<std::uint64_t>(w);
                    if (i % 2 == 0 || !ring.refuses()) // a drop counts once, whoever finds the ring full
                        ring.write(r);
                }
            });
    }
    for (std::thread &t : threads)
        t.join();
    over.store(true);
    reader.join();
    delivered += ring.drain([](const log_entry &) {}, ring.capacity());
    told += ring.take_drops();
    EXPECT_EQ(delivered + told, std::uint64_t{writers} * each);
    EXPECT_EQ(ring.counts().produced, std::uint64_t{writers} * each);
    EXPECT_EQ(ring.counts().delivered, delivered);
}

TEST(LogRing, WorksAsTheSinkOfTheLibrary)
{
    auto ring = std::make_shared<log_ring>(8);
    auto before = set_log_sink(ring);
    HEAPWIRE_LOG(warning, "host", "three ", 3);
    set_log_sink(before);
    std::string text;
    ring->drain([&](const log_entry &e) { text = e.text(); });
    EXPECT_EQ(text, "three 3");
}

} // namespace
} // namespace heapwire::host
