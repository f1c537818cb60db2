// SPDX-License-Identifier: BSD-3-Clause
/// Packets that were made and wait to be written: their headers, their scatter lists, whose they are.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "heapwire/base/bytes.h"
#include "heapwire/wire/item_pointer.h"
#include "heapwire/wire/packet_writer.h"

namespace heapwire::send
{

/// A packet as a scatter list. Valid until the next call of sender::written().
struct packet
{
    std::span<const bytes_view> parts; ///< the first is header and small items; the rest is the user's memory
    std::uint32_t size = 0;            ///< bytes of all parts
    std::uint32_t substream = 0;
};

/// Memory for headers and copies. Addresses stay until clear(), which keeps the memory: no allocation once warm.
class byte_arena
{
public:
    /// `size` bytes in one piece. Throws std::bad_alloc.
    [[nodiscard]] std::byte *take(std::size_t size);
    /// The next take() calls, `size` bytes together, answer one piece.
    void reserve(std::size_t size);
    void clear() noexcept;

private:
    static constexpr std::size_t block_bytes = 65536;
    struct block
    {
        std::unique_ptr<std::byte[]> bytes;
        std::size_t size = 0;
    };
    void next_block(std::size_t size);

    std::vector<block> blocks_;
    std::size_t current_ = 0; // blocks_[current_] is the one in use, if there is one
    std::size_t used_ = 0;    // of it
};

/// A packet is built by begin(), add() and add_zeros() in the order of the wire, and end(). Not thread-safe.
class packet_batch
{
public:
    static constexpr std::size_t max_packets = 256;
    static constexpr std::size_t max_bytes = 512 * 1024; ///< a batch that has as many takes no further packet
    /// Smaller pieces are copied, one behind the other: dearer to list than to move. A message of heaps of 1 KiB is one
    /// piece then, and leaves a tenth faster; from 1400 bytes on, copying what is in no cache costs more than it saves.
    static constexpr std::size_t copy_below = 1100;
    static constexpr std::size_t max_parts = 32; ///< of one packet; what comes after is copied. The kernel takes 1024

    packet_batch();
    packet_batch(const packet_batch &) = delete;
    packet_batch &operator=(const packet_batch &) = delete;

    /// No packets any more; the memory stays.
    void clear() noexcept;
    [[nodiscard]] bool full() const noexcept
    {
        return packets_.size() == max_packets || bytes_ >= max_bytes || parts_reserved - parts_.size() < max_parts;
    }

    /// Required: not full(). Throws std::bad_alloc (as the two below do): then abandon().
    void begin(wire::flavour f, const wire::packet_fields &fields, std::span<const wire::item_pointer> pointers);
    /// The next bytes of the payload: copied if small, else referred to. All of fields.payload_length bytes must come.
    void add(bytes_view piece);
    void add_zeros(std::size_t count);
    void end(std::uint32_t substream, std::uint64_t owner);
    /// Drops the packet that begin() was called for and end() was not.
    void abandon() noexcept;

    [[nodiscard]] std::span<const packet> packets() const noexcept { return packets_; }
    /// What end() was told of packet `index`.
    [[nodiscard]] std::uint64_t owner(std::size_t index) const noexcept { return owners_[index]; }

private:
    static constexpr std::size_t parts_reserved = 1024 + max_parts;

    std::byte *space_for(std::size_t size);

    byte_arena arena_;
    std::vector<packet> packets_;
    std::vector<std::uint64_t> owners_;
    std::vector<bytes_view> parts_; // never grows past what was reserved: the packets' spans point into it
    std::size_t first_part_ = 0;    // of the packet being built
    std::size_t size_ = 0;          // of the packet being built
    std::size_t payload_left_ = 0;  // announced to begin() and not added
    std::size_t bytes_ = 0;         // of all packets
};

} // namespace heapwire::send
