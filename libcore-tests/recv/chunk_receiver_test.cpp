// SPDX-License-Identifier: BSD-3-Clause
/// Chunks step by step, without threads: where heaps land, which chunks come out, what is refused.
#include <fstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "chunking.h"

namespace heapwire::test
{
namespace
{

using recv::chunk_stat;
using recv::flow;
using recv::stat;
using ids = std::vector<std::int64_t>;

TEST(ChunkReceiver, PutsAHeapInItsPlace)
{
    driven_stream s;
    EXPECT_EQ(s.give(make_placed_heap(7, {0, 3, 16}, 20, 8)).state, flow::go_on);
    EXPECT_EQ(s.end(), flow::ended);
    ASSERT_EQ(s.supply->ids(), ids{0});
    const recv::chunk &c = *s.supply->done[0];
    EXPECT_TRUE(holds(c, 16, 20, 7));
    EXPECT_EQ(flags_of(c), (std::vector{0, 0, 0, 1, 0, 0, 0, 0}));
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 1U);
    EXPECT_EQ(s.count(stat::heaps), 1U);
    EXPECT_EQ(s.supply->producers, 0) << "the network has ended";
}

TEST(ChunkReceiver, BeginsAndMovesAsDocumented)
{
    const auto out_of = [](std::vector<std::uint64_t> chunks)
    {
        driven_stream s;
        std::uint64_t cnt = 1;
        for (const std::uint64_t id : chunks)
            s.give(make_small(cnt++, {id}));
        EXPECT_EQ(s.end(), flow::ended);
        EXPECT_EQ(s.supply->ids(), s.supply->asked);
        return s.supply->ids();
    };
    EXPECT_EQ(out_of({2}), (ids{1, 2}));
    EXPECT_EQ(out_of({5}), (ids{4, 5}));
    EXPECT_EQ(out_of({1}), (ids{0, 1}));
    EXPECT_EQ(out_of({0, 2}), (ids{0, 1, 2}));
    EXPECT_EQ(out_of({0, 10}), (ids{0, 9, 10}));
    EXPECT_EQ(out_of({}), ids{});
}

TEST(ChunkReceiver, SetsIdsAndClearsFlags)
{
    driven_stream s(believing(), {.stream_id = 42});
    s.give({make_small(1, {0, 0}), make_small(2, {1, 1})});
    s.end();
    ASSERT_EQ(s.supply->done.size(), 2U);
    EXPECT_EQ(s.supply->done[1]->chunk_id, 1);
    EXPECT_EQ(s.supply->done[1]->stream_id, 42U);
    EXPECT_EQ(flags_of(*s.supply->done[1]), (std::vector{0, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(ChunkReceiver, DropsHeapsBehindTheWindow)
{
    driven_stream s;
    s.give({make_small(1, {4}), make_small(2, {5}), make_small(3, {3})});
    EXPECT_EQ(s.count(chunk_stat::too_old_heaps), 1U);
    // Complete only after its chunk was handed out.
    const auto late = make_placed_heap(4, {4, 1, 8}, 16, 8);
    s.give(late[0]);
    s.give(make_small(5, {6}));
    s.give(late[1]);
    EXPECT_EQ(s.count(chunk_stat::too_old_heaps), 2U);
    ASSERT_EQ(s.supply->ids(), (ids{3, 4}));
    EXPECT_EQ(flags_of(*s.supply->done[1])[1], 0);
    s.end();
    EXPECT_EQ(all_fates(s.stream.statistics()), s.count(stat::heaps));
}

TEST(ChunkReceiver, LeavesNoFlagForAnIncompleteHeap)
{
    driven_stream s;
    s.give(make_placed_heap(1, {0, 2, 0}, 16, 8)[0]);
    s.end();
    EXPECT_EQ(flags_of(*s.supply->done[0]), (std::vector{0, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps_incomplete), 1U);
    EXPECT_EQ(s.count(stat::incomplete_heaps_flushed), 1U);
}

TEST(ChunkReceiver, MarksPacketsIfAskedTo)
{
    auto where = believing();
    where.packet_presence = 8;
    driven_stream s(where, {.order = ordering::any_order});
    const auto heap = make_placed_heap(1, {0, 2, 0}, 20, 8);
    s.give({heap[2], heap[1], heap[1]});
    s.give(make_small(2, {0, 6, 48}, 16)); // as one packet: its own flag only
    s.end();
    EXPECT_EQ(flags_of(*s.supply->done[0]), (std::vector{0, 0, 0, 1, 1, 0, 1, 0}));
    EXPECT_EQ(s.count(chunk_stat::repeated_heaps), 0U) << "a duplicate packet joins nothing";
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 1U);
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps_incomplete), 1U);
}

TEST(ChunkReceiver, MarksNothingForAPacketWithoutPayload)
{
    auto where = believing();
    where.packet_presence = 8;
    driven_stream s(where, {.order = ordering::any_order});
    const auto at_end = [&](std::uint64_t cnt, std::uint64_t index, std::uint64_t length)
    {
        packet_plan plan{.cnt = cnt, .length = length, .offset = length};
        const wire::pointer_codec codec(40);
        plan.pointers = {codec.immediate(chunk_item, 0), codec.immediate(index_item, index),
                         codec.immediate(offset_item, 0)};
        return make_packet(plan);
    };
    s.give({at_end(1, 2, 8), at_end(2, 7, 8), at_end(3, 5, 0)}); // the second's would lie behind the last flag
    s.end();
    EXPECT_EQ(flags_of(*s.supply->done[0]), (std::vector{0, 0, 0, 0, 0, 1, 0, 0})) << "but a heap of no bytes has one";
}

TEST(ChunkReceiver, RefusesWhatIsOutOfRangeByCause)
{
    driven_stream s;
    constexpr std::uint64_t huge = (std::uint64_t{1} << 40) - 1;
    s.give({make_small(1, {0, 8, 0}), make_small(2, {0, huge, 0}), make_small(3, {0, 0, 57}),
            make_small(4, {0, 0, huge}), make_small(5, {0, 0, 0}, 65)});
    EXPECT_EQ(s.count(chunk_stat::bad_heap_index), 2U);
    EXPECT_EQ(s.count(chunk_stat::bad_heap_offset), 3U);
    s.give({make_small(6, {0, 7, 56}), make_placed_heap(7, {0, 6, 64}, 0, 8)[0]});
    s.end();
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 2U) << "the last flag, the last byte, nothing at the end";
    EXPECT_EQ(flags_of(*s.supply->done[0]), (std::vector{0, 0, 0, 0, 0, 0, 1, 1}));
    EXPECT_EQ(all_fates(s.stream.statistics()), s.count(stat::heaps));
}

TEST(ChunkReceiver, RefusesNegativeNumbersOfAPlaceCallback)
{
    auto where = believing();
    where.place = recv::place_one{[](heapwire_place_data *heap, std::size_t)
                                  {
                                      heap->chunk_id = heap->items[0] == 1 ? -5 : 0;
                                      heap->heap_index = heap->items[0] == 2 ? SIZE_MAX : 0;
                                      heap->heap_offset = heap->items[0] == 3 ? SIZE_MAX - 3 : 0;
                                      if (heap->items[0] == 4)
                                          heap->chunk_id = INT64_MAX;
                                  }};
    driven_stream s(where);
    s.give({make_small(1, {0}), make_small(2, {1}), make_small(3, {2}), make_small(4, {3}), make_small(5, {4})});
    EXPECT_EQ(s.count(chunk_stat::rejected_heaps), 1U);
    EXPECT_EQ(s.count(chunk_stat::bad_heap_index), 1U);
    EXPECT_EQ(s.count(chunk_stat::bad_heap_offset), 1U);
    EXPECT_EQ(s.count(chunk_stat::far_heaps), 1U);
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 1U);
}

TEST(ChunkReceiver, KeepsExtraDataEvenOfIncompleteHeapsAndChecksIt)
{
    auto where = believing();
    where.max_heap_extra = 4;
    where.place = recv::place_one{[](heapwire_place_data *heap, std::size_t size)
                                  {
                                      believe(heap, size);
                                      std::memset(heap->extra, 0x5a, 4);
                                      heap->extra_size = heap->heap_index == 1 ? 5 : 4;
                                      heap->extra_offset = heap->heap_index == 2 ? 61 : 8;
                                  }};
    driven_stream s(where);
    s.give({make_placed_heap(1, {0, 0, 0}, 16, 8)[0], make_small(2, {0, 1, 0}), make_small(3, {0, 2, 0})});
    s.end();
    EXPECT_EQ(s.count(chunk_stat::bad_heap_extra), 2U);
    const auto extra = s.supply->done[0]->extra.view();
    EXPECT_EQ(extra[8], std::byte{0x5a});
    EXPECT_EQ(extra[11], std::byte{0x5a});
}

TEST(ChunkReceiver, PausesWithoutAFreeChunkAndAsksPlacementOnce)
{
    static int asked;
    asked = 0;
    auto where = believing();
    where.place = recv::place_one{[](heapwire_place_data *heap, std::size_t size)
                                  {
                                      ++asked;
                                      believe(heap, size);
                                  }};
    driven_stream s(where);
    s.supply->chunks = 1;
    const std::vector<packet> packets{make_small(1, {0}), make_small(2, {1}), make_small(3, {1, 1})};
    const auto first = s.give(packets);
    EXPECT_EQ(first.state, flow::full);
    EXPECT_EQ(first.used, 1U);
    EXPECT_EQ(s.give({packets[1], packets[2]}).used, 0U);
    s.supply->chunks = 5;
    EXPECT_EQ(s.give({packets[1], packets[2]}).state, flow::go_on);
    EXPECT_EQ(asked, 3);
    EXPECT_EQ(s.count(stat::worker_blocked), 1U);
    EXPECT_EQ(s.count(stat::datagrams), 3U);
}

TEST(ChunkReceiver, PausesWithoutRoomForFinishedChunks)
{
    driven_stream s;
    s.supply->room = 1;
    const auto got = s.give({make_small(1, {0}), make_small(2, {2}), make_small(3, {3}), make_small(4, {3, 1})});
    EXPECT_EQ(got.state, flow::full);
    EXPECT_EQ(got.used, 2U);
    EXPECT_EQ(s.end(), flow::full);
    s.supply->room = 100;
    EXPECT_EQ(s.end(), flow::ended);
    EXPECT_EQ(s.supply->ids(), (ids{0, 1, 2}));
}

TEST(ChunkReceiver, DropsHeapsOfChunksThatNobodyAllocates)
{
    driven_stream s;
    s.supply->chunks = 0;
    s.supply->stopped = true;
    s.give({make_small(1, {0}), make_small(2, {1})});
    EXPECT_EQ(s.count(chunk_stat::heaps_without_chunk), 2U);
    EXPECT_EQ(s.end(), flow::ended);
}

TEST(ChunkReceiver, PlacesTheStopHeapTooAndEnds)
{
    driven_stream s;
    EXPECT_EQ(s.give({make_small(1, {0}), make_stop(2), make_small(3, {0, 1})}).state, flow::ended);
    EXPECT_EQ(s.count(stat::heaps), 1U);
    EXPECT_EQ(s.count(chunk_stat::rejected_heaps), 1U) << "it says no chunk id";
    EXPECT_EQ(s.stream.statistics()[join::after_stop], 1U);
    EXPECT_EQ(s.supply->ids(), ids{0});
}

TEST(ChunkReceiver, CountsFlagsThatAreSetTwice)
{
    driven_stream s;
    s.give({make_small(1, {0, 3}), make_small(1, {0, 3})});
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 2U);
    EXPECT_EQ(s.count(chunk_stat::repeated_heaps), 1U);
}

