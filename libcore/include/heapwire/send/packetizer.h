// SPDX-License-Identifier: BSD-3-Clause
/// One heap to its packets, one at a time (docs/reference/wire-format.md section 9).
#pragma once

#include <cstdint>
#include <system_error>
#include <vector>

#include "heapwire/heap/outgoing_heap.h"
#include "heapwire/send/options.h"
#include "heapwire/send/packet_batch.h"

namespace heapwire::send
{

/// What of a stream's options says how heaps are cut, worked out once.
struct cutting
{
    /// Required: `how` is valid.
    explicit cutting(const options &how) noexcept;

    split packets;
    std::size_t capacity;     ///< most bytes of ordinary pointers and payload in a packet
    std::size_t payload_size; ///< of split::exact
};

/// Refers to the heap, which must stay unchanged from start() until the last packet was made; the bytes of its items
/// until the last packet was written. A value: copying copies the position.
class packetizer
{
public:
    packetizer() noexcept = default;

    /// Checks the heap and finds the sizes of its packets. errc::id_out_of_range, value_out_of_range (also: longer than
    /// the flavour can say), cnt_out_of_range, pointers_do_not_fit: then there is nothing to make.
    [[nodiscard]] std::error_code start(const outgoing_heap &heap, std::uint64_t cnt, const cutting &how) noexcept;

    /// All packets were made.
    [[nodiscard]] bool done() const noexcept { return sent_ == length_; }
    /// Appends the next packet to `to`. Required: !done() and !to.full(). `scratch` is only to spare an allocation.
    /// Throws std::bad_alloc, and the position is then as it was.
    void make_packet(packet_batch &to, std::vector<wire::item_pointer> &scratch, std::uint32_t substream,
                     std::uint64_t owner);

    /// The rest of the packets will not be made: done().
    void give_up() noexcept { sent_ = length_; }

    /// HEAP_LENGTH: the payload with its padding.
    [[nodiscard]] std::uint64_t heap_length() const noexcept { return length_; }

private:
    struct position
    {
        std::size_t pointer = 0;   // ordinary pointers made
        std::uint64_t address = 0; // of the next addressed item
        std::size_t item = 0;      // whose payload is next
        std::size_t offset = 0;    // in it
    };

    [[nodiscard]] std::error_code measure() noexcept;
    void even_out() noexcept;
    void fill_last(std::uint64_t size, std::uint64_t sent, std::vector<wire::item_pointer> &pointers) const;
    void make_pointers(std::size_t count, position &at, std::vector<wire::item_pointer> &out) const;
    void make_payload(std::uint64_t count, position &at, packet_batch &to) const;

    const outgoing_heap *heap_ = nullptr;
    std::uint64_t cnt_ = 0;
    std::uint64_t payload_ = 0;     // without padding
    std::uint64_t length_ = 0;      // with padding
    std::uint64_t sent_ = 0;        // of length_
    std::size_t n_pointers_ = 0;    // with the NULL pointer of the padding
    std::size_t max_pointers_ = 0;  // in one packet
    std::uint64_t capacity_ = 0;    // pointers and payload in one packet
    std::uint64_t max_payload_ = 0; // in one packet, whatever the pointers leave
    bool evened_ = false;           // even_out() found several packets: all but the last have capacity_
    position at_;
};

} // namespace heapwire::send
