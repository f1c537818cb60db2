// SPDX-License-Identifier: BSD-3-Clause
// The half of the driver that runs on the threads of those who send: what can be done there is done there.
#include <algorithm>

#include "send_driver.h"

namespace heapwire::transport
{

namespace
{

using steady = std::chrono::steady_clock;

// How long one step of a wait policy lasts at most: a language runtime looks for signals in between.
constexpr auto slice = std::chrono::milliseconds(50);
// How long stop() may have to wait for a caller that polls the sink.
constexpr auto poll_slice = std::chrono::milliseconds(10);

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

bool send_stream::driver::work_until(std::uint64_t number, steady_time end) noexcept
{
    if (!take_turn())
        return false;
    while (completed() < number && steady::now() < end)
    {
        progress made = one_batch();
        if (made == progress::parked)
            return true;
        if (made != progress::wrote)
            help_wait(made, end);
    }
    pass_turn_on();
    return true;
}

void send_stream::driver::help_wait(progress why, steady_time end) noexcept
{
    if (why == progress::sleep)
    {
        wake::ticket ticket = pace_wake_.prepare();
        lock held(mutex_);
        if (stopped_)
            return pace_wake_.cancel(ticket);
        held.unlock();
        const auto until = oversleep_.sleep_until(wake_at_, steady::now());
        if (!until)
            return pace_wake_.cancel(ticket);
        if (pace_wake_.wait_once(ticket, std::min(*until, end)) == wait_result::timeout && *until < end)
            oversleep_.woke(*until, steady::now());
        return;
    }
    lock held(mutex_);
    if (stopped_)
        return;
    in_sink_ = true;
    held.unlock();
    (void)sink_->wait_writable(std::min(end, steady::now() + poll_slice));
    held.lock();
    in_sink_ = false;
    if (stopped_)
        changed_.notify_all();
}

wait_result send_stream::driver::help(std::uint64_t number, steady_time deadline, int aux_fd) noexcept
{
    const steady_time start = steady::now();
    const steady_time end = deadline - start > slice ? start + slice : deadline;
    for (;;)
    {
        wait_result slept = wait_result::ready;
        if (completed() < number && !work_until(number, end))
        {
            // Somebody else works, or a completion is running: complete() and pass_turn_on() notify.
            wake::ticket ticket = done_.prepare();
            bool turn_is_free = false; // given up since we asked, by somebody who saw nobody blocked
            {
                std::lock_guard held(mutex_);
                ++blocked_;
                turn_is_free = !stopped_ && turn_ != turn::thread && !sender_.idle();
            }
            if (turn_is_free || completed() >= number)
                done_.cancel(ticket);
            else
                slept = done_.wait_once(ticket, end, aux_fd);
            std::lock_guard held(mutex_);
            --blocked_;
        }
        if (completed() >= number)
            return wait_result::ready;
        if (slept == wait_result::interrupted)
            return slept;
        if (steady::now() >= end)
            return end == deadline ? wait_result::timeout : wait_result::interrupted;
    }
}

} // namespace heapwire::transport
