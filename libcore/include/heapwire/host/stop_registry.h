// SPDX-License-Identifier: BSD-3-Clause
/// What is alive and has threads, or is driven by threads, so that a runtime's exit can stop all of it in order.
#pragma once

#include <cstdint>
#include <memory>

#include "heapwire/host/fork.h"
#include "heapwire/queue/wait_policy.h"

namespace heapwire::host
{

/// In the order in which they are joined: who uses a pool before the pool, the log last, so that it tells the rest.
enum class stop_kind : std::uint8_t
{
    user, ///< streams, senders, queues
    pool, ///< thread pools
    log,  ///< the thread that drains the log
};

/// Something that can be stopped; held by shared_ptr.
class stoppable
{
public:
    virtual ~stoppable() = default;
    /// Begins to stop; never blocks, never waits for a thread. Any thread, any number of times.
    virtual void request_stop() noexcept = 0;
    /// Waits until it is stopped, at most to `deadline`; false if it is not. May throw: the others are still stopped.
    virtual bool join(steady_time deadline) = 0;
};

struct stop_report
{
    std::size_t stopped = 0;
    std::size_t late = 0;   ///< not stopped at the deadline
    std::size_t failed = 0; ///< join() threw
    [[nodiscard]] bool clean() const noexcept { return late == 0 && failed == 0; }
};

/// Every member may be called from any thread, unless it says otherwise.
class stop_registry
{
    struct state;

public:
    /// Takes the object off the list when it goes. Does nothing in the child of a fork.
    class registration
    {
    public:
        registration() noexcept = default;
        registration(registration &&other) noexcept;
        registration &operator=(registration &&other) noexcept;
        ~registration();

    private:
        friend class stop_registry;
        registration(state *where, std::uint64_t id) noexcept : where_(where), id_(id) {}
        state *where_ = nullptr;
        std::uint64_t id_ = 0;
        birth born_;
    };

    stop_registry();
    /// The state is leaked: registrations may outlive the registry. It is meant to live as long as the process.
    ~stop_registry() = default;
    stop_registry(const stop_registry &) = delete;
    stop_registry &operator=(const stop_registry &) = delete;

    /// Throws std::runtime_error after stop_all(): nothing may be started that nobody would stop.
    [[nodiscard]] registration add(stop_kind kind, std::weak_ptr<stoppable> what);
    /// The same check alone, for constructors that do work before they can register.
    void require_open() const;

    /// Refuses new objects, calls request_stop() on all, then joins users, pools and logs, in this order and within a
    /// kind the youngest first. The caller must not hold what the objects need to stop (a runtime's lock).
    stop_report stop_all(steady_time deadline);

    /// For a runtime that starts again in the same process.
    void reopen();
    /// In the child of a fork, while one thread exists: forgets everything without touching it, and is open again.
    /// Safe also if another thread of the parent was inside the registry at the moment of the fork.
    void abandon_all();

    [[nodiscard]] bool ended() const noexcept;
    [[nodiscard]] std::size_t size() const;

private:
    state *state_;
};

/// The registry of this process; never destroyed.
[[nodiscard]] stop_registry &process_registry();

} // namespace heapwire::host
