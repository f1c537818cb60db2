// SPDX-License-Identifier: BSD-3-Clause
/// One-shot calls to those who found a ring full and must not sleep.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace heapwire
{

/// A one-shot call to somebody who found the ring full and must not sleep (a worker). Owned by the waiter, who keeps
/// it alive until it was called or cancelled. `call` runs on the thread that made room (or stopped the ring), with
/// no lock held that it could need: it should only post. It may register itself again, cancel itself, and end the
/// hook's life.
struct space_hook
{
    void (*call)(void *context) noexcept = nullptr;
    void *context = nullptr;
    space_hook *next = nullptr; ///< the ring's
    bool waiting = false;       ///< the ring's
};

/// The hooks of one ring. Thread-safe.
class space_hooks
{
public:
    /// The hook must have a `call`; to add one that waits already changes nothing.
    void add(space_hook &hook) noexcept;
    /// True if it was registered and is no longer; does not wait for a call that runs.
    bool remove(space_hook &hook) noexcept;
    /// Removes it, and waits for a call that runs on another thread.
    void cancel(space_hook &hook) noexcept;
    /// Calls and removes those that are registered now, the oldest first.
    void call_all() noexcept;
    [[nodiscard]] bool any() const noexcept { return any_.load(); }

private:
    struct running_call
    {
        const space_hook *hook; // to compare, not to follow: the hook may be gone
        std::thread::id thread;
        running_call *next;
    };

    bool unlink(space_hook &hook) noexcept;
    [[nodiscard]] bool runs_elsewhere(const space_hook &hook) const noexcept;

    std::atomic<bool> any_{false};
    mutable std::mutex lock_;
    std::condition_variable call_over_;
    space_hook *first_ = nullptr;
    running_call *running_ = nullptr;
};

} // namespace heapwire
