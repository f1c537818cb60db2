// SPDX-License-Identifier: BSD-3-Clause
/// The miniature heap inside a DESCRIPTOR item (docs/reference/wire-format.md section 7.1), put together from packets
/// that arrive in order. Room heap has the real builder; this one needs no allocator and holds no more bytes than the
/// item that encloses it.
#pragma once

#include <cstdint>
#include <vector>

#include "heapwire/base/bytes.h"
#include "heapwire/wire/item_pointer.h"
#include "heapwire/wire/packet_view.h"

namespace heapwire::wire
{

struct inner_item
{
    std::uint64_t id;
    bool immediate;
    std::uint64_t value; ///< of an immediate
    bytes_view bytes;    ///< of an addressed item
};

class inner_heap
{
public:
    /// A heap that begins with `first`.
    explicit inner_heap(const packet_view &first);

    [[nodiscard]] std::uint64_t cnt() const noexcept { return cnt_; }
    [[nodiscard]] int heap_address_bits() const noexcept { return heap_address_bits_; }
    /// Adds a packet of the same cnt; one that does not continue the heap is left out.
    void add(const packet_view &packet);
    /// The length is known and all of it is there.
    [[nodiscard]] bool complete() const noexcept { return payload_.size() == length_; }
    /// Nothing is missing as far as lengths and addresses tell.
    [[nodiscard]] bool contiguous() const noexcept;
    /// Addressed items by address, then immediates in the order sent, without NULL pointers. Requires contiguous();
    /// valid as long as the heap.
    [[nodiscard]] std::vector<inner_item> items() const;

private:
    [[nodiscard]] bool continues(const packet_view &packet) const noexcept;
    void append(const packet_view &packet);

    std::uint64_t cnt_;
    std::uint64_t length_ = packet_view::unknown_length;
    std::uint8_t heap_address_bits_;
    std::vector<std::byte> payload_;
    std::vector<item_pointer> pointers_; ///< in the order sent, repetitions included
};

} // namespace heapwire::wire
