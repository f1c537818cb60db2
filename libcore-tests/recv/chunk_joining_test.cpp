// SPDX-License-Identifier: BSD-3-Clause
/// The rules of joining exist twice: a heap stream's and a chunk stream's. Here both get the same packets, lost,
/// doubled, cut anew, reordered and damaged by a seed, and must say the same of every one
/// (docs/decisions/0108-chunk-hall.md).
#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "chunking.h"

namespace heapwire::test
{
namespace
{

using recv::chunk_stat;
using recv::flow;
using recv::stat;

constexpr std::uint64_t largest_heap = 1000;
constexpr std::uint64_t slot_size = 1024;
constexpr std::byte untouched{0xee};

struct sent
{
    packet bytes;
    std::uint64_t source = 0;
};

/// What happens to a packet on its way.
void send(std::vector<sent> &out, std::mt19937 &dice, const packet_plan &plan, std::uint64_t source)
{
    sent p{make_packet(plan), source};
    switch (dice() % 30)
    {
    case 0:
        return; // lost
    case 1:
        out.push_back(p); // doubled
        break;
    case 2:
        p.bytes[dice() % p.bytes.size()] ^= static_cast<std::byte>(1 + dice() % 255);
        break;
    case 3:
        p.bytes.resize(dice() % p.bytes.size());
        break;
    default:
        break;
    }
    out.push_back(std::move(p));
}

/// A sender's mistakes: what another packet of the same heap has said is contradicted.
packet_plan confused(packet_plan plan, std::mt19937 &dice)
{
    const wire::pointer_codec codec(plan.bits);
    const std::uint64_t length = *plan.length;
    switch (dice() % 30)
    {
    case 0:
        plan.length.reset();
        break;
    case 1:
        plan.length = length + 1 + dice() % 10;
        break;
    case 2:
        plan.bits = 88 - plan.bits;
        plan.pointers.clear();
        break;
    case 3: // an item that begins beyond the end: such a heap never is complete
        plan.pointers.push_back(codec.addressed(0x1001, length + 1 + dice() % 10));
        break;
    case 4: // brings no payload
        plan.offset = dice() % (length + 1);
        plan.size = 0;
        break;
    case 5: // cut elsewhere
        plan.offset = dice() % (length + 1);
        plan.size = dice() % (length - plan.offset + 1);
        break;
    default:
        break;
    }
    return plan;
}

std::vector<sent> make_traffic(std::mt19937 &dice, std::uint64_t heaps, bool stops)
{
    std::vector<sent> out;
    for (std::uint64_t n = 0; n < heaps; ++n)
    {
        const std::uint64_t cnt = n / 2 + (dice() % 20 == 0 ? dice() % 4 : 0); // seldom one that is in flight
        const std::uint64_t source = n % 2;
        packet_plan plan{.cnt = cnt, .bits = dice() % 8 == 0 ? 48 : 40};
        const wire::pointer_codec codec(plan.bits);
        const std::uint64_t length = dice() % 20 == 0 ? 0 : dice() % (dice() % 40 == 0 ? 2 : 1) * 400 + dice() % 950;
        const std::uint64_t step = 1 + dice() % 500;
        const std::uint64_t stop_at = stops && n + 8 > heaps ? dice() % (length + 1) : length + 1;
        std::uint64_t at = 0;
        do
        {
            plan.length = length;
            plan.offset = at;
            plan.size = std::min(length - at, dice() % 4 == 0 ? 1 + dice() % step : step);
            plan.pointers = {codec.addressed(0x1000, dice() % (length + 1)), codec.immediate(0x1002, dice() % 100)};
            if (stop_at >= at && stop_at <= at + plan.size)
                plan.pointers.push_back(codec.immediate(6, 2));
            send(out, dice, plan, source);
            if (dice() % 4 == 0)
                send(out, dice, confused(plan, dice), source);
            at += plan.size;
        } while (at < length);
    }
    for (std::size_t i = 0; i + 8 < out.size(); ++i) // reordered, nearby
        if (dice() % 4 == 0)
            std::swap(out[i], out[i + dice() % 8]);
    return out;
}

/// A heap's cnt and source. The same may begin again when the one before is gone: the n-th is the n-th on both sides.
using heap_key = std::pair<std::uint64_t, std::uint64_t>;

/// Gives every heap that begins a slot of its own, and remembers whose it is.
struct slot_keeper
{
    static void place(heapwire_place_data *heaps, std::size_t count, std::size_t, void *context)
    {
        auto &self = *static_cast<slot_keeper *>(context);
        for (std::size_t i = 0; i < count; ++i)
        {
            heaps[i].chunk_id = 0;
            heaps[i].heap_offset = self.given.size() * slot_size;
            heaps[i].heap_index = self.given.size() * self.flags_a_slot;
            self.given.push_back(self.keys.at(heaps[i].packet));
        }
    }

