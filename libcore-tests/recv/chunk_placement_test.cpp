// SPDX-License-Identifier: BSD-3-Clause
/// The ways to say where heaps go: one call a heap, one a batch, the linear rule; they agree.
#include <limits>
#include <random>
#include <stdexcept>

#include <gtest/gtest.h>

#include "chunking.h"

namespace heapwire::test
{
namespace
{

using recv::chunk_stat;
using recv::linear_term;

recv::chunk_options by(recv::placement place)
{
    auto where = believing();
    where.place = std::move(place);
    return where;
}

/// What comes out, as one string of bytes.
std::vector<std::byte> result_of(const recv::chunk_options &where, const std::vector<packet> &packets,
                                 std::size_t batch)
{
    driven_stream s(where, {.max_heaps = 4, .order = ordering::any_order});
    for (std::size_t at = 0; at < packets.size(); at += batch)
        s.give(part(packets, at, batch));
    s.end();
    std::vector<std::byte> out;
    for (const auto &c : s.supply->done)
        out.insert(out.end(), c->present.data(), c->present.data() + c->present.size());
    const auto all = s.stream.statistics();
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all.entry(i).name != "batches" && all.entry(i).name != "max_batch" && all.entry(i).name != "search_dist")
            out.push_back(static_cast<std::byte>(all.at(i)));
    return out;
}

TEST(Placement, IsTheSameByEveryWayAndInAnyBatch)
{
    static int context;
    const std::vector<recv::placement> ways{
        recv::place_one{believe},
        recv::place_one_with{[](heapwire_place_data *heap, std::size_t size, void *c)
                             {
                                 EXPECT_EQ(c, &context);
                                 believe(heap, size);
                             },
                             &context},
        recv::place_batch{believe_all},
        recv::place_batch_with{[](heapwire_place_data *heaps, std::size_t count, std::size_t size, void *c)
                               {
                                   EXPECT_EQ(c, &context);
                                   EXPECT_LE(count, std::size_t{HEAPWIRE_PLACE_BATCH});
                                   believe_all(heaps, count, size);
                               },
                               &context},
        plain_rule()};
    std::mt19937 dice(5);
    std::vector<packet> packets;
    for (std::uint64_t cnt = 0; cnt < 400; ++cnt)
        for (packet &p : make_placed_heap(cnt, {cnt / 7, cnt % 9, cnt % 7 * 8}, 1 + dice() % 20, 8))
            packets.push_back(std::move(p));
    for (std::size_t i = 0; i + 5 < packets.size(); ++i)
        if (dice() % 3 == 0)
            packets[i] = packets[i + dice() % 5]; // lost, doubled, out of order
    const auto expected = result_of(by(ways[0]), packets, 1);
    for (const auto &way : ways)
        for (const std::size_t batch : {1, 3, 64, 65, 1000})
            EXPECT_EQ(result_of(by(way), packets, batch), expected) << way.index() << ", batches of " << batch;
}

TEST(Placement, SeesPacketItemsAndTheLastOfRepeatedOnes)
{
    auto where = believing();
    where.items = {1, 2, 3, 4, 0x1700, 0x1701, 0x1700};
    where.place = recv::place_one{[](heapwire_place_data *heap, std::size_t size)
                                  {
                                      EXPECT_EQ(size, sizeof(heapwire_place_data));
                                      EXPECT_EQ(heap->items[0], 77);
                                      EXPECT_EQ(heap->items[1], 20);
                                      EXPECT_EQ(heap->items[2], 0);
                                      EXPECT_EQ(heap->items[3], 12);
                                      EXPECT_EQ(heap->items[4], 6);
                                      EXPECT_EQ(heap->items[5], -1) << "an addressed item has no value";
                                      EXPECT_EQ(heap->items[6], 6);
                                      EXPECT_EQ(heap->packet[0], 0x53);
                                      EXPECT_EQ(heap->extra, nullptr);
                                      heap->chunk_id = 0;
                                  }};
    driven_stream s(where);
    const wire::pointer_codec codec(40);
    s.give(make_packet(
        {.cnt = 77,
         .length = 20,
         .size = 12,
         .pointers = {codec.immediate(0x1700, 5), codec.addressed(0x1701, 3), codec.immediate(0x1700, 6)}}));
    EXPECT_EQ(s.count(recv::stat::packets_accepted), 1U);
}

TEST(Placement, HasTheDocumentedLayout)
{
    EXPECT_EQ(offsetof(heapwire_place_data, packet), 0U);
    EXPECT_EQ(offsetof(heapwire_place_data, chunk_id), 24U);
    EXPECT_EQ(offsetof(heapwire_place_data, batch_stats), 48U);
    EXPECT_EQ(offsetof(heapwire_place_data, extra_size), 72U);
    EXPECT_EQ(sizeof(heapwire_place_data), 80U);
}

/// The heap's index by one term of one item.
std::int64_t index_by(linear_term term, std::uint64_t value)
{
    recv::chunk_options where;
    where.items = {chunk_item};
    where.place = recv::linear_placement{.heap_index = {.terms = {term}}};
    driven_stream s(where);
    s.supply->sizes.present = 1 << 12;
    s.give(make_small(1, {value}));
    s.end();
    if (s.supply->done.empty())
        return -1;
    const auto flags = flags_of(*s.supply->done[0]);
    const auto set = std::find(flags.begin(), flags.end(), 1);
    return set == flags.end() ? -2 : set - flags.begin();
}

TEST(LinearPlacement, CalculatesInTheDocumentedOrder)
{
    EXPECT_EQ(index_by({}, 5), 5);
    EXPECT_EQ(index_by({.shift = 4}, 0x123), 0x12);
    EXPECT_EQ(index_by({.shift = 4, .mask = 0xf}, 0x123), 2);
    EXPECT_EQ(index_by({.divide = 10}, 123), 12);
    EXPECT_EQ(index_by({.divide = 10, .modulo = 7}, 123), 5);
    EXPECT_EQ(index_by({.divide = 8, .modulo = 4}, 123), 3);
    EXPECT_EQ(index_by({.mask = 0x7f, .divide = 4, .modulo = 8, .scale = 3}, 0x3fd), 21);
    EXPECT_EQ(index_by({.modulo = 16}, 123), 11);
    EXPECT_EQ(index_by({.subtract = 100, .scale = 2}, 123), 46);
    EXPECT_EQ(index_by({.subtract = 124}, 123), -1) << "rejected";
    EXPECT_EQ(index_by({.scale = std::numeric_limits<std::uint64_t>::max()}, 2), -1) << "does not fit";
    EXPECT_EQ(index_by({.scale = std::uint64_t{1} << 62}, 2), -1) << "does not fit 63 bits";
    EXPECT_EQ(index_by({.scale = 4096}, 1), -2) << "outside the chunk";
}

/// An offset that is a multiple of the index is not calculated again: it must be what its own rule says, and what is
/// nearly a multiple must not be taken for one.
TEST(LinearPlacement, GivesOffsetsByTheirOwnRuleHoweverMuchItIsLikeTheIndexs)
{
    constexpr std::uint64_t a = 5, b = 13;
    const recv::linear_expression index{1, {{.item = 1, .scale = 3}, {.item = 2, .modulo = 8}}};
    const std::vector<std::pair<recv::linear_expression, std::uint64_t>> offsets{
        {{8, {{.item = 1, .scale = 24}, {.item = 2, .modulo = 8, .scale = 8}}}, 8 * (1 + 3 * a + b % 8)},
        {{0, {{.item = 1, .scale = 24}, {.item = 2, .modulo = 8, .scale = 8}}}, 8 * (3 * a + b % 8)},
        {{8, {{.item = 1, .scale = 24}, {.item = 2, .modulo = 16, .scale = 8}}}, 8 * (1 + 3 * a + b % 16)},
        {{8, {{.item = 2, .scale = 24}, {.item = 2, .modulo = 8, .scale = 8}}}, 8 * (1 + 3 * b + b % 8)},
        {{8, {{.item = 1, .scale = 25}, {.item = 2, .modulo = 8, .scale = 8}}}, 8 + 25 * a + 8 * (b % 8)},
        {{8, {{.item = 1, .scale = 24}}}, 8 * (1 + 3 * a)},
        {{0, {{.item = 1, .scale = 0}, {.item = 2, .modulo = 8, .scale = 0}}}, 0},
        {index, 1 + 3 * a + b % 8}};
    for (const auto &[offset, expected] : offsets)
    {
        driven_stream s(by(recv::linear_placement{.heap_index = index, .heap_offset = offset}));
        s.supply->sizes = {.data = 512, .present = 64};
        s.give({make_small(9, {0, a, b})});
        s.end();
        ASSERT_EQ(s.count(chunk_stat::chunk_heaps), 1U);
        EXPECT_EQ(flags_of(*s.supply->done[0])[1 + 3 * a + b % 8], 1);
        EXPECT_TRUE(has_pattern(s.supply->done[0]->data.view().subspan(expected, 8), 9)) << expected;
    }
    const std::uint64_t huge = std::uint64_t{1} << 60;
    for (const std::uint64_t scale : {huge, 8 * huge}) // more than 63 bits, more than 64
    {
        driven_stream s(by(recv::linear_placement{.heap_index = {.terms = {{.item = 1}}},
                                                  .heap_offset = {.terms = {{.item = 1, .scale = scale}}}}));
        s.give({make_small(9, {0, 8, 0})});
        EXPECT_EQ(s.count(chunk_stat::rejected_heaps), 1U);
    }
}

TEST(LinearPlacement, RejectsHeapsThatLackAnItemOrHaveAnotherSize)
{
    auto rule = plain_rule();
    rule.heap_size = 8;
    driven_stream s(by(rule));
    s.give({make_small(1, {0}), make_small(2, {0, 1}, 9), make_heap(3, 8, 8)[0]});
    EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 1U);
    EXPECT_EQ(s.count(chunk_stat::rejected_heaps), 2U);
}

