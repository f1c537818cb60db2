// SPDX-License-Identifier: BSD-3-Clause
#include "stream_core.h"

#include <algorithm>
#include <string>

#include "heapwire/base/log.h"

namespace heapwire::recv
{
namespace
{

constexpr std::size_t most_staged = 64;

} // namespace

stream_core::stream_core(options how, ring_options ring)
    : receiver_(std::move(how), *this), ring_options_((ring.validate(), ring)), ring_(ring.heaps, ring.wake),
      roster_(receiver_.configuration().explicit_start)
{
    staged_.reserve(most_staged);
}

bool stream_core::accept(std::unique_ptr<heap_builder> &finished)
{
    if (ring_options_.contiguous_only && !finished->is_contiguous())
    {
        warn_incomplete(*finished);
        drop(std::move(finished));
        return true;
    }
    if (staged_.size() == staging_room_)
    {
        push_staged();
        staging_room_ = std::min(most_staged, ring_.capacity() - ring_.size());
        if (staging_room_ == 0)
        {
            if (!ring_.stopped())
                return false;
            drop(std::move(finished));
            return true;
        }
    }
    staged_.push_back(std::move(finished));
    return true;
}

void stream_core::drop(std::unique_ptr<heap_builder> finished)
{
    receiver_.count(finished->is_contiguous() ? stat::heaps_dropped_stopped : stat::heaps_dropped_incomplete, 1);
}

void stream_core::push_staged()
{
    const std::size_t pushed = staged_.empty() ? 0 : ring_.put_many(staged_);
    untold_ += pushed;
    for (std::size_t i = pushed; i < staged_.size(); ++i)
        drop(std::move(staged_[i])); // stopped meanwhile
    staged_.clear();
    staging_room_ = 0;
}

template <typename Step>
auto stream_core::with_receiver(const Step &step, bool more_follow)
{
    std::lock_guard lock(packets_);
    auto result = step();
    push_staged();
    if (!more_follow || ring_.size() > ring_.capacity() / 2)
        ring_.tell(std::exchange(untold_, 0));
    return result;
}

/// At most a line a second, whatever the network does.
void stream_core::warn_incomplete(const heap_builder &lost)
{
    if (current_log_level() < log_level::warning || ring_.stopped())
        return;
    ++incomplete_unreported_;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_incomplete_warning_)
        return;
    next_incomplete_warning_ = now + std::chrono::seconds(1);
    // No string is made here: this must not fail for lack of memory.
    if (lost.length() == wire::packet_view::unknown_length)
        HEAPWIRE_LOG(warning, "recv", "dropped incomplete heap ", lost.cnt(), ": ", lost.received(),
                     " bytes of an unknown number arrived (", incomplete_unreported_,
                     " such heaps since the last warning)");
    else
        HEAPWIRE_LOG(warning, "recv", "dropped incomplete heap ", lost.cnt(), ": ", lost.received(), " of ",
                     lost.length(), " bytes arrived (", incomplete_unreported_, " such heaps since the last warning)");
    incomplete_unreported_ = 0;
}

void stream_core::warn_blocked(flow state)
{
    if (state == flow::full && roster_.any_lossy() && !warned_blocked_.exchange(true, std::memory_order_relaxed))
        HEAPWIRE_LOG(warning, "recv", "reading pauses because the ring of ", ring_.capacity(),
                     " heaps is full: packets may be lost (said once a stream, see worker_blocked)");
}

void stream_core::after_batch(flow state)
{
    warn_blocked(state);
    if (state == flow::ended && roster_.mark_ended())
        end_of_network();
}

taken stream_core::take(std::span<const datagram> packets, bool more_follow)
{
    // A source that resumes inside stop() keeps its packets: perhaps there is another reader.
    if (stopping_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id())
        return {0, flow::ended};
    const taken result = with_receiver([&] { return receiver_.take(packets); }, more_follow);
    after_batch(result.state);
    return result;
}

taken stream_core::take_stream(bytes_view bytes, std::int64_t time)
{
    const taken result = with_receiver([&] { return receiver_.take_stream(bytes, time); });
    after_batch(result.state);
    return result;
}

flow stream_core::source_ended()
{
    const flow state = with_receiver(
        [&]
        {
            // What waits goes first, so that a call that was answered `full` has not yet signed this source off.
            const flow now = receiver_.retry();
            if (now != flow::go_on)
                return now;
            if (!finishing_)
            {
                const bool last = roster_.sign_off();
                finishing_ = last || receiver_.configuration().end == end_when::any_source;
            }
            return finishing_ ? receiver_.finish() : now;
        });
    after_batch(state);
    return state;
}

void stream_core::count_kernel_drops(std::uint64_t packets) noexcept
{
    std::lock_guard lock(packets_);
    receiver_.count_kernel_drops(packets);
}

/// Everything is in the ring: consumers drain it and then see the end.
void stream_core::end_of_network()
{
    ring_.stop();
    roster_.request_stop();
}

void stream_core::stop() noexcept
{
    stopping_thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    ring_.stop(); // first, before any lock: who waits for room or for a heap goes on
    stopping_thread_.store({}, std::memory_order_relaxed);
    roster_.stop(
        [this]
        {
            with_receiver(
                [&]
                {
                    finishing_ = true;
                    return receiver_.finish(); // never `full`: a stopped ring refuses nothing
                });
        });
}

stats stream_core::statistics() const
{
    std::lock_guard lock(packets_);
    return receiver_.statistics();
}

} // namespace heapwire::recv
