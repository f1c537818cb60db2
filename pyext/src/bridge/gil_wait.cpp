// SPDX-License-Identifier: BSD-3-Clause
#include "bridge/gil_wait.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "bridge/errors.h"
#include "bridge/runtime.h"
#include "heapwire/base/birth.h"
#include "heapwire/base/error.h"

namespace heapwire::python
{

namespace
{

std::atomic<int> test_gap{0};

constexpr std::chrono::milliseconds slice{100};

/// A pipe to hand to Python as its wake-up descriptor. Only the main thread makes and uses them.
class signal_pipe
{
public:
    signal_pipe()
    {
        if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0)
            throw_errno("pipe", "for signals");
    }
    ~signal_pipe() { close(); }
    signal_pipe(const signal_pipe &) = delete;
    signal_pipe &operator=(const signal_pipe &) = delete;
    int read_end() const noexcept { return ends_[0]; }
    int write_end() const noexcept { return ends_[1]; }
    void close() noexcept
    {
        for (int &end : ends_)
        {
            if (end >= 0)
                ::close(std::exchange(end, -1));
        }
    }

    /// Empties it; what was in it goes to `next`, if there is one.
    void forward(int next) const noexcept
    {
        char bytes[64];
        ssize_t got;
        while ((got = ::read(ends_[0], bytes, sizeof(bytes))) > 0 || (got < 0 && errno == EINTR))
        {
            if (got > 0 && next >= 0)
                (void)!::write(next, bytes, static_cast<std::size_t>(got));
        }
    }

private:
    int ends_[2];
};

/// The wake-up descriptor is ours as long as this lives.
class borrowed_wakeup
{
public:
    borrowed_wakeup() : set_(py::module_::import("signal").attr("set_wakeup_fd"))
    {
        before_ = set(pipe_.write_end()).cast<int>();
        youngest = this;
    }
    ~borrowed_wakeup()
    {
        if (born_.orphaned()) // a handler forked, and this is the child: see abandon_all()
            return;
        youngest = older_;
        // An exception may be on its way: it must survive the call.
        py::error_scope keep;
        try
        {
            set(before_);
        }
        catch (py::error_already_set &failed) // closed meanwhile by its owner: nothing to put back
        {
            failed.discard_as_unraisable("heapwire: restoring the signal wake-up descriptor");
        }
        pipe_.forward(before_);
    }
    borrowed_wakeup(const borrowed_wakeup &) = delete;
    borrowed_wakeup &operator=(const borrowed_wakeup &) = delete;

    int fd() const noexcept { return pipe_.read_end(); }
    void forward() const noexcept { pipe_.forward(before_); }

    /// In the child of a fork.
    static void abandon_all()
    {
        borrowed_wakeup *oldest = nullptr;
        for (borrowed_wakeup *one = std::exchange(youngest, nullptr); one; one = one->older_)
        {
            one->pipe_.close();
            oldest = one;
        }
        if (oldest)
            oldest->set(oldest->before_);
    }

private:
    static borrowed_wakeup *youngest; // several if a signal handler waits; the main thread's, and a child's

    py::object set(int fd) { return set_(fd, py::arg("warn_on_full_buffer") = false); }

    signal_pipe pipe_; // one a wait, because a signal handler may wait too
    py::object set_;
    int before_ = -1;
    borrowed_wakeup *older_ = youngest;
    birth born_;
};

borrowed_wakeup *borrowed_wakeup::youngest = nullptr;

/// A handler may have forked: in the child nobody ends a wait that the parent began.
void check_signals(const birth &begun)
{
    if (PyErr_CheckSignals() != 0)
        throw py::error_already_set();
    begun.require_alive("a call that waits");
}

/// What comes within moments is not worth changing the wake-up descriptor for (ten system calls), and a signal can
/// wait that long.
constexpr std::chrono::microseconds moments{200};

wait_result wait_moments(detail::wait_step step, void *context, steady_time deadline)
{
    detached off;
    if (!off)
        throw stopped_error("the interpreter is shutting down");
    return step(context, std::min(deadline, std::chrono::steady_clock::now() + moments), -1);
}

wait_result one_step(detail::wait_step step, void *context, steady_time until, int aux_fd)
{
    detached off;
    if (!off)
        throw stopped_error("the interpreter is shutting down");
    if (int gap = test_gap.load(std::memory_order_relaxed))
        std::this_thread::sleep_for(std::chrono::milliseconds(gap));
    return step(context, until, aux_fd);
}

} // namespace

void abandon_wakeups() noexcept
{
    try
    {
        borrowed_wakeup::abandon_all();
    }
    catch (py::error_already_set &failed) // closed by its owner: nothing to put back
    {
        failed.discard_as_unraisable("heapwire: restoring the signal wake-up descriptor");
    }
}

void set_test_gap(int milliseconds) noexcept { test_gap.store(milliseconds, std::memory_order_relaxed); }

wait_result detail::wait_detached(wait_step step, void *context, steady_time deadline)
{
    if (!on_main_thread()) // signal handlers run on the main thread only: an interruption means nothing here
    {
        for (;;)
        {
            wait_result result = one_step(step, context, deadline, -1);
            if (result != wait_result::interrupted)
                return result;
        }
    }
    birth begun;
    check_signals(begun);
    if (wait_moments(step, context, deadline) == wait_result::ready)
        return wait_result::ready;
    borrowed_wakeup signals;
    for (;;)
    {
        check_signals(begun);
        steady_time now = std::chrono::steady_clock::now();
        steady_time until = deadline - now > slice ? now + slice : deadline;
        wait_result result = one_step(step, context, until, signals.fd());
        signals.forward();
        if (result == wait_result::ready)
            return result;
        if (result == wait_result::timeout && until == deadline)
        {
            check_signals(begun);
            return result;
        }
    }
}

} // namespace heapwire::python
