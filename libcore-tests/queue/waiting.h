// SPDX-License-Identifier: BSD-3-Clause
/// What the tests of sleeping share.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include <poll.h>

#include "heapwire/queue/wait_policy.h"
#include "heapwire/queue/wake.h"

namespace heapwire::test
{

/// A wait that only ends too late is a hang: no test comes near it on any machine.
inline constexpr std::chrono::seconds hang_limit{120};

inline steady_time before_hang() { return std::chrono::steady_clock::now() + hang_limit; }
inline steady_time long_ago() { return std::chrono::steady_clock::now() - std::chrono::seconds(1); }

template <typename Condition>
bool becomes_true(Condition condition)
{
    for (const steady_time limit = before_hang(); std::chrono::steady_clock::now() < limit; std::this_thread::yield())
    {
        if (condition())
            return true;
    }
    return condition();
}

inline bool readable(int fd)
{
    pollfd entry{fd, POLLIN, 0};
    return poll(&entry, 1, 0) == 1;
}

/// SIGUSR1 does nothing but interrupt system calls.
class interrupting_signal
{
public:
    interrupting_signal()
    {
        struct sigaction quiet = {};
        quiet.sa_handler = [](int) {};
        sigaction(SIGUSR1, &quiet, &before_);
    }
    ~interrupting_signal() { sigaction(SIGUSR1, &before_, nullptr); }
    interrupting_signal(const interrupting_signal &) = delete;
    interrupting_signal &operator=(const interrupting_signal &) = delete;

    static void send(std::thread &to) { pthread_kill(to.native_handle(), SIGUSR1); }

private:
    struct sigaction before_ = {};
};

} // namespace heapwire::test
