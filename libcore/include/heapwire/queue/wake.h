// SPDX-License-Identifier: BSD-3-Clause
/// Something to sleep on until another thread says "look again". A wake costs a system call only if somebody sleeps.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "heapwire/queue/wait_policy.h"

namespace heapwire
{

enum class wake_kind : std::uint8_t
{
    futex,   ///< no descriptor: the cheapest sleep between threads
    eventfd, ///< has a descriptor, for event loops and for waits with an aux_fd
    pipe,    ///< the same by a pipe, where there is no eventfd
    sleeper, ///< an eventfd for waits with an aux_fd, and none for event loops: half the descriptors
};

/// Use, on the sleeper's side:
///     auto ticket = w.prepare();          // 1. announce
///     if (there is something) w.cancel(ticket); // 2. look again
///     else w.wait_once(ticket, deadline, aux_fd) or w.cancel(ticket);
/// and on the other side: make the thing visible, then notify_one() or notify_all().
/// Between prepare() and the sleep no notification is lost. Any number of threads on both sides.
///
/// Who was notified and does not take the thing after all (it gives up, it throws) must pass the notification on
/// with notify_one(), if the thing is still there: somebody else may sleep who was not notified.
class alignas(64) wake
{
public:
    /// Throws std::system_error if a descriptor cannot be made.
    explicit wake(wake_kind kind = wake_kind::futex);
    ~wake();
    wake(const wake &) = delete;
    wake &operator=(const wake &) = delete;

    using ticket = std::uint32_t;
    [[nodiscard]] ticket prepare() noexcept { return static_cast<ticket>(state_.fetch_add(1) >> 32); }
    void cancel(ticket taken) noexcept;
    /// Ends the announcement in every case. May return `ready` without cause. A notification goes before everything
    /// else, a deadline in the past (`timeout`, without sleeping) before aux_fd.
    wait_result wait_once(ticket taken, steady_time deadline, int aux_fd = -1) noexcept;

    /// Wakes at least one of the sleepers, and the event loop if it is armed.
    void notify_one() noexcept
    {
        // A read-modify-write and not a load: it is ordered with prepare()'s, so that either the announcement is
        // seen here, or the thing is seen by the look that follows the announcement.
        if (static_cast<std::uint32_t>(state_.fetch_add(0)) != 0)
            notify_sleepers(1);
    }
    void notify_all() noexcept
    {
        if (static_cast<std::uint32_t>(state_.fetch_add(0)) != 0)
            notify_sleepers(everybody);
    }

    /// For one event loop; -1 for futex and sleeper. Level-triggered: call arm() before looking for the thing and again
    /// after each drain; the descriptor becomes readable with the first notification after arm(). Clear it with drain()
    /// *before* taking things. Sleepers have a descriptor of their own: neither side takes the other's wakes.
    [[nodiscard]] int fd() const noexcept { return loop_.read; }
    void arm() noexcept;
    void drain() noexcept;
    [[nodiscard]] wake_kind kind() const noexcept { return kind_; }

private:
    /// Two ends of a pipe, or twice the same eventfd.
    struct descriptor
    {
        int read = -1;
        int write = -1;
    };

    static constexpr std::uint32_t everybody = 0x7fffffff;
    static constexpr std::uint64_t armed_bit = std::uint64_t{1} << 31;

    void notify_sleepers(std::uint32_t how_many) noexcept;
    std::uint32_t claim(std::uint32_t how_many) noexcept;
    bool forget(ticket taken) noexcept;
    wait_result futex_wait(ticket taken, steady_time deadline) noexcept;
    wait_result poll_wait(ticket taken, steady_time deadline, int aux_fd) noexcept;
    void leave(ticket taken) noexcept;
    [[nodiscard]] bool notified_since(ticket taken) const noexcept;
    [[nodiscard]] std::uint32_t *futex_word() noexcept;

    // Upper half: counts notifications that met a sleeper; sleepers compare it with their ticket, and the futex
    // sleeps on it. Bit 31: an event loop is armed. Below: sleepers that are not yet notified. This count may be too
    // high (then a notification costs a system call for nothing, and corrects it), never too low.
    std::atomic<std::uint64_t> state_{0};
    wake_kind kind_;
    descriptor loop_;
    descriptor sleep_;
    // Wakes of the kinds with a descriptor: it stays readable until everybody who was notified has left.
    std::mutex lock_;
    std::uint32_t leaving_ = 0;
    bool lit_ = false;
};

} // namespace heapwire
