// SPDX-License-Identifier: BSD-3-Clause
/// A bounded ring of owned pointers with two wakes, stop, and a count of producers. Full, empty, stopped are answers,
/// never exceptions. The only blocking loop of the library is in here, behind a wait policy.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "heapwire/base/brief_lock.h"
#include "heapwire/queue/announcement.h"
#include "heapwire/queue/ring.h"
#include "heapwire/queue/space_hook.h"
#include "heapwire/queue/wait_policy.h"
#include "heapwire/queue/wake.h"

namespace heapwire
{

enum class push_result
{
    ok,
    full,
    stopped,
    timeout
};
enum class pop_result
{
    ok,
    empty,
    ended,
    timeout
};

/// Any number of threads on both sides; every member may be called at any time from any thread, but for the
/// destructor. Before the ring is destroyed nobody may be inside a call or have a hook registered.
template <typename T>
class blocking_ring
{
public:
    using value = std::unique_ptr<T>;

    /// `capacity` values at most (>= 1, else std::invalid_argument). `data` is the consumers' wake, `space` the
    /// producers'.
    explicit blocking_ring(std::size_t capacity, wake_kind data = wake_kind::futex, wake_kind space = wake_kind::futex)
        : ring_(capacity), data_(data), space_(space)
    {
    }

    /// Takes `v` only if the answer is `ok`. Never `timeout`.
    [[nodiscard]] push_result try_push(value &v)
    {
        const push_result result = put(v);
        if (result == push_result::ok)
        {
            data_.notify_one();
            call_data_hooks();
        }
        return result;
    }
    /// Pushes from the front until full; answers how many were taken (0 too when stopped).
    [[nodiscard]] std::size_t try_push_many(std::span<value> values)
    {
        const std::size_t taken = put_many(values);
        tell(taken);
        return taken;
    }
    /// try_push_many() in two steps, for who pushes several times and wakes consumers once. put_many() wakes nobody;
    /// tell() with the sum of its answers must follow soon: consumers may sleep until then.
    [[nodiscard]] std::size_t put_many(std::span<value> values);
    void tell(std::size_t pushed) noexcept;
    /// Waits while the ring is full: `stopped`, `timeout` or `ok`. What the policy throws passes through; nothing
    /// was pushed then.
    template <typename P = plain_wait>
    [[nodiscard]] push_result push(value &v, P policy = {}, steady_time deadline = no_deadline)
    {
        const auto attempt = [&] { return try_push(v); };
        const auto promising = [&] { return size() < capacity() || stopped(); };
        return wait_until_not(push_result::full, push_result::timeout, space_, push_rest_, attempt, promising, policy,
                              deadline);
    }

    /// After stop() what is queued is still handed out; then `ended`. Never `timeout`.
    [[nodiscard]] pop_result try_pop(value &out);
    /// Empties `out` and fills it from the front; answers how many were taken; 0 if empty or ended.
    [[nodiscard]] std::size_t try_pop_many(std::span<value> out);
    /// Waits while the ring is empty: `ended`, `timeout` or `ok`. What the policy throws passes through; nothing was
    /// taken then.
    template <typename P = plain_wait>
    [[nodiscard]] pop_result pop(value &out, P policy = {}, steady_time deadline = no_deadline)
    {
        const auto attempt = [&] { return try_pop(out); };
        const auto promising = [&] { return size() > 0 || stopped(); };
        return wait_until_not(pop_result::empty, pop_result::timeout, data_, pop_rest_, attempt, promising, policy,
                              deadline);
    }

    /// Registers `hook` to be called once when the ring is at most half full or stopped. False, and nothing is
    /// registered, if there is room already or the ring is stopped.
    [[nodiscard]] bool call_on_space(space_hook &hook);
    /// The same for those who found the ring empty: called once when there is a value, or the ring is stopped.
    [[nodiscard]] bool call_on_data(space_hook &hook);
    /// After it returns the hook is neither registered nor running, unless it is the hook itself that calls.
    void cancel(space_hook &hook) noexcept
    {
        hooks_.cancel(hook);
        data_hooks_.cancel(hook);
    }

    void add_producer() noexcept { producers_.fetch_add(1); }
    /// The last producer that leaves stops the ring.
    void remove_producer() noexcept
    {
        if (producers_.fetch_sub(1) == 1)
            stop();
    }
    /// Producers fail from now on, consumers drain; everybody is woken. True for the call that stopped it.
    bool stop() noexcept;
    /// stop(), and what is queued is dropped (on this thread). Consumers that run at the same time may still get some.
    bool stop_and_clear() noexcept;

