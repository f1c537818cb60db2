// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/heap/heap.h"

#include "heapwire/heap/heap_builder.h"

namespace heapwire
{

heap::heap() noexcept = default;
heap::heap(heap &&) noexcept = default;
heap &heap::operator=(heap &&) noexcept = default;
heap::~heap() = default;

heap::heap(std::unique_ptr<heap_builder> finished) : state_(std::move(finished))
{
    if (state_)
        state_->freeze();
}

heap::operator bool() const noexcept { return state_ != nullptr; }

std::uint64_t heap::cnt() const noexcept { return state_ ? state_->cnt() : 0; }

wire::flavour heap::flavour() const noexcept { return state_ ? state_->flavour() : wire::flavour(); }

bool heap::is_contiguous() const noexcept { return state_ && state_->is_contiguous(); }

bool heap::is_complete() const noexcept { return state_ && state_->is_complete(); }

std::int64_t heap::heap_length() const noexcept
{
    // Lengths have at most 56 bits, so that the cast keeps them.
    return state_ && state_->length() != wire::packet_view::unknown_length ? static_cast<std::int64_t>(state_->length())
                                                                           : -1;
}

std::uint64_t heap::received_length() const noexcept { return state_ ? state_->received() : 0; }

std::vector<byte_range> heap::payload_ranges() const { return state_ ? state_->ranges() : std::vector<byte_range>{}; }

std::span<const item> heap::items() const noexcept { return state_ ? state_->items() : std::span<const item>{}; }

const item *heap::find(std::uint64_t id) const noexcept
{
    for (const item &i : items())
        if (i.id == id)
            return &i;
    return nullptr;
}

std::vector<wire::descriptor> heap::descriptors() const
{
    std::vector<wire::descriptor> out;
    if (state_)
        for (bytes_view value : state_->descriptor_values())
            wire::decode_descriptors(value, state_->flavour().bugs(), out);
    return out;
}

bool heap::is_start_of_stream() const noexcept { return state_ && state_->has_start_item(); }

bool heap::is_end_of_stream() const noexcept { return state_ && state_->has_stop_item(); }

bytes_view heap::payload() const noexcept { return state_ ? state_->payload() : mutable_bytes{}; }

mutable_bytes heap::payload() noexcept { return state_ ? state_->payload() : mutable_bytes{}; }

std::int64_t heap::first_packet_time() const noexcept { return state_ ? state_->first_time() : 0; }

std::int64_t heap::last_packet_time() const noexcept { return state_ ? state_->last_time() : 0; }

std::uint64_t heap::source() const noexcept { return state_ ? state_->source() : 0; }

} // namespace heapwire
