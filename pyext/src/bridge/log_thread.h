// SPDX-License-Identifier: BSD-3-Clause
/// From the core's log to Python's logging, by one thread: the only native thread that ever attaches to Python. It also
/// gives back the buffers that workers dropped.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <memory>

#include "heapwire/host/log_ring.h"
#include "heapwire/host/stop_registry.h"

namespace heapwire::python
{

namespace py = pybind11;

class log_thread : public host::stoppable
{
public:
    /// Starts the thread, unless it runs already (in this process: a forked child has none until it calls this).
    /// Attached only. Called by everything that makes threads or logs.
    static void ensure();
    /// `deliver` is _logging.deliver(iterator of records, dropped, seconds) -> level; kept until the interpreter's end.
    static void set_receiver(py::object deliver);
    /// Wakes it, if it is there: from any thread.
    static void poke() noexcept;
    /// Lets go of the receiver, and turns the log off. Attached only.
    static void forget_receiver() noexcept;
    /// Of this process's ring; for stats and tests.
    [[nodiscard]] static host::log_counts counts() noexcept;
    /// In the child of a fork: the ring is made anew, the thread is started when somebody needs it.
    static void abandon() noexcept;

    explicit log_thread(host::log_ring &ring) : ring_(ring) {}
    void request_stop() noexcept override {} // joined last: until then it tells what the others still say
    /// Drains, then ends. If within a second no record gets done, a handler blocks: it gives up, as it does at the
    /// deadline, and says so on standard error.
    bool join(steady_time deadline) override;

private:
    void run();
    void attach_and_deliver(bool last);

    host::log_ring &ring_; // leaked: workers may log until the process is gone
    PyThreadState *state_ = nullptr; ///< from the first time that the thread attached
    std::atomic<bool> over_{false};
    std::atomic<bool> done_{false};
    wake ended_{wake_kind::futex};
    std::chrono::steady_clock::time_point last_report_ = std::chrono::steady_clock::now();
};

} // namespace heapwire::python
