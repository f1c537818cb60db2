// SPDX-License-Identifier: BSD-3-Clause
/// The parts together, as a language runtime uses them: its exit in three stages, and its lock never in the way of a
/// worker.
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "heapwire/host/completion_hub.h"
#include "heapwire/host/gate.h"
#include "heapwire/host/log_ring.h"
#include "heapwire/host/stop_registry.h"
#include "host/fake_host.h"

namespace heapwire::host
{
namespace
{

using test::fake_host;
using test::patience;

/// The runtime's log thread: the only one that attaches by itself, and only through the gate.
class log_reader : public stoppable
{
public:
    log_reader(fake_host &host, gate &attach, log_ring &ring)
        : thread_(
              [this, &host, &attach, &ring]
              {
                  for (bool last = false; !last;)
                  {
                      last = over_.load();
                      ring.wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
                      passage through(attach);
                      if (!through)
                          return;
                      fake_host::attached in(host);
                      delivered_.fetch_add(ring.drain([](const log_entry &) {}, ring.capacity()));
                  }
              }),
          ring_(ring)
    {
    }
    ~log_reader() override { EXPECT_FALSE(thread_.joinable()); }
    void request_stop() noexcept override {} // it is joined last, and tells what the others still say
    bool join(steady_time) override
    {
        over_.store(true);
        ring_.wake_reader();
        thread_.join();
        return true;
    }
    std::uint64_t delivered() const { return delivered_.load(); }

private:
    std::atomic<bool> over_{false};
    std::atomic<std::uint64_t> delivered_{0};
    std::thread thread_;
    log_ring &ring_;
};

/// A stream: a worker that logs and completes without end, and a blocking call for the runtime's threads.
class fake_stream : public stoppable
{
public:
    explicit fake_stream(log_ring &ring)
        : worker_(
              [this, &ring]
              {
                  while (!stopped_.load())
                  {
                      log_record r{log_level::info, "recv", "packet", "f", 1, {}, 1};
                      ring.write(r);
                      std::this_thread::yield();
                  }
              })
    {
    }
    ~fake_stream() override { EXPECT_FALSE(worker_.joinable()); }
    void request_stop() noexcept override
    {
        stopped_.store(true);
        wake_.notify_all();
    }
    bool join(steady_time) override
    {
        worker_.join();
        return true;
    }
    /// Sleeps until stopped; the caller has detached.
    void get()
    {
        for (;;)
        {
            auto ticket = wake_.prepare();
            if (stopped_.load())
            {
                wake_.cancel(ticket);
                return;
            }
            (void)wake_.wait_once(ticket, patience());
        }
    }

private:
    std::atomic<bool> stopped_{false};
    wake wake_;
    std::thread worker_;
};

TEST(FakeHost, ItsExitStopsEverythingAndNobodyAttachesAfterwards)
{
    for (int round = 0; round < 10; ++round)
    {
        fake_host host;
        gate attach, calls;
        log_ring ring(64);
        stop_registry registry;
        auto reader = std::make_shared<log_reader>(host, attach, ring);
        auto r0 = registry.add(stop_kind::log, reader);
        std::vector<std::shared_ptr<fake_stream>> streams;
        std::vector<stop_registry::registration> kept;
        for (int i = 0; i < 2; ++i)
        {
            streams.push_back(std::make_shared<fake_stream>(ring));
            kept.push_back(registry.add(stop_kind::user, streams.back()));
        }
        std::vector<std::thread> daemons; // the runtime's own threads, blocked in our calls at the end of main
        std::atomic<int> in_call{0};
        for (int i = 0; i < 4; ++i)
        {
            daemons.emplace_back(
                [&, i]
                {
                    fake_host::attached in(host);
                    passage counted(calls);
                    in_call.fetch_add(1);
                    in.detach();
                    streams[i % 2]->get();
                    in.attach(); // this is what aborts a real process if it happens after finalization began
                    EXPECT_FALSE(host.finalizing.load());
                });
        }
        ASSERT_TRUE(test::eventually([&] { return in_call.load() == 4; }));
        {
            fake_host::attached in(host); // the exit handler
            in.detach();
            EXPECT_TRUE(registry.stop_all(patience()).clean());
            EXPECT_TRUE(calls.close_and_wait(patience()));
            EXPECT_TRUE(attach.close_and_wait(patience()));
            in.attach();
            host.finalizing.store(true);
        }
        for (std::thread &t : daemons)
            t.join();
        EXPECT_EQ(host.attached_too_late.load(), 0);
        log_counts counts = ring.counts();
        EXPECT_EQ(counts.produced, counts.delivered + counts.dropped) << "the log told all before it went";
        EXPECT_EQ(counts.delivered, reader->delivered());
    }
}

TEST(FakeHost, AWorkerIsNotHeldUpByWhoHoldsTheLock)
{
    fake_host host;
    log_ring ring(8);
    completion_hub hub;
    gate attach;
    auto reader = std::make_shared<log_reader>(host, attach, ring);
    std::vector<completion> records(1000);
    {
        fake_host::attached hog(host); // a long C call that keeps the lock
        std::thread worker(
            [&]
            {
                for (completion &c : records)
                {
                    log_record r{log_level::info, "recv", "packet", "f", 1, {}, 1};
                    ring.write(r);
                    hub.post(c);
                }
            });
        worker.join(); // hangs here, if a worker needs the lock
    }
    EXPECT_EQ(hub.drain([](completion &) {}, 2000), 1000U);
    reader->join(patience());
    EXPECT_EQ(ring.counts().produced, 1000U);
}

TEST(FakeHost, ACompletionForAnObjectThatIsGoneFindsNothing)
{
    completion_hub hub;
    slot_table<std::shared_ptr<int>> futures;
    auto future = std::make_shared<int>(0);
    completion record;
    record.which = futures.put(std::shared_ptr<int>(future));
    (void)futures.take_all(); // the loop was closed: its futures are dropped
    std::thread([&] { hub.post(record); }).join();
    int served = 0;
    hub.drain([&](completion &c) { served += futures.take(c.which).has_value(); });
    EXPECT_EQ(served, 0);
    EXPECT_EQ(future.use_count(), 1);
}

} // namespace
} // namespace heapwire::host
