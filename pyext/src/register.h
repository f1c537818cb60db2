// SPDX-License-Identifier: BSD-3-Clause
/// One function a concept; module.cpp calls them in this order, because default arguments need the types before them.
#pragma once

#include <pybind11/pybind11.h>

namespace py = pybind11;

namespace heapwire::python
{

void register_errors(py::module_ &m);
void register_base(py::module_ &m);
void register_memory(py::module_ &m);
void register_pool(py::module_ &m);
void register_inproc(py::module_ &m);
void register_items(py::module_ &m);

void register_heap(py::module_ &recv);
void register_recv_config(py::module_ &recv);
void register_recv_stats(py::module_ &recv);
void register_recv_stream(py::module_ &recv);
void register_batches(py::module_ &recv);
void register_chunk(py::module_ &recv);
void register_chunk_config(py::module_ &recv);
void register_chunk_stream(py::module_ &recv);

void register_heap_filler(py::module_ &send);
void register_send_config(py::module_ &send);
void register_send_heap(py::module_ &send);
void register_send_stream(py::module_ &send);
void register_send_asyncio(py::module_ &send_asyncio);

} // namespace heapwire::python
