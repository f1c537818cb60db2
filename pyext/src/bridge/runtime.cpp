// SPDX-License-Identifier: BSD-3-Clause
#include "bridge/runtime.h"

#include <atomic>

#include "bridge/buffer_lease.h"

namespace heapwire::python
{

namespace
{
std::atomic<unsigned long> main_thread{0};
} // namespace

runtime &the_runtime()
{
    static auto *const one = new runtime;
    return *one;
}

void begin_runtime()
{
    // 3.12 and later refuse by themselves; before that an import in a sub-interpreter goes through, and then hangs.
    if (PyInterpreterState_Get() != PyInterpreterState_Main())
        throw py::import_error("heapwire can be imported in the main interpreter only");
    main_thread.store(py::module_::import("threading").attr("main_thread")().attr("ident").cast<unsigned long>());
    runtime &r = the_runtime();
    r.calls.reopen();
    r.attach.reopen();
    host::process_registry().reopen();
    begin_leases();
}

bool on_main_thread() noexcept { return PyThread_get_thread_ident() == main_thread.load(std::memory_order_relaxed); }

void note_main_thread() noexcept { main_thread.store(PyThread_get_thread_ident(), std::memory_order_relaxed); }

} // namespace heapwire::python
