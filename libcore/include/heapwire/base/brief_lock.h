// SPDX-License-Identifier: BSD-3-Clause
/// A lock for sections of some tens of nanoseconds, at the price of one atomic read-modify-write.
#pragma once

#include <atomic>

namespace heapwire
{

/// Tells the processor that a loop only waits.
inline void relax_processor() noexcept
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/// For std::lock_guard. Inside it nothing may block, allocate or call a user's code. Whoever finds it taken looks
/// again for a while, then lets others run, then sleeps for moments: a holder that the scheduler has taken away
/// costs time and never a deadlock, with real-time priorities too.
class brief_lock
{
public:
    brief_lock() noexcept = default;
    brief_lock(const brief_lock &) = delete;
    brief_lock &operator=(const brief_lock &) = delete;

    void lock() noexcept
    {
        if (taken_.exchange(true, std::memory_order_acquire))
            wait();
    }
    void unlock() noexcept { taken_.store(false, std::memory_order_release); }

private:
    void wait() noexcept;

    std::atomic<bool> taken_{false};
};

} // namespace heapwire
