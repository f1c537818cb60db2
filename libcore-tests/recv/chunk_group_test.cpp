// SPDX-License-Identifier: BSD-3-Clause
/// Several streams into one set of chunks, step by step.
#include <stdexcept>

#include <gtest/gtest.h>

#include "chunking.h"
#include "heapwire/recv/chunk_group.h"

namespace heapwire::test
{
namespace
{

using recv::chunk_group;
using recv::chunk_stat;
using recv::eviction;
using recv::flow;
using ids = std::vector<std::int64_t>;
using member = std::shared_ptr<recv::chunk_stream>;

struct grouped
{
    explicit grouped(eviction mode, std::size_t max_chunks = 2)
        : group({.max_chunks = max_chunks, .mode = mode}, supply), a(group.emplace_back({}, believing())),
          b(group.emplace_back({}, believing()))
    {
    }
    static recv::taken give(const member &to, const std::vector<packet> &packets)
    {
        return to->gate()->take(as_datagrams(packets));
    }
    static recv::flow end(const member &m) { return m->gate()->source_ended(); }

    std::shared_ptr<scripted_supply> supply = std::make_shared<scripted_supply>();
    chunk_group group;
    member a, b;
};

TEST(ChunkGroup, MembersFillTheSameChunks)
{
    for (const eviction mode : {eviction::lossy, eviction::lossless})
    {
        grouped g(mode);
        g.give(g.a, {make_small(1, {0, 0, 0}), make_small(2, {1, 0, 0})});
        g.give(g.b, {make_small(3, {0, 1, 8}), make_small(4, {1, 1, 8})});
        EXPECT_EQ(g.end(g.a), flow::ended);
        EXPECT_TRUE(g.supply->ids().empty()) << "the other may still write";
        EXPECT_EQ(g.end(g.b), flow::ended);
        ASSERT_EQ(g.supply->ids(), (ids{0, 1}));
        EXPECT_EQ(flags_of(*g.supply->done[1]), (std::vector{1, 1, 0, 0, 0, 0, 0, 0}));
        EXPECT_TRUE(holds(*g.supply->done[0], 0, 8, 1));
        EXPECT_TRUE(holds(*g.supply->done[0], 8, 8, 3));
        EXPECT_EQ(g.supply->asked, (ids{0, 1}));
        EXPECT_EQ(g.supply->producers, 0);
    }
}

TEST(ChunkGroup, ALossyOneTakesOldChunksFromThoseWhoAreBehind)
{
    grouped g(eviction::lossy);
    g.give(g.b, {make_small(1, {0, 1, 8})});
    EXPECT_EQ(g.give(g.a, {make_small(2, {0}), make_small(3, {1}), make_small(4, {2})}).state, flow::go_on);
    EXPECT_EQ(g.supply->ids(), ids{0});
    g.give(g.b, {make_small(5, {0, 2, 16}), make_small(6, {1, 2, 16})});
    EXPECT_EQ(recv::count_of(g.b->statistics(), chunk_stat::too_old_heaps), 1U);
    g.end(g.a);
    g.end(g.b);
    EXPECT_EQ(g.supply->ids(), (ids{0, 1, 2}));
    EXPECT_EQ(flags_of(*g.supply->done[0]), (std::vector{1, 1, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(flags_of(*g.supply->done[1]), (std::vector{1, 0, 1, 0, 0, 0, 0, 0}));
}

TEST(ChunkGroup, ALosslessOneWaitsForThoseWhoAreBehind)
{
    grouped g(eviction::lossless);
    g.give(g.b, {make_small(1, {0, 1})});
    const packet next = make_small(4, {2});
    EXPECT_EQ(g.give(g.a, {make_small(2, {0}), make_small(3, {1}), next}).used, 2U);
    counting_hook hook;
    ASSERT_TRUE(g.a->gate()->call_on_space(hook));
    g.give(g.b, {make_small(5, {1, 1})});
    EXPECT_EQ(hook.calls, 0);
    EXPECT_EQ(g.give(g.a, {next}).state, flow::full);
    EXPECT_EQ(g.give(g.b, {make_small(6, {2, 1})}).used, 1U) << "it has moved on, so there is room for both";
    EXPECT_EQ(hook.calls, 1);
    EXPECT_EQ(g.give(g.a, {next}).state, flow::go_on);
    g.end(g.a);
    g.end(g.b);
    ASSERT_EQ(g.supply->ids(), (ids{0, 1, 2}));
    for (const auto &c : g.supply->done)
        EXPECT_EQ(flags_of(*c), (std::vector{1, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(ChunkGroup, AMemberThatHasEndedHoldsNothingUp)
{
    grouped g(eviction::lossless);
    g.end(g.b);
    EXPECT_EQ(g.give(g.a, {make_small(1, {0}), make_small(2, {1}), make_small(3, {2}), make_small(4, {9})}).state,
              flow::go_on);
    EXPECT_EQ(g.supply->producers, 1);
    g.end(g.a);
    EXPECT_EQ(g.supply->ids(), (ids{0, 1, 2, 8, 9}));
}

TEST(ChunkGroup, CountsChunksThatNobodyTakesOnce)
{
    grouped g(eviction::lossy);
    g.give(g.a, {make_small(1, {0}), make_small(2, {1})});
    g.give(g.b, {make_small(3, {0, 1, 8}), make_small(4, {1, 1, 8}), make_small(5, {2, 1, 8})});
    g.group.stop();
    ASSERT_EQ(g.supply->ids(), ids{0}) << "handed out before the stop";
    EXPECT_EQ(recv::count_of(g.a->statistics(), chunk_stat::chunks_dropped) +
                  recv::count_of(g.b->statistics(), chunk_stat::chunks_dropped),
              2U);
}

TEST(ChunkGroup, EveryonePausesWhileFinishedChunksFindNoRoom)
{
    grouped g(eviction::lossy);
    g.supply->room = 0;
    g.give(g.a, {make_small(1, {0}), make_small(2, {1})});
    EXPECT_EQ(g.give(g.a, {make_small(3, {2})}).state, flow::full);
    EXPECT_EQ(g.give(g.b, {make_small(4, {1, 1})}).state, flow::full);
    g.supply->room = 10;
    EXPECT_EQ(g.give(g.a, {make_small(3, {2})}).state, flow::go_on);
    EXPECT_EQ(g.give(g.b, {make_small(4, {1, 1})}).state, flow::go_on);
    g.supply->room = 0;
    EXPECT_EQ(g.end(g.a), flow::ended);
    EXPECT_EQ(g.end(g.b), flow::full) << "the last one hands out what is left";
    g.supply->room = 10;
    EXPECT_EQ(g.end(g.b), flow::ended);
    EXPECT_EQ(g.supply->ids(), (ids{0, 1, 2}));
}

TEST(ChunkGroup, PausesWithoutAFreeChunk)
{
    grouped g(eviction::lossy);
    g.supply->chunks = 1;
    EXPECT_EQ(g.give(g.a, {make_small(1, {0}), make_small(2, {1})}).used, 1U);
    EXPECT_EQ(g.give(g.b, {make_small(3, {0, 1})}).state, flow::go_on) << "this chunk is there";
    g.supply->chunks = 9;
    EXPECT_EQ(g.give(g.a, {make_small(2, {1})}).state, flow::go_on);
}

TEST(ChunkGroup, RefusesMembersAfterDataHasCome)
{
    grouped g(eviction::lossy);
    EXPECT_NO_THROW(g.group.emplace_back({}, believing()));
    auto where = believing();
    where.max_chunks = 3;
    EXPECT_THROW(g.group.emplace_back({}, where), std::invalid_argument);
    g.give(g.a, {make_small(1, {0})});
    EXPECT_THROW(g.group.emplace_back({}, believing()), std::logic_error);
    EXPECT_EQ(g.group.members().size(), 3U);
    EXPECT_THROW(chunk_group({.max_chunks = 0}, g.supply), std::invalid_argument);
}

TEST(ChunkGroup, StoppingAMemberStopsAll)
{
    for (const eviction mode : {eviction::lossy, eviction::lossless})
    {
        grouped g(mode);
        g.give(g.b, {make_small(1, {0})});
        g.give(g.a, {make_small(2, {0}), make_small(3, {1}), make_small(4, {2})});
        g.a->stop();
        EXPECT_TRUE(g.supply->stopped);
        EXPECT_EQ(g.give(g.b, {make_small(5, {5})}).state, flow::ended);
        EXPECT_EQ(g.supply->ids(), mode == eviction::lossy ? ids{0} : ids{}) << "in flight: dropped";
        EXPECT_THROW(g.group.emplace_back({}, believing()), std::logic_error);
        g.group.stop();
    }
}

TEST(ChunkGroup, AMemberMayOutliveIt)
{
    member left;
    {
        grouped g(eviction::lossy);
        left = g.a;
        g.give(g.a, {make_small(1, {0})});
    }
    EXPECT_EQ(grouped::give(left, {make_small(2, {0})}).state, flow::ended);
    EXPECT_EQ(recv::count_of(left->statistics(), chunk_stat::chunk_heaps), 1U);
}

TEST(ChunkGroup, OneAbsurdIdOfAMemberMovesNobody)
{
    grouped g(eviction::lossy);
    g.give(g.a, {make_small(1, {0})});
    g.give(g.b, {make_small(2, {1'000'000'000})}); // its very first
    g.give(g.a, {make_small(3, {1}), make_small(4, {2'000'000'000}), make_small(5, {2})});
    g.give(g.b, {make_small(6, {2, 1})});
    g.end(g.a);
    g.end(g.b);
    EXPECT_EQ(g.supply->ids(), (ids{0, 1, 2}));
    EXPECT_EQ(flags_of(*g.supply->done[2]), (std::vector{1, 1, 0, 0, 0, 0, 0, 0}));
}

} // namespace
} // namespace heapwire::test
