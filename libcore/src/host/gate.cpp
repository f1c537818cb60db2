// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/gate.h"

namespace heapwire::host
{

bool gate::enter() noexcept
{
    std::uint64_t before = state_.fetch_add(1, std::memory_order_seq_cst);
    if ((before & closed_bit) == 0)
        return true;
    leave();
    return false;
}

void gate::leave() noexcept
{
    std::uint64_t before = state_.fetch_sub(1, std::memory_order_seq_cst);
    // seq_cst on both sides: either we see the waiter, or he sees our leaving.
    if ((before & ~closed_bit) == 1 && waiters_.load(std::memory_order_seq_cst) > 0)
        empty_.notify_all();
}

void gate::close() noexcept { state_.fetch_or(closed_bit, std::memory_order_seq_cst); }

bool gate::wait_empty(steady_time deadline) noexcept
{
    waiters_.fetch_add(1, std::memory_order_seq_cst);
    bool gone = false;
    for (;;)
    {
        wake::ticket ticket = empty_.prepare();
        gone = inside() == 0;
        if (gone || std::chrono::steady_clock::now() >= deadline)
        {
            empty_.cancel(ticket);
            break;
        }
        (void)empty_.wait_once(ticket, deadline);
    }
    waiters_.fetch_sub(1, std::memory_order_seq_cst);
    return gone;
}

void gate::reopen() noexcept { state_.fetch_and(~closed_bit, std::memory_order_seq_cst); }

void gate::forget_inside() noexcept
{
    state_.store(state_.load(std::memory_order_relaxed) & closed_bit, std::memory_order_seq_cst);
    waiters_.store(0, std::memory_order_relaxed);
}

bool gate::closed() const noexcept { return (state_.load(std::memory_order_acquire) & closed_bit) != 0; }

std::uint64_t gate::inside() const noexcept { return state_.load(std::memory_order_seq_cst) & ~closed_bit; }

} // namespace heapwire::host
