// SPDX-License-Identifier: BSD-3-Clause
#include "placed_heaps.h"

#include <algorithm>
#include <bit>
#include <new>

#include "random_odd.h"

namespace heapwire::recv
{

join placed_heap::check(const wire::packet_view &packet, ordering order) const noexcept
{
    if (packet.heap_length == wire::packet_view::unknown_length)
        return join::unsized;
    if (packet.heap_address_bits != address_bits)
        return join::flavour_mismatch;
    if (packet.heap_length != length)
        return join::length_mismatch;
    return check_order(packet, order, received, ranges);
}

bool placed_heap::note(const wire::packet_view &packet, std::uint64_t highest_address, ordering order) noexcept
{
    const std::uint64_t end = packet.payload_offset + packet.payload.size();
    if (order == ordering::any_order && !packet.payload.empty())
    {
        try
        {
            ranges.reserve_one();
        }
        catch (const std::bad_alloc &)
        {
            return false;
        }
        ranges.add(packet.payload_offset, end);
    }
    received += packet.payload.size();
    needed = std::max({needed, end, highest_address});
    return true;
}

placed_heaps::placed_heaps(std::size_t substreams, std::size_t max_heaps)
    : substreams_(substreams), max_heaps_(max_heaps), places_(substreams * max_heaps),
      buckets_(4 * std::bit_ceil(std::max<std::size_t>(4, places_.size())), none),
      heads_(substreams, static_cast<std::uint32_t>(max_heaps - 1)), cnt_factor_(random_odd()),
      source_factor_(random_odd()), shift_(64 - std::countr_zero(buckets_.size()))
{
}

placed_heap *placed_heaps::search(std::uint64_t cnt, std::uint64_t source) noexcept
{
    for (std::uint32_t at = buckets_[bucket_of(cnt, source)]; at != none; at = places_[at].next_in_chain)
    {
        if (places_[at].cnt == cnt && places_[at].source == source)
        {
            last_ = at;
            return &places_[at];
        }
        ++steps_;
    }
    return nullptr;
}

void placed_heaps::open(placed_heap &place, std::uint64_t cnt, std::uint64_t source) noexcept
{
    const auto at = static_cast<std::uint32_t>(&place - places_.data());
    std::uint32_t &bucket = buckets_[bucket_of(cnt, source)];
    place.cnt = cnt;
    place.source = source;
    place.next_in_chain = bucket;
    place.live = true;
    bucket = at;
    last_ = at;
    ++live_;
}

void placed_heaps::close(placed_heap &place) noexcept
{
    const auto at = static_cast<std::uint32_t>(&place - places_.data());
    std::uint32_t *link = &buckets_[bucket_of(place.cnt, place.source)];
    while (*link != at)
        link = &places_[*link].next_in_chain;
    *link = place.next_in_chain;
    place.live = false;
    --live_;
}

} // namespace heapwire::recv
