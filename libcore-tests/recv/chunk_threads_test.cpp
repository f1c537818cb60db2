// SPDX-License-Identifier: BSD-3-Clause
/// Chunk streams and groups with threads: nothing is lost between rings, and stopping ends whatever runs.
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "chunking.h"
#include "heapwire/recv/chunk_group.h"
#include "thread_source.h"

namespace heapwire::test
{
namespace
{

using recv::chunk;
using recv::chunk_ring;
using recv::chunk_ring_group;
using recv::chunk_ring_stream;
using recv::chunk_stat;

constexpr std::uint64_t heaps_per_chunk = 8;

/// Heaps `first`, `first + by`, … of one packet each; every chunk has a flag for each.
std::vector<packet> every(std::uint64_t first, std::uint64_t by, std::uint64_t chunks)
{
    std::vector<packet> out;
    for (std::uint64_t cnt = first; cnt < chunks * heaps_per_chunk; cnt += by)
        out.push_back(make_small(cnt, {cnt / heaps_per_chunk, cnt % heaps_per_chunk, cnt % heaps_per_chunk * 8}));
    return out;
}

struct rings
{
    rings(std::size_t capacity, std::size_t chunks)
        : data(std::make_shared<chunk_ring>(capacity)), free(std::make_shared<chunk_ring>(capacity))
    {
        for (std::size_t i = 0; i < chunks; ++i)
        {
            auto fresh = recv::make_chunk(small_chunk);
            EXPECT_EQ(free->try_push(fresh), push_result::ok);
        }
    }
    std::shared_ptr<chunk_ring> data, free;
};

/// Pops until the end, gives everything back; answers the flags seen.
std::size_t consume(recv::chunk_ring_pair &from, std::size_t pause_every)
{
    std::size_t flags = 0, n = 0;
    while (std::unique_ptr<chunk> c = from.pop())
    {
        for (const std::byte b : c->present.view())
            flags += b != std::byte{0};
        if (++n % pause_every == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        EXPECT_NE(from.add_free_chunk(c), push_result::full);
    }
    return flags;
}

TEST(ChunkThreads, StreamsThatShareRingsLoseNothing)
{
    rings r(6, 6);
    chunk_ring_stream a({}, believing(), r.data, r.free), b({}, believing(), r.data, r.free);
    for (chunk_ring_stream *s : {&a, &b})
        s->add(std::make_unique<thread_source>(s->gate(), every(0, 1, 200), 13));
    EXPECT_EQ(consume(a, 7), 2 * 200 * heaps_per_chunk);
}

TEST(ChunkThreads, ALosslessGroupIsWhole)
{
    rings r(6, 6);
    chunk_ring_group group({.max_chunks = 3, .mode = recv::eviction::lossless}, r.data, r.free);
    std::vector<std::shared_ptr<recv::chunk_stream>> members;
    for (std::uint64_t i = 0; i < 3; ++i)
        members.push_back(group.emplace_back({}, believing()));
    for (std::uint64_t i = 0; i < 3; ++i)
        members[i]->add(std::make_unique<thread_source>(members[i]->gate(), every(i, 3, 300), 5 + 8 * i));
    EXPECT_EQ(consume(group, 11), 300 * heaps_per_chunk);
    for (const auto &m : members)
        EXPECT_EQ(recv::count_of(m->statistics(), chunk_stat::chunk_heaps), 800U);
}

TEST(ChunkThreads, ALossyGroupWithASilentMemberGoesOn)
{
    rings r(6, 6);
    chunk_ring_group group({.max_chunks = 3}, r.data, r.free);
    const auto silent = group.emplace_back({}, believing());
    std::vector<std::shared_ptr<recv::chunk_stream>> busy;
    for (std::uint64_t i = 0; i < 2; ++i)
        busy.push_back(group.emplace_back({}, believing()));
    for (std::uint64_t i = 0; i < 2; ++i)
        busy[i]->add(std::make_unique<thread_source>(busy[i]->gate(), every(i, 2, 300), 16));
    std::thread last(
        [&]
        {
            while (!busy[0]->gate()->ended() || !busy[1]->gate()->ended())
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            EXPECT_EQ(silent->gate()->source_ended(), recv::flow::ended);
        });
    const std::size_t flags = consume(group, 11);
    last.join();
    std::uint64_t placed = 0, heaps = 0;
    for (const auto &m : busy)
    {
        placed += recv::count_of(m->statistics(), chunk_stat::chunk_heaps);
        heaps += m->statistics()[recv::stat::heaps];
    }
    EXPECT_EQ(flags, placed);
    EXPECT_EQ(heaps, 300 * heaps_per_chunk);
}

/// Somebody stops, somewhere, at some time, while rings are full or empty; then everything is destroyed.
TEST(ChunkThreads, StoppingInAnyOrderEnds)
{
    std::mt19937 dice(4711);
    for (int round = 0; round < 60; ++round)
    {
        rings r(1 + dice() % 4, 0);
        for (std::size_t i = dice() % 5; i > 0; --i)
        {
            auto fresh = recv::make_chunk(small_chunk);
            static_cast<void>(r.free->try_push(fresh));
        }
        const auto mode = dice() % 2 == 0 ? recv::eviction::lossy : recv::eviction::lossless;
        auto group = std::make_unique<chunk_ring_group>(recv::chunk_group_options{.mode = mode}, r.data, r.free);
        std::vector<std::shared_ptr<recv::chunk_stream>> members;
        for (std::uint64_t i = 0; i < 3; ++i)
            members.push_back(group->emplace_back({}, believing()));
        for (std::uint64_t i = 0; i < 3; ++i)
            members[i]->add(std::make_unique<thread_source>(members[i]->gate(), every(i, 3, 100), 4,
                                                            dice() % 2 == 0 ? thread_source::at_end::sign_off
                                                                            : thread_source::at_end::linger));
        const unsigned pops = dice() % 20;
        const unsigned who = dice() % 5;
        std::thread consumer(
            [&]
            {
                for (unsigned i = 0; i < pops; ++i)
                {
                    std::unique_ptr<chunk> c;
                    if (group->pop_for(c, std::chrono::milliseconds(2)) == pop_result::ok)
                        static_cast<void>(group->add_free_chunk(c));
                }
                if (who == 0)
                    group->stop();
                if (who == 1)
                    members[1]->stop();
            });
        std::this_thread::sleep_for(std::chrono::microseconds(dice() % 3000));
        if (who == 2)
            members[0]->stop();
        if (who == 3)
            r.data->stop();
        consumer.join();
        if (dice() % 2 == 0)
            members.clear();
        group.reset();
    }
}

} // namespace
} // namespace heapwire::test
