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

// Batches that a worker writes before other handlers of its thread get their chance.
constexpr int batches_in_a_row = 8;
// Without memory to wait for something: how long until the next look.
constexpr auto memory_wait = std::chrono::milliseconds(1);

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

/// Posted at most once at a time, with memory that is set aside.
class send_stream::driver::handler
{
public:
    using allocator_type = operation_allocator<void>;

    explicit handler(std::shared_ptr<driver> self) noexcept : self_(std::move(self)) {}
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(self_->for_handler_); }
    void operator()() const noexcept
    {
        // Before it looks who has the turn: a turn that comes later gets a handler of its own.
        self_->posted_.exchange(false, std::memory_order_acq_rel);
        self_->resume();
    }

private:
    std::shared_ptr<driver> self_;
};

send_stream::driver::driver(io_ref io, std::unique_ptr<packet_sink> sink, const send::options &how)
    : context_(io.context()), io_(std::move(io)), sink_(std::move(sink)), configuration_(how),
      substreams_(sink_->substreams()), paced_by_kernel_(ask_kernel(how, *sink_)),
      sender_(for_sender(how, paced_by_kernel_), substreams_), timer_(std::in_place, context_),
      watch_(std::in_place, context_)
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

void send_stream::driver::post_turn() noexcept
{
    turn_ = turn::handler;
    post_handler();
}

void send_stream::driver::post_handler() noexcept
{
    if (!posted_.exchange(true, std::memory_order_acq_rel))
        boost::asio::post(context_, handler(shared_from_this()));
}

void send_stream::driver::resume() noexcept
{
    {
        std::lock_guard held(mutex_);
        if (turn_ != turn::handler)
            return;
        turn_ = turn::thread;
    }
    drive();
}

void send_stream::driver::slept(send::time_point until) noexcept
{
    {
        std::lock_guard held(mutex_);
        if (turn_ != turn::handler)
            return;
        oversleep_.woke(until, steady::now());
    }
    resume();
}

void send_stream::driver::drive() noexcept
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

void send_stream::driver::wait_in_handler(progress why) noexcept
{
    lock held(mutex_);
    if (stopped_)
        return;
    turn_ = turn::handler;
    try
    {
        arm(why);
    }
    catch (const std::exception &) // no memory
    {
        held.unlock();
        std::this_thread::sleep_for(memory_wait);
        post_handler();
    }
}

void send_stream::driver::arm(progress why)
{
    if (why == progress::would_block)
        return sink_->when_writable([self = shared_from_this()] { self->post_handler(); });
    const auto until = oversleep_.sleep_until(wake_at_, steady::now());
    if (!until)
        return post_handler();
    timer_->expires_at(*until);
    timer_->async_wait(
        [self = shared_from_this(), until = *until](boost::system::error_code cancelled)
        {
            if (!cancelled)
                self->slept(until);
        });
}

send_stream::driver::progress send_stream::driver::one_batch() noexcept
{
    lock held(mutex_);
    if (stopped_)
        return progress::parked;
    send::next_step step = sender_.next(steady::now());
    switch (step.what)
    {
    case send::next_step::idle:
        turn_ = turn::nobody;
        if (sender_.has_finished()) // there was no memory for their packets
        {
            held.unlock();
            complete();
        }
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
send_stream::driver::progress send_stream::driver::write_batch(lock &held,
                                                               std::span<const send::packet> packets) noexcept
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
    if (!result.would_block)
        stalled_since_ = no_deadline;
    else if (result.count > 0 || stalled_since_ == no_deadline)
        stalled_since_ = steady::now();
    bool stopped = stopped_;
    if (stopped)
        changed_.notify_all();
    bool finished = sender_.has_finished();
    held.unlock();

    if (finished)
        complete();
    if (stopped)
        return progress::parked;
    return result.would_block ? progress::would_block : progress::wrote;
}

void send_stream::driver::complete() noexcept
{
    lock held(mutex_);
    if (completing_)
        return;
    completing_ = true;
    completing_thread_ = std::this_thread::get_id();
    while (std::size_t due = sender_.take_finished(running_))
    {
        held.unlock();
        for (const send::finished &done : std::span(running_).first(due))
        {
            if (done.whom.call)
                done.whom.call(done.whom.context, done.whom.token, done.what);
            completed_.fetch_add(1, std::memory_order_release);
        }
        done_.notify_all();
        held.lock();
    }
    completing_ = false;
    completing_thread_ = {};
    if (stopped_)
        changed_.notify_all();
}

void send_stream::driver::stop() noexcept
{
    lock held(mutex_);
    const bool first = !std::exchange(stopped_, true);
    if (first)
    {
        turn_ = turn::nobody;
        timer_->cancel();
        watch_->cancel();
        done_.notify_all();
        changed_.wait(held, [this] { return !in_sink_; });
        sender_.stop();
        stalled_since_ = no_deadline;
        sink_->close();
        held.unlock();
        complete();
        held.lock();
    }
    // A completion that stops its own stream is waited for by nobody: what is due follows it on this thread.
    if (completing_thread_ == std::this_thread::get_id())
        return;
    changed_.wait(held, [this] { return !completing_ && !sender_.has_finished() && sender_.idle(); });
}

io_ref send_stream::driver::retire() noexcept
{
    std::unique_ptr<packet_sink> sink = std::move(sink_); // destroyed without the lock
    std::lock_guard held(mutex_);
    watch_.reset();
    timer_.reset(); // whoever holds the driver now may do so longer than there is a context
    return *std::exchange(io_, std::nullopt);
}

void send_stream::driver::set_cnt_sequence(std::uint64_t next, std::uint64_t step)
{
    std::lock_guard held(mutex_);
    sender_.set_cnt_sequence(next, step);
}

std::chrono::nanoseconds send_stream::driver::stalled() const
{
    std::lock_guard held(mutex_);
    return stalled_since_ == no_deadline ? std::chrono::nanoseconds(0) : steady::now() - stalled_since_;
}

send::stats send_stream::driver::statistics() const
{
    std::lock_guard held(mutex_);
    return sender_.statistics();
}

} // namespace heapwire::transport
