// SPDX-License-Identifier: BSD-3-Clause
/// Sleeping on one descriptor. Private to this room.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <poll.h>

#include "heapwire/queue/wait_policy.h"

namespace heapwire::transport::detail
{

/// Sleeps until `fd` has one of `events` (or is broken: the next call on it will say how). False on timeout.
inline bool poll_until(int fd, short events, steady_time deadline) noexcept
{
    using std::chrono::milliseconds;
    for (;;)
    {
        int wait = -1;
        if (deadline != no_deadline)
        {
            auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
            wait = static_cast<int>(std::clamp(left, milliseconds(0), milliseconds(1 << 30)).count());
        }
        pollfd what{fd, events, 0};
        int n = ::poll(&what, 1, wait);
        if (n > 0)
            return true;
        if (n == 0 && wait < (1 << 30))
            return false;
        if (n < 0 && errno != EINTR)
            return true;
    }
}

} // namespace heapwire::transport::detail
