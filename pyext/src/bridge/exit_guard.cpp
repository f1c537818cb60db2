// SPDX-License-Identifier: BSD-3-Clause
#include "bridge/exit_guard.h"

#include "bridge/buffer_lease.h"
#include "bridge/gil_wait.h"
#include "bridge/log_thread.h"
#include "bridge/runtime.h"
#include "heapwire/host/fork.h"

namespace heapwire::python
{

namespace
{

using std::chrono::steady_clock;

constexpr std::chrono::seconds patience{2};
constexpr std::chrono::seconds most_for_streams_and_log{5}; // a blocked handler is given up sooner

void stop_everything()
{
    runtime &r = the_runtime();
    {
        py::gil_scoped_release off; // and not `detached`: this thread must not wait for itself
        steady_time deadline = steady_clock::now() + most_for_streams_and_log;
        (void)host::process_registry().stop_all(deadline);
        (void)r.calls.close_and_wait(steady_clock::now() + patience);
        // Who is late does not come back; who is on his way gets there, for the GIL is free.
        (void)r.back.close_and_wait(steady_clock::now() + patience);
        (void)r.attach.close_and_wait(steady_clock::now() + std::chrono::milliseconds(100));
    }
    if (r.attach.inside() > 0) // a log handler blocks, and holds its lock: logging's own exit would wait for it
        py::module_::import("heapwire._logging").attr("abandon")();
    return_dropped_leases();
    log_thread::forget_receiver();
}

void after_fork_in_child()
{
    host::after_fork_in_child();
    note_main_thread();
    abandon_wakeups();
    host::process_registry().abandon_all();
    the_runtime().calls.forget_inside();
    the_runtime().back.forget_inside();
    the_runtime().attach.forget_inside();
    abandon_leases();
    log_thread::abandon();
}

} // namespace

void register_exit_guard(py::module_ &m)
{
    py::module_::import("logging");
    m.def("_stop_everything", stop_everything);
    m.def("_after_fork_in_child", after_fork_in_child);
    m.def("_set_log_receiver",
          [](py::object deliver, int level)
          {
              set_log_level(level <= 10 ? log_level::debug : level <= 20 ? log_level::info : log_level::warning);
              log_thread::set_receiver(std::move(deliver));
              log_thread::ensure();
          });
    m.def("_log_counts",
          []
          {
              host::log_counts c = log_thread::counts();
              return py::make_tuple(c.produced, c.delivered, c.dropped);
          });
    m.def("_open_leases", open_leases);
    py::module_::import("atexit").attr("register")(m.attr("_stop_everything"));
    py::module_::import("os").attr("register_at_fork")(py::arg("after_in_child") = m.attr("_after_fork_in_child"));
}

} // namespace heapwire::python
