// SPDX-License-Identifier: BSD-3-Clause
/// A heap being put together from packets.
#pragma once

#include <cstdint>
#include <string_view>

#include "heapwire/heap/heap.h"
#include "heapwire/memory/allocator.h"
#include "heapwire/memory/copy.h"
#include "heapwire/wire/packet_view.h"

namespace heapwire {

enum class ordering : std::uint8_t
{
    in_order,  ///< a packet is accepted only at the end of what was received: no range bookkeeping
    any_order, ///< ranges are kept; duplicates are recognised
};

/// What became of a well-formed packet.
enum class join : std::uint8_t
{
    accepted,
    unsized,          ///< HEAP_LENGTH missing, and unsized heaps are not allowed
    late_start,       ///< in order: the heap's beginning never came
    out_of_order,     ///< in order: a gap, or a packet from before
    duplicate,        ///< all its bytes are there already
    overlap,          ///< some of its bytes are there already
    length_mismatch,  ///< another HEAP_LENGTH than the heap's, or smaller than what is there
    past_heap,        ///< runs past the heap's known length
    flavour_mismatch, ///< another flavour than the heap's
    heap_too_large,   ///< HEAP_LENGTH, or offset plus length, above the limit
    too_many_pointers,///< more distinct item pointers than the limit
    no_memory,        ///< the allocator gave none
    after_stop,       ///< came after the stop item or stop()
};
inline constexpr std::size_t join_count = 13;
struct join_entry
{
    join outcome;
    std::string_view counter;
    std::string_view text;
};
[[nodiscard]] const join_entry &describe(join outcome) noexcept;

struct heap_limits
{
    std::uint64_t max_heap_size = std::uint64_t{1} << 30;
    std::uint32_t max_pointers = 65536;
    ordering order = ordering::in_order;
    bool allow_unsized = true;
    std::uint32_t bugs = 0;
    allocator *memory = nullptr;
    copy_function copy = nullptr;
};

// The class itself belongs to room heap's owner: add(packet_view, heap_limits, time) -> join, is_complete(),
// is_contiguous(), … ; it is what travels through the ring, so that the consumer pays for sorting.
class heap_builder;

} // namespace heapwire
