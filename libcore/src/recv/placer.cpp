// SPDX-License-Identifier: BSD-3-Clause
#include "placer.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "heapwire/wire/item_id.h"

namespace heapwire::recv
{
namespace
{

constexpr std::uint64_t largest = INT64_MAX;

std::int64_t own_item(const wire::packet_view &packet, std::uint64_t id) noexcept
{
    switch (static_cast<wire::item_id>(id))
    {
    case wire::item_id::heap_cnt:
        return static_cast<std::int64_t>(packet.heap_cnt);
    case wire::item_id::heap_length:
        return static_cast<std::int64_t>(packet.heap_length); // unknown_length is -1
    case wire::item_id::payload_offset:
        return static_cast<std::int64_t>(packet.payload_offset);
    default:
        return static_cast<std::int64_t>(packet.payload.size());
    }
}

} // namespace

linear_rule::linear_rule(const linear_expression &from) : base_(from.base), terms_(from.terms)
{
    for (linear_term &t : terms_)
    {
        if (const int bits = std::countr_zero(t.divide); std::has_single_bit(t.divide) && t.shift + bits < 64)
        {
            t.shift += static_cast<unsigned>(bits);
            t.mask >>= bits;
            t.divide = 1;
        }
        if (t.divide == 1 && std::has_single_bit(t.modulo))
        {
            t.mask &= t.modulo - 1;
            t.modulo = 0;
        }
    }
}

// Term by term, not heap by heap: what is known of a term is looked at once for all heaps.
void linear_rule::operator()(const std::int64_t *items, std::size_t stride, std::size_t n, std::uint64_t *out,
                             std::uint8_t *bad) const noexcept
{
    std::fill_n(out, n, base_);
    for (const linear_term &each : terms_)
    {
        const linear_term t = each; // which no store below can be suspected to change
        const std::int64_t *item = items + t.item;
        for (std::size_t i = 0; i < n; ++i, item += stride)
        {
            auto v = static_cast<std::uint64_t>(*item);
            bool wrong = *item < 0 || v < t.subtract;
            v = ((v - t.subtract) >> t.shift) & t.mask;
            if (t.divide != 1)
                v /= t.divide;
            if (t.modulo != 0)
                v %= t.modulo;
            wrong |= __builtin_mul_overflow(v, t.scale, &v);
            wrong |= __builtin_add_overflow(out[i], v, &out[i]);
            bad[i] |= static_cast<std::uint8_t>(wrong);
        }
    }
    for (std::size_t i = 0; i < n; ++i)
        bad[i] |= static_cast<std::uint8_t>(out[i] > largest);
}

std::uint64_t linear_rule::multiple_of(const linear_rule &other) const noexcept
{
    if (terms_.empty() || terms_.size() != other.terms_.size() || other.terms_[0].scale == 0)
        return 0;
    const std::uint64_t factor = terms_[0].scale / other.terms_[0].scale;
    const auto is_multiple = [&](std::uint64_t mine, std::uint64_t its)
    {
        std::uint64_t product = 0;
        return !__builtin_mul_overflow(its, factor, &product) && product == mine;
    };
    if (!is_multiple(base_, other.base_))
        return 0;
    for (std::size_t i = 0; i < terms_.size(); ++i)
    {
        linear_term as_its = terms_[i];
        as_its.scale = other.terms_[i].scale;
        if (as_its != other.terms_[i] || !is_multiple(terms_[i].scale, as_its.scale))
            return 0;
    }
    return factor;
}

placer::placer(const chunk_options &how, std::span<std::uint64_t> batch_stats)
    : place_(how.place), n_items_(how.items.size()), items_(new std::int64_t[capacity * n_items_]),
      extra_limit_(how.max_heap_extra)
{
    if (const auto *rule = std::get_if<linear_placement>(&place_))
    {
        chunk_id_ = linear_rule(rule->chunk_id);
        heap_index_ = linear_rule(rule->heap_index);
        heap_offset_ = linear_rule(rule->heap_offset);
        offset_by_index_ = heap_offset_.multiple_of(heap_index_);
        extra_limit_ = 8 * rule->extra_items.size();
    }
    extra_stride_ = (extra_limit_ + 15) / 16 * 16;
    extra_.reset(new std::uint8_t[capacity * extra_stride_]());
    for (std::size_t slot = 0; slot < n_items_; ++slot)
        (wire::is_packet_scope(how.items[slot]) ? of_packet_ : ordinary_).push_back({how.items[slot], slot});
    for (std::size_t i = 0; i < capacity; ++i)
    {
        heaps_[i].items = n_items_ > 0 ? items_.get() + i * n_items_ : nullptr;
        heaps_[i].batch_stats = batch_stats.data();
        heaps_[i].extra = extra_limit_ > 0 ? extra_.get() + i * extra_stride_ : nullptr;
    }
}

void placer::look_into(const wire::packet_view &packet, std::int64_t *values) const noexcept
{
    for (const wanted &w : of_packet_)
        values[w.slot] = own_item(packet, w.id);
    for (const wanted &w : ordinary_)
        values[w.slot] = -1;
    if (ordinary_.empty())
        return;
    const unsigned bits = packet.heap_address_bits;
    const std::uint64_t immediate = wire::immediate_bit >> bits;
    const std::uint64_t value_mask = (std::uint64_t{1} << bits) - 1;
    for (std::uint32_t i = 0; i < packet.n_pointers; ++i)
    {
        const wire::item_pointer pointer = packet.pointer(i);
        const std::uint64_t id = (pointer >> bits) - immediate;
        for (const wanted &w : ordinary_)
            if (w.id == id)
                values[w.slot] = static_cast<std::int64_t>(pointer & value_mask);
    }
}

std::size_t placer::add(const wire::packet_view &first) noexcept
{
    place_data &heap = heaps_[n_];
    heap.packet = reinterpret_cast<const std::uint8_t *>(first.start);
    heap.packet_size = first.size;
    heap.chunk_id = -1;
    heap.heap_index = 0;
    heap.heap_offset = 0;
    heap.extra_offset = 0;
    heap.extra_size = 0;
    lengths_[n_] = first.heap_length;
    known_[n_] = false;
    look_into(first, heap.items);
    return n_++;
}

/// False: the heap's row lies beyond all memory.
bool placer::keep_extra(place_data &heap, std::uint64_t index) noexcept
{
    const auto &items = std::get_if<linear_placement>(&place_)->extra_items;
    std::uint64_t where = 0;
    if (__builtin_mul_overflow(index, extra_limit_, &where))
        return false;
    for (std::size_t i = 0; i < items.size(); ++i)
        std::memcpy(heap.extra + 8 * i, &heap.items[items[i]], 8);
    heap.extra_offset = where;
    heap.extra_size = extra_limit_;
    return true;
}

void placer::ask_rule(std::size_t begin, std::size_t end) noexcept
{
    const std::size_t n = end - begin;
    const std::int64_t *items = items_.get() + begin * n_items_;
    const std::uint64_t size = std::get_if<linear_placement>(&place_)->heap_size;
    std::array<std::uint64_t, capacity> id, index, offset;
    std::array<std::uint8_t, capacity> bad;
    for (std::size_t i = 0; i < n; ++i)
        bad[i] = size != 0 && lengths_[begin + i] != size ? 1 : 0;
    chunk_id_(items, n_items_, n, id.data(), bad.data());
    heap_index_(items, n_items_, n, index.data(), bad.data());
    if (offset_by_index_ == 0)
        heap_offset_(items, n_items_, n, offset.data(), bad.data());
    for (std::size_t i = 0; i < n; ++i)
    {
        place_data &heap = heaps_[begin + i];
        if (offset_by_index_ != 0 &&
            (__builtin_mul_overflow(index[i], offset_by_index_, &offset[i]) || offset[i] > largest))
            continue;
        if (bad[i] != 0 || (extra_limit_ > 0 && !keep_extra(heap, index[i])))
            continue;
        heap.chunk_id = static_cast<std::int64_t>(id[i]);
        heap.heap_index = index[i];
        heap.heap_offset = offset[i];
    }
}

void placer::add_known(const place_data &answer, std::span<const std::uint8_t> extra) noexcept
{
    place_data &heap = heaps_[n_];
    heap.chunk_id = answer.chunk_id;
    heap.heap_index = answer.heap_index;
    heap.heap_offset = answer.heap_offset;
    heap.extra_offset = answer.extra_offset;
    heap.extra_size = answer.extra_size;
    if (!extra.empty())
        std::memcpy(heap.extra, extra.data(), extra.size());
    known_[n_++] = true;
    any_known_ = true;
}

void placer::ask(std::size_t begin)
{
    if (!any_known_) [[likely]]
        return ask_some(begin, n_);
    for (std::size_t end = begin; begin < n_; begin = end)
    {
        while (begin < n_ && known_[begin])
            ++begin;
        for (end = begin; end < n_ && !known_[end];)
            ++end;
        ask_some(begin, end);
    }
}

void placer::ask_some(std::size_t begin, std::size_t end)
{
    if (begin == end)
        return;
    constexpr std::size_t size = sizeof(place_data);
    if (const auto *batch = std::get_if<place_batch>(&place_))
        batch->call(&heaps_[begin], end - begin, size);
    else if (const auto *batch_with = std::get_if<place_batch_with>(&place_))
        batch_with->call(&heaps_[begin], end - begin, size, batch_with->context);
    else if (const auto *one = std::get_if<place_one>(&place_))
        for (std::size_t i = begin; i < end; ++i)
            one->call(&heaps_[i], size);
    else if (const auto *one_with = std::get_if<place_one_with>(&place_))
        for (std::size_t i = begin; i < end; ++i)
            one_with->call(&heaps_[i], size, one_with->context);
    else
        ask_rule(begin, end);
}

} // namespace heapwire::recv
