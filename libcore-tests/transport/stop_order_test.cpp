// SPDX-License-Identifier: BSD-3-Clause
/// Streams, senders, queues and threads that go in any order while data flows: nothing hangs, nothing is touched after
/// its end (the sanitizers look).
#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <random>
#include <thread>

#include "heapwire/transport/inproc.h"
#include "heapwire/transport/memory_source.h"
#include "heapwire/transport/tcp.h"
#include "stream_rig.h"

namespace heapwire::test
{
namespace
{

using namespace transport;

/// One of everything; each part can be stopped or destroyed at any time.
struct site
{
    explicit site(std::size_t threads)
        : io(std::make_unique<io_threads>(threads)), queue(std::make_shared<inproc_queue>(50000)),
          recorded(flat(make_heap(1, 200000, 1000)))
    {
        recv::ring_options ring;
        ring.heaps = 2;
        for (auto *s : {&from_tcp, &from_inproc, &from_memory})
            *s = std::make_unique<recv::heap_stream>(recv::options{}, ring);
        boost::asio::ip::tcp::endpoint local;
        tcp_receive_options how;
        how.endpoint = {boost::asio::ip::address_v4::loopback(), 0};
        from_tcp->add(make_tcp_source(*io, from_tcp->gate(), how, &local));
        from_inproc->add(make_inproc_source(*io, from_inproc->gate(), queue));
        from_memory->add(make_memory_source(*io, from_memory->gate(), recorded));
        tcp_send_options to;
        to.endpoint = local;
        by_tcp = std::make_unique<tcp_sender>(*io, to);
        by_inproc = std::make_unique<inproc_sender>(*io, std::vector{queue});
        for (std::uint64_t cnt = 0; cnt < 8; ++cnt)
        {
            heaps.push_back(std::make_unique<pattern_heap>(cnt, 60000));
            static_cast<void>(by_tcp->submit(heaps.back()->reference(), ignore));
            static_cast<void>(by_inproc->submit(heaps.back()->reference(), ignore));
        }
    }

    std::vector<std::function<void()>> acts()
    {
        return {
            [this] { from_tcp.reset(); },
            [this]
            {
                if (from_inproc)
                    from_inproc->stop();
            },
            [this] { from_inproc.reset(); },
            [this] { from_memory.reset(); },
            [this] { queue->stop(); },
            [this] { by_tcp.reset(); },
            [this] { by_inproc.reset(); },
            [this]
            {
                if (io)
                    io->stop();
            },
            [this] { io.reset(); },
            [this] { pop(from_tcp); },
            [this] { pop(from_inproc); },
            [this] { pop(from_memory); },
        };
    }

    static void pop(const std::unique_ptr<recv::heap_stream> &from)
    {
        heap h;
        if (from)
            static_cast<void>(from->try_pop(h));
    }

    static constexpr send::completion ignore{
        .call = [](void *, std::uint64_t, const send::outcome &) noexcept {}, .context = nullptr, .token = 0};

    std::vector<std::unique_ptr<pattern_heap>> heaps; // outlive the senders
    std::unique_ptr<io_threads> io;
    std::shared_ptr<inproc_queue> queue;
    std::vector<std::byte> recorded;
    std::unique_ptr<recv::heap_stream> from_tcp, from_inproc, from_memory;
    std::unique_ptr<send_stream> by_tcp, by_inproc;
};

TEST(StopOrder, AnyOrderIsSafe)
{
    std::mt19937 random(20);
    for (int round = 0; round < 60; ++round)
    {
        SCOPED_TRACE(round);
        site s(1 + random() % 2);
        auto acts = s.acts();
        std::shuffle(acts.begin(), acts.end(), random);
        for (auto &act : acts)
        {
            if (random() % 3 == 0)
                std::this_thread::yield();
            act();
        }
    }
}

TEST(StopOrder, ConcurrentStopsAllReturn)
{
    for (int round = 0; round < 20; ++round)
    {
        site s(2);
        std::vector<std::thread> stoppers;
        for (int i = 0; i < 2; ++i)
            stoppers.emplace_back(
                [&]
                {
                    s.from_tcp->stop();
                    s.from_inproc->stop();
                    s.from_memory->stop();
                    s.by_inproc->stop();
                    s.by_tcp->stop();
                });
        for (auto &t : stoppers)
            t.join();
        for (auto *stream : {&s.from_tcp, &s.from_inproc, &s.from_memory})
        {
            heap h;
            while ((*stream)->pop_for(h, patience) == recv::pop_status::ok)
            {
            }
            EXPECT_EQ((*stream)->pop_for(h, patience), recv::pop_status::ended);
        }
    }
}

} // namespace
} // namespace heapwire::test
