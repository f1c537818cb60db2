// SPDX-License-Identifier: BSD-3-Clause
/// ThreadPool.
#include <pybind11/stl.h>

#include "bridge/log_thread.h"
#include "bridge/runtime.h"
#include "heapwire/base/log.h"
#include "register.h"
#include "thread_pool.h"

namespace heapwire::python
{

std::shared_ptr<thread_pool> thread_pool::make(std::size_t threads, std::vector<int> cores)
{
    host::process_registry().require_open();
    log_thread::ensure();
    std::shared_ptr<thread_pool> made = make_detached<thread_pool>(threads, std::move(cores));
    made->registered_ = host::process_registry().add(host::stop_kind::pool, made);
    return made;
}

void register_pool(py::module_ &m)
{
    py::class_<thread_pool, std::shared_ptr<thread_pool>>(
        m, "ThreadPool", "The threads that work for streams. Any number of threads may use one at once.")
        .def(py::init([](std::size_t threads) { return thread_pool::make(threads, {}); }), py::arg("threads") = 1,
             "So many threads, at least 1. A stream uses one at a time.")
        .def(py::init(&thread_pool::make), py::arg("threads"), py::arg("affinity"),
             "The same, bound to these processor cores in turn. ValueError for a negative core; one that is not there "
             "is a warning.")
        .def(
            "stop",
            [](thread_pool &self)
            {
                detached off;
                self.stop();
            },
            "End the threads. Streams of the pool receive and send nothing from then on, but for what send_heap does "
            "by itself.")
        .def_static(
            "set_affinity",
            [](int core)
            {
                if (!transport::io_threads::pin_this_thread(core))
                    HEAPWIRE_LOG(warning, "python", "the calling thread could not be bound to core ", core);
            },
            py::arg("core"),
            "Bind the calling thread to a processor core, counted from 0. A warning if that cannot be.");
}

} // namespace heapwire::python
