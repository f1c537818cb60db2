// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/brief_lock.h"

#include <ctime>

#include <sched.h>

namespace heapwire
{

void brief_lock::wait() noexcept
{
    constexpr int looks = 100;
    constexpr int yields = 120;
    for (int tries = 0;; ++tries)
    {
        // Only looks, until it seems free: the holder keeps the cache line.
        if (!taken_.load(std::memory_order_relaxed) && !taken_.exchange(true, std::memory_order_acquire))
            return;
        if (tries < looks)
            relax_processor();
        else if (tries < yields)
            ::sched_yield();
        else
        {
            // sched_yield() never lets a thread of lower priority run, and the holder may be one.
            const timespec moment{0, 50'000};
            ::nanosleep(&moment, nullptr);
        }
    }
}

} // namespace heapwire
