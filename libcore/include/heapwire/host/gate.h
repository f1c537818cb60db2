// SPDX-License-Identifier: BSD-3-Clause
/// Counts who is inside, and waits until nobody is. Two uses at a runtime's exit: a gate through which native threads
/// attach to the runtime, closed for good before it finalizes; and a counter of the runtime's own threads inside
/// blocking calls, which must be out before it finalizes.
#pragma once

#include <atomic>
#include <cstdint>

#include "heapwire/queue/wake.h"

namespace heapwire::host
{

/// Every member may be called from any thread, but for the destructor. enter() and leave() cost one atomic operation.
class gate
{
public:
    gate() = default;
    gate(const gate &) = delete;
    gate &operator=(const gate &) = delete;

    /// False, and nobody went in, if the gate is closed.
    [[nodiscard]] bool enter() noexcept;
    /// By who entered, on any thread.
    void leave() noexcept;

    /// Nobody enters from now on. Does not wait.
    void close() noexcept;
    /// Waits until nobody is inside; false if somebody still is at the deadline. The caller must not be inside, and
    /// must hold nothing that those inside wait for. Without close() before it, others may enter at once again.
    [[nodiscard]] bool wait_empty(steady_time deadline) noexcept;
    [[nodiscard]] bool close_and_wait(steady_time deadline) noexcept
    {
        close();
        return wait_empty(deadline);
    }
    /// For a runtime that starts again in the same process.
    void reopen() noexcept;
    /// In the child of a fork: those inside exist no more. Only while one thread exists.
    void forget_inside() noexcept;

    [[nodiscard]] bool closed() const noexcept;
    [[nodiscard]] std::uint64_t inside() const noexcept;

private:
    static constexpr std::uint64_t closed_bit = std::uint64_t{1} << 63;
    std::atomic<std::uint64_t> state_{0}; // closed_bit and the number of those inside, in one word: no gap between
    std::atomic<std::uint32_t> waiters_{0};
    wake empty_{wake_kind::futex};
};

/// One passage: inside as long as it lives, if the gate was open.
class passage
{
public:
    explicit passage(gate &through) noexcept : gate_(through.enter() ? &through : nullptr) {}
    ~passage()
    {
        if (gate_)
            gate_->leave();
    }
    passage(const passage &) = delete;
    passage &operator=(const passage &) = delete;
    [[nodiscard]] explicit operator bool() const noexcept { return gate_ != nullptr; }

private:
    gate *gate_;
};

} // namespace heapwire::host
