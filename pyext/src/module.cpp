// SPDX-License-Identifier: BSD-3-Clause
/// The table of contents of heapwire._core.
#include "register.h"

#include "bridge/exit_guard.h"
#include "bridge/runtime.h"
#include "bridge/test_hooks.h"
#include "ready.h"

// Python calls our own function of that name, below.
#define PyInit__core heapwire_init_core
PYBIND11_MODULE(_core, m, py::mod_gil_not_used(), py::multiple_interpreters::not_supported())
{
    heapwire::python::begin_runtime();

    heapwire::python::register_errors(m);
    heapwire::python::register_base(m);
    heapwire::python::register_memory(m);
    heapwire::python::register_pool(m);
    heapwire::python::register_inproc(m);
    heapwire::python::register_items(m);
    heapwire::python::register_ready(m);

    py::module_ recv = m.def_submodule("recv");
    heapwire::python::register_heap(recv);
    heapwire::python::register_recv_config(recv);
    heapwire::python::register_recv_stats(recv);
    heapwire::python::register_recv_stream(recv);
    heapwire::python::register_batches(recv);
    heapwire::python::register_chunk(recv);
    heapwire::python::register_chunk_config(recv);
    heapwire::python::register_chunk_stream(recv);

    py::module_ send = m.def_submodule("send");
    heapwire::python::register_send_config(send);
    heapwire::python::register_send_heap(send);
    heapwire::python::register_send_stream(send);
    py::module_ send_asyncio = send.def_submodule("asyncio");
    heapwire::python::register_send_asyncio(send_asyncio);
    heapwire::python::register_heap_filler(send);

    heapwire::python::register_exit_guard(m);
    heapwire::python::register_test_hooks(m);
}
#undef PyInit__core

/// Python 3.12 and later refuse sub-interpreters by themselves. Before that pybind11's own beginning would wait there
/// for the GIL that its thread has.
extern "C" PYBIND11_EXPORT PyObject *PyInit__core()
{
    if (PyInterpreterState_Get() == PyInterpreterState_Main())
        return heapwire_init_core();
    PyErr_SetString(PyExc_ImportError, "heapwire can be imported in the main interpreter only");
    return nullptr;
}
