// SPDX-License-Identifier: BSD-3-Clause
// The part of the driver that lets small heaps gather until their loop has done with submitting.
#include "send_driver.h"

namespace heapwire::transport
{

namespace
{

// A held heap that nobody came for leaves after one to two of these. While heaps are held now and then an io thread
// looks so often: a loop that submits all the time wakes nobody else.
constexpr auto longest_hold = std::chrono::milliseconds(1);

} // namespace

std::error_code send_stream::driver::hold(references heaps, send::group_mode mode, send::completion whom)
{
    std::lock_guard held(mutex_);
    const bool first = turn_ == turn::nobody && sender_.idle();
    const std::error_code refused = push(heaps, mode, whom);
    if (refused || stopped_ || !first)
        return refused;
    ++holds_;
    if (watching_)
        return {};
    try
    {
        watch_held();
    }
    catch (const std::exception &) // no memory for the watch
    {
        post_turn();
    }
    return {};
}

void send_stream::driver::watch_held()
{
    watch_->expires_after(longest_hold);
    watch_->async_wait(
        [self = shared_from_this(), seen = holds_](boost::system::error_code cancelled)
        {
            if (!cancelled)
                self->look_at_held(seen);
        });
    watching_ = true;
}

/// `seen`: holds_ at the last look.
void send_stream::driver::look_at_held(std::uint64_t seen) noexcept
{
    std::lock_guard held(mutex_);
    watching_ = false;
    if (stopped_)
        return;
    const bool forgotten = holds_ == seen && turn_ == turn::nobody && !sender_.idle();
    if (forgotten)
        return post_turn();
    if (holds_ == seen)
        return;
    try
    {
        watch_held();
    }
    catch (const std::exception &)
    {
        if (turn_ == turn::nobody && !sender_.idle())
            post_turn();
    }
}

void send_stream::driver::send_held() noexcept
{
    {
        std::lock_guard held(mutex_);
        if (stopped_ || turn_ != turn::nobody || sender_.idle())
            return;
        turn_ = turn::thread;
    }
    drive();
}

} // namespace heapwire::transport
