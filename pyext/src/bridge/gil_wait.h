// SPDX-License-Identifier: BSD-3-Clause
/// The wait policy of Python's threads: lets go of the GIL around the step that really sleeps, and obeys Ctrl-C.
///
/// Why not simply look at EINTR? A signal that another thread takes, or that comes between the look for signals and
/// the sleep, interrupts nothing and would be lost until the next wake-up. Python's C handler however writes to the
/// "wake-up descriptor" whichever thread it runs on. So for the length of one sleep on the main thread that descriptor
/// is a pipe of ours, which the sleep watches too; the descriptor that was there is put back afterwards, and gets the
/// bytes that came meanwhile. As a belt (a handler may replace the descriptor), no step is longer than 100 ms.
#pragma once

#include <memory>
#include <type_traits>

#include "heapwire/queue/wait_policy.h"

namespace heapwire::python
{

namespace detail
{
using wait_step = wait_result (*)(void *context, steady_time deadline, int aux_fd);
/// Attached on entry and exit. Throws py::error_already_set with what a signal handler raised, and stopped_error if
/// the interpreter's exit has begun.
wait_result wait_detached(wait_step step, void *context, steady_time deadline);
} // namespace detail

/// Blocking calls of the core take it as their last argument. The caller is attached; what is waited for should have
/// been tried first, because that needs none of this.
struct gil_wait
{
    template <typename Step>
    wait_result wait(Step &&step, steady_time deadline)
    {
        using plain = std::remove_reference_t<Step>;
        return detail::wait_detached([](void *context, steady_time until, int aux_fd)
                                     { return (*static_cast<plain *>(context))(until, aux_fd); },
                                     const_cast<std::remove_const_t<plain> *>(std::addressof(step)), deadline);
    }
};

/// In the child of a fork: a signal there must not be told to the parent. Puts back the wake-up descriptor that was
/// there before the wait, and closes the child's copy of the pipe. Attached, on the child's only thread.
void abandon_wakeups() noexcept;

/// For tests: sleeps so long, detached, between the look for signals and the step. 0 (the default) switches it off.
void set_test_gap(int milliseconds) noexcept;

} // namespace heapwire::python
