// SPDX-License-Identifier: BSD-3-Clause
/// A heap being put together from packets.
#pragma once

#include <cstdint>
#include <new>
#include <vector>

#include "heapwire/heap/heap.h"
#include "heapwire/heap/joining.h"
#include "heapwire/heap/payload_ranges.h"
#include "heapwire/heap/pointer_set.h"
#include "heapwire/memory/allocator.h"
#include "heapwire/memory/copy.h"
#include "heapwire/wire/packet_view.h"

namespace heapwire
{

struct heap_limits
{
    std::uint64_t max_heap_size = std::uint64_t{1} << 30;
    std::uint32_t max_pointers = 65536;
    ordering order = ordering::in_order;
    bool allow_unsized = true;
    std::uint32_t bugs = 0;
    allocator *memory = nullptr;  ///< null: default_allocator(), and builders keep their memory
    copy_function copy = nullptr; ///< null: memcpy
};

class builder_home;

/// How a builder finds back to the pool it came from (see builder_pool.h); all null for one made with `new`.
struct builder_link
{
    builder_home *home = nullptr;
    heap_builder *next = nullptr;
};

/// One heap in flight, and later the state behind a `heap`: it travels through the ring as it is, so that the
/// consumer pays for sorting. Rules A1 to A16 of docs/reference/wire-format.md section 10.2.
/// One thread at a time. Does not move in memory: items and the first pointers lie inside.
class heap_builder
{
public:
    heap_builder() noexcept = default;
    ~heap_builder() = default;
    heap_builder(const heap_builder &) = delete;
    heap_builder &operator=(const heap_builder &) = delete;
    static void *operator new(std::size_t size);
    /// `delete` gives a builder back to its pool, so that an ordinary unique_ptr recycles it; any thread.
    static void operator delete(heap_builder *gone, std::destroying_delete_t) noexcept;

    /// Nothing is changed unless the answer is `accepted`. Never throws: an allocator that does is no_memory.
    /// The first accepted packet decides cnt and flavour; later ones must have the same cnt. `limits` must be the
    /// same for every packet. With limits.memory == nullptr the memory is default_allocator()'s, and stays with the
    /// builder when it is recycled; limits.copy == nullptr is memcpy.
    [[nodiscard]] join add(const wire::packet_view &packet, const heap_limits &limits, std::int64_t time = 0) noexcept;
    void set_source(std::uint64_t source) noexcept { source_ = source; }

    [[nodiscard]] std::uint64_t cnt() const noexcept { return cnt_; }
    [[nodiscard]] std::uint64_t source() const noexcept { return source_; }
    [[nodiscard]] int heap_address_bits() const noexcept { return address_bits_; }
    [[nodiscard]] wire::flavour flavour() const;
    [[nodiscard]] bool is_empty() const noexcept { return packets_ == 0; }
    [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }
    /// Length announced, all bytes there, no item beyond the end.
    [[nodiscard]] bool is_complete() const noexcept { return received_ == length_ && needed_ <= length_; }
    /// All bytes are there that lengths, payload and item addresses speak of.
    [[nodiscard]] bool is_contiguous() const noexcept
    {
        return received_ == needed_ && (length_ == wire::packet_view::unknown_length || length_ == received_);
    }
    /// wire::packet_view::unknown_length if no packet told.
    [[nodiscard]] std::uint64_t length() const noexcept { return length_; }
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    [[nodiscard]] std::vector<byte_range> ranges() const;
    /// An immediate STREAM_CTRL item was among the pointers. Addressed ones mean nothing.
    [[nodiscard]] bool has_start_item() const noexcept { return has_start_; }
    [[nodiscard]] bool has_stop_item() const noexcept { return has_stop_; }
    [[nodiscard]] std::int64_t first_time() const noexcept { return first_time_; }
    [[nodiscard]] std::int64_t last_time() const noexcept { return last_time_; }
    [[nodiscard]] mutable_bytes payload() noexcept;

    /// Sorts pointers into items; no add() after it. Throws std::bad_alloc.
    void freeze();
    [[nodiscard]] std::span<const item> items() const noexcept { return items_; }
    /// The values of DESCRIPTOR items.
    [[nodiscard]] std::span<const bytes_view> descriptor_values() const noexcept { return descriptor_values_; }

    /// As new, but for memory that is worth keeping.
    void recycle() noexcept;
    /// Bytes of payload memory that a recycled builder holds.
    [[nodiscard]] std::size_t kept_memory() const noexcept { return keeps_buffer_ ? payload_.size() : 0; }
    void drop_kept_memory() noexcept;
    [[nodiscard]] builder_link &link() noexcept { return link_; }

private:
    /// What the pointers of one packet add to the heap, held back until the packet is accepted.
    struct news
    {
        std::uint64_t highest_address = 0;
        bool start = false;
        bool stop = false;
    };
    [[nodiscard]] join check(const wire::packet_view &packet, std::uint64_t end,
                             const heap_limits &limits) const noexcept;
    [[nodiscard]] bool take_pointers(const wire::packet_view &packet, std::uint32_t limit, news &found);
    void make_room(const wire::packet_view &packet, std::uint64_t end, const heap_limits &limits);
    void place_addressed(std::span<placed_pointer> addressed);
    void place_immediates(std::span<placed_pointer> immediates);

    std::uint64_t cnt_ = 0;
    std::uint64_t source_ = 0;
    std::uint64_t length_ = wire::packet_view::unknown_length;
    std::uint64_t received_ = 0;
    std::uint64_t payload_end_ = 0; // highest end of a packet's payload
    std::uint64_t needed_ = 0;      // no shorter payload agrees with the packets and item addresses seen
    std::uint64_t packets_ = 0;
    std::int64_t first_time_ = 0;
    std::int64_t last_time_ = 0;
    std::uint8_t address_bits_ = 40;
    std::uint8_t bugs_ = 0;
    bool has_start_ = false;
    bool has_stop_ = false;
    bool keeps_buffer_ = false; // payload_ is ours to keep when recycled
    ordering order_ = ordering::in_order;
    builder_link link_;
    buffer payload_;
    pointer_set pointers_;
    payload_ranges ranges_;
    std::vector<item> items_;
    std::vector<bytes_view> descriptor_values_;
};

} // namespace heapwire
