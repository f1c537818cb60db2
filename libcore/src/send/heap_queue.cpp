// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/send/heap_queue.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "heapwire/base/error.h"

namespace heapwire::send
{

namespace
{
constexpr std::size_t first_slots = 16;
}

heap_queue::heap_queue(const options &how, std::size_t substreams)
    : cutting_(how), max_heaps_(how.max_heaps), substreams_(substreams)
{
    if (substreams == 0 || substreams > 0xFFFFFFFF)
        throw_bad_argument("substreams", substreams, "1 to 4294967295");
    make_room(std::min(max_heaps_, first_slots));
}

void heap_queue::make_room(std::size_t heaps)
{
    if (heaps <= ring_.size())
        return;
    std::vector<queued_heap> larger(std::bit_ceil(heaps));
    std::uint64_t mask = larger.size() - 1;
    for (ticket t = begin_; t != end_; ++t)
        larger[t & mask] = ring_[t & mask_];
    ring_ = std::move(larger);
    mask_ = mask;
}

std::error_code heap_queue::prepare(const heap_reference &from, ticket to, std::uint64_t &next_cnt) noexcept
{
    if (from.substream >= substreams_)
        return errc::no_such_substream;
    auto cnt = static_cast<std::uint64_t>(from.cnt);
    if (from.cnt < 0)
    {
        // The running number has 64 bits; each heap uses as many of them as its flavour has.
        cnt = next_cnt & from.heap->flavour().max_address();
        next_cnt += cnt_step_;
    }
    queued_heap &heap = at(to);
    heap.substream = static_cast<std::uint32_t>(from.substream);
    heap.unwritten = 0;
    heap.rate = from.rate;
    heap.failed = false;
    return heap.packets.start(*from.heap, cnt, cutting_);
}

std::error_code heap_queue::push(std::span<const heap_reference> heaps, group_mode mode, completion whom)
{
    for (const heap_reference &heap : heaps)
    {
        if (!heap.heap)
            throw_bad_argument("heap", "null", "a heap");
        if (!std::isfinite(heap.rate))
            throw_bad_argument("rate", heap.rate, "finite");
    }
    if (heaps.empty())
        return errc::empty_group;
    if (heaps.size() > max_heaps_ - size())
        return errc::queue_full;
    make_room(size() + heaps.size());

    // Nothing counts as queued before end_ moves.
    std::uint64_t next_cnt = next_cnt_;
    const ticket leader = end_;
    const ticket behind = leader + heaps.size();
    for (ticket t = leader; t != behind; ++t)
    {
        if (std::error_code bad = prepare(heaps[t - leader], t, next_cnt))
            return bad;
        queued_heap &heap = at(t);
        heap.leader = leader;
        heap.before = t == leader ? behind - 1 : t - 1;
        heap.after = t + 1 == behind ? leader : t + 1;
    }
    queued_heap &first = at(leader);
    first.in_turn = mode == group_mode::round_robin;
    first.group_size = first.group_left = static_cast<std::uint32_t>(heaps.size());
    first.whom = whom;
    first.what = {};
    next_cnt_ = next_cnt;
    end_ = behind;
    return {};
}

void heap_queue::advance() noexcept
{
    queued_heap &heap = at(turn_);
    queued_heap &leader = at(heap.leader);
    if (!leader.in_turn)
    {
        if (heap.packets.done())
            ++turn_;
        return;
    }
    if (!heap.packets.done())
        turn_ = heap.after;
    else if (heap.after == turn_)
        turn_ = heap.leader + leader.group_size;
    else
    {
        at(heap.before).after = heap.after;
        at(heap.after).before = heap.before;
        turn_ = heap.after;
    }
}

void heap_queue::packet_done(ticket which, std::uint64_t bytes, const std::error_code &error) noexcept
{
    queued_heap &heap = at(which);
    if (error)
        fail(heap, error);
    else
        at(heap.leader).what.bytes += bytes;
    --heap.unwritten;
    settle(heap);
}

void heap_queue::give_up(const std::error_code &error) noexcept
{
    queued_heap &heap = at(turn_);
    heap.packets.give_up();
    fail(heap, error);
    settle(heap);
    advance();
}

void heap_queue::fail(queued_heap &heap, const std::error_code &error) noexcept
{
    heap.failed = true;
    outcome &what = at(heap.leader).what;
    if (!what.error)
        what.error = error;
}

// Called once for each heap with its packets all made and written.
void heap_queue::settle(const queued_heap &heap) noexcept
{
    if (heap.unwritten != 0 || !heap.packets.done())
        return;
    ++heaps_done_;
    heaps_failed_ += heap.failed;
    --at(heap.leader).group_left;
}

void heap_queue::collect(std::vector<finished> &out)
{
    while (begin_ != end_)
    {
        const queued_heap &leader = at(begin_);
        if (leader.group_left != 0)
            return;
        out.push_back({leader.whom, leader.what});
        begin_ += leader.group_size;
    }
}

void heap_queue::abort() noexcept
{
    for (ticket t = begin_; t != end_; t += at(t).group_size)
    {
        queued_heap &leader = at(t);
        heaps_done_ += leader.group_left;
        heaps_failed_ += leader.group_left;
        if (leader.group_left != 0 && !leader.what.error)
            leader.what.error = errc::stopped;
        leader.group_left = 0;
    }
    turn_ = end_;
}

void heap_queue::set_cnt_sequence(std::uint64_t next, std::uint64_t step)
{
    if (step == 0)
        throw_bad_argument("step", step, "not 0: heaps in flight would share a cnt");
    next_cnt_ = next;
    cnt_step_ = step;
}

} // namespace heapwire::send
