// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/send/sender.h"

#include <algorithm>
#include <utility>

#include "heapwire/base/error.h"

namespace heapwire::send
{

namespace
{
options checked(options how)
{
    how.validate();
    return how;
}
} // namespace

struct sender::impl
{
    impl(options given, std::size_t substreams)
        : how(checked(given)), queue(how, substreams), pace(how.rate, how.burst_size, how.burst_rate_ratio)
    {
    }

    [[nodiscard]] std::span<const packet> offered() const noexcept { return batch.packets().subspan(n_written); }
    void fill_batch();
    void make_finished_room(std::size_t more);
    void begin_work(time_point now) noexcept;
    void end_work(time_point now) noexcept;
    void measure_rate(time_point now) noexcept;

    const options how;
    heap_queue queue;
    pacer pace;
    packet_batch batch;
    std::size_t n_written = 0; // packets of the batch that are done
    std::vector<wire::item_pointer> scratch;
    std::vector<finished> done;
    stats counters;
    bool stopped = false;

    bool working = false; // something was queued when next() was last called
    time_point work_began{};
    std::chrono::nanoseconds work_before{0};
    time_point last_until = time_point::min(); // what next() last said to wait for
};

// One burst at most: the pacer is asked between bursts.
void sender::impl::fill_batch()
{
    batch.clear();
    n_written = 0;
    while (queue.has_turn() && !batch.full() && !pace.burst_complete())
    {
        ticket turn = queue.turn();
        queued_heap &heap = queue.at(turn);
        heap.packets.make_packet(batch, scratch, heap.substream, turn);
        ++heap.unwritten;
        pace.count(batch.packets().back().size, heap.rate);
        queue.advance();
    }
}

// Completions are kept where nothing may fail, so their room is made where something may.
void sender::impl::make_finished_room(std::size_t more)
{
    std::size_t needed = done.size() + queue.size() + more;
    if (needed > done.capacity())
        done.reserve(std::max(needed, 2 * done.capacity()));
}

void sender::impl::begin_work(time_point now) noexcept
{
    if (working)
        return;
    working = true;
    work_began = now;
    pace.resume(now);
}

void sender::impl::end_work(time_point now) noexcept
{
    if (!working)
        return;
    working = false;
    work_before += std::max(now - work_began, time_point::duration::zero());
    pace.rest(now);
}

void sender::impl::measure_rate(time_point now) noexcept
{
    std::chrono::duration<double> busy = work_before;
    if (working)
        busy += now - work_began;
    if (busy.count() > 0)
        counters.achieved_rate = static_cast<double>(counters.bytes) / busy.count();
}

sender::sender(options how, std::size_t substreams) : impl_(std::make_unique<impl>(how, substreams)) {}
sender::~sender() = default;

std::error_code sender::push(std::span<const heap_reference> heaps, group_mode mode, completion whom)
{
    if (impl_->stopped)
        return errc::stopped;
    impl_->make_finished_room(1);
    std::error_code refused = impl_->queue.push(heaps, mode, whom);
    if (refused == errc::queue_full)
        impl_->counters.heaps_refused += heaps.size();
    return refused;
}

next_step sender::next(time_point now)
{
    impl &me = *impl_;
    if (!me.offered().empty())
        return {next_step::write, me.offered(), {}};
    if (!me.queue.has_turn())
    {
        me.end_work(now);
        return {next_step::idle, {}, {}};
    }
    me.begin_work(now);
    if (me.pace.burst_complete())
    {
        time_point due = me.pace.due();
        if (now < due)
        {
            me.counters.sleeps += due != me.last_until;
            me.last_until = due;
            return {next_step::wait, {}, due};
        }
        me.pace.start_burst(now);
    }
    me.fill_batch();
    return {next_step::write, me.offered(), {}};
}

void sender::written(std::size_t count, std::error_code error, time_point now)
{
    impl &me = *impl_;
    if (me.stopped)
        return;
    count = std::min(count, me.offered().size());
    if (count == 0)
        return;
    std::uint64_t bytes = 0;
    for (std::size_t i = me.n_written; i != me.n_written + count; ++i)
    {
        std::uint32_t size = me.batch.packets()[i].size;
        bytes += size;
        me.queue.packet_done(me.batch.owner(i), size, error);
    }
    me.n_written += count;
    me.queue.collect(me.done);

    stats &s = me.counters;
    s.packets += count;
    if (error)
        s.packets_failed += count;
    else
        s.bytes += bytes;
    ++s.batches;
    s.max_batch = std::max<std::uint64_t>(s.max_batch, count);
    s.heaps = me.queue.heaps_done();
    s.heaps_failed = me.queue.heaps_failed();
    me.measure_rate(now);
}

void sender::take_finished(std::vector<finished> &out)
{
    out.insert(out.end(), impl_->done.begin(), impl_->done.end());
    impl_->done.clear();
}

void sender::stop()
{
    impl &me = *impl_;
    if (std::exchange(me.stopped, true))
        return;
    me.queue.abort();
    me.queue.collect(me.done);
    // The packets that were offered may be in the transport's hands still: their memory stays, nobody is told of them.
    me.n_written = me.batch.packets().size();
    me.counters.heaps = me.queue.heaps_done();
    me.counters.heaps_failed = me.queue.heaps_failed();
}

void sender::set_cnt_sequence(std::uint64_t next, std::uint64_t step) { impl_->queue.set_cnt_sequence(next, step); }

bool sender::idle() const noexcept { return impl_->queue.size() == 0; }

std::size_t sender::queued() const noexcept { return impl_->queue.size(); }

const stats &sender::statistics() const noexcept { return impl_->counters; }

void sender::count_wait() noexcept { ++impl_->counters.waits; }

const options &sender::configuration() const noexcept { return impl_->how; }

} // namespace heapwire::send
