// SPDX-License-Identifier: BSD-3-Clause
#include "bridge/runtime.h"

#include <atomic>
#include <unistd.h>

#include "bridge/buffer_lease.h"
#include "bridge/interpreters.h"

namespace heapwire::python
{

namespace
{
std::atomic<unsigned long> main_thread{0};
} // namespace

std::atomic<unsigned> interpreters_begun{0};

runtime &the_runtime()
{
    static auto *const one = new runtime;
    return *one;
}

void detached::come_back_or_rest() noexcept
{
    if (back_.emplace(the_runtime().back))
        return;
    for (;;)
        ::pause();
}

void begin_runtime()
{
    main_thread.store(py::module_::import("threading").attr("main_thread")().attr("ident").cast<unsigned long>());
    ++interpreters_begun;
    runtime &r = the_runtime();
    r.calls.reopen();
    r.back.reopen();
    r.attach.reopen();
    host::process_registry().reopen();
    begin_leases();
}

bool on_main_thread() noexcept { return PyThread_get_thread_ident() == main_thread.load(std::memory_order_relaxed); }

void note_main_thread() noexcept { main_thread.store(PyThread_get_thread_ident(), std::memory_order_relaxed); }

} // namespace heapwire::python
