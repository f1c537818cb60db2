// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/heap/joining.h"

#include <array>

namespace heapwire
{
namespace
{

constexpr std::array<join_entry, join_count> join_table{{
    {join::accepted, "packets_accepted", "joined a heap"},
    {join::unsized, "refused_unsized", "HEAP_LENGTH is missing, and unsized heaps are not allowed"},
    {join::late_start, "refused_late_start", "in-order mode: the beginning of the heap never came"},
    {join::out_of_order, "refused_out_of_order",
     "in-order mode: a gap, or a packet from before; otherwise too many gaps"},
    {join::duplicate, "refused_duplicate", "all its bytes are there already"},
    {join::overlap, "refused_overlap", "some of its bytes are there already"},
    {join::length_mismatch, "refused_length_mismatch",
     "another HEAP_LENGTH than the heap's, or one smaller than what is there"},
    {join::past_heap, "refused_past_heap", "runs past the known length of the heap"},
    {join::flavour_mismatch, "refused_flavour_mismatch", "another flavour than the heap's"},
    {join::heap_too_large, "refused_heap_too_large", "the heap would exceed max_heap_size"},
    {join::too_many_pointers, "refused_too_many_pointers", "the heap would exceed max_item_pointers"},
    {join::no_memory, "refused_no_memory", "no memory for the heap"},
    {join::after_stop, "refused_after_stop", "came after the end of the stream"},
}};

static_assert(
    []
    {
        for (std::size_t i = 0; i < join_count; ++i)
            if (static_cast<std::size_t>(join_table[i].outcome) != i)
                return false;
        return true;
    }());

} // namespace

const join_entry &describe(join outcome) noexcept { return join_table[static_cast<std::size_t>(outcome)]; }

} // namespace heapwire
