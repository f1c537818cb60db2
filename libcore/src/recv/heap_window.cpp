// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/heap_window.h"

#include <algorithm>
#include <bit>

#include "random_odd.h"

namespace heapwire::recv
{

heap_window::heap_window(std::size_t substreams, std::size_t max_heaps)
    : substreams_(substreams), max_heaps_(max_heaps), places_(substreams * max_heaps),
      buckets_(4 * std::bit_ceil(std::max<std::size_t>(4, places_.size())), none),
      heads_(substreams, static_cast<std::uint32_t>(max_heaps - 1)), cnt_factor_(random_odd()),
      source_factor_(random_odd()), shift_(64 - std::countr_zero(buckets_.size()))
{
}

std::size_t heap_window::bucket_of(std::uint64_t cnt, std::uint64_t source) const noexcept
{
    return (cnt * cnt_factor_ + source * source_factor_) >> shift_;
}

heap_builder *heap_window::search(std::uint64_t cnt, std::uint64_t source) noexcept
{
    for (std::uint32_t at = buckets_[bucket_of(cnt, source)]; at != none; at = places_[at].next_in_chain)
    {
        if (places_[at].cnt == cnt && places_[at].source == source)
        {
            last_ = at;
            return places_[at].builder.get();
        }
        ++steps_;
    }
    return nullptr;
}

std::size_t heap_window::advance(std::uint64_t cnt) noexcept
{
    swept_ = 0;
    const std::size_t substream = substreams_ == 1 ? 0 : cnt % substreams_;
    std::uint32_t &head = heads_[substream];
    head = head + 1 == max_heaps_ ? 0 : head + 1;
    return substream * max_heaps_ + head;
}

std::unique_ptr<heap_builder> heap_window::open(std::unique_ptr<heap_builder> builder, std::uint64_t cnt,
                                                std::uint64_t source) noexcept
{
    const std::size_t at = advance(cnt);
    std::unique_ptr<heap_builder> given_up = remove(at);
    std::uint32_t &bucket = buckets_[bucket_of(cnt, source)];
    places_[at] = {std::move(builder), cnt, source, bucket};
    bucket = static_cast<std::uint32_t>(at);
    last_ = at;
    ++live_;
    return given_up;
}

std::unique_ptr<heap_builder> heap_window::pass(std::uint64_t cnt) noexcept { return remove(advance(cnt)); }

std::unique_ptr<heap_builder> heap_window::close_last() noexcept { return remove(last_); }

std::unique_ptr<heap_builder> heap_window::remove(std::size_t at) noexcept
{
    place &gone = places_[at];
    if (!gone.builder)
        return nullptr;
    std::uint32_t *link = &buckets_[bucket_of(gone.cnt, gone.source)];
    while (*link != at)
        link = &places_[*link].next_in_chain;
    *link = gone.next_in_chain;
    --live_;
    return std::move(gone.builder);
}

std::unique_ptr<heap_builder> heap_window::take_oldest() noexcept
{
    if (live_ == 0)
        return nullptr;
    for (; swept_ < places_.size(); ++swept_)
    {
        const std::size_t substream = swept_ / max_heaps_;
        const std::size_t age = swept_ % max_heaps_ + 1;
        if (auto found = remove(substream * max_heaps_ + (heads_[substream] + age) % max_heaps_))
            return found;
    }
    return nullptr;
}

} // namespace heapwire::recv
