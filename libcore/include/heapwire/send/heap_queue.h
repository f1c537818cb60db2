// SPDX-License-Identifier: BSD-3-Clause
/// The heaps of a stream that are not done: in order of acceptance, in groups, bounded.
#pragma once

#include <cstdint>
#include <span>
#include <system_error>
#include <vector>

#include "heapwire/send/options.h"
#include "heapwire/send/packetizer.h"

namespace heapwire::send
{

/// A heap and how to send it. Referenced, not copied.
struct heap_reference
{
    const outgoing_heap *heap = nullptr;
    std::int64_t cnt = -1; ///< negative: the stream's next
    std::size_t substream = 0;
    double rate = -1; ///< bytes a second; negative: the stream's; 0: unlimited
};

/// A completion whose heap is done.
struct finished
{
    completion whom;
    outcome what;
};

/// A heap's name in the queue: the how-manieth accepted one it is.
using ticket = std::uint64_t;

struct queued_heap
{
    packetizer packets;
    std::uint32_t substream = 0;
    std::uint32_t unwritten = 0; ///< packets that were made and are not written
    double rate = -1;
    ticket leader = 0; ///< the first heap of its group
    ticket before = 0; ///< neighbours in the round of its group, exhausted heaps left out
    ticket after = 0;
    bool failed = false;

    // Of the group; only the leader's count.
    bool in_turn = false; ///< round robin
    std::uint32_t group_size = 0;
    std::uint32_t group_left = 0; ///< heaps that are not done
    completion whom;
    outcome what;
};

/// Not thread-safe. Allocates only while it grows to the most heaps that were ever in it.
class heap_queue
{
public:
    heap_queue(const options &how, std::size_t substreams);

    /// See sender::push.
    [[nodiscard]] std::error_code push(std::span<const heap_reference> heaps, group_mode mode, completion whom);

    /// There is a packet to make.
    [[nodiscard]] bool has_turn() const noexcept { return turn_ != end_; }
    /// The heap whose packet is next. Required: has_turn().
    [[nodiscard]] ticket turn() const noexcept { return turn_; }
    [[nodiscard]] queued_heap &at(ticket which) noexcept { return ring_[which & mask_]; }
    /// A packet of turn() was made: finds who is next.
    void advance() noexcept;
    /// A packet of `which` is done.
    void packet_done(ticket which, std::uint64_t bytes, const std::error_code &error) noexcept;
    /// No further packets of turn() are made; it is done with `error` when those made already are.
    void give_up(const std::error_code &error) noexcept;
    /// Appends the completions of groups that are done, in order, and frees their slots. Throws std::bad_alloc.
    void collect(std::vector<finished> &out);
    /// All groups are done, with errc::stopped unless they have an error already.
    void abort() noexcept;

    void set_cnt_sequence(std::uint64_t next, std::uint64_t step);
    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - begin_); }
    [[nodiscard]] std::uint64_t heaps_done() const noexcept { return heaps_done_; }
    [[nodiscard]] std::uint64_t heaps_failed() const noexcept { return heaps_failed_; }

private:
    void make_room(std::size_t heaps);
    [[nodiscard]] std::error_code prepare(const heap_reference &from, ticket to, std::uint64_t &next_cnt) noexcept;
    void fail(queued_heap &heap, const std::error_code &error) noexcept;
    void settle(const queued_heap &heap) noexcept;

    cutting cutting_;
    std::size_t max_heaps_;
    std::size_t substreams_;
    std::uint64_t next_cnt_ = 1;
    std::uint64_t cnt_step_ = 1;
    std::vector<queued_heap> ring_; // a power of two; a ticket's slot is its low bits
    std::uint64_t mask_ = 0;
    ticket begin_ = 0; // the oldest heap that is not done: a leader
    ticket turn_ = 0;  // in [begin_, end_]
    ticket end_ = 0;
    std::uint64_t heaps_done_ = 0;
    std::uint64_t heaps_failed_ = 0;
};

} // namespace heapwire::send
