// SPDX-License-Identifier: BSD-3-Clause
/// Where a heap goes, as integer expressions of its item values: what most instruments need, without a callback.
#pragma once

#include <cstdint>
#include <vector>

namespace heapwire::recv
{

/// ((((value - subtract) >> shift) & mask) / divide % modulo) * scale, of the value of one item, in this order.
struct linear_term
{
    std::size_t item = 0;       ///< which of chunk_options::items
    std::uint64_t subtract = 0; ///< a smaller value rejects the heap
    unsigned shift = 0;         ///< to the right, 0 to 63
    std::uint64_t mask = ~std::uint64_t{0};
    std::uint64_t divide = 1; ///< at least 1
    std::uint64_t modulo = 0; ///< 0: none
    std::uint64_t scale = 1;

    friend bool operator==(const linear_term &, const linear_term &) = default;
};

/// `base` plus the terms. Without terms it is a constant.
struct linear_expression
{
    std::uint64_t base = 0;
    std::vector<linear_term> terms{};
};

/// A heap is rejected if an item that a term speaks of is missing, or if a result does not fit 63 bits.
struct linear_placement
{
    linear_expression chunk_id{};
    linear_expression heap_index{};
    linear_expression heap_offset{}; ///< bytes
    std::uint64_t heap_size = 0;     ///< bytes; heaps of another length are rejected. 0: any length
    /// Values of these items (by their place in chunk_options::items) are kept in chunk::extra, as 64-bit integers in
    /// the machine's byte order, -1 if missing: those of heap i at i * 8 * extra_items.size(). Needs no max_heap_extra.
    std::vector<std::size_t> extra_items{};

    /// Throws std::invalid_argument naming the field. `items`: how many chunk_options::items there are.
    void validate(std::size_t items) const;
};

} // namespace heapwire::recv