    [[nodiscard]] bool stopped() const noexcept { return stopped_.load(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return ring_.capacity(); }
    [[nodiscard]] std::size_t size() const noexcept { return ring_.size(); } ///< a snapshot, for statistics
    [[nodiscard]] wake &data_wake() noexcept { return data_; }
    [[nodiscard]] wake &space_wake() noexcept { return space_; }

private:
    push_result put(value &v);
    void made_room() noexcept;
    void call_hooks_if_room() noexcept;
    void call_data_hooks() noexcept
    {
        if (data_hooks_.any())
            data_hooks_.call_all();
    }
    template <typename Result, typename Attempt, typename Look, typename P>
    Result wait_until_not(Result busy, Result timeout, wake &w, detail::rest_before_sleep &rest, const Attempt &attempt,
                          const Look &promising, P &policy, steady_time deadline);

    ring<T> ring_;
    alignas(64) brief_lock push_lock_;
    // Set under push_lock_: who sees it set and then finds the ring empty has seen everything that was ever pushed.
    std::atomic<bool> stopped_{false};
    std::atomic<std::size_t> producers_{0};
    alignas(64) brief_lock pop_lock_;
    wake data_;
    wake space_;
    detail::rest_before_sleep push_rest_;
    detail::rest_before_sleep pop_rest_;
    space_hooks hooks_;
    space_hooks data_hooks_;
};

template <typename T>
push_result blocking_ring<T>::put(value &v)
{
    const std::lock_guard lock(push_lock_);
    if (stopped_.load(std::memory_order_relaxed))
        return push_result::stopped;
    return ring_.try_push(v) ? push_result::ok : push_result::full;
}

template <typename T>
std::size_t blocking_ring<T>::put_many(std::span<value> values)
{
    const std::lock_guard lock(push_lock_);
    return stopped_.load(std::memory_order_relaxed) ? 0 : ring_.try_push_many(values);
}

template <typename T>
void blocking_ring<T>::tell(std::size_t pushed) noexcept
{
    if (pushed == 0)
        return;
    if (pushed == 1)
        data_.notify_one();
    else
        data_.notify_all();
    call_data_hooks();
}

template <typename T>
pop_result blocking_ring<T>::try_pop(value &out)
{
    value taken; // what lay in `out` is dropped after the lock: a destructor may do anything
    {
        const std::lock_guard lock(pop_lock_);
        if (!ring_.try_pop(taken))
        {
            if (!stopped_.load(std::memory_order_acquire))
                return pop_result::empty;
            // A push may have come between the look and the stop.
            if (!ring_.try_pop(taken))
                return pop_result::ended;
        }
    }
    made_room();
    out = std::move(taken);
    return pop_result::ok;
}

template <typename T>
std::size_t blocking_ring<T>::try_pop_many(std::span<value> out)
{
    for (value &old : out)
        old.reset();
    std::size_t taken = 0;
    {
        const std::lock_guard lock(pop_lock_);
        taken = ring_.try_pop_many(out);
    }
    if (taken == 1)
        made_room();
    else if (taken > 1)
    {
        space_.notify_all();
        call_hooks_if_room();
    }
    return taken;
}

template <typename T>
void blocking_ring<T>::made_room() noexcept
{
    space_.notify_one();
    call_hooks_if_room();
}

// Comes after a notification of space_: that orders the look for hooks with call_on_space().
template <typename T>
void blocking_ring<T>::call_hooks_if_room() noexcept
{
    if (hooks_.any() && (ring_.size() <= ring_.capacity() / 2 || stopped()))
        hooks_.call_all();
}

template <typename T>
bool blocking_ring<T>::call_on_space(space_hook &hook)
{
    if (stopped() || ring_.size() < ring_.capacity())
        return false;
    hooks_.add(hook);
    // The announcement only orders: either this look sees the room, or who makes the room sees the hook.
    space_.cancel(space_.prepare());
    if (!stopped() && ring_.size() >= ring_.capacity())
        return true;
    return !hooks_.remove(hook); // somebody may have called it already
}

template <typename T>
bool blocking_ring<T>::call_on_data(space_hook &hook)
{
    if (stopped() || ring_.size() > 0)
        return false;
    data_hooks_.add(hook);
    data_.cancel(data_.prepare()); // as in call_on_space()
    if (!stopped() && ring_.size() == 0)
        return true;
    return !data_hooks_.remove(hook);
}

template <typename T>
bool blocking_ring<T>::stop() noexcept
{
    {
        const std::lock_guard lock(push_lock_);
        if (stopped_.exchange(true))
            return false;
    }
    data_.notify_all();
    space_.notify_all();
    if (hooks_.any())
        hooks_.call_all();
    call_data_hooks();
    return true;
}

template <typename T>
bool blocking_ring<T>::stop_and_clear() noexcept
{
    const bool first = stop();
    value dropped; // outside the lock: a destructor may do anything
    while (try_pop(dropped) == pop_result::ok)
        dropped.reset();
    return first;
}

// `attempt` takes or gives; `promising` only looks: the policy may throw after a step, and nothing may be lost then.
template <typename T>
template <typename Result, typename Attempt, typename Look, typename P>
Result blocking_ring<T>::wait_until_not(Result busy, Result timeout, wake &w, detail::rest_before_sleep &rest,
                                        const Attempt &attempt, const Look &promising, P &policy, steady_time deadline)
{
    Result result = attempt();
    if (result == busy && rest(promising))
        result = attempt();
    if (result != busy)
        return result; // no clock, no policy

    detail::announcement mine(w);
    bool in_time = true;
    while (in_time)
    {
        mine.make();
        if ((result = attempt()) != busy)
            break;
        // A policy may call the step several times; from the second on the step has to look again by itself.
        const auto step = [&](steady_time until, int aux_fd) noexcept
        { return mine.make() && promising() ? wait_result::ready : mine.sleep(until, aux_fd); };
        in_time = policy.wait(step, deadline) != wait_result::timeout;
        result = in_time ? busy : attempt(); // what came with the deadline is still taken
    }
    if (result == busy)
        return timeout;
    mine.use();
    return result;
}

} // namespace heapwire
