// SPDX-License-Identifier: BSD-3-Clause
/// How a side of a blocking_ring goes to sleep. A part of blocking_ring, nobody else's business.
#pragma once

#include <algorithm>
#include <atomic>

#include "heapwire/base/brief_lock.h"
#include "heapwire/queue/wake.h"

namespace heapwire
{

namespace detail
{
/// Before it sleeps a side rests for some microseconds at most, which is less than a wake-up costs the other side. It
/// does not look all the time: then both would pass the ring's cache lines to and fro with each value. How often it
/// rests follows success, since resting is in vain where both sides share a processor, or values are rare.
class rest_before_sleep
{
public:
    /// True as soon as `promising()` is; false: sleep.
    template <typename Look>
    bool operator()(const Look &promising) noexcept
    {
        const int budget = budget_.load(std::memory_order_relaxed);
        for (int rest = 0; rest < budget; ++rest)
        {
            for (int i = 0; i < pauses; ++i)
                relax_processor();
            if (promising())
            {
                budget_.store(std::min(2 * budget, most), std::memory_order_relaxed);
                return true;
            }
        }
        budget_.store(std::max(budget / 2, 1), std::memory_order_relaxed);
        return false;
    }

private:
    static constexpr int pauses = 64; // about a microsecond
    static constexpr int most = 8;

    std::atomic<int> budget_{2}; // a hint, shared by the threads of one side
};

/// A sleeper's announcement, ended however the wait is left. A notification that may have been for us and that we
/// do not use is passed on.
class announcement
{
public:
    explicit announcement(wake &w) noexcept : wake_(w) {}
    announcement(const announcement &) = delete;
    announcement &operator=(const announcement &) = delete;
    ~announcement()
    {
        if (open_)
            wake_.cancel(ticket_);
        if (!used_)
            wake_.notify_one();
    }
    /// False if it was made already.
    bool make() noexcept
    {
        if (open_)
            return false;
        ticket_ = wake_.prepare();
        return open_ = true;
    }
    wait_result sleep(steady_time until, int aux_fd) noexcept
    {
        open_ = false;
        return wake_.wait_once(ticket_, until, aux_fd);
    }
    void use() noexcept { used_ = true; }

private:
    wake &wake_;
    wake::ticket ticket_ = 0;
    bool open_ = false;
    bool used_ = false;
};
} // namespace detail

} // namespace heapwire
