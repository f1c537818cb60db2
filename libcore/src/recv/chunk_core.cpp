// SPDX-License-Identifier: BSD-3-Clause
#include "chunk_core.h"

#include <utility>

#include "heapwire/base/log.h"

namespace heapwire::recv
{

chunk_core::chunk_core(options how, chunk_options where, std::shared_ptr<chunk_outlet> outlet)
    : outlet_(std::move(outlet)), receiver_(std::move(how), std::move(where), *outlet_),
      roster_(receiver_.configuration().explicit_start)
{
}

std::shared_ptr<chunk_outlet> chunk_core::outlet() const
{
    const std::lock_guard lock(packets_);
    return outlet_;
}

/// Under packets_.
void chunk_core::release_wanted()
{
    if (const std::int64_t wanted = outlet_->wanted_head(); wanted > receiver_.window().head())
        receiver_.release_before(wanted);
}

/// Repeats `step`, which goes on where it was, as long as the outlet can make room at once.
template <typename Step>
taken chunk_core::step_through(const Step &step)
{
    std::size_t used = 0;
    for (;;)
    {
        std::shared_ptr<chunk_outlet> out;
        taken got{0, flow::ended};
        {
            const std::lock_guard lock(packets_);
            out = outlet_;
            if (!out)
                return {used, flow::ended};
            release_wanted();
            got = step(used);
        }
        used += got.used;
        const bool again = out->unlocked(got.state == flow::full);
        serve_wanted_head();
        after_step(got.state);
        if (!again || got.state != flow::full)
            return {used, got.state};
    }
}

void chunk_core::serve_wanted_head() noexcept
{
    const std::shared_ptr<chunk_outlet> out = outlet();
    bool moved = true;
    while (out && moved)
    {
        moved = false;
        {
            // Who holds the lock now looks for the wish after letting go of it.
            const std::unique_lock lock(packets_, std::try_to_lock);
            if (!lock || out->wanted_head() <= receiver_.window().head())
                return;
            release_wanted();
            moved = true;
        }
        static_cast<void>(out->unlocked(false));
    }
}

void chunk_core::after_step(flow state)
{
    if (state == flow::full && roster_.any_lossy() && !warned_blocked_.exchange(true, std::memory_order_relaxed))
        HEAPWIRE_LOG(warning, "recv", "reading pauses because no chunk is free or there is no room for finished ones: ",
                     "packets may be lost (said once a stream, see worker_blocked)");
    if (state == flow::ended && roster_.mark_ended())
    {
        leave_once();
        roster_.request_stop();
    }
}

void chunk_core::leave_once() noexcept
{
    if (!left_.exchange(true))
        if (const std::shared_ptr<chunk_outlet> out = outlet())
            out->leave();
}

taken chunk_core::take(std::span<const datagram> packets, bool)
{
    if (!packets.empty())
        if (const std::shared_ptr<chunk_outlet> out = outlet())
            out->begin();
    return step_through([&](std::size_t used) { return receiver_.take(packets.subspan(used)); });
}

taken chunk_core::take_stream(bytes_view bytes, std::int64_t time)
{
    if (!bytes.empty())
        if (const std::shared_ptr<chunk_outlet> out = outlet())
            out->begin();
    return step_through([&](std::size_t used) { return receiver_.take_stream(bytes.subspan(used), time); });
}

flow chunk_core::source_ended()
{
    return step_through(
               [&](std::size_t) -> taken
               {
                   // What waits goes first, so that a call that was answered `full` has not yet signed this source off.
                   const flow now = receiver_.retry();
                   if (now != flow::go_on)
                       return {0, now};
                   if (!finishing_)
                   {
                       const bool last = roster_.sign_off();
                       finishing_ = last || receiver_.configuration().end == end_when::any_source;
                   }
                   return {0, finishing_ ? receiver_.finish() : now};
               })
        .state;
}

void chunk_core::count_kernel_drops(std::uint64_t packets) noexcept
{
    const std::lock_guard lock(packets_);
    receiver_.count_kernel_drops(packets);
}

bool chunk_core::call_on_space(space_hook &hook)
{
    const std::shared_ptr<chunk_outlet> out = outlet();
    return out && !ended() && out->call_on_space(hook);
}

void chunk_core::cancel(space_hook &hook) noexcept
{
    if (const std::shared_ptr<chunk_outlet> out = outlet())
        out->cancel(hook);
}

void chunk_core::stop() noexcept
{
    // First, before any lock: who waits goes on.
    if (const std::shared_ptr<chunk_outlet> out = outlet())
        out->stop();
    stop_alone();
}

void chunk_core::stop_alone() noexcept
{
    roster_.stop(
        [this]
        {
            std::shared_ptr<chunk_outlet> out;
            {
                const std::lock_guard lock(packets_);
                out = outlet_;
                finishing_ = true;
                static_cast<void>(receiver_.finish()); // never `full`: a stopped supply refuses nothing
            }
            static_cast<void>(out->unlocked(false));
        });
    leave_once();
    if (const std::shared_ptr<chunk_outlet> out = outlet())
        out->drop_leftovers();
}

void chunk_core::let_go() noexcept
{
    roster_.destroy_sources();
    std::shared_ptr<chunk_outlet> gone;
    const std::lock_guard lock(packets_);
    gone.swap(outlet_);
}

stats chunk_core::statistics() const
{
    const std::lock_guard lock(packets_);
    return receiver_.statistics();
}

} // namespace heapwire::recv
