// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/queue/wake.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "heapwire/base/error.h"

namespace heapwire
{

namespace
{

timespec to_timespec(std::chrono::nanoseconds length) noexcept
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length);
    timespec out{};
    out.tv_sec = static_cast<std::time_t>(seconds.count());
    out.tv_nsec = static_cast<long>((length - seconds).count());
    return out;
}

template <typename Descriptor>
Descriptor open_descriptor(wake_kind kind)
{
    if (kind != wake_kind::pipe)
    {
        const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
            throw_errno("eventfd");
        return {fd, fd};
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        throw_errno("pipe");
    return {ends[0], ends[1]};
}

template <typename Descriptor>
void close_descriptor(const Descriptor &d) noexcept
{
    if (d.read >= 0)
        ::close(d.read);
    if (d.write >= 0 && d.write != d.read)
        ::close(d.write);
}

// Eight bytes suit an eventfd and a pipe alike. Both answer EAGAIN only if the descriptor is readable already.
template <typename Descriptor>
void make_readable(const Descriptor &d) noexcept
{
    const std::uint64_t one = 1;
    while (::write(d.write, &one, sizeof one) < 0 && errno == EINTR)
    {
    }
}

template <typename Descriptor>
void make_unreadable(const Descriptor &d) noexcept
{
    std::uint64_t bytes;
    for (;;)
    {
        const auto got = ::read(d.read, &bytes, sizeof bytes);
        if (got < 0 && errno != EINTR)
            return;
        if (got == 0)
            return;
    }
}

} // namespace

wake::wake(wake_kind kind) : kind_(kind)
{
    if (kind == wake_kind::futex)
        return;
    sleep_ = open_descriptor<descriptor>(kind);
    if (kind == wake_kind::sleeper)
        return;
    try
    {
        loop_ = open_descriptor<descriptor>(kind);
    }
    catch (...)
    {
        close_descriptor(sleep_);
        throw;
    }
}

wake::~wake()
{
    close_descriptor(loop_);
    close_descriptor(sleep_);
}

bool wake::notified_since(ticket taken) const noexcept { return static_cast<ticket>(state_.load() >> 32) != taken; }

std::uint32_t *wake::futex_word() noexcept
{
    static_assert(sizeof state_ == sizeof(std::uint64_t) && std::atomic<std::uint64_t>::is_always_lock_free);
    auto *halves = reinterpret_cast<std::uint32_t *>(&state_);
    return std::endian::native == std::endian::little ? halves + 1 : halves;
}

// Takes back an announcement that no notification has met. False: one has, and it may have been counted for us.
bool wake::forget(ticket taken) noexcept
{
    std::uint64_t now = state_.load();
    while (static_cast<ticket>(now >> 32) == taken)
    {
        if (state_.compare_exchange_weak(now, now - 1))
            return true;
    }
    return false;
}

// Notifies up to `how_many` of the announced and the armed event loop; answers how many were announced.
std::uint32_t wake::claim(std::uint32_t how_many) noexcept
{
    std::uint64_t now = state_.load();
    for (;;)
    {
        const auto announced = static_cast<std::uint32_t>(now & (armed_bit - 1));
        const std::uint32_t taken = std::min(announced, how_many);
        std::uint64_t next = (now & ~armed_bit) - taken;
        if (taken > 0)
            next += std::uint64_t{1} << 32;
        if (!state_.compare_exchange_weak(now, next))
            continue;
        if ((now & armed_bit) != 0)
            make_readable(loop_);
        return taken;
    }
}

void wake::notify_sleepers(std::uint32_t how_many) noexcept
{
    if (kind_ == wake_kind::futex)
    {
        if (claim(how_many) > 0)
            ::syscall(SYS_futex, futex_word(), FUTEX_WAKE_PRIVATE, how_many, nullptr, nullptr, 0);
        return;
    }
    // Everybody who polls sees the descriptor, so all of them are notified, also by notify_one().
    const std::lock_guard lock(lock_);
    leaving_ += claim(everybody);
    if (leaving_ > 0 && !lit_)
    {
        lit_ = true;
        make_readable(sleep_);
    }
}

void wake::leave(ticket taken) noexcept
{
    const std::lock_guard lock(lock_);
    if (forget(taken))
        return;
    if (--leaving_ == 0)
    {
        lit_ = false;
        make_unreadable(sleep_);
    }
}

void wake::cancel(ticket taken) noexcept
{
    if (kind_ == wake_kind::futex)
        (void)forget(taken);
    else
        leave(taken);
}

wait_result wake::wait_once(ticket taken, steady_time deadline, int aux_fd) noexcept
{
    wait_result result;
    if (notified_since(taken))
        result = wait_result::ready;
    else if (deadline != no_deadline && deadline <= std::chrono::steady_clock::now())
        result = wait_result::timeout;
    else if (kind_ == wake_kind::futex)
        result = futex_wait(taken, deadline);
    else
        result = poll_wait(taken, deadline, aux_fd);

    // A notification that came together with the deadline or a signal may have been meant for this sleeper alone.
    if (result != wait_result::ready && notified_since(taken))
        result = wait_result::ready;
    if (kind_ != wake_kind::futex)
        leave(taken);
    else if (result != wait_result::ready && !forget(taken))
        result = wait_result::ready;
    return result;
}

wait_result wake::futex_wait(ticket taken, steady_time deadline) noexcept
{
    timespec until{};
    if (deadline != no_deadline)
        until = to_timespec(deadline.time_since_epoch()); // steady_clock is CLOCK_MONOTONIC, as is the futex's
    const auto got = ::syscall(SYS_futex, futex_word(), FUTEX_WAIT_BITSET_PRIVATE, taken,
                               deadline == no_deadline ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
    if (got == 0 || errno == EAGAIN)
        return wait_result::ready;
    return errno == ETIMEDOUT ? wait_result::timeout : wait_result::interrupted;
}

wait_result wake::poll_wait(ticket, steady_time deadline, int aux_fd) noexcept
{
    pollfd entries[2] = {{sleep_.read, POLLIN, 0}, {aux_fd, POLLIN, 0}};
    timespec length{};
    if (deadline != no_deadline)
        length = to_timespec(std::max(deadline - std::chrono::steady_clock::now(), steady_time::duration::zero()));
    const int got = ::ppoll(entries, aux_fd < 0 ? 1 : 2, deadline == no_deadline ? nullptr : &length, nullptr);
    if (got == 0)
        return wait_result::timeout;
    if (got < 0)
        return wait_result::interrupted;
    return entries[0].revents != 0 ? wait_result::ready : wait_result::interrupted;
}

void wake::arm() noexcept
{
    if (loop_.read >= 0)
        state_.fetch_or(armed_bit);
}

void wake::drain() noexcept
{
    if (loop_.read >= 0)
        make_unreadable(loop_);
}

} // namespace heapwire
