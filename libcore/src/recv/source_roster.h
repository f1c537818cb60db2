// SPDX-License-Identifier: BSD-3-Clause
/// The sources of a stream, from being added to being destroyed; and whether the stream has ended. Private to this
/// room.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "heapwire/recv/heap_stream.h"

namespace heapwire::recv
{

/// Two locks, taken in this order if both are needed:
///   lifecycle_  add, start and stop of sources, one after the other; never taken by a source's thread
///   roster_     the list of sources; a leaf, held for a few instructions and for request_stop(), which only posts
/// A stream's lock for packets comes between them. So stop() can wait for a source that is inside take(), and take()
/// never waits for anybody's stop().
class source_roster
{
public:
    explicit source_roster(bool explicit_start) : explicit_start_(explicit_start) {}

    /// As heap_stream's.
    void add(std::unique_ptr<source> s);
    void start();
    /// Once; others wait until it is done. `finish` ends the stream, between: nothing is added or started any more, and
    /// sources are stopped after it.
    template <typename Finish>
    void stop(const Finish &finish)
    {
        const std::lock_guard life(lifecycle_);
        if (stopped_)
            return;
        stopped_ = true;
        finish();
        mark_ended();
        stop_sources();
    }
    /// After stop(): sources go, on this thread.
    void destroy_sources() noexcept;
    void request_stop() noexcept;

    [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
    /// True the first time.
    bool mark_ended() noexcept { return !ended_.exchange(true, std::memory_order_acq_rel); }
    [[nodiscard]] bool any_lossy() const noexcept { return lossy_.load(std::memory_order_relaxed); }
    /// A source has come to its end; true if it was the last. One call at a time.
    bool sign_off() noexcept;

private:
    struct entry
    {
        std::unique_ptr<source> door;
        bool started = false;
    };
    void start_entry(std::size_t index);
    void stop_sources() noexcept;

    const bool explicit_start_;
    std::atomic<bool> ended_{false};
    std::atomic<bool> lossy_{false};
    std::atomic<std::size_t> running_{0}; // added and not yet at their end

    std::mutex lifecycle_;
    bool stopped_ = false; // under lifecycle_
    bool explicitly_started_ = false;

    std::mutex roster_;
    std::vector<entry> sources_;
};

} // namespace heapwire::recv
