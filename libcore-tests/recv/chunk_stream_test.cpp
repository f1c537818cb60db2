// SPDX-License-Identifier: BSD-3-Clause
/// Chunk streams between rings, without threads: a test holds the gate, and is the consumer too.
#include <thread>

#include <gtest/gtest.h>

#include "chunking.h"

namespace heapwire::test
{
namespace
{

using recv::chunk;
using recv::chunk_ring;
using recv::chunk_ring_stream;
using recv::chunk_stat;
using recv::flow;
using ring_ptr = std::shared_ptr<chunk_ring>;

struct two_rings
{
    explicit two_rings(std::size_t capacity = 8, std::size_t chunks = 4)
        : data(std::make_shared<chunk_ring>(capacity)), free(std::make_shared<chunk_ring>(capacity))
    {
        for (std::size_t i = 0; i < chunks; ++i)
            add();
    }
    void add()
    {
        auto fresh = recv::make_chunk(small_chunk);
        EXPECT_EQ(free->try_push(fresh), push_result::ok);
    }
    ring_ptr data, free;
};

recv::taken give(recv::chunk_stream &stream, const std::vector<packet> &packets)
{
    return stream.gate()->take(as_datagrams(packets));
}

TEST(ChunkRingStream, HandsChunksToTheConsumer)
{
    two_rings rings;
    chunk_ring_stream stream({}, believing(), rings.data, rings.free);
    give(stream, {make_small(1, {0, 2}), make_small(2, {1}), make_small(3, {2})});
    std::unique_ptr<chunk> got = stream.pop();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->chunk_id, 0);
    EXPECT_EQ(flags_of(*got)[2], 1);
    EXPECT_EQ(stream.add_free_chunk(got), push_result::ok);
    EXPECT_EQ(stream.try_pop(got), pop_result::empty);
    EXPECT_EQ(stream.pop_for(got, std::chrono::milliseconds(1)), pop_result::timeout);
    EXPECT_EQ(stream.gate()->source_ended(), flow::ended);
    EXPECT_EQ(stream.pop()->chunk_id, 1);
    EXPECT_EQ(stream.pop()->chunk_id, 2);
    EXPECT_FALSE(stream.pop());
    EXPECT_FALSE(rings.free->stopped()) << "the network's end leaves it alone";
}

TEST(ChunkRingStream, GoesOnWhenAFreeChunkComes)
{
    two_rings rings(8, 1);
    chunk_ring_stream stream({}, believing(), rings.data, rings.free);
    const std::vector<packet> packets{make_small(1, {0}), make_small(2, {1})};
    EXPECT_EQ(give(stream, packets).used, 1U);
    counting_hook hook;
    ASSERT_TRUE(stream.gate()->call_on_space(hook));
    rings.add();
    EXPECT_EQ(hook.calls, 1);
    EXPECT_FALSE(stream.gate()->call_on_space(hook)) << "there is one";
    EXPECT_EQ(give(stream, {packets[1]}).state, flow::go_on);
    EXPECT_EQ(stream.statistics()[recv::stat::worker_blocked], 1U);
}

TEST(ChunkRingStream, GoesOnWhenTheDataRingHasRoom)
{
    two_rings rings(1, 1);
    chunk_ring_stream stream({}, believing(), rings.data, rings.free);
    give(stream, {make_small(1, {0})});
    rings.add();
    give(stream, {make_small(2, {1})});
    rings.add();
    const packet third = make_small(3, {2});
    EXPECT_EQ(give(stream, {third}).state, flow::go_on);
    EXPECT_EQ(stream.gate()->source_ended(), flow::full);
    counting_hook hook;
    ASSERT_TRUE(stream.gate()->call_on_space(hook));
    EXPECT_EQ(stream.pop()->chunk_id, 0);
    EXPECT_EQ(hook.calls, 1);
    EXPECT_EQ(stream.gate()->source_ended(), flow::full);
    EXPECT_EQ(stream.pop()->chunk_id, 1);
    EXPECT_EQ(stream.gate()->source_ended(), flow::ended);
    EXPECT_EQ(stream.pop()->chunk_id, 2);
    EXPECT_FALSE(stream.pop());
}

TEST(ChunkRingStream, ShareRingsUntilTheLastHasEnded)
{
    two_rings rings(16, 8);
    chunk_ring_stream a({.stream_id = 1}, believing(), rings.data, rings.free);
    chunk_ring_stream b({.stream_id = 2}, believing(), rings.data, rings.free);
    give(a, {make_small(1, {0})});
    give(b, {make_small(1, {0})});
    EXPECT_EQ(a.gate()->source_ended(), flow::ended);
    EXPECT_FALSE(rings.data->stopped());
    EXPECT_EQ(b.gate()->source_ended(), flow::ended);
    EXPECT_TRUE(rings.data->stopped());
    EXPECT_EQ(a.pop()->stream_id, 1U);
    EXPECT_EQ(a.pop()->stream_id, 2U);
    EXPECT_FALSE(a.pop());
}

/// Tells which thread dropped it.
struct watched_chunk : chunk
{
    explicit watched_chunk(std::thread::id &where) : dropped_on(where)
    {
        auto made = recv::make_chunk(small_chunk);
        data = std::move(made->data);
        present = std::move(made->present);
    }
    ~watched_chunk() override { dropped_on = std::this_thread::get_id(); }
    std::thread::id &dropped_on;
};

TEST(ChunkRingStream, UserStopDropsWhatIsInFlightOnTheCallersThread)
{
    two_rings rings(8, 0);
    std::thread::id where[3];
    for (std::thread::id &id : where)
    {
        std::unique_ptr<chunk> fresh = std::make_unique<watched_chunk>(id);
        ASSERT_EQ(rings.free->try_push(fresh), push_result::ok);
    }
    chunk_ring_stream stream({}, believing(), rings.data, rings.free);
    give(stream, {make_small(1, {0}), make_small(2, {1}), make_small(3, {2})});
    rings.data->stop();
    // Elsewhere: what the stopped ring does not take is kept.
    std::thread worker([&] { EXPECT_EQ(stream.gate()->source_ended(), flow::ended); });
    worker.join();
    EXPECT_EQ(where[1], std::thread::id());
    EXPECT_EQ(recv::count_of(stream.statistics(), chunk_stat::chunks_dropped), 2U);
    stream.stop();
    EXPECT_EQ(where[1], std::this_thread::get_id());
    EXPECT_EQ(where[2], std::this_thread::get_id());
    EXPECT_EQ(stream.pop()->chunk_id, 0) << "queued before the stop";
    EXPECT_FALSE(stream.pop());
}

TEST(ChunkRingStream, StopWakesConsumersAndProducersOfFreeChunks)
{
    two_rings rings(2, 2);
    chunk_ring_stream stream({}, believing(), rings.data, rings.free);
    std::thread consumer([&] { EXPECT_FALSE(stream.pop()); });
    std::thread recycler(
        [&]
        {
            auto extra = recv::make_chunk(small_chunk);
            EXPECT_EQ(rings.free->push(extra), push_result::stopped);
        });
    stream.stop();
    consumer.join();
    recycler.join();
    auto late = recv::make_chunk(small_chunk);
    EXPECT_EQ(stream.add_free_chunk(late), push_result::stopped);
    EXPECT_EQ(give(stream, {make_small(1, {0})}).state, flow::ended);
}

TEST(ChunkRingStream, ShowsFinishedChunksToTheHookOnce)
{
    two_rings rings(1, 1);
    std::vector<std::int64_t> seen;
    chunk_ring_stream stream({.custom_stats = {{"bytes"}}}, believing(), rings.data, rings.free,
                             [&](chunk &c, std::span<std::uint64_t> batch_stats)
                             {
                                 seen.push_back(c.chunk_id);
                                 batch_stats[recv::builtin_stat_count] += c.data.size();
                             });
    give(stream, {make_small(1, {0})});
    rings.add();
    give(stream, {make_small(2, {1})});
    EXPECT_EQ(stream.gate()->source_ended(), flow::full);
    EXPECT_EQ(stream.gate()->source_ended(), flow::full);
    EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1}));
    EXPECT_EQ(stream.statistics().at("bytes"), 128U);
}

