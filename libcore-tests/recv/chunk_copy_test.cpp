// SPDX-License-Identifier: BSD-3-Clause
/// Every way to copy puts every byte in its place, and whoever is handed a chunk sees it whole.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "chunking.h"

namespace heapwire::test
{
namespace
{

using recv::chunk_stat;
using recv::flow;

constexpr recv::chunk_sizes large{.data = 300'000, .present = 64, .extra = 0};

std::atomic<std::uint64_t> own_copies{0};

void own_copy(std::byte *to, const std::byte *from, std::size_t size) noexcept
{
    ++own_copies;
    std::memcpy(to, from, size);
}

const std::vector<copy_function> every_way = {copy_automatic, copy_plain, copy_nontemporal, own_copy};

/// Heaps of `length` one after the other, so that most begin and end inside a cache line.
std::vector<packet> heaps_of(std::uint64_t chunk, std::uint64_t length, std::uint64_t step)
{
    std::vector<packet> all;
    for (std::uint64_t i = 0; i < large.present && (i + 1) * length <= large.data; ++i)
        for (packet &p : make_placed_heap(100 * chunk + i + 1, {chunk, i, i * length}, length, step))
            all.push_back(std::move(p));
    return all;
}

void expect_whole(const recv::chunk &c, std::uint64_t length)
{
    const auto id = static_cast<std::uint64_t>(c.chunk_id);
    for (std::uint64_t i = 0; i < large.present && (i + 1) * length <= large.data; ++i)
    {
        ASSERT_EQ(c.present.data()[i], std::byte{1}) << "heap " << i << " of chunk " << id;
        ASSERT_TRUE(holds(c, i * length, length, 100 * id + i + 1)) << "heap " << i << " of chunk " << id;
    }
}

TEST(ChunkCopy, EveryWayPutsEveryByteInItsPlace)
{
    for (const copy_function way : every_way)
    {
        for (const std::uint64_t length : {1U, 100U, 333U, 1024U, 4683U})
        {
            driven_stream s(believing(), {.copy = way});
            s.supply->sizes = large;
            for (std::uint64_t chunk = 0; chunk < 3; ++chunk)
                EXPECT_EQ(s.give(heaps_of(chunk, length, length / 2 + 1)).state, flow::go_on);
            EXPECT_EQ(s.end(), flow::ended);
            ASSERT_EQ(s.supply->done.size(), 3U);
            for (const auto &c : s.supply->done)
                expect_whole(*c, length);
            EXPECT_EQ(s.count(chunk_stat::repeated_heaps), 0U);
        }
    }
}

TEST(ChunkCopy, TheUsersOwnIsCalledForEachPacketWithPayload)
{
    driven_stream s(believing(), {.copy = own_copy});
    own_copies = 0;
    s.give(make_placed_heap(1, {0, 0, 0}, 40, 10));
    s.give(make_small(2, {0, 1, 48}));
    s.end();
    EXPECT_EQ(own_copies, 5U);
}

TEST(ChunkCopy, FlagsOfOneBatchAreCountedOneByOne)
{
    driven_stream s;
    std::vector<packet> packets;
    for (std::uint64_t cnt = 1; cnt <= 200; ++cnt)
        packets.push_back(make_small(cnt, {0, cnt % 2, 8 * (cnt % 2)}));
    s.give(packets);
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 200U);
    EXPECT_EQ(s.count(chunk_stat::repeated_heaps), 198U);
}

TEST(ChunkCopy, WhoIsHandedAChunkSeesItWhole)
{
    for (const copy_function way : every_way)
    {
        constexpr std::uint64_t length = 4683;
        constexpr std::uint64_t chunks = 40;
        const auto data = std::make_shared<recv::chunk_ring>(2);
        const auto free = std::make_shared<recv::chunk_ring>(4);
        recv::chunk_ring_stream stream({.copy = way}, believing(), data, free);
        for (int i = 0; i < 4; ++i)
        {
            auto c = recv::make_chunk(large);
            ASSERT_EQ(stream.add_free_chunk(c), push_result::ok);
        }
        std::thread network(
            [&]
            {
                const auto gate = stream.gate();
                for (std::uint64_t chunk = 0; chunk < chunks; ++chunk)
                {
                    const std::vector<packet> packets = heaps_of(chunk, length, 1500);
                    for (std::size_t used = 0; used < packets.size();)
                    {
                        used += gate->take(as_datagrams(part(packets, used, packets.size()))).used;
                        std::this_thread::yield();
                    }
                }
                while (gate->source_ended() == flow::full)
                    std::this_thread::yield();
            });
        std::uint64_t seen = 0;
        while (std::unique_ptr<recv::chunk> c = stream.pop())
        {
            EXPECT_EQ(c->chunk_id, static_cast<std::int64_t>(seen++));
            expect_whole(*c, length);
            std::memset(c->data.data(), 0, c->data.size());
            EXPECT_EQ(stream.add_free_chunk(c), push_result::ok);
        }
        network.join();
        EXPECT_EQ(seen, chunks);
    }
}

} // namespace
} // namespace heapwire::test
