// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/heap/heap_builder.h"

#include <algorithm>
#include <cstring>

#include "heapwire/wire/item_id.h"

namespace heapwire
{
namespace
{

constexpr std::uint64_t unknown = wire::packet_view::unknown_length;

} // namespace

join heap_builder::check(const wire::packet_view &packet, std::uint64_t end, const heap_limits &limits) const noexcept
{
    const std::uint64_t told = packet.heap_length;
    if (told == unknown && !limits.allow_unsized)
        return join::unsized;
    if ((told != unknown && told > limits.max_heap_size) || end > limits.max_heap_size)
        return join::heap_too_large;
    if (packets_ == 0)
        return limits.order == ordering::in_order && packet.payload_offset != 0 ? join::late_start : join::accepted;
    if (packet.heap_address_bits != address_bits_)
        return join::flavour_mismatch;
    if (told != unknown && (length_ == unknown ? told < needed_ : told != length_))
        return join::length_mismatch;
    if (length_ != unknown && end > length_)
        return join::past_heap;
    return check_order(packet, limits.order, received_, ranges_);
}

bool heap_builder::take_pointers(const wire::packet_view &packet, std::uint32_t limit, news &found)
{
    const wire::pointer_codec codec(packet.heap_address_bits);
    for (std::uint32_t i = 0; i < packet.n_pointers; ++i)
    {
        const wire::item_pointer pointer = packet.pointer(i);
        const std::uint64_t id = codec.id(pointer);
        const std::uint64_t value = codec.value(pointer);
        if (wire::pointer_codec::is_immediate(pointer))
        {
            if (id <= static_cast<std::uint64_t>(wire::item_id::payload_length))
                continue; // NULL means nothing here, the others were the packet's
            if (id == static_cast<std::uint64_t>(wire::item_id::stream_ctrl))
            {
                found.start |= value == static_cast<std::uint64_t>(wire::stream_control::start);
                found.stop |= value == static_cast<std::uint64_t>(wire::stream_control::stop);
            }
        }
        else
        {
            found.highest_address = std::max(found.highest_address, value);
            if (wire::is_packet_scope(id))
                continue; // neither items nor borders of items
        }
        pointers_.add({pointer, packet.payload_offset, i});
        if (pointers_.size() > limit)
            return false;
    }
    return true;
}

void heap_builder::make_room(const wire::packet_view &packet, std::uint64_t end, const heap_limits &limits)
{
    // An oversized leftover of an earlier heap would be kept alive by a small one.
    constexpr std::size_t never_wasteful = std::size_t{64} << 10;
    std::uint64_t want = std::min(length_, packet.heap_length);
    if (packets_ == 0 && keeps_buffer_ &&
        (limits.memory || (payload_.size() > never_wasteful && want != unknown && payload_.size() / 4 > want)))
        drop_kept_memory();
    if (want == unknown)
    {
        if (end <= payload_.size())
            return;
        want = std::min(std::max<std::uint64_t>(end, 2 * payload_.size()), limits.max_heap_size);
    }
    if (want <= payload_.size())
        return;
    allocator *from = limits.memory;
    std::shared_ptr<allocator> fallback;
    if (!from)
    {
        fallback = default_allocator();
        from = fallback.get();
        if (packets_ == 0)
            payload_.reset(); // nothing in it yet: free first, to need less at once
    }
    buffer larger = from->allocate(want, packet.start);
    // What lies in gaps is nobody's, and may be much more than what has arrived.
    if (limits.order == ordering::any_order)
        for (const byte_range &range : ranges_.ranges())
            std::memcpy(larger.data() + range.first, payload_.data() + range.first, range.second - range.first);
    else if (payload_end_ > 0)
        std::memcpy(larger.data(), payload_.data(), payload_end_);
    payload_ = std::move(larger);
    keeps_buffer_ = !limits.memory;
}

join heap_builder::add(const wire::packet_view &packet, const heap_limits &limits, std::int64_t time) noexcept
{
    const std::uint64_t size = packet.payload.size();
    const std::uint64_t end = packet.payload_offset + size;
    if (const join verdict = check(packet, end, limits); verdict != join::accepted)
        return verdict;

    const std::size_t pointers_before = pointers_.size();
    const bool keep_ranges = limits.order == ordering::any_order && size > 0;
    news found;
    try
    {
        if (keep_ranges)
            ranges_.reserve_one();
        if (!take_pointers(packet, limits.max_pointers, found))
        {
            pointers_.roll_back(pointers_before);
            return join::too_many_pointers;
        }
        make_room(packet, end, limits);
    }
    catch (...) // std::bad_alloc, or whatever a user's allocator throws: the heap is not worth the stream
    {
        pointers_.roll_back(pointers_before);
        return join::no_memory;
    }

    if (packets_++ == 0)
    {
        cnt_ = packet.heap_cnt;
        address_bits_ = packet.heap_address_bits;
        bugs_ = static_cast<std::uint8_t>(limits.bugs);
        order_ = limits.order;
        first_time_ = time;
    }
    last_time_ = time;
    if (size > 0)
        limits.copy
            ? limits.copy(payload_.data() + packet.payload_offset, packet.payload.data(), size)
            : static_cast<void>(std::memcpy(payload_.data() + packet.payload_offset, packet.payload.data(), size));
    if (keep_ranges)
        ranges_.add(packet.payload_offset, end);
    length_ = std::min(length_, packet.heap_length); // equal, or one of them is unknown
    received_ += size;
    payload_end_ = std::max(payload_end_, end);
    needed_ = std::max({needed_, end, found.highest_address});
    has_start_ |= found.start;
    has_stop_ |= found.stop;
    return join::accepted;
}

wire::flavour heap_builder::flavour() const { return wire::flavour(address_bits_, bugs_); }

std::vector<byte_range> heap_builder::ranges() const
{
    if (order_ == ordering::any_order)
        return {ranges_.ranges().begin(), ranges_.ranges().end()};
    return received_ > 0 ? std::vector<byte_range>{{0, received_}} : std::vector<byte_range>{};
}

mutable_bytes heap_builder::payload() noexcept { return {payload_.data(), payload_end_}; }

void heap_builder::recycle() noexcept
{
    constexpr std::size_t worth_keeping = 64; // items; more were a rare heap's
    constexpr std::size_t too_large_to_keep = std::size_t{16} << 20;
    cnt_ = source_ = received_ = payload_end_ = needed_ = packets_ = 0;
    length_ = unknown;
    first_time_ = last_time_ = 0;
    has_start_ = has_stop_ = false;
    pointers_.clear();
    ranges_.clear();
    items_.clear();
    descriptor_values_.clear();
    if (items_.capacity() > worth_keeping)
        items_ = {};
    if (descriptor_values_.capacity() > worth_keeping)
        descriptor_values_ = {};
    if (!keeps_buffer_ || payload_.size() > too_large_to_keep)
        drop_kept_memory();
}

void heap_builder::drop_kept_memory() noexcept
{
    payload_.reset();
    keeps_buffer_ = false;
}

} // namespace heapwire
