// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/receiver.h"

#include <algorithm>
#include <array>
#include <utility>

#include "heapwire/heap/builder_pool.h"
#include "heapwire/recv/heap_window.h"

namespace heapwire::recv
{

struct receiver::impl
{
    impl(options given, heap_sink &where);

    [[nodiscard]] flow settle();
    void count_packets(std::uint64_t n) noexcept;
    [[nodiscard]] flow state() const noexcept { return ended ? flow::ended : flow::go_on; }
    void take_one(const datagram &packet);
    void take_view(const wire::packet_view &view, std::uint64_t source, std::int64_t time);
    [[nodiscard]] join begin_heap(const wire::packet_view &view, std::uint64_t source, std::int64_t time);
    void after_accept(heap_builder &joined);
    void hand_over(std::unique_ptr<heap_builder> heap);
    void give_up(std::unique_ptr<heap_builder> heap, stat why);
    void bump(std::size_t index, std::uint64_t n = 1) noexcept { numbers.values()[index] += n; }

    const options how;
    heap_limits limits;
    heap_sink &sink;
    stats numbers;
    builder_pool builders;
    heap_window window;
    // Finished, but the sink had no room. One packet finishes at most two heaps: the one it gives up and its own.
    std::array<std::unique_ptr<heap_builder>, 2> waiting;
    std::size_t n_waiting = 0;
    bool blocked = false;  // `full` was answered and nothing was accepted since
    bool stopping = false; // no packet joins any more; heaps in flight go out
    bool ended = false;    // and all of them are out
};

receiver::impl::impl(options given, heap_sink &where)
    : how((given.validate(), std::move(given))), sink(where), numbers(how.custom_stats),
      window(how.substreams, how.max_heaps)
{
    limits.max_heap_size = how.max_heap_size;
    limits.max_pointers = how.max_item_pointers;
    limits.order = how.order;
    limits.allow_unsized = how.allow_unsized_heaps;
    limits.bugs = how.bug_compat;
    limits.memory = how.memory.get();
    limits.copy =
        how.copy == copy_plain || how.copy == copy_automatic ? nullptr : how.copy; // null is an inlined memcpy
}

void receiver::impl::hand_over(std::unique_ptr<heap_builder> heap)
{
    bump(stat_index(stat::heaps));
    if (n_waiting == 0 && sink.accept(heap)) [[likely]]
        return;
    waiting[n_waiting++] = std::move(heap);
}

void receiver::impl::give_up(std::unique_ptr<heap_builder> heap, stat why)
{
    if (!heap)
        return;
    bump(stat_index(why));
    hand_over(std::move(heap));
}

/// Empties what waits, then, if the stream is ending, the window.
flow receiver::impl::settle()
{
    std::size_t accepted = 0;
    while (accepted < n_waiting && sink.accept(waiting[accepted]))
        ++accepted;
    for (std::size_t i = accepted; i < n_waiting; ++i)
        waiting[i - accepted] = std::move(waiting[i]);
    n_waiting -= accepted;
    while (n_waiting == 0 && stopping && window.live() > 0)
        give_up(window.take_oldest(), stat::incomplete_heaps_flushed);
    if (n_waiting > 0)
    {
        if (!std::exchange(blocked, true))
            bump(stat_index(stat::worker_blocked));
        return flow::full;
    }
    blocked = false;
    ended = stopping;
    return state();
}

void receiver::impl::count_packets(std::uint64_t n) noexcept
{
    if (n == 0)
        return;
    bump(stat_index(stat::batches));
    std::uint64_t &most = numbers.values()[stat_index(stat::max_batch)];
    most = std::max(most, n);
    numbers.values()[stat_index(stat::search_dist)] = window.search_steps();
}

void receiver::impl::take_one(const datagram &packet)
{
    bump(stat_index(stat::datagrams));
    wire::packet_view view;
    const wire::reject reason =
        packet.truncated ? wire::reject::truncated : wire::parse_packet(packet.bytes, wire::framing::datagram, view);
    if (reason != wire::reject::none) [[unlikely]]
        bump(stat_index(reason));
    else
        take_view(view, how.key_by_source ? packet.source : 0, packet.time);
}

void receiver::impl::take_view(const wire::packet_view &view, std::uint64_t source, std::int64_t time)
{
    bump(stat_index(stat::packets));
    join outcome = join::after_stop;
    if (!stopping) [[likely]]
    {
        if (heap_builder *live = window.find(view.heap_cnt, source))
        {
            outcome = live->add(view, limits, time);
            if (outcome == join::accepted)
                after_accept(*live);
        }
        else
            outcome = begin_heap(view, source, time);
    }
    bump(outcome == join::accepted ? stat_index(stat::packets_accepted) : stat_index(outcome));
}

/// A heap that refuses its first packet was never there: it takes no place in the window.
join receiver::impl::begin_heap(const wire::packet_view &view, std::uint64_t source, std::int64_t time)
{
    std::unique_ptr<heap_builder> fresh;
    try
    {
        fresh = builders.take();
    }
    catch (const std::bad_alloc &)
    {
        return join::no_memory;
    }
    const join outcome = fresh->add(view, limits, time);
    if (outcome != join::accepted)
        return outcome;
    fresh->set_source(source);
    if (view.payload.size() == view.heap_length)
        bump(stat_index(stat::single_packet_heaps));
    if (!fresh->is_complete() || (how.stop_on_stop_item && fresh->has_stop_item()))
    {
        heap_builder &opened = *fresh;
        give_up(window.open(std::move(fresh), view.heap_cnt, source), stat::incomplete_heaps_evicted);
        after_accept(opened);
        return outcome;
    }
    give_up(window.pass(view.heap_cnt), stat::incomplete_heaps_evicted);
    hand_over(std::move(fresh));
    return outcome;
}

/// `joined` is the heap that the window found or opened last.
void receiver::impl::after_accept(heap_builder &joined)
{
    if (how.stop_on_stop_item && joined.has_stop_item()) [[unlikely]]
    {
        // Complete, the heap of the stop item is not data. Incomplete, it goes the way of all others in flight.
        if (joined.is_complete())
            window.close_last();
        stopping = true;
    }
    else if (joined.is_complete())
        hand_over(window.close_last());
}

receiver::receiver(options how, heap_sink &sink) : impl_(std::make_unique<impl>(std::move(how), sink)) {}
receiver::~receiver() = default;

taken receiver::take(std::span<const datagram> packets)
{
    impl &r = *impl_;
    flow state = r.settle();
    std::size_t used = 0;
    for (; used < packets.size() && (state != flow::full || r.stopping); ++used)
    {
        if (used + 1 < packets.size()) // its header is needed before anything else can begin
            __builtin_prefetch(packets[used + 1].bytes.data());
        r.take_one(packets[used]);
        if (r.n_waiting > 0 || r.stopping != r.ended) [[unlikely]]
            state = r.settle();
    }
    r.count_packets(used);
    return {used, state};
}

taken receiver::take_stream(bytes_view bytes, std::int64_t time)
{
    impl &r = *impl_;
    flow state = r.settle();
    std::size_t used = 0;
    std::uint64_t packets = 0;
    while (used < bytes.size() && state == flow::go_on)
    {
        const bytes_view rest = bytes.subspan(used);
        wire::packet_view view;
        const wire::reject reason = wire::parse_packet(rest, wire::framing::stream, view);
        if (reason != wire::reject::none)
        {
            // Only now, once a call: is it cut off, or nonsense?
            if (wire::measure_packet(rest).state == wire::packet_extent::need_more)
                break;
            r.bump(stat_index(stat::datagrams));
            r.bump(stat_index(reason));
            r.stopping = true;
        }
        else
        {
            r.bump(stat_index(stat::datagrams));
            r.take_view(view, 0, time);
            used += view.size;
            ++packets;
        }
        if (r.n_waiting > 0 || r.stopping) [[unlikely]]
            state = r.settle();
    }
    r.count_packets(packets);
    return {used, state};
}

flow receiver::finish()
{
    impl_->stopping = true;
    return impl_->settle();
}

flow receiver::retry() { return impl_->settle(); }

bool receiver::ended() const noexcept { return impl_->ended; }

void receiver::count_kernel_drops(std::uint64_t packets) noexcept { count(stat::kernel_drops, packets); }

void receiver::count(stat s, std::uint64_t n) noexcept { impl_->bump(stat_index(s), n); }

const stats &receiver::statistics() const noexcept { return impl_->numbers; }

std::span<std::uint64_t> receiver::custom_values() noexcept
{
    return impl_->numbers.values().subspan(builtin_stat_count);
}

const options &receiver::configuration() const noexcept { return impl_->how; }

} // namespace heapwire::recv