TEST(LinearPlacement, WhatIsWrongWithOneHeapOfABatchIsNoOthersFault)
{
    auto rule = plain_rule();
    rule.heap_size = 8;
    rule.heap_index.terms[0].subtract = 1;
    rule.heap_offset.terms[0].scale = std::uint64_t{1} << 40;
    rule.heap_offset.base = 8;
    const std::vector<packet> wrong{make_heap(1, 8, 8)[0],              // no items
                                    make_small(1, {0, 1}, 9),           // size
                                    make_small(1, {0, 0}),              // subtract
                                    make_small(1, {0, 1, 1ULL << 39})}; // does not fit
    for (const packet &bad : wrong)
    {
        driven_stream s(by(rule));
        s.give({make_small(5, {0, 1}), bad, make_small(6, {0, 2})});
        EXPECT_EQ(s.count(chunk_stat::rejected_heaps), 1U) << &bad - wrong.data();
        EXPECT_EQ(s.count(chunk_stat::chunk_heaps), 2U) << &bad - wrong.data();
        s.end();
        EXPECT_EQ(flags_of(*s.supply->done[0]), (std::vector{1, 1, 0, 0, 0, 0, 0, 0}));
    }
}

TEST(LinearPlacement, KeepsItemValuesAsExtraData)
{
    auto rule = plain_rule();
    rule.extra_items = {2, 0};
    driven_stream s(by(rule));
    s.give({make_small(1, {0, 1, 40}), make_small(2, {0, 3, 48}), make_small(3, {0, 4, 48})});
    s.end();
    EXPECT_EQ(s.count(chunk_stat::bad_heap_extra), 1U) << "64 bytes of extra hold four heaps";
    std::int64_t kept[8];
    std::memcpy(kept, s.supply->done[0]->extra.data(), sizeof kept);
    EXPECT_EQ(kept[2], 40);
    EXPECT_EQ(kept[3], 0);
    EXPECT_EQ(kept[6], 48);
}

TEST(LinearPlacement, NamesTheFieldThatIsWrong)
{
    const auto message = [](recv::linear_placement rule)
    {
        try
        {
            rule.validate(2);
        }
        catch (const std::invalid_argument &e)
        {
            return std::string(e.what());
        }
        return std::string();
    };
    EXPECT_EQ(message({}), "");
    EXPECT_NE(message({.chunk_id = {.terms = {{}, {.divide = 0}}}}).find("chunk_id.terms[1].divide"),
              std::string::npos);
    EXPECT_NE(message({.heap_index = {.terms = {{.item = 2}}}}).find("heap_index.terms[0].item = 2"),
              std::string::npos);
    EXPECT_NE(message({.heap_offset = {.terms = {{.shift = 64}}}}).find("shift = 64"), std::string::npos);
    EXPECT_NE(message({.extra_items = {7}}).find("extra_items = 7"), std::string::npos);
}

} // namespace
} // namespace heapwire::test
