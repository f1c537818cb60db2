// SPDX-License-Identifier: BSD-3-Clause
/// recv.Stream.
#include "bridge/errors.h"
#include "bridge/runtime.h"
#include "native_type.h"
#include "readers.h"
#include "ready.h"
#include "receive_stream.h"
#include "received_heap.h"
#include "recv_stats.h"

namespace heapwire::python
{

namespace
{

using stream_handle = std::shared_ptr<receive_stream>;
using receive_stream_class = py::class_<receive_stream, stream_base, stream_handle>;

py::object taken_from(const receive_stream &from, heap &&got)
{
    return as_python(std::move(got), from.ring_config().core.incomplete_keep_payload_ranges);
}

/// tp_iternext: null without an error is the end.
PyObject *next_heap(PyObject *self)
{
    return translated(
        [self]() -> py::object
        {
            auto &stream = native<receive_stream>(self);
            heap got;
            return stream.get(got) ? taken_from(stream, std::move(got)) : py::object();
        });
}

/// For heapwire.recv.asyncio: an awaitable that has the next heap, or None if there is none now.
py::object ready_heap(receive_stream &self)
{
    heap got;
    return self.get_nowait(got) ? make_ready(taken_from(self, std::move(got))) : py::none();
}

/// Iteration goes without a method call.
void make_iterator(PyHeapTypeObject *heap_type)
{
    heap_type->ht_type.tp_iter = PyObject_SelfIter;
    heap_type->ht_type.tp_iternext = next_heap;
}

/// What Stream.ringbuffer answers; keeps the stream.
struct ring_view
{
    stream_handle of;
};

void def_ring(receive_stream_class &type)
{
    py::class_<ring_view>(type, "Ringbuffer")
        .def("size", [](const ring_view &self) { return self.of->core().ring().size(); })
        .def("capacity", [](const ring_view &self) { return self.of->core().ring().capacity(); });
    type.def_property_readonly("ringbuffer", [](const stream_handle &self) { return ring_view{self}; });
}

} // namespace

void register_recv_stream(py::module_ &m)
{
    stream_base_class any(m, "_Stream");
    any.def("start",
            [](stream_base &self)
            {
                detached off;
                self.start();
            })
        .def("stop",
             [](stream_base &self)
             {
                 detached off;
                 self.stop();
             })
        .def_property_readonly("config", [](const stream_base &self) { return self.config(); })
        .def_property_readonly("stats",
                               [](const stream_base &self)
                               {
                                   detached off;
                                   return std::make_unique<stream_stats>(
                                       stream_stats_values(self.statistics(), self.detail_count()));
                               });
    def_readers(any);

    receive_stream_class type(m, "Stream",
                              "Receives heaps. Any number of threads may use one at once: each heap comes out once, "
                              "and `stop` ends every `get`.",
                              py::custom_type_setup(make_iterator));
    type.def(py::init(&receive_stream::make), py::arg("thread_pool").none(false), py::arg("config") = stream_config(),
             py::arg("ring_config") = ring_stream_config())
        .def("get", [](receive_stream &self) { return taken_from(self, self.get()); })
        .def("get_nowait", [](receive_stream &self) { return taken_from(self, self.get_nowait()); })
        .def("_ready", ready_heap)
        .def_property_readonly("fd", &receive_stream::fd)
        .def_property_readonly("ring_config", [](const receive_stream &self) { return self.ring_config(); });
    def_ring(type);
}

} // namespace heapwire::python
