// SPDX-License-Identifier: BSD-3-Clause
/// A heap to send: items by reference or by value, descriptors, stream control.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "heapwire/base/bytes.h"
#include "heapwire/memory/buffer.h"
#include "heapwire/wire/descriptor.h"
#include "heapwire/wire/flavour.h"

namespace heapwire
{

struct outgoing_item
{
    std::uint64_t id = 0;
    std::uint64_t value = 0;      ///< of an immediate made from an integer
    bytes_view bytes;             ///< referenced; must stay alive and unchanged until the completion
    bool is_integer = false;      ///< `value` counts, not `bytes`
    bool allow_immediate = false; ///< short `bytes` may travel inside the pointer, read when packets are made
};

/// Copied nowhere: a stream that sends it refers to it until the completion. Not thread-safe; not to be changed while
/// it is being sent.
class outgoing_heap
{
public:
    using handle = std::size_t;

    explicit outgoing_heap(wire::flavour f = {}) : flavour_(f) {}

    /// Refers to `bytes`. Throws std::invalid_argument if `id` is 0, packet-scope (1 to 4), or needs more bits than
    /// the flavour has.
    handle add_item(std::uint64_t id, bytes_view bytes, bool allow_immediate = false);
    /// Owns `bytes`.
    handle add_item(std::uint64_t id, buffer bytes, bool allow_immediate = false);
    /// An immediate. Throws std::invalid_argument if `value` needs more bits than the flavour has.
    handle add_immediate(std::uint64_t id, std::uint64_t value);
    /// Encodes and owns the descriptor.
    handle add_descriptor(const wire::descriptor &d);
    handle add_start();
    handle add_end();
    /// To send the heap again with other values. Must not be in flight. What is put in here is checked when the heap
    /// is sent. Throws std::invalid_argument if this heap gave no such handle.
    [[nodiscard]] outgoing_item &item(handle which);

    /// Put all pointers into every packet. Sending fails with errc::pointers_do_not_fit if they do not fit one.
    void repeat_pointers(bool on) noexcept { repeat_pointers_ = on; }
    [[nodiscard]] bool repeat_pointers() const noexcept { return repeat_pointers_; }
    [[nodiscard]] wire::flavour flavour() const noexcept { return flavour_; }
    [[nodiscard]] std::span<const outgoing_item> items() const noexcept { return items_; }

private:
    handle add(const outgoing_item &item);

    wire::flavour flavour_;
    bool repeat_pointers_ = false;
    std::vector<outgoing_item> items_;
    std::vector<buffer> owned_;
    std::vector<std::vector<std::byte>> encoded_; // descriptors
};

} // namespace heapwire
