// SPDX-License-Identifier: BSD-3-Clause
/// What tests of chunks share: packets that say where they belong, a place callback that believes them, a port and a
/// supply with doors.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "heapwire/recv/chunk_receiver.h"
#include "heapwire/recv/chunk_stream.h"
#include "receiving.h"

namespace heapwire::test
{

inline constexpr std::uint64_t chunk_item = 0x1600, index_item = 0x1601, offset_item = 0x1602;

/// Where a heap says that it belongs.
struct target
{
    std::uint64_t chunk = 0;
    std::uint64_t index = 0;
    std::uint64_t offset = 0;
};

/// Every packet says it, so that any may come first.
[[nodiscard]] inline std::vector<packet> make_placed_heap(std::uint64_t cnt, target to, std::uint64_t length,
                                                          std::uint64_t step)
{
    const wire::pointer_codec codec(40);
    std::vector<packet> packets;
    for (std::uint64_t at = 0; at == 0 || at < length; at += step)
        packets.push_back(
            make_packet({.cnt = cnt,
                         .length = length,
                         .offset = at,
                         .size = std::min(step, length - at),
                         .pointers = {codec.immediate(chunk_item, to.chunk), codec.immediate(index_item, to.index),
                                      codec.immediate(offset_item, to.offset), codec.addressed(0x1000, 0)}}));
    return packets;
}

[[nodiscard]] inline packet make_small(std::uint64_t cnt, target to, std::uint64_t length = 8)
{
    return make_placed_heap(cnt, to, length, length)[0];
}

inline void believe(heapwire_place_data *heap, std::size_t)
{
    heap->chunk_id = heap->items[0];
    heap->heap_index = static_cast<std::size_t>(heap->items[1]);
    heap->heap_offset = static_cast<std::size_t>(heap->items[2]);
}

inline void believe_all(heapwire_place_data *heaps, std::size_t count, std::size_t size)
{
    for (std::size_t i = 0; i < count; ++i)
        believe(heaps + i, size);
}

[[nodiscard]] inline recv::chunk_options believing()
{
    recv::chunk_options how;
    how.items = {chunk_item, index_item, offset_item};
    how.place = recv::place_one{believe};
    return how;
}

/// The three values as they are, by the linear rule.
[[nodiscard]] inline recv::linear_placement plain_rule()
{
    return {.chunk_id = {.terms = {{.item = 0}}},
            .heap_index = {.terms = {{.item = 1}}},
            .heap_offset = {.terms = {{.item = 2}}}};
}

inline constexpr recv::chunk_sizes small_chunk{.data = 64, .present = 8, .extra = 64};

/// Gives chunks while there are any, and keeps those that come back in order.
class scripted_supply : public recv::chunk_supply
{
public:
    recv::supplied obtain(std::int64_t id, std::unique_ptr<recv::chunk> &out,
                          std::span<std::uint64_t>) noexcept override
    {
        if (chunks == 0)
            return stopped ? recv::supplied::none : recv::supplied::wait;
        --chunks;
        asked.push_back(id);
        out = recv::make_chunk(sizes);
        return recv::supplied::ok;
    }
    recv::supplied ready(std::unique_ptr<recv::chunk> &filled, std::span<std::uint64_t>) noexcept override
    {
        if (stopped)
        {
            filled.reset();
            return recv::supplied::none;
        }
        if (room == 0)
            return recv::supplied::wait;
        --room;
        done.push_back(std::move(filled));
        return recv::supplied::ok;
    }
    void discard(std::unique_ptr<recv::chunk> &unused) noexcept override
    {
        unused.reset();
        ++discarded;
    }
    bool call_on_space(space_hook &, recv::lack) override { return false; }
    void cancel(space_hook &) noexcept override {}
    void add_producer() noexcept override { ++producers; }
    void remove_producer() noexcept override { --producers; }
    void stop() noexcept override { stopped = true; }
    void drop_leftovers() noexcept override {}

    [[nodiscard]] std::vector<std::int64_t> ids() const
    {
        std::vector<std::int64_t> out;
        for (const auto &c : done)
            out.push_back(c->chunk_id);
        return out;
    }

    recv::chunk_sizes sizes = small_chunk;
    std::size_t chunks = ~std::size_t{0};
    std::size_t room = ~std::size_t{0};
    bool stopped = false;
    int producers = 0;
    int discarded = 0;
    std::vector<std::int64_t> asked;
    std::vector<std::unique_ptr<recv::chunk>> done;
};

/// At most `n` of them, from `at` on.
[[nodiscard]] inline std::vector<packet> part(const std::vector<packet> &packets, std::size_t at, std::size_t n)
{
    const auto begin = packets.begin() + static_cast<std::ptrdiff_t>(at);
    return {begin, begin + static_cast<std::ptrdiff_t>(std::min(n, packets.size() - at))};
}

/// A stream that a test drives by its gate.
struct driven_stream
{
    explicit driven_stream(recv::chunk_options where = believing(), recv::options how = {})
        : stream(std::move(how), std::move(where), supply)
    {
    }
    recv::taken give(const std::vector<packet> &packets) { return stream.gate()->take(as_datagrams(packets)); }
    recv::taken give(const packet &one) { return give(std::vector<packet>{one}); }
    [[nodiscard]] std::uint64_t count(recv::chunk_stat s) const { return recv::count_of(stream.statistics(), s); }
    [[nodiscard]] std::uint64_t count(recv::stat s) const { return stream.statistics()[s]; }
    recv::flow end() { return stream.gate()->source_ended(); }

    std::shared_ptr<scripted_supply> supply = std::make_shared<scripted_supply>();
    recv::chunk_stream stream;
};

[[nodiscard]] inline std::vector<int> flags_of(const recv::chunk &c)
{
    std::vector<int> out;
    for (const std::byte b : c.present.view())
        out.push_back(static_cast<int>(b));
    return out;
}

[[nodiscard]] inline bool holds(const recv::chunk &c, std::uint64_t offset, std::uint64_t length, std::uint64_t cnt)
{
    return has_pattern(c.data.view().subspan(offset, length), cnt);
}

/// Every heap has exactly one fate.
[[nodiscard]] inline std::uint64_t all_fates(const recv::stats &s)
{
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i <= static_cast<std::size_t>(recv::chunk_stat::heaps_without_chunk); ++i)
        sum += recv::count_of(s, static_cast<recv::chunk_stat>(i));
    return sum;
}

} // namespace heapwire::test
