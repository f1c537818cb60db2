// SPDX-License-Identifier: BSD-3-Clause
// The half of the driver that runs on the threads of those who send: what can be done there is done there.
#include <algorithm>
#include <poll.h>

#include "send_driver.h"

namespace heapwire::transport
{

namespace
{

using steady = std::chrono::steady_clock;

// How long one step of a wait policy works at most, or sleeps if there is no descriptor to watch: a language runtime
// looks for signals in between.
constexpr auto slice = std::chrono::milliseconds(50);
// How long stop() may have to wait for a caller that polls the sink.
constexpr auto poll_slice = std::chrono::milliseconds(10);

bool readable(int fd) noexcept
{
    pollfd what{fd, POLLIN, 0};
    return fd >= 0 && ::poll(&what, 1, 0) > 0;
}

} // namespace

send_stream::blocking_try send_stream::driver::begin_blocking(references heaps, send::group_mode mode,
                                                              detail::outcome_box &box)
{
    blocking_try answer;
    lock held(mutex_);
    const std::size_t room = configuration_.max_heaps;
    if (!stopped_ && heaps.size() <= room && sender_.queued() + heaps.size() > room)
    {
        // Something is queued, so that at least one more completion is to come.
        answer.full = true;
        answer.number = completed() + 1;
        return answer;
    }
    answer.refused = push(heaps, mode, {detail::outcome_box::complete, &box, 0});
    if (answer.refused)
        return answer;
    box.owners.fetch_add(1, std::memory_order_relaxed);
    answer.number = begin_here(std::move(held));
    return answer;
}

send_stream::begun send_stream::driver::begin(references heaps, send::group_mode mode, send::completion whom)
{
    begun answer;
    lock held(mutex_);
    answer.refused = push(heaps, mode, whom);
    if (!answer.refused)
        answer.number = begin_here(std::move(held));
    return answer;
}

// One batch does not sleep, and is all that a small heap needs. The wait policy, which comes next, may throw: so the
// turn must not stay here.
std::uint64_t send_stream::driver::begin_here(lock held) noexcept
{
    const std::uint64_t number = accepted();
    if (turn_ != turn::nobody || stopped_)
        return number;
    turn_ = turn::thread;
    held.unlock();
    if (one_batch() != progress::parked)
        pass_turn_on();
    return number;
}

bool send_stream::driver::take_turn() noexcept
{
    std::lock_guard held(mutex_);
    if (stopped_ || turn_ == turn::thread || sender_.idle())
        return false;
    turn_ = turn::thread;
    return true;
}

void send_stream::driver::pass_turn_on() noexcept
{
    std::lock_guard held(mutex_);
    if (stopped_)
        return;
    if (sender_.idle())
        turn_ = turn::nobody;
    else
        post_turn();
    if (blocked_ > 0)
        done_.notify_all();
}

wait_result send_stream::driver::work(std::uint64_t number, const patience &limits) noexcept
{
    wait_result slept = wait_result::ready;
    do
    {
        progress made = one_batch();
        if (made == progress::parked)
            return wait_result::ready;
        if (made != progress::wrote)
            slept = help_wait(made, limits);
    } while (slept != wait_result::interrupted && completed() < number && steady::now() < limits.work);
    pass_turn_on();
    return slept;
}

wait_result send_stream::driver::help_wait(progress why, const patience &limits) noexcept
{
    if (why == progress::sleep)
    {
        wake::ticket ticket = done_.prepare();
        lock held(mutex_);
        const auto until = stopped_ ? std::nullopt : oversleep_.sleep_until(wake_at_, steady::now());
        held.unlock();
        if (!until)
        {
            done_.cancel(ticket);
            return wait_result::ready;
        }
        const wait_result slept = done_.wait_once(ticket, std::min(*until, limits.sleep), limits.aux_fd);
        if (slept == wait_result::timeout && *until < limits.sleep)
            oversleep_.woke(*until, steady::now());
        return slept;
    }
    lock held(mutex_);
    if (stopped_)
        return wait_result::ready;
    in_sink_ = true;
    held.unlock();
    (void)sink_->wait_writable(std::min(limits.work, steady::now() + poll_slice));
    held.lock();
    in_sink_ = false;
    if (stopped_)
        changed_.notify_all();
    held.unlock();
    return readable(limits.aux_fd) ? wait_result::interrupted : wait_result::ready;
}

// Somebody else works, or a completion is running: complete() and pass_turn_on() notify.
wait_result send_stream::driver::await_others(std::uint64_t number, const patience &limits) noexcept
{
    wake::ticket ticket = done_.prepare();
    bool turn_is_free = false; // given up since we asked, by somebody who saw nobody blocked
    {
        std::lock_guard held(mutex_);
        ++blocked_;
        turn_is_free = !stopped_ && turn_ != turn::thread && !sender_.idle();
    }
    wait_result slept = wait_result::ready;
    if (turn_is_free || completed() >= number)
        done_.cancel(ticket);
    else
        slept = done_.wait_once(ticket, limits.sleep, limits.aux_fd);
    std::lock_guard held(mutex_);
    --blocked_;
    return slept;
}

wait_result send_stream::driver::help(std::uint64_t number, steady_time deadline, int aux_fd) noexcept
{
    const steady_time start = steady::now();
    const steady_time end = deadline - start > slice ? start + slice : deadline;
    const patience limits{end, aux_fd < 0 ? end : deadline, aux_fd};
    for (;;)
    {
        wait_result slept = wait_result::ready;
        if (completed() < number)
            slept = take_turn() ? work(number, limits) : await_others(number, limits);
        if (completed() >= number)
            return wait_result::ready;
        if (slept == wait_result::interrupted)
            return slept;
        if (steady::now() >= end)
            return end == deadline ? wait_result::timeout : wait_result::interrupted;
    }
}

} // namespace heapwire::transport