    std::size_t flags_a_slot = 1;
    std::map<const void *, heap_key> keys; // by address of the packet
    std::vector<heap_key> given;
};

class painted_supply : public scripted_supply
{
public:
    recv::supplied obtain(std::int64_t id, std::unique_ptr<recv::chunk> &out,
                          std::span<std::uint64_t> numbers) noexcept override
    {
        const recv::supplied answer = scripted_supply::obtain(id, out, numbers);
        if (out)
            std::fill_n(out->data.data(), out->data.size(), untouched);
        return answer;
    }
};

recv::chunk_options one_large_chunk(slot_keeper &slots, std::uint64_t packet_presence)
{
    return {.max_chunks = 1,
            .place = recv::place_batch_with{slot_keeper::place, &slots},
            .packet_presence = packet_presence};
}

/// A receiver of each kind, fed alike.
class both_halls
{
public:
    both_halls(recv::options how, const std::vector<sent> &traffic, std::uint64_t packet_presence)
        : presence_(packet_presence), heaps_(how, sink_), chunks_(how, one_large_chunk(slots_, presence_), supply_)
    {
        slots_.flags_a_slot = presence_ ? slot_size / presence_ : 1;
        supply_->sizes = {.data = traffic.size() * slot_size, .present = traffic.size() * slots_.flags_a_slot};
        for (const sent &p : traffic)
        {
            wire::packet_view view;
            if (wire::parse_packet(p.bytes, wire::framing::datagram, view) == wire::reject::none)
                slots_.keys[p.bytes.data()] = {view.heap_cnt, how.key_by_source ? p.source : 0};
        }
    }

    void take(std::span<const recv::datagram> packets)
    {
        const recv::taken one = heaps_.take(packets);
        const recv::taken other = chunks_.gate()->take(packets);
        EXPECT_EQ(one.used, packets.size());
        EXPECT_EQ(other.used, packets.size());
        EXPECT_EQ(one.state, other.state);
        compare_numbers();
    }

    void finish()
    {
        EXPECT_EQ(heaps_.finish(), flow::ended);
        EXPECT_EQ(chunks_.gate()->source_ended(), flow::ended);
        compare_numbers();
    }

    /// Slot by slot: the same bytes, and nothing else; a flag for what is complete, or for what has arrived.
    void compare_contents()
    {
        const recv::stats counted = chunks_.statistics();
        std::map<heap_key, std::deque<const heap *>> came_out;
        std::uint64_t complete = 0;
        for (const heap &h : sink_.heaps)
        {
            came_out[{h.cnt(), h.source()}].push_back(&h);
            complete += h.is_complete();
        }
        EXPECT_EQ(recv::count_of(counted, chunk_stat::chunk_heaps), complete);
        EXPECT_EQ(recv::count_of(counted, chunk_stat::chunk_heaps_incomplete), sink_.heaps.size() - complete);
        EXPECT_EQ(recv::count_of(counted, chunk_stat::repeated_heaps), 0U);
        ASSERT_EQ(supply_->done.size(), 1U);
        std::size_t nobodys = 0;
        for (std::size_t slot = 0; slot < slots_.given.size(); ++slot)
        {
            auto &of_key = came_out[slots_.given[slot]];
            if (of_key.empty())
                ++nobodys;
            else
            {
                compare_slot(*of_key.front(), slot);
                of_key.pop_front();
            }
        }
        EXPECT_EQ(slots_.given.size(), sink_.heaps.size() + nobodys);
        EXPECT_LE(nobodys, heaps_.configuration().stop_on_stop_item ? 1U : 0U) << "only the stop item's is not data";
    }

    [[nodiscard]] const recv::stats &numbers() const { return heaps_.statistics(); }

private:
    void compare_numbers()
    {
        const recv::stats chunked = chunks_.statistics();
        for (std::size_t i = 0; i < recv::builtin_stat_count; ++i)
            if (i != recv::stat_index(stat::search_dist)) // depends on random numbers
            {
                ASSERT_EQ(heaps_.statistics().at(i), chunked.at(i)) << recv::stat_table()[i].name;
            }
    }

    void compare_slot(const heap &h, std::size_t slot)
    {
        const recv::chunk &c = *supply_->done[0];
        const bytes_view flags = c.present.view().subspan(slot * slots_.flags_a_slot, slots_.flags_a_slot);
        const bytes_view placed = c.data.view().subspan(slot * slot_size, slot_size);
        std::vector<std::byte> expected(slot_size, untouched);
        std::vector<std::byte> arrived(slot_size);
        for (const auto &[begin, end] : h.payload_ranges())
        {
            std::copy(h.payload().begin() + static_cast<std::ptrdiff_t>(begin),
                      h.payload().begin() + static_cast<std::ptrdiff_t>(end),
                      expected.begin() + static_cast<std::ptrdiff_t>(begin));
            std::fill(arrived.begin() + static_cast<std::ptrdiff_t>(begin),
                      arrived.begin() + static_cast<std::ptrdiff_t>(end), std::byte{1});
            if (presence_)
            {
                EXPECT_EQ(flags[begin], std::byte{1}) << "a packet began here";
            }
        }
        EXPECT_TRUE(std::ranges::equal(placed, expected)) << "heap " << h.cnt() << ", slot " << slot;
        if (!presence_)
        {
            EXPECT_EQ(flags[0] != std::byte{0}, h.is_complete());
            return;
        }
        for (std::size_t i = 0; h.heap_length() > 0 && i < slot_size; ++i)
            EXPECT_LE(flags[i], arrived[i]) << "no packet came with byte " << i << " of heap " << h.cnt();
    }

