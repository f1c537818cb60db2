// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/recv/chunk_window.h"

#include <bit>

namespace heapwire::recv
{

chunk_window::chunk_window(std::size_t max_chunks, chunk_port &port)
    : max_chunks_(static_cast<std::int64_t>(max_chunks)), port_(port), mask_(std::bit_ceil(max_chunks) - 1),
      places_(mask_ + 1)
{
}

supplied chunk_window::pass_first(std::span<std::uint64_t> batch_stats)
{
    const supplied answer = port_.pass(head_, at(head_), batch_stats);
    if (answer == supplied::wait)
        return answer;
    dropped_ += answer == supplied::none && at(head_) ? 1 : 0;
    places_[static_cast<std::uint64_t>(head_) & mask_] = nullptr;
    ++head_;
    return supplied::ok;
}

supplied chunk_window::reach(std::int64_t id, std::span<std::uint64_t> batch_stats)
{
    while (id >= tail_)
    {
        supplied answer = supplied::ok;
        if (id - tail_ >= max_chunks_)
            answer = release_before(id - max_chunks_ + 1, batch_stats);
        else if (tail_ - head_ == max_chunks_)
            answer = pass_first(batch_stats);
        else
        {
            chunk *fresh = nullptr;
            answer = port_.obtain(tail_, fresh, batch_stats);
            if (answer != supplied::wait)
            {
                places_[static_cast<std::uint64_t>(tail_) & mask_] = fresh;
                ++tail_;
                taken_ += fresh ? 1 : 0;
            }
        }
        if (answer == supplied::wait)
            return answer;
    }
    return supplied::ok;
}

supplied chunk_window::release_before(std::int64_t id, std::span<std::uint64_t> batch_stats)
{
    while (head_ < tail_ && head_ < id)
        if (pass_first(batch_stats) == supplied::wait)
            return supplied::wait;
    if (head_ < id)
    {
        if (port_.jump(id, batch_stats) == supplied::wait)
            return supplied::wait;
        head_ = tail_ = id;
    }
    return supplied::ok;
}

void chunk_window::start_again()
{
    for (; head_ < tail_; ++head_)
        if (chunk *unused = at(head_))
        {
            --taken_;
            port_.discard(head_, unused);
            places_[static_cast<std::uint64_t>(head_) & mask_] = nullptr;
        }
    head_ = tail_ = 0;
}

} // namespace heapwire::recv
