// SPDX-License-Identifier: BSD-3-Clause
/// A received heap: the finished one, or the one that was given up.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "heapwire/heap/item.h"
#include "heapwire/heap/payload_ranges.h"
#include "heapwire/memory/buffer.h"
#include "heapwire/wire/descriptor.h"
#include "heapwire/wire/flavour.h"

namespace heapwire
{

class heap_builder;

/// Owns its payload. Move only. A heap may be moved between threads, and read by several at once.
class heap
{
public:
    heap() noexcept;
    explicit heap(std::unique_ptr<heap_builder> finished); ///< sorts the items; cheap moves from then on
    heap(heap &&) noexcept;
    heap &operator=(heap &&) noexcept;
    ~heap();

    [[nodiscard]] std::uint64_t cnt() const noexcept;
    [[nodiscard]] wire::flavour flavour() const noexcept;
    /// All payload is there and the item borders are known. Otherwise only immediates are among items().
    [[nodiscard]] bool is_contiguous() const noexcept;
    /// contiguous and its length was announced.
    [[nodiscard]] bool is_complete() const noexcept;
    /// Announced length, or -1.
    [[nodiscard]] std::int64_t heap_length() const noexcept;
    [[nodiscard]] std::uint64_t received_length() const noexcept;
    /// Received ranges, ascending and disjoint; of an incomplete heap in arrival order in_order: one range from 0.
    [[nodiscard]] std::vector<byte_range> payload_ranges() const;

    /// Descriptors and zero-length items are left out; NULL is never an item. Addressed ones by address, then
    /// immediates by value.
    [[nodiscard]] std::span<const item> items() const noexcept;
    [[nodiscard]] const item *find(std::uint64_t id) const noexcept;
    /// Decoded on each call. Empty for an incomplete heap.
    [[nodiscard]] std::vector<wire::descriptor> descriptors() const;
    [[nodiscard]] bool is_start_of_stream() const noexcept;
    [[nodiscard]] bool is_end_of_stream() const noexcept;

    /// Of an incomplete heap up to the last byte that came; bytes outside payload_ranges() are undefined then.
    [[nodiscard]] bytes_view payload() const noexcept;
    [[nodiscard]] mutable_bytes payload() noexcept;
    /// Kernel's receive time of the first packet (nanoseconds since 1970, CLOCK_REALTIME), or 0 if not asked for.
    [[nodiscard]] std::int64_t first_packet_time() const noexcept;
    [[nodiscard]] std::int64_t last_packet_time() const noexcept;
    /// Whom it came from, if heaps are told apart by source; else 0.
    [[nodiscard]] std::uint64_t source() const noexcept;
    [[nodiscard]] explicit operator bool() const noexcept;

private:
    std::unique_ptr<heap_builder> state_;
};

} // namespace heapwire