    const std::uint64_t presence_; // 0, or 1: a flag for each byte, so that those of packets of any size are apart
    slot_keeper slots_;
    std::shared_ptr<painted_supply> supply_ = std::make_shared<painted_supply>();
    gathering_sink sink_;
    recv::receiver heaps_;
    recv::chunk_stream chunks_;
};

recv::options drawn_options(std::mt19937 &dice, ordering order)
{
    return {.max_heaps = 1 + dice() % 6,
            .substreams = 1 + dice() % 3,
            .order = order,
            .stop_on_stop_item = dice() % 2 == 0,
            .allow_unsized_heaps = false,
            .max_heap_size = largest_heap,
            .key_by_source = dice() % 2 == 0};
}

class ChunkJoining : public testing::TestWithParam<ordering>
{
};

TEST_P(ChunkJoining, SaysOfEveryPacketWhatAHeapStreamSays)
{
    std::mt19937 dice(16180);
    recv::stats total;
    for (int round = 0; round < 60 && !HasFailure(); ++round)
    {
        SCOPED_TRACE(round);
        const std::vector<sent> traffic = make_traffic(dice, 150, round % 3 == 0);
        std::vector<recv::datagram> packets;
        for (const sent &p : traffic)
            packets.push_back({.bytes = p.bytes, .source = p.source, .truncated = dice() % 100 == 0});
        both_halls both(drawn_options(dice, GetParam()), traffic, dice() % 2);
        const std::size_t most = round % 4 == 0 ? 1 : 150; // one by one, or more than a batch
        for (std::span<const recv::datagram> rest = packets; !rest.empty() && !HasFailure();)
        {
            const std::size_t n = std::min(rest.size(), 1 + dice() % most);
            both.take(rest.first(n));
            rest = rest.subspan(n);
        }
        both.finish();
        both.compare_contents();
        total += both.numbers();
    }
    // The traffic is as bad as it is said to be.
    EXPECT_GT(total.malformed(), 100U);
    for (const stat s : {stat::incomplete_heaps_evicted, stat::incomplete_heaps_flushed, stat::single_packet_heaps})
        EXPECT_GT(total[s], 100U) << recv::stat_table()[recv::stat_index(s)].name;
    std::vector<join> seen{join::unsized,          join::out_of_order,   join::length_mismatch,
                           join::flavour_mismatch, join::heap_too_large, join::after_stop};
    if (GetParam() == ordering::in_order)
        seen.push_back(join::late_start);
    else
        seen.insert(seen.end(), {join::duplicate, join::overlap});
    if (GetParam() == ordering::any_order)
        std::erase(seen, join::out_of_order); // only of very many gaps: see below
    for (const join j : seen)
        EXPECT_GT(total[j], 10U) << describe(j).counter;
}

INSTANTIATE_TEST_SUITE_P(Both, ChunkJoining, testing::Values(ordering::in_order, ordering::any_order),
                         [](const auto &of) { return of.param == ordering::in_order ? "in_order" : "any_order"; });

TEST(ChunkJoiningOfManyGaps, RefusesTheSameGapAsAHeapStream)
{
    // Every second byte, until no more separate ranges are kept; then what fills a gap, and one more.
    constexpr std::uint64_t most = payload_ranges::max_ranges;
    constexpr std::uint64_t length = 2 * most + 10;
    const recv::options how{.order = ordering::any_order, .allow_unsized_heaps = false};
    gathering_sink sink;
    recv::receiver heaps(how, sink);
    driven_stream chunks(believing(), how);
    chunks.supply->sizes = {.data = length, .present = 1};
    const wire::pointer_codec codec(40);
    const auto feed_both = [&](std::uint64_t offset)
    {
        const packet p = make_packet({.length = length,
                                      .offset = offset,
                                      .size = 1,
                                      .pointers = {codec.immediate(chunk_item, 0), codec.immediate(index_item, 0),
                                                   codec.immediate(offset_item, 0)}});
        feed(heaps, p);
        chunks.give(p);
    };
    for (std::uint64_t i = 0; i < most; ++i)
        feed_both(2 * i);
    EXPECT_EQ(heaps.statistics().refused(), 0U);
    for (const std::uint64_t offset : {2 * most, std::uint64_t{1}, 2 * most, 2 * most + 2})
        feed_both(offset);
    const recv::stats chunked = chunks.stream.statistics();
    EXPECT_EQ(heaps.statistics()[join::out_of_order], 2U);
    EXPECT_EQ(chunked[join::out_of_order], 2U);
    EXPECT_EQ(chunked[stat::packets_accepted], heaps.statistics()[stat::packets_accepted]);
}

} // namespace
} // namespace heapwire::test
