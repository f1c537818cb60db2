// SPDX-License-Identifier: BSD-3-Clause
/// Something to sleep on until another thread says "look again". A wake costs a system call only if somebody sleeps.
#pragma once

#include <atomic>
#include <cstdint>

#include "heapwire/queue/wait_policy.h"

namespace heapwire {

enum class wake_kind : std::uint8_t
{
    futex,   ///< no descriptor: the cheapest sleep between threads
    eventfd, ///< has a descriptor, for event loops and for waits with an aux_fd
    pipe,    ///< the same by a pipe, where there is no eventfd
};

/// Use, on the sleeper's side:
///     auto ticket = w.prepare();          // 1. announce
///     if (there is something) w.cancel(); // 2. look again
///     else w.wait_once(ticket, deadline, aux_fd) or w.cancel();
/// and on the other side: make the thing visible, then notify_one() or notify_all().
/// Between prepare() and the sleep no notification is lost. Any number of threads on both sides.
class wake
{
public:
    /// Throws std::system_error if a descriptor cannot be made.
    explicit wake(wake_kind kind = wake_kind::futex);
    ~wake();
    wake(const wake &) = delete;
    wake &operator=(const wake &) = delete;

    using ticket = std::uint32_t;
    [[nodiscard]] ticket prepare() noexcept;
    void cancel() noexcept;
    /// Ends the announcement in every case. May return `ready` without cause.
    wait_result wait_once(ticket taken, steady_time deadline, int aux_fd = -1) noexcept;

    void notify_one() noexcept;
    void notify_all() noexcept;

    /// For event loops; -1 for futex. Level-triggered: call arm() before looking for the thing and again after each
    /// drain; the descriptor becomes readable with the first notification after arm(). Clear it with drain()
    /// *before* taking things.
    [[nodiscard]] int fd() const noexcept;
    void arm() noexcept;
    void drain() noexcept;
    [[nodiscard]] wake_kind kind() const noexcept { return kind_; }

private:
    void signal_fd() noexcept;

    // Counts notifications; sleepers compare it with their ticket.
    std::atomic<std::uint32_t> epoch_{0};
    std::atomic<std::uint32_t> sleepers_{0};
    std::atomic<bool> armed_{false};
    wake_kind kind_;
    int read_fd_ = -1;
    int write_fd_ = -1;
};

} // namespace heapwire
