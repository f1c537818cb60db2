// SPDX-License-Identifier: BSD-3-Clause
#include "chunk_intake.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "heapwire/wire/item_id.h"

namespace heapwire::recv
{
namespace
{

options forced(options given)
{
    given.allow_unsized_heaps = false;
    given.memory.reset();
    given.custom_stats = with_chunk_stats(std::move(given.custom_stats));
    given.validate();
    return given;
}

} // namespace

chunk_intake::chunk_intake(options given, chunk_options there, chunk_port &port)
    : how(forced(std::move(given))), where((there.validate(), std::move(there))), numbers(how.custom_stats),
      window(where.max_chunks, port), first_chunk_stat_(numbers.size() - chunk_stat_count),
      batch_stats_(where.batch_stat_base + how.custom_stats.size()), port_(port), placer_(where, batch_stats_),
      guard_(where.max_jump), heaps_(how.substreams, how.max_heaps), writer_(how.copy)
{
}

void chunk_intake::scan(intake_entry &e) const noexcept
{
    e.highest_address = 0;
    e.stop = false;
    e.answer = intake_entry::no_answer;
    const wire::pointer_codec codec(e.view.heap_address_bits);
    const wire::item_pointer stop = codec.immediate(static_cast<std::uint64_t>(wire::item_id::stream_ctrl),
                                                    static_cast<std::uint64_t>(wire::stream_control::stop));
    for (std::uint32_t i = 0; i < e.view.n_pointers; ++i)
    {
        const wire::item_pointer pointer = e.view.pointer(i);
        if (!wire::pointer_codec::is_immediate(pointer))
            e.highest_address = std::max(e.highest_address, codec.value(pointer));
        else if (pointer == stop)
            e.stop = how.stop_on_stop_item;
    }
}

/// What heap_builder::add would answer to the first packet of a heap.
join chunk_intake::first_verdict(const wire::packet_view &view) const noexcept
{
    if (view.heap_length == wire::packet_view::unknown_length)
        return join::unsized;
    if (view.heap_length > how.max_heap_size)
        return join::heap_too_large;
    return how.order == ordering::in_order && view.payload_offset != 0 ? join::late_start : join::accepted;
}

bool chunk_intake::asked_already(std::size_t i) const noexcept
{
    const std::uint64_t cnt = entries_[i].view.heap_cnt;
    if ((seen_[cnt / 64 % 4] >> cnt % 64 & 1) == 0)
        return false;
    const auto same = [&](const intake_entry &e)
    { return e.answer != intake_entry::no_answer && e.view.heap_cnt == cnt && e.source == entries_[i].source; };
    return std::any_of(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(i), same);
}

/// Asks placement about all heaps that begin in the batch. A heap that is missed here, because others have to go first,
/// is asked about alone in begin().
void chunk_intake::place(std::size_t n)
{
    placer_.clear();
    seen_ = {};
    for (std::size_t i = 0; i < n; ++i)
    {
        intake_entry &e = entries_[i];
        if (e.reject != wire::reject::none)
            continue;
        const std::uint64_t cnt = e.view.heap_cnt;
        if (first_verdict(e.view) == join::accepted && !asked_already(i) && !heaps_.find(cnt, e.source))
        {
            if (saved_.empty() || !recall(e)) [[likely]]
                e.answer = static_cast<std::uint8_t>(placer_.add(e.view));
            seen_[cnt / 64 % 4] |= std::uint64_t{1} << cnt % 64;
        }
        if (e.stop) // what follows it joins nothing
            break;
    }
    placer_.ask(0);
}

bool chunk_intake::recall(intake_entry &e)
{
    const auto same = [&](const saved_answer &s) { return s.cnt == e.view.heap_cnt && s.source == e.source; };
    const auto found = std::find_if(saved_.begin(), saved_.end(), same);
    if (found == saved_.end())
        return false;
    e.answer = static_cast<std::uint8_t>(placer_.size());
    placer_.add_known(found->answer, found->extra);
    saved_.erase(found);
    return true;
}

void chunk_intake::save(std::size_t from, std::size_t n)
{
    constexpr std::size_t most = 16 * batch_size; // packets that a source never offers again are forgotten
    for (std::size_t i = from; i < n; ++i)
    {
        const intake_entry &e = entries_[i];
        if (e.reject != wire::reject::none || e.answer == intake_entry::no_answer)
            continue;
        const place_data &a = placer_[e.answer];
        const std::size_t extra = std::min(a.extra_size, placer_.extra_limit());
        saved_.push_back({e.view.heap_cnt, e.source, a, {a.extra, a.extra + extra}});
    }
    if (saved_.size() > most)
        saved_.erase(saved_.begin(), saved_.end() - most);
}

std::size_t chunk_intake::run(std::size_t n)
{
    if (!stopping) [[likely]]
        place(n);
    std::size_t used = 0;
    std::size_t accepted = 0;
    std::size_t malformed = 0;
    std::size_t passed = 0;
    for (; used < n; ++used)
    {
        intake_entry &e = entries_[used];
        if (e.reject != wire::reject::none) [[unlikely]]
        {
            ++malformed;
            bump(stat_index(e.reject));
            continue;
        }
        join outcome = join::after_stop;
        if (!stopping) [[likely]]
        {
            if (placed_heap *live = heaps_.find(e.view.heap_cnt, e.source))
                outcome = add(*live, e);
            else if (pass_whole(e)) [[likely]]
            {
                ++passed;
                outcome = join::accepted;
            }
            else if (!begin(e, outcome)) [[unlikely]]
            {
                save(used, n);
                break;
            }
        }
        if (outcome == join::accepted) [[likely]]
            ++accepted;
        else
            bump(stat_index(outcome));
    }
    bump(chunk_stat::repeated_heaps, writer_.raise_flags());
    bump(stat_index(stat::datagrams), used);
    bump(stat_index(stat::packets), used - malformed);
    bump(stat_index(stat::packets_accepted), accepted);
    bump(stat_index(stat::single_packet_heaps), passed);
    bump(stat_index(stat::heaps), passed);
    bump(chunk_stat::chunk_heaps, passed);
    return used;
}

join chunk_intake::add(placed_heap &heap, const intake_entry &e)
{
    join outcome = e.view.heap_length != wire::packet_view::unknown_length && e.view.heap_length > how.max_heap_size
                       ? join::heap_too_large
                       : heap.check(e.view, how.order);
    if (outcome != join::accepted)
        return outcome;
    if (!heap.note(e.view, e.highest_address, how.order))
        return join::no_memory;
    put(heap, e.view);
    if (heap.is_complete())
    {
        heaps_.close(heap);
        if (!e.stop)
            finish(heap);
    }
    stopping = stopping || e.stop;
    return outcome;
}

void chunk_intake::make_place(placed_heap &next)
{
    if (!next.live)
        return;
    give_up(next, stat::incomplete_heaps_evicted);
    heaps_.close(next);
}

/// False: a chunk is missing, and nothing has changed.
bool chunk_intake::begin(intake_entry &e, join &outcome)
{
    const wire::packet_view &view = e.view;
    outcome = first_verdict(view);
    if (outcome != join::accepted)
        return true;
    if (e.answer == intake_entry::no_answer)
    {
        e.answer = static_cast<std::uint8_t>(placer_.add(view));
        placer_.ask(e.answer);
    }
    const place_data &answer = placer_[e.answer];
    spot where_to;
    if (!find_spot(answer, view, where_to))
        return false;

    const bool whole = view.payload.size() == view.heap_length;
    const bool takes_place = !whole || e.highest_address > view.heap_length;
    placed_heap *evicted = &heaps_.next_place(view.heap_cnt);
    make_place(*evicted);
    placed_heap &heap = takes_place ? *evicted : passing_;
    heap.length = view.heap_length;
    heap.received = 0;
    heap.needed = 0;
    heap.address_bits = view.heap_address_bits;
    heap.ranges.clear();
    if (takes_place && !heap.note(view, e.highest_address, how.order))
    {
        outcome = join::no_memory;
        return true;
    }
    heap.fate = where_to.fate;
    heap.chunk_id = answer.chunk_id;
    if (chunk *c = where_to.in)
    {
        heap.place = c->data.data() + answer.heap_offset;
        heap.flag = c->present.data() + answer.heap_index;
        if (answer.extra_size > 0)
            std::memcpy(c->extra.data() + answer.extra_offset, answer.extra, answer.extra_size);
    }
    else
        bump(where_to.fate);
    bump(stat_index(stat::single_packet_heaps), whole ? 1 : 0);
    put(heap, view);
    if (takes_place)
        heaps_.open(heap, view.heap_cnt, e.source);
    else if (!e.stop) // the complete heap of a stop item is not data
        finish(heap);
    stopping = stopping || e.stop;
    return true;
}

void chunk_intake::put(placed_heap &heap, const wire::packet_view &view)
{
    if (heap.fate != chunk_stat::chunk_heaps || heap.chunk_id < window.head())
        return;
    writer_.copy(heap.place + view.payload_offset, view.payload);
    // A packet that only brings pointers has no flag: at the heap's end it would be the next heap's, or nobody's.
    if (where.packet_presence != 0 && (!view.payload.empty() || heap.length == 0))
        writer_.flag(heap.flag + view.payload_offset / where.packet_presence);
}

/// Before chunks may leave, and before another thread may come.
void chunk_intake::publish() noexcept
{
    bump(chunk_stat::repeated_heaps, writer_.raise_flags());
    writer_.publish();
}

void chunk_intake::finish(placed_heap &heap)
{
    bump(stat_index(stat::heaps));
    if (heap.fate != chunk_stat::chunk_heaps)
        return; // counted when it began
    if (heap.chunk_id < window.head())
        return bump(chunk_stat::too_old_heaps);
    bump(chunk_stat::chunk_heaps);
    if (where.packet_presence == 0)
        writer_.flag(heap.flag);
}

void chunk_intake::give_up(placed_heap &heap, stat why)
{
    bump(stat_index(why));
    bump(stat_index(stat::heaps));
    if (heap.fate == chunk_stat::chunk_heaps)
        bump(chunk_stat::chunk_heaps_incomplete);
}

flow chunk_intake::settle()
{
    if (!port_.clear(batch_stats_))
    {
        note_full();
        return flow::full;
    }
    if (!stopping)
        return flow::go_on;
    if (ended)
        return flow::ended;
    heaps_.for_each(
        [this](placed_heap &heap)
        {
            give_up(heap, stat::incomplete_heaps_flushed);
            heaps_.close(heap);
        });
    publish();
    // The last word to the port: this window will never want anything again.
    if (window.release_before(INT64_MAX, batch_stats_) == supplied::wait)
    {
        note_full();
        return flow::full;
    }
    ended = true;
    return flow::ended;
}

void chunk_intake::note_full() noexcept
{
    if (!std::exchange(blocked_, true))
        bump(stat_index(stat::worker_blocked));
}

bool chunk_intake::release_before(std::int64_t id)
{
    publish();
    return window.release_before(id, batch_stats_) != supplied::wait;
}

void chunk_intake::end_batch(std::uint64_t packets, flow state) noexcept
{
    publish();
    if (state != flow::full)
        blocked_ = false;
    const auto values = numbers.values();
    values[first_chunk_stat_ + static_cast<std::size_t>(chunk_stat::chunks)] = window.chunks_taken();
    values[first_chunk_stat_ + static_cast<std::size_t>(chunk_stat::chunks_dropped)] = window.chunks_dropped();
    for (std::size_t i = builtin_stat_count; i < first_chunk_stat_; ++i)
    {
        std::uint64_t &of_batch = batch_stats_[where.batch_stat_base + i - builtin_stat_count];
        const bool adds = how.custom_stats[i - builtin_stat_count].mode == stat_mode::counter;
        values[i] = adds ? values[i] + of_batch : std::max(values[i], of_batch);
        of_batch = 0;
    }
    if (packets == 0)
        return;
    bump(stat_index(stat::batches));
    values[stat_index(stat::max_batch)] = std::max(values[stat_index(stat::max_batch)], packets);
    values[stat_index(stat::search_dist)] = heaps_.search_steps();
}

} // namespace heapwire::recv
