// SPDX-License-Identifier: BSD-3-Clause
/// The heaps in flight: find, open, give up.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "heapwire/heap/heap_builder.h"

namespace heapwire::recv
{

/// substreams x max_heaps places. Every heap that begins takes the next place of its substream, and whoever is still
/// there is given up: a heap lives until max_heaps newer ones of its substream have begun, even if places are free.
/// That bounds how long a heap that lost a packet stays, without a clock. One thread at a time.
class heap_window
{
public:
    /// Both at least 1.
    heap_window(std::size_t substreams, std::size_t max_heaps);

    /// The heap in flight, or null. Costs one comparison if it is the one that was found or opened last.
    [[nodiscard]] heap_builder *find(std::uint64_t cnt, std::uint64_t source) noexcept
    {
        const place &last = places_[last_];
        if (last.builder && last.cnt == cnt && last.source == source) [[likely]]
            return last.builder.get();
        return live_ == 0 ? nullptr : search(cnt, source);
    }
    /// Puts a new heap into the next place of its substream. Answers the heap that was there, or null.
    /// Required: find(cnt, source) is null.
    std::unique_ptr<heap_builder> open(std::unique_ptr<heap_builder> builder, std::uint64_t cnt,
                                       std::uint64_t source) noexcept;
    /// Only takes the next place, for a heap that begins and ends with one packet.
    std::unique_ptr<heap_builder> pass(std::uint64_t cnt) noexcept;
    /// Takes out the heap that find() just found.
    std::unique_ptr<heap_builder> close_last() noexcept;
    /// Any heap, in order: substream by substream, the oldest place first. Null when none is left.
    std::unique_ptr<heap_builder> take_oldest() noexcept;

    [[nodiscard]] std::size_t live() const noexcept { return live_; }
    /// Steps in hash chains beyond the first; grows for ever.
    [[nodiscard]] std::uint64_t search_steps() const noexcept { return steps_; }

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    struct place
    {
        std::unique_ptr<heap_builder> builder;
        std::uint64_t cnt = 0;
        std::uint64_t source = 0;
        std::uint32_t next_in_chain = none;
    };

    [[nodiscard]] heap_builder *search(std::uint64_t cnt, std::uint64_t source) noexcept;
    [[nodiscard]] std::size_t bucket_of(std::uint64_t cnt, std::uint64_t source) const noexcept;
    [[nodiscard]] std::size_t advance(std::uint64_t cnt) noexcept;
    std::unique_ptr<heap_builder> remove(std::size_t at) noexcept;

    std::size_t substreams_;
    std::size_t max_heaps_;
    std::vector<place> places_;
    std::vector<std::uint32_t> buckets_;
    std::vector<std::uint32_t> heads_; // per substream: the place that was taken last
    std::size_t last_ = 0;
    std::size_t swept_ = 0; // places that take_oldest() has been past, in its order, since the last heap began
    std::size_t live_ = 0;
    std::uint64_t steps_ = 0;
    // Random and odd: the product's upper bits are a hash that senders cannot aim at.
    std::uint64_t cnt_factor_;
    std::uint64_t source_factor_;
    int shift_;
};

} // namespace heapwire::recv
