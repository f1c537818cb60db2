// SPDX-License-Identifier: BSD-3-Clause
#include "send_driver.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "heapwire/base/error.h"

namespace heapwire::transport
{

namespace
{

using steady = std::chrono::steady_clock;

// How long one step of a wait policy lasts at most: a language runtime looks for signals in between.
constexpr auto slice = std::chrono::milliseconds(50);
// How long stop() may have to wait for a caller that polls the sink.
constexpr auto poll_slice = std::chrono::milliseconds(10);
// Batches that a worker writes before other handlers of its thread get their chance.
constexpr int batches_in_a_row = 8;
// A timer is not worth arming for less: the wake-up alone takes longer.
constexpr auto shortest_sleep = std::chrono::microseconds(20);

send::options for_sender(send::options how, bool paced_by_kernel)
{
    if (paced_by_kernel)
        how.rate = 0;
    return how;
}

bool ask_kernel(const send::options &how, packet_sink &sink)
{
    how.validate();
    return how.method == send::rate_method::kernel && how.rate > 0 && sink.pace(how.rate);
}

} // namespace

send_stream::driver::driver(io_ref io, std::unique_ptr<packet_sink> sink, const send::options &how)
    : context_(io.context()), io_(std::move(io)), sink_(std::move(sink)), configuration_(how),
      substreams_(sink_->substreams()), paced_by_kernel_(ask_kernel(how, *sink_)),
      sender_(for_sender(how, paced_by_kernel_), substreams_), timer_(std::in_place, context_)
{
}

std::error_code send_stream::driver::push(references heaps, send::group_mode mode, send::completion whom)
{
    std::error_code refused = sender_.push(heaps, mode, whom);
    if (!refused)
        accepted_.fetch_add(1, std::memory_order_release);
    return refused;
}

std::error_code send_stream::driver::submit(references heaps, send::group_mode mode, send::completion whom)
{
    std::lock_guard held(mutex_);
    std::error_code refused = push(heaps, mode, whom);
    if (!refused && turn_ == turn::nobody && !stopped_)
        post_turn();
    return refused;
}

void send_stream::driver::post_turn()
{
    turn_ = turn::handler;
    boost::asio::post(context_, [self = shared_from_this(), number = ++turn_number_] { self->resume(number); });
}

void send_stream::driver::resume(std::uint64_t number)
{
    {
        std::lock_guard held(mutex_);
        if (turn_ != turn::handler || turn_number_ != number)
            return;
        turn_ = turn::thread;
    }
    drive();
}

void send_stream::driver::drive()
{
    for (int i = 0; i < batches_in_a_row; ++i)
    {
        progress made = one_batch();
        if (made == progress::parked)
            return;
        if (made != progress::wrote)
            return wait_in_handler(made);
    }
    std::lock_guard held(mutex_);
    if (!stopped_)
        post_turn();
}

void send_stream::driver::wait_in_handler(progress why)
{
    std::lock_guard held(mutex_);
    if (stopped_)
        return;
    if (why == progress::sleep && wake_at_ - steady::now() < shortest_sleep)
        return post_turn();
    turn_ = turn::handler;
    auto again = [self = shared_from_this(), number = ++turn_number_] { self->resume(number); };
    if (why == progress::would_block)
    {
        sink_->when_writable([again, &context = context_] { boost::asio::post(context, again); });
        return;
    }
    timer_->expires_at(wake_at_);
    timer_->async_wait(
        [again](boost::system::error_code cancelled)
        {
            if (!cancelled)
                again();
        });
}

send_stream::driver::progress send_stream::driver::one_batch()
{
    lock held(mutex_);
    if (stopped_)
        return progress::parked;
    send::next_step step = sender_.next(steady::now());
    switch (step.what)
    {
    case send::next_step::idle:
        turn_ = turn::nobody;
        return progress::parked;
    case send::next_step::wait:
        wake_at_ = step.until;
        return progress::sleep;
    case send::next_step::write:
        break;
    }
    return write_batch(held, step.packets);
}

// The offered packets stay valid until written(), whatever is pushed meanwhile: submitters need not wait for the
// system call.
send_stream::driver::progress send_stream::driver::write_batch(lock &held, std::span<const send::packet> packets)
{
    in_sink_ = true;
    held.unlock();
    packet_sink::result result = sink_->write(packets);
    held.lock();
    in_sink_ = false;

    // The error is the last packet's alone.
    const std::size_t failed = result.error ? 1 : 0;
    const std::size_t sent = std::max(result.count, failed) - failed;
    if (sent > 0)
        sender_.written(sent, {}, steady::now());
    if (failed > 0)
        sender_.written(failed, result.error, steady::now());
    if (result.would_block)
        sender_.count_wait();
    sender_.take_finished(due_);
    bool stopped = stopped_;
    if (stopped)
        changed_.notify_all();
    bool finished = !due_.empty();
    held.unlock();

    if (finished)
        complete();
    if (stopped)
        return progress::parked;
    return result.would_block ? progress::would_block : progress::wrote;
}

void send_stream::driver::complete()
{
    lock held(mutex_);
    if (completing_)
        return;
    completing_ = true;
    completing_thread_ = std::this_thread::get_id();
    while (!due_.empty())
    {
        running_.swap(due_);
        held.unlock();
        for (const send::finished &done : running_)
        {
            if (done.whom.call)
                done.whom.call(done.whom.context, done.whom.token, done.what);
            completed_.fetch_add(1, std::memory_order_release);
        }
        running_.clear();
        done_.notify_all();
        held.lock();
    }
    completing_ = false;
    completing_thread_ = {};
    if (stopped_)
        changed_.notify_all();
}

send_stream::blocking_try send_stream::driver::begin_blocking(references heaps, send::group_mode mode,
                                                              detail::outcome_box &box)
{
    blocking_try answer;
    {
        std::lock_guard held(mutex_);
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
        answer.number = accepted();
        if (turn_ != turn::nobody || stopped_)
            return answer;
        turn_ = turn::thread;
    }
    // One batch does not sleep, and is all that a small heap needs. The wait policy, which comes next, may throw:
    // so the turn must not stay here.
    if (one_batch() != progress::parked)
        pass_turn_on();
    return answer;
}

send_stream::begun send_stream::driver::begin(references heaps, send::group_mode mode, send::completion whom)
{
    begun answer;
    {
        std::lock_guard held(mutex_);
        answer.refused = push(heaps, mode, whom);
        if (answer.refused)
            return answer;
        answer.number = accepted();
        if (turn_ != turn::nobody || stopped_)
            return answer;
        turn_ = turn::thread;
    }
    if (one_batch() != progress::parked)
        pass_turn_on();
    return answer;
}

bool send_stream::driver::take_turn()
{
    std::lock_guard held(mutex_);
    if (stopped_ || turn_ == turn::thread || sender_.idle())
        return false;
    turn_ = turn::thread;
    return true;
}

void send_stream::driver::pass_turn_on()
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

bool send_stream::driver::work_until(std::uint64_t number, steady_time end)
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

void send_stream::driver::help_wait(progress why, steady_time end)
{
    if (why == progress::sleep)
    {
        wake::ticket ticket = pace_wake_.prepare();
        lock held(mutex_);
        if (stopped_)
            return pace_wake_.cancel(ticket);
        held.unlock();
        (void)pace_wake_.wait_once(ticket, std::min(wake_at_, end));
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

wait_result send_stream::driver::help(std::uint64_t number, steady_time deadline, int aux_fd)
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

void send_stream::driver::stop() noexcept
{
    lock held(mutex_);
    const bool first = !std::exchange(stopped_, true);
    if (first)
    {
        turn_ = turn::nobody;
        ++turn_number_;
        timer_->cancel();
        pace_wake_.notify_all();
        changed_.wait(held, [this] { return !in_sink_; });
        sender_.stop();
        sender_.take_finished(due_);
        sink_->close();
        held.unlock();
        complete();
        held.lock();
    }
    // A completion that stops its own stream is waited for by nobody: what is due follows it on this thread.
    if (completing_thread_ == std::this_thread::get_id())
        return;
    changed_.wait(held, [this] { return !completing_ && due_.empty() && sender_.idle(); });
}

io_ref send_stream::driver::retire() noexcept
{
    std::unique_ptr<packet_sink> sink = std::move(sink_); // destroyed without the lock
    std::lock_guard held(mutex_);
    timer_.reset(); // whoever holds the driver now may do so longer than there is a context
    return *std::exchange(io_, std::nullopt);
}

void send_stream::driver::set_cnt_sequence(std::uint64_t next, std::uint64_t step)
{
    std::lock_guard held(mutex_);
    sender_.set_cnt_sequence(next, step);
}

send::stats send_stream::driver::statistics() const
{
    std::lock_guard held(mutex_);
    return sender_.statistics();
}

} // namespace heapwire::transport
