// SPDX-License-Identifier: BSD-3-Clause
/// The part of chunk_intake that trusts nobody: is there a chunk, and does the heap lie inside it?
#include <algorithm>
#include <cstring>

#include "chunk_intake.h"

namespace heapwire::recv
{
namespace
{

constexpr bool fits(std::uint64_t offset, std::uint64_t size, std::uint64_t room) noexcept
{
    return size <= room && offset <= room - size;
}

} // namespace

/// The window is made to contain `id`, unless `fate` says why not. False: a chunk is missing, ask again.
bool chunk_intake::find_chunk(std::int64_t id, std::uint64_t cnt, chunk_stat &fate)
{
    fate = chunk_stat::chunk_heaps;
    if (window.contains(id)) [[likely]]
    {
        guard_.near(cnt);
        return true;
    }
    if (id < 0)
    {
        fate = chunk_stat::rejected_heaps;
        return true;
    }
    publish();
    const verdict said = id > chunk_window::max_id ? verdict::far : guard_.judge(id, cnt, window, port_);
    switch (said)
    {
    case verdict::far:
        fate = chunk_stat::far_heaps;
        return true;
    case verdict::too_old:
        fate = chunk_stat::too_old_heaps;
        return true;
    case verdict::start_again:
        forget_places();
        window.start_again();
        break;
    case verdict::move:
        break;
    }
    const std::int64_t old_tail = window.tail();
    const supplied answer = window.reach(id, batch_stats_);
    for (std::int64_t fresh = std::max(old_tail, window.head()); fresh < window.tail(); ++fresh)
        if (const chunk *c = window.at(fresh))
            writer_.note(*c);
    if (answer == supplied::wait)
    {
        note_full();
        return false;
    }
    guard_.moved(id, cnt, old_tail);
    return true;
}

/// Heaps in flight belong to chunks that were given back.
void chunk_intake::forget_places()
{
    heaps_.for_each(
        [this](placed_heap &heap)
        {
            if (heap.fate != chunk_stat::chunk_heaps)
                return;
            heap.fate = chunk_stat::far_heaps;
            bump(chunk_stat::far_heaps);
        });
}

bool chunk_intake::find_spot(const place_data &answer, const wire::packet_view &view, spot &out)
{
    if (!find_chunk(answer.chunk_id, view.heap_cnt, out.fate))
        return false;
    if (out.fate != chunk_stat::chunk_heaps)
        return true;
    chunk *c = window.at(answer.chunk_id);
    out.fate = c ? check_spot(answer, view.heap_length, *c) : chunk_stat::heaps_without_chunk;
    out.in = out.fate == chunk_stat::chunk_heaps ? c : nullptr;
    return true;
}

chunk_stat chunk_intake::check_spot(const place_data &answer, std::uint64_t length, chunk &in) const noexcept
{
    const std::uint64_t step = where.packet_presence;
    const std::uint64_t flags = step == 0 || length == 0 ? 1 : (length - 1) / step + 1;
    if (!fits(answer.heap_index, flags, in.present.size()))
        return chunk_stat::bad_heap_index;
    if (!fits(answer.heap_offset, length, in.data.size()))
        return chunk_stat::bad_heap_offset;
    if (answer.extra_size > placer_.extra_limit() ||
        (answer.extra_size > 0 && !fits(answer.extra_offset, answer.extra_size, in.extra.size())))
        return chunk_stat::bad_heap_extra;
    return chunk_stat::chunk_heaps;
}

/// What begin() comes to, with all that follows, for a heap of one packet that has nothing special about it. Counting
/// is left to run(). False: it has, and nothing was done.
bool chunk_intake::pass_whole(const intake_entry &e)
{
    const wire::packet_view &view = e.view;
    if (e.answer == intake_entry::no_answer || view.payload.size() != view.heap_length ||
        e.highest_address > view.heap_length || e.stop)
        return false;
    const place_data &answer = placer_[e.answer];
    if (!window.contains(answer.chunk_id))
        return false;
    chunk *c = window.at(answer.chunk_id);
    if (!c || check_spot(answer, view.heap_length, *c) != chunk_stat::chunk_heaps)
        return false;
    guard_.near(view.heap_cnt);
    make_place(heaps_.next_place(view.heap_cnt));
    if (answer.extra_size > 0)
        std::memcpy(c->extra.data() + answer.extra_offset, answer.extra, answer.extra_size);
    writer_.copy(c->data.data() + answer.heap_offset, view.payload);
    writer_.flag(c->present.data() + answer.heap_index);
    return true;
}

} // namespace heapwire::recv
