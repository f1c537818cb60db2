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
    void fill_batch() noexcept;
    void make_finished_room(std::size_t more);
    void collect_finished() noexcept;
    void begin_work(time_point now) noexcept;
    void end_work(time_point now) noexcept;
    void measure_rate(time_point now) noexcept;

    const options how;
    heap_queue queue;
    pacer pace;
    packet_batch batch;
    std::size_t n_written = 0; // packets of the batch that are done
    std::vector<wire::item_pointer> scratch;
    std::vector<finished> done; // of these the first n_taken were taken
    std::size_t n_taken = 0;
    stats counters;
    bool stopped = false;

    bool working = false; // something was queued when next() was last called
    time_point work_began{};
    std::chrono::nanoseconds work_before{0};
    time_point last_until = time_point::min(); // what next() last said to wait for
};

// One burst at most: the pacer is asked between bursts. Empty only if there is no turn any more.
void sender::impl::fill_batch() noexcept
{
    batch.clear();
    n_written = 0;
    while (queue.has_turn() && !batch.full() && !pace.burst_complete())
    {
        ticket turn = queue.turn();
        queued_heap &heap = queue.at(turn);
        try
        {
            heap.packets.make_packet(batch, scratch, heap.substream, turn);
        }
        catch (const std::exception &) // std::bad_alloc
        {
            if (!batch.packets().empty())
                return; // these first: the next batch may do with their memory
            queue.give_up(std::make_error_code(std::errc::not_enough_memory));
            collect_finished();
            continue;
        }
        ++heap.unwritten;
        pace.count(batch.packets().back().size, heap.rate);
        queue.advance();
    }
}

// Completions are kept where nothing may fail, so their room is made where something may.
void sender::impl::make_finished_room(std::size_t more)
{
    std::size_t needed = done.size() + queue.size() + more;
    if (needed <= done.capacity())
        return;
    done.erase(done.begin(), done.begin() + static_cast<std::ptrdiff_t>(n_taken));
    needed -= std::exchange(n_taken, 0);
    if (needed > done.capacity())
        done.reserve(std::max(needed, 2 * done.capacity()));
}

void sender::impl::collect_finished() noexcept
{
    queue.collect(done);
    counters.heaps = queue.heaps_done();
    counters.heaps_failed = queue.heaps_failed();
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

next_step sender::next(time_point now) noexcept
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
    if (me.offered().empty())
    {
        me.end_work(now);
        return {next_step::idle, {}, {}};
    }
    return {next_step::write, me.offered(), {}};
}

void sender::written(std::size_t count, std::error_code error, time_point now) noexcept
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
    me.collect_finished();

    stats &s = me.counters;
    s.packets += count;
    if (error)
        s.packets_failed += count;
    else
        s.bytes += bytes;
    ++s.batches;
    s.max_batch = std::max<std::uint64_t>(s.max_batch, count);
    me.measure_rate(now);
}

bool sender::has_finished() const noexcept { return impl_->n_taken != impl_->done.size(); }

std::size_t sender::take_finished(std::span<finished> out) noexcept
{
    impl &me = *impl_;
    const std::size_t count = std::min(out.size(), me.done.size() - me.n_taken);
    std::copy_n(me.done.begin() + static_cast<std::ptrdiff_t>(me.n_taken), count, out.begin());
    me.n_taken += count;
    if (!has_finished())
    {
        me.done.clear();
        me.n_taken = 0;
    }
    return count;
}

void sender::stop() noexcept
{
    impl &me = *impl_;
    if (std::exchange(me.stopped, true))
        return;
    me.queue.abort();
    me.collect_finished();
    // The packets that were offered may be in the transport's hands still: their memory stays, nobody is told of them.
    me.n_written = me.batch.packets().size();
}

void sender::set_cnt_sequence(std::uint64_t next, std::uint64_t step) { impl_->queue.set_cnt_sequence(next, step); }

bool sender::idle() const noexcept { return impl_->queue.size() == 0; }

std::size_t sender::queued() const noexcept { return impl_->queue.size(); }

const stats &sender::statistics() const noexcept { return impl_->counters; }

void sender::count_wait() noexcept { ++impl_->counters.waits; }

const options &sender::configuration() const noexcept { return impl_->how; }

} // namespace heapwire::send
