// SPDX-License-Identifier: BSD-3-Clause
/// May a packet join a heap? The answers, and the rules that heaps of every kind share.
#pragma once

#include <cstdint>
#include <string_view>

#include "heapwire/heap/payload_ranges.h"
#include "heapwire/wire/packet_view.h"

namespace heapwire
{

enum class ordering : std::uint8_t
{
    in_order,  ///< a packet is accepted only at the end of what was received: no range bookkeeping
    any_order, ///< ranges are kept; duplicates are recognised
};

/// What became of a well-formed packet.
enum class join : std::uint8_t
{
    accepted,
    unsized,           ///< HEAP_LENGTH missing, and unsized heaps are not allowed
    late_start,        ///< in order: the heap's beginning never came
    out_of_order,      ///< in order: a gap, or a packet from before; any order: more gaps than are kept
    duplicate,         ///< all its bytes are there already
    overlap,           ///< some of its bytes are there already
    length_mismatch,   ///< another HEAP_LENGTH than the heap's, or smaller than what is there
    past_heap,         ///< runs past the heap's known length
    flavour_mismatch,  ///< another flavour than the heap's
    heap_too_large,    ///< HEAP_LENGTH, or offset plus length, above the limit
    too_many_pointers, ///< more distinct item pointers than the limit
    no_memory,         ///< the allocator gave none
    after_stop,        ///< came after the stop item or stop()
};
inline constexpr std::size_t join_count = 13;
struct join_entry
{
    join outcome;
    std::string_view counter;
    std::string_view text;
};
[[nodiscard]] const join_entry &describe(join outcome) noexcept;

/// Is it this packet's turn in a heap of which `received` bytes are there, in `ranges` if the order is any_order? Of a
/// packet that is not the heap's first, and agrees with it in all else. Inline, because it is asked for every packet.
[[nodiscard]] inline join check_order(const wire::packet_view &packet, ordering order, std::uint64_t received,
                                      const payload_ranges &ranges) noexcept
{
    if (order == ordering::in_order)
        return packet.payload_offset == received ? join::accepted : join::out_of_order;
    if (packet.payload.empty()) // brings pointers only, and must not occupy a place
        return join::accepted;
    switch (ranges.look(packet.payload_offset, packet.payload_offset + packet.payload.size()))
    {
    case payload_ranges::fit::fresh:
        return join::accepted;
    case payload_ranges::fit::duplicate:
        return join::duplicate;
    case payload_ranges::fit::overlap:
        return join::overlap;
    case payload_ranges::fit::scattered:
        break;
    }
    return join::out_of_order;
}

} // namespace heapwire
