// SPDX-License-Identifier: BSD-3-Clause
/// What a heap_stream and its sources share.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "heapwire/recv/heap_stream.h"
#include "source_roster.h"

namespace heapwire::recv
{

/// The roster's locks, and between them packets_: the receiver, for a batch at a time; never held while a source, the
/// ring's stop or a hook is called.
class stream_core final : public packet_gate, private heap_sink
{
public:
    stream_core(options how, ring_options ring);
    ~stream_core() override = default;

    // packet_gate
    [[nodiscard]] taken take(std::span<const datagram> packets, bool more_follow) override;
    [[nodiscard]] taken take_stream(bytes_view bytes, std::int64_t time) override;
    [[nodiscard]] flow source_ended() override;
    void count_kernel_drops(std::uint64_t packets) noexcept override;
    [[nodiscard]] bool call_on_space(space_hook &hook) override { return ring_.call_on_space(hook); }
    void cancel(space_hook &hook) noexcept override { ring_.cancel(hook); }
    [[nodiscard]] bool ended() const noexcept override { return roster_.ended(); }
    [[nodiscard]] const options &configuration() const noexcept override { return receiver_.configuration(); }

    void add(std::unique_ptr<source> s) { roster_.add(std::move(s)); }
    void start() { roster_.start(); }
    void stop() noexcept;
    /// After stop(): sources go, on this thread.
    void destroy_sources() noexcept { roster_.destroy_sources(); }

    [[nodiscard]] stats statistics() const;
    [[nodiscard]] std::span<std::uint64_t> custom_values() noexcept { return receiver_.custom_values(); }
    [[nodiscard]] blocking_ring<heap_builder> &ring() noexcept { return ring_; }
    [[nodiscard]] const ring_options &ring_configuration() const noexcept { return ring_options_; }

private:
    bool accept(std::unique_ptr<heap_builder> &finished) override;
    void drop(std::unique_ptr<heap_builder> finished);
    void push_staged();
    template <typename Step>
    auto with_receiver(const Step &step, bool more_follow = false);
    void warn_incomplete(const heap_builder &lost);
    void warn_blocked(flow state);
    void after_batch(flow state);
    void end_of_network();

    mutable std::mutex packets_;
    receiver receiver_;
    bool finishing_ = false; // under packets_
    // Finished heaps of this batch, for which the ring has room: nobody else pushes, so that the room can only grow.
    // They go in together, with one lock and one wake. Empty whenever packets_ is free.
    std::vector<std::unique_ptr<heap_builder>> staged_;
    std::size_t staging_room_ = 0;
    std::size_t untold_ = 0; // heaps in the ring that consumers have not been told of; under packets_
    std::uint64_t incomplete_unreported_ = 0;
    std::chrono::steady_clock::time_point next_incomplete_warning_{};

    const ring_options ring_options_;
    blocking_ring<heap_builder> ring_;
    source_roster roster_;
    std::atomic<bool> warned_blocked_{false};
    std::atomic<std::thread::id> stopping_thread_{}; // stop() is telling who waits for room
};

} // namespace heapwire::recv
