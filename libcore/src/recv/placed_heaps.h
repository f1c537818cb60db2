// SPDX-License-Identifier: BSD-3-Clause
/// The heaps in flight of a chunk stream: where each is, and what of it has arrived. Private to this room.
#pragma once

#include <cstdint>
#include <vector>

#include "heapwire/heap/heap_builder.h"
#include "heapwire/recv/chunk_options.h"

namespace heapwire::recv
{

/// What heap_builder is to a heap stream; it has no memory of its own but for gaps.
struct placed_heap
{
    std::uint64_t cnt = 0;
    std::uint64_t source = 0;
    std::uint64_t length = 0;
    std::uint64_t received = 0;
    std::uint64_t needed = 0; // highest end of a packet and highest item address
    std::byte *place = nullptr;
    std::byte *flag = nullptr; // in `present`: of the heap, or of its first packet
    std::int64_t chunk_id = -1;
    chunk_stat fate = chunk_stat::chunk_heaps; // or why it is thrown away
    std::uint8_t address_bits = 0;
    bool live = false;
    std::uint32_t next_in_chain = 0;
    payload_ranges ranges;

    [[nodiscard]] bool is_complete() const noexcept { return received == length && needed <= length; }
    /// What heap_builder::add would answer to a packet that is not the first. Nothing is changed.
    [[nodiscard]] join check(const wire::packet_view &packet, ordering order) const noexcept;
    /// A packet that check() accepted. False: no memory, and nothing was changed.
    [[nodiscard]] bool note(const wire::packet_view &packet, std::uint64_t highest_address, ordering order) noexcept;
};

/// The places of heap_window, with the heaps in them: see there for who has to go when.
class placed_heaps
{
public:
    placed_heaps(std::size_t substreams, std::size_t max_heaps);

    [[nodiscard]] placed_heap *find(std::uint64_t cnt, std::uint64_t source) noexcept
    {
        placed_heap &last = places_[last_];
        if (last.live && last.cnt == cnt && last.source == source)
            return &last;
        return live_ == 0 ? nullptr : search(cnt, source);
    }
    /// The next place of the substream. Who is still live there has to be given up.
    [[nodiscard]] placed_heap &next_place(std::uint64_t cnt) noexcept
    {
        const std::size_t substream = substreams_ == 1 ? 0 : cnt % substreams_;
        std::uint32_t &head = heads_[substream];
        head = head + 1 == max_heaps_ ? 0 : head + 1;
        return places_[substream * max_heaps_ + head];
    }
    /// Required: the place is not live, and nobody is called so.
    void open(placed_heap &place, std::uint64_t cnt, std::uint64_t source) noexcept;
    void close(placed_heap &place) noexcept;
    template <typename Step>
    void for_each(const Step &step)
    {
        for (placed_heap &place : places_)
            if (place.live)
                step(place);
    }
    [[nodiscard]] std::size_t live() const noexcept { return live_; }
    [[nodiscard]] std::uint64_t search_steps() const noexcept { return steps_; }

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    [[nodiscard]] placed_heap *search(std::uint64_t cnt, std::uint64_t source) noexcept;
    [[nodiscard]] std::size_t bucket_of(std::uint64_t cnt, std::uint64_t source) const noexcept
    {
        return (cnt * cnt_factor_ + source * source_factor_) >> shift_;
    }

    std::size_t substreams_;
    std::size_t max_heaps_;
    std::vector<placed_heap> places_;
    std::vector<std::uint32_t> buckets_;
    std::vector<std::uint32_t> heads_;
    std::size_t last_ = 0;
    std::size_t live_ = 0;
    std::uint64_t steps_ = 0;
    // Random and odd: the product's upper bits are a hash that senders cannot aim at.
    std::uint64_t cnt_factor_;
    std::uint64_t source_factor_;
    int shift_;
};

} // namespace heapwire::recv
