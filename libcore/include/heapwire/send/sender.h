// SPDX-License-Identifier: BSD-3-Clause
/// The sending hall: heaps in, packets out. No sockets, no threads; time is an argument.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "heapwire/heap/outgoing_heap.h"
#include "heapwire/send/heap_queue.h"
#include "heapwire/send/options.h"
#include "heapwire/send/pacer.h"
#include "heapwire/send/packet_batch.h"

namespace heapwire::send
{

struct next_step
{
    enum kind : std::uint8_t
    {
        write, ///< `packets` may leave now
        wait,  ///< nothing may leave before `until`
        idle,  ///< nothing is queued
    } what;
    std::span<const packet> packets;
    time_point until{};
};

/// One thread at a time (transport::send_stream has the lock).
class sender
{
public:
    /// Throws std::invalid_argument (options::validate; no substreams).
    sender(options how, std::size_t substreams);
    ~sender();
    sender(const sender &) = delete;
    sender &operator=(const sender &) = delete;

    /// All or nothing. errc::queue_full, no_such_substream, cnt_out_of_range, empty_group, pointers_do_not_fit,
    /// id_out_of_range, value_out_of_range, stopped: nothing was queued and the completion will not be called.
    /// Throws std::invalid_argument if a heap is null or a rate is not a number, std::bad_alloc; nothing was queued.
    [[nodiscard]] std::error_code push(std::span<const heap_reference> heaps, group_mode mode, completion whom);

    /// The packets that may leave now. Until written() was called the same packets are offered again. A heap for whose
    /// packets there is no memory fails with std::errc::not_enough_memory.
    [[nodiscard]] next_step next(time_point now) noexcept;
    /// The first `count` of the offered packets are done: all sent, or (with an error) all given up. A heap with a
    /// failed packet goes on with its other packets. Ignored after stop().
    void written(std::size_t count, std::error_code error, time_point now) noexcept;
    /// There are completions that are due. Their slots are free already.
    [[nodiscard]] bool has_finished() const noexcept;
    /// Moves them out, in order, as many as there is room for; answers how many.
    [[nodiscard]] std::size_t take_finished(std::span<finished> out) noexcept;
    /// Every queued heap completes with errc::stopped; later pushes are refused with it.
    void stop() noexcept;

    /// Next automatic cnt and its step (not 0, else std::invalid_argument).
    void set_cnt_sequence(std::uint64_t next, std::uint64_t step);
    [[nodiscard]] bool idle() const noexcept;
    [[nodiscard]] std::size_t queued() const noexcept;
    [[nodiscard]] const stats &statistics() const noexcept;
    void count_wait() noexcept; ///< the transport was not writable
    [[nodiscard]] const options &configuration() const noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace heapwire::send