TEST(ChunkReceiver, OneChunkMeansNoGoingBack)
{
    auto where = believing();
    where.max_chunks = 1;
    driven_stream s(where);
    s.give({make_small(1, {0}), make_small(2, {1}), make_small(3, {0, 1}), make_small(4, {1, 1})});
    s.end();
    EXPECT_EQ(s.supply->ids(), (ids{0, 1}));
    EXPECT_EQ(s.count(chunk_stat::too_old_heaps), 1U);
}

TEST(ChunkReceiver, NamesWhatIsWrongWithItsOptions)
{
    const auto supply = std::make_shared<scripted_supply>();
    const auto make = [&](recv::chunk_options where) { recv::chunk_stream({}, std::move(where), supply); };
    auto where = believing();
    where.place = {};
    EXPECT_THROW(make(where), std::invalid_argument);
    where.place = recv::place_batch{};
    EXPECT_THROW(make(where), std::invalid_argument);
    where = believing();
    where.max_chunks = 0;
    EXPECT_THROW(make(where), std::invalid_argument);
    EXPECT_THROW(recv::chunk_stream({.custom_stats = {{"rejected_heaps"}}}, believing(), supply),
                 std::invalid_argument);
    EXPECT_THROW(recv::chunk_stream({}, believing(), nullptr), std::invalid_argument);
    EXPECT_EQ(supply->producers, 0) << "who was not made is no producer";
}

