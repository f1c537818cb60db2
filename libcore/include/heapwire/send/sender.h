// SPDX-License-Identifier: BSD-3-Clause
/// The sending hall: heaps in, packets out. No sockets, no threads; time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "heapwire/heap/outgoing_heap.h"
#include "heapwire/send/options.h"

namespace heapwire::send {

using time_point = std::chrono::steady_clock::time_point;

/// A heap and how to send it. Referenced, not copied.
struct heap_reference
{
    const outgoing_heap *heap = nullptr;
    std::int64_t cnt = -1;        ///< negative: the stream's next
    std::size_t substream = 0;
    double rate = -1;             ///< bytes a second; negative: the stream's; 0: unlimited
};

/// A packet as a scatter list. Valid until the next call of sender::written().
struct packet
{
    std::span<const bytes_view> parts; ///< the first is header and small items; the rest is the user's memory
    std::uint32_t size = 0;            ///< bytes of all parts
    std::uint32_t substream = 0;
};

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

/// A completion whose heap is done.
struct finished
{
    completion whom;
    outcome what;
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

    /// All or nothing. errc::queue_full, no_such_substream, cnt_out_of_range, empty_group, packet_size_too_small,
    /// pointers_do_not_fit, value_out_of_range, stopped: nothing was queued and the completion will not be called.
    [[nodiscard]] std::error_code push(std::span<const heap_reference> heaps, group_mode mode, completion whom);

    /// The packets that may leave now. Until written() was called the same packets are offered again.
    [[nodiscard]] next_step next(time_point now);
    /// The first `count` of the offered packets are done: sent, or (with an error) given up.
    void written(std::size_t count, std::error_code error, time_point now);
    /// Moves out the completions that are due. Their slots are free already.
    void take_finished(std::vector<finished> &out);
    /// Every queued heap completes with errc::stopped; later pushes are refused with it.
    void stop();

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
