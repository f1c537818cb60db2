// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/queue/space_hook.h"

namespace heapwire
{

void space_hooks::add(space_hook &hook) noexcept
{
    const std::lock_guard lock(lock_);
    if (hook.waiting)
        return;
    hook.waiting = true;
    hook.next = nullptr;
    space_hook **last = &first_;
    while (*last != nullptr)
        last = &(*last)->next;
    *last = &hook;
    any_.store(true);
}

bool space_hooks::unlink(space_hook &hook) noexcept
{
    for (space_hook **at = &first_; *at != nullptr; at = &(*at)->next)
    {
        if (*at != &hook)
            continue;
        *at = hook.next;
        hook.next = nullptr;
        hook.waiting = false;
        any_.store(first_ != nullptr);
        return true;
    }
    return false;
}

bool space_hooks::runs_elsewhere(const space_hook &hook) const noexcept
{
    for (const running_call *call = running_; call != nullptr; call = call->next)
    {
        if (call->hook == &hook && call->thread != std::this_thread::get_id())
            return true;
    }
    return false;
}

bool space_hooks::remove(space_hook &hook) noexcept
{
    const std::lock_guard lock(lock_);
    return unlink(hook);
}

void space_hooks::cancel(space_hook &hook) noexcept
{
    std::unique_lock lock(lock_);
    do
    {
        // In the loop: a call that runs may register the hook again.
        unlink(hook);
        if (!runs_elsewhere(hook))
            return;
        call_over_.wait(lock);
    } while (true);
}

void space_hooks::call_all() noexcept
{
    std::unique_lock lock(lock_);
    // Hooks that register themselves again while they run wait for the next time.
    const space_hook *last = nullptr;
    for (const space_hook *hook = first_; hook != nullptr; hook = hook->next)
        last = hook;
    bool done = first_ == nullptr;
    while (!done && first_ != nullptr)
    {
        space_hook &hook = *first_;
        done = &hook == last;
        const auto call = hook.call;
        void *const context = hook.context;
        unlink(hook);
        running_call mine{&hook, std::this_thread::get_id(), running_};
        running_ = &mine;
        lock.unlock();
        call(context); // the hook may be gone from here on
        lock.lock();
        for (running_call **at = &running_; *at != nullptr; at = &(*at)->next)
        {
            if (*at == &mine)
            {
                *at = mine.next;
                break;
            }
        }
        call_over_.notify_all();
    }
}

} // namespace heapwire