TEST(ChunkReceiver, CountsWhatPlaceCallbacksCount)
{
    auto where = believing();
    where.batch_stat_base = 9;
    where.place = recv::place_one{[](heapwire_place_data *heap, std::size_t size)
                                  {
                                      believe(heap, size);
                                      heap->batch_stats[9] += 2;
                                      heap->batch_stats[10] =
                                          std::max<std::uint64_t>(heap->batch_stats[10], heap->heap_index);
                                  }};
    driven_stream s(where, {.custom_stats = {{"mine.sum"}, {"mine.most", recv::stat_mode::maximum}}});
    s.give({make_small(1, {0, 5}), make_small(2, {0, 3})});
    s.give(make_small(3, {0, 1}));
    const recv::stats all = s.stream.statistics();
    EXPECT_EQ(all.at("mine.sum"), 6U);
    EXPECT_EQ(all.at("mine.most"), 5U);
    EXPECT_EQ(all.at("chunk_heaps"), 3U);
    EXPECT_EQ(all.at(recv::builtin_stat_count + 2), all.at("too_old_heaps"));
    EXPECT_FALSE(s.stream.configuration().allow_unsized_heaps);
}

/// The page of the reference documentation must say what the table says.
TEST(ChunkReceiver, StatisticsStandInTheReferencePageAsTheyAre)
{
    std::ifstream page(HEAPWIRE_CHUNK_STATISTICS_PAGE);
    ASSERT_TRUE(page) << HEAPWIRE_CHUNK_STATISTICS_PAGE;
    std::vector<std::string> found, wanted;
    for (std::string line; std::getline(page, line);)
        if (line.starts_with("| `"))
            found.push_back(line);
    for (const recv::custom_stat &entry : recv::with_chunk_stats({}))
        wanted.push_back("| `" + entry.name + "` | " + entry.text + " |");
    EXPECT_EQ(found, wanted);
}

} // namespace
} // namespace heapwire::test
