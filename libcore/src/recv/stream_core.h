// SPDX-License-Identifier: BSD-3-Clause
/// What a heap_stream and its sources share.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "heapwire/recv/heap_stream.h"

namespace heapwire::recv
{

/// Three locks, taken in this order if more than one is needed:
///   lifecycle_  add, start and stop of sources, one after the other; never taken by a source's thread
///   packets_    the receiver, for a batch at a time; never held while a source, the ring's stop or a hook is called
///   roster_     the list of sources; a leaf, held for a few instructions and for request_stop(), which only posts
/// So stop() can wait for a source that is inside take(), and take() never waits for anybody's stop().
class stream_core final : public packet_gate, private heap_sink
{
public:
    stream_core(options how, ring_options ring);
    ~stream_core() override = default;

    // packet_gate
    [[nodiscard]] taken take(std::span<const datagram> packets) override;
    [[nodiscard]] taken take_stream(bytes_view bytes, std::int64_t time) override;
    [[nodiscard]] flow source_ended() override;
    void count_kernel_drops(std::uint64_t packets) noexcept override;
    [[nodiscard]] bool call_on_space(space_hook &hook) override { return ring_.call_on_space(hook); }
    void cancel(space_hook &hook) noexcept override { ring_.cancel(hook); }
    [[nodiscard]] bool ended() const noexcept override { return ended_.load(std::memory_order_acquire); }
    [[nodiscard]] const options &configuration() const noexcept override { return receiver_.configuration(); }

    void add(std::unique_ptr<source> s);
    void start();
    void stop() noexcept;
    /// After stop(): sources go, on this thread.
    void destroy_sources() noexcept;

    [[nodiscard]] stats statistics() const;
    [[nodiscard]] std::span<std::uint64_t> custom_values() noexcept { return receiver_.custom_values(); }
    [[nodiscard]] blocking_ring<heap_builder> &ring() noexcept { return ring_; }
    [[nodiscard]] const ring_options &ring_configuration() const noexcept { return ring_options_; }

private:
    struct entry
    {
        std::unique_ptr<source> door;
        bool started = false;
    };

    bool accept(std::unique_ptr<heap_builder> &finished) override;
    void drop(std::unique_ptr<heap_builder> finished);
    void push_staged();
    template <typename Step>
    auto with_receiver(const Step &step);
    void warn_incomplete(const heap_builder &lost);
    void warn_blocked(flow state);
    void after_batch(flow state);
    void end_of_network();
    void start_entry(std::size_t index);

    mutable std::mutex packets_;
    receiver receiver_;
    std::size_t sources_running_ = 0; // added and not yet at their end; under packets_
    bool finishing_ = false;          // under packets_
    // Finished heaps of this batch, for which the ring has room: nobody else pushes, so that the room can only grow.
    // They go in together, with one lock and one wake. Empty whenever packets_ is free.
    std::vector<std::unique_ptr<heap_builder>> staged_;
    std::size_t staging_room_ = 0;
    std::uint64_t incomplete_unreported_ = 0;
    std::chrono::steady_clock::time_point next_incomplete_warning_{};

    const ring_options ring_options_;
    blocking_ring<heap_builder> ring_;
    std::atomic<bool> ended_{false};
    std::atomic<bool> lossy_{false};
    std::atomic<bool> warned_blocked_{false};

    std::mutex lifecycle_;
    bool stopped_ = false; // under lifecycle_
    bool explicitly_started_ = false;

    std::mutex roster_;
    std::vector<entry> sources_;
};

} // namespace heapwire::recv