TEST(ChunkStream, WorksWithCallbacksAlone)
{
    std::vector<std::int64_t> allocated, ready;
    recv::chunk_stream stream({}, believing(),
                              recv::make_callback_supply({
                                  .allocate =
                                      [&](std::int64_t id, auto)
                                  {
                                      if (id == 3)
                                          throw std::runtime_error("no more");
                                      allocated.push_back(id);
                                      return recv::make_chunk(small_chunk);
                                  },
                                  .ready = [&](std::unique_ptr<chunk> c, auto) { ready.push_back(c->chunk_id); },
                              }));
    give(stream, {make_small(1, {1}), make_small(2, {2}), make_small(3, {3})});
    EXPECT_EQ(stream.gate()->source_ended(), flow::ended);
    EXPECT_EQ(allocated, (std::vector<std::int64_t>{0, 1, 2}));
    EXPECT_EQ(ready, allocated);
    EXPECT_EQ(recv::count_of(stream.statistics(), chunk_stat::heaps_without_chunk), 1U);
    EXPECT_THROW(static_cast<void>(recv::make_callback_supply({})), std::invalid_argument);
}

TEST(ChunkRing, CallsHooksOfThoseWhoFoundItEmpty)
{
    chunk_ring ring(2);
    counting_hook hook;
    ASSERT_TRUE(ring.call_on_data(hook));
    auto one = recv::make_chunk(small_chunk);
    EXPECT_EQ(ring.try_push(one), push_result::ok);
    EXPECT_EQ(hook.calls, 1);
    EXPECT_FALSE(ring.call_on_data(hook));
    EXPECT_EQ(ring.try_pop(one), pop_result::ok);
    ASSERT_TRUE(ring.call_on_data(hook));
    ring.cancel(hook);
    ring.stop();
    EXPECT_EQ(hook.calls, 1);
    EXPECT_FALSE(ring.call_on_data(hook)) << "it is stopped";
}

} // namespace
} // namespace heapwire::test
