// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/host/completion_hub.h"

#include "heapwire/base/error.h"

namespace heapwire::host
{

completion_hub::completion_hub(wake_kind kind) : wake_(kind)
{
    if (wake_.fd() < 0)
        throw_bad_argument("kind", std::string("futex"), "a wake with a descriptor: eventfd or pipe");
    wake_.arm();
}

bool completion_hub::push(completion &record) noexcept
{
    completion *below = newest_.load(std::memory_order_relaxed);
    do
    {
        record.next = below;
    } while (!newest_.compare_exchange_weak(below, &record, std::memory_order_release, std::memory_order_relaxed));
    // `record` is the taker's from here on. Who did not find the stack empty relies on him who did.
    return !below;
}

void completion_hub::post(completion &record) noexcept
{
    if (push(record))
        raise();
}

void completion_hub::raise() noexcept
{
    wakes_.fetch_add(1, std::memory_order_relaxed);
    wake_.notify_all();
}

std::size_t completion_hub::take(std::span<completion *> out) noexcept
{
    std::lock_guard hold(taking_);
    // Clear, arm, then look: a record posted after the look finds the stack empty and the descriptor armed.
    wake_.drain();
    wake_.arm();
    std::size_t n = 0;
    while (n < out.size())
    {
        if (!oldest_)
        {
            completion *stack = newest_.exchange(nullptr, std::memory_order_acquire);
            while (stack) // reversed: the oldest first
            {
                completion *next = stack->next;
                stack->next = oldest_;
                oldest_ = stack;
                stack = next;
            }
            if (!oldest_)
                break;
        }
        out[n++] = oldest_;
        oldest_ = oldest_->next;
    }
    if (oldest_ || newest_.load(std::memory_order_relaxed))
        raise();
    return n;
}

void completion_hub::put_back(std::span<completion *> rest) noexcept
{
    if (rest.empty())
        return;
    std::lock_guard hold(taking_);
    for (std::size_t i = rest.size(); i-- > 0;)
    {
        rest[i]->next = oldest_;
        oldest_ = rest[i];
    }
    raise();
}

} // namespace heapwire::host
