// SPDX-License-Identifier: BSD-3-Clause
/// A bounded ring of owned pointers with two wakes, stop, and a count of producers. Full, empty, stopped are answers,
/// never exceptions. The only blocking loop of the library is in here, behind a wait policy.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>

#include "heapwire/queue/ring.h"
#include "heapwire/queue/wait_policy.h"
#include "heapwire/queue/wake.h"

namespace heapwire {

enum class push_result { ok, full, stopped, timeout };
enum class pop_result { ok, empty, ended, timeout };

/// A one-shot call to somebody who found the ring full and must not sleep (a worker). Owned by the waiter, who keeps
/// it alive until it was called or cancelled. `call` runs on the thread that made room (or stopped the ring), with
/// no lock held that it could need: it should only post.
struct space_hook
{
    void (*call)(void *context) noexcept = nullptr;
    void *context = nullptr;
    space_hook *next = nullptr; ///< the ring's
    bool waiting = false;       ///< the ring's
};

/// Any number of threads on both sides; every member may be called at any time from any thread, but for the
/// destructor.
template <typename T>
class blocking_ring
{
public:
    using value = std::unique_ptr<T>;

    /// `capacity` values at most (>= 1, else std::invalid_argument). `data` is the consumers' wake, `space` the
    /// producers'.
    explicit blocking_ring(std::size_t capacity, wake_kind data = wake_kind::futex, wake_kind space = wake_kind::futex);

    /// Takes `v` only if the answer is `ok`.
    [[nodiscard]] push_result try_push(value &v);
    /// Pushes from the front until full; answers how many were taken (0 too when stopped).
    [[nodiscard]] std::size_t try_push_many(std::span<value> values);
    template <typename P = plain_wait>
    [[nodiscard]] push_result push(value &v, P policy = {}, steady_time deadline = no_deadline);

    /// After stop() what is queued is still handed out; then `ended`.
    [[nodiscard]] pop_result try_pop(value &out);
    [[nodiscard]] std::size_t try_pop_many(std::span<value> out);
    template <typename P = plain_wait>
    [[nodiscard]] pop_result pop(value &out, P policy = {}, steady_time deadline = no_deadline);

    /// Registers `hook` to be called once when the ring is at most half full or stopped. False, and nothing is
    /// registered, if there is room already or the ring is stopped.
    [[nodiscard]] bool call_on_space(space_hook &hook);
    /// After it returns the hook is neither registered nor running.
    void cancel(space_hook &hook) noexcept;

    void add_producer();
    /// The last producer that leaves stops the ring.
    void remove_producer();
    /// Producers fail from now on, consumers drain; everybody is woken. True for the call that stopped it.
    bool stop() noexcept;
    /// stop(), and what is queued is dropped (on this thread).
    void stop_and_clear() noexcept;

    [[nodiscard]] bool stopped() const noexcept;
    [[nodiscard]] std::size_t capacity() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept; ///< a snapshot, for statistics
    [[nodiscard]] wake &data_wake() noexcept;
    [[nodiscard]] wake &space_wake() noexcept;
    // (the owner of room queue completes this class)
};

} // namespace heapwire
