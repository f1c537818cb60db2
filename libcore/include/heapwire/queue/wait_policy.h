// SPDX-License-Identifier: BSD-3-Clause
/// The core's wait is one step, not a loop. A wait policy owns the loop and says what an interruption means, so that
/// a language runtime can release its lock around the step that really sleeps, and look for signals between steps.
#pragma once

#include <chrono>
#include <concepts>
#include <utility>

namespace heapwire
{

using steady_time = std::chrono::steady_clock::time_point;
inline constexpr steady_time no_deadline = steady_time::max();

enum class wait_result
{
    ready,       ///< woken: look again whether what you wait for is there
    timeout,     ///< the deadline passed
    interrupted, ///< a signal arrived, or aux_fd became readable
};

/// One sleep: `step(deadline, aux_fd)` sleeps at most once, until woken, the deadline, a signal, or until aux_fd
/// (-1: none) is readable. aux_fd is honoured by wakers with a descriptor only.
/// A policy is a callable that runs `step` until it is `ready` or `timeout`; it may throw to give up the wait.
template <typename P, typename Step>
concept wait_policy_for = requires(P &policy, Step &step, steady_time deadline)
{
    {
        policy.wait(step, deadline)
        } -> std::same_as<wait_result>;
};

/// Goes on after an interruption.
struct plain_wait
{
    template <typename Step>
    wait_result wait(Step &&step, steady_time deadline)
    {
        for (;;)
        {
            wait_result result = step(deadline, -1);
            if (result != wait_result::interrupted)
                return result;
        }
    }
};

/// For C++ programs with signal handlers: calls `check` after each interruption, and at least every `slice`, since
/// another thread may take the signal. `check` may throw; the wait is then given up and nothing was taken.
template <std::invocable Check>
struct signal_checking_wait
{
    Check check;
    std::chrono::milliseconds slice{50};

    template <typename Step>
    wait_result wait(Step &&step, steady_time deadline)
    {
        for (;;)
        {
            check();
            auto now = std::chrono::steady_clock::now();
            // compared first, since the difference to a deadline far in the past overflows
            steady_time until = deadline > now && deadline - now > slice ? now + slice : deadline;
            wait_result result = step(until, -1);
            if (result == wait_result::ready)
                return result;
            if (result == wait_result::timeout && until == deadline)
            {
                check();
                return result;
            }
        }
    }
};
template <typename Check>
signal_checking_wait(Check) -> signal_checking_wait<Check>;
template <typename Check>
signal_checking_wait(Check, std::chrono::milliseconds) -> signal_checking_wait<Check>;

} // namespace heapwire
