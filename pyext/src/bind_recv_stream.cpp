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
    py::class_<ring_view>(type, "Ringbuffer",
                          "The queue of finished heaps of a stream. Any number of threads may look.")
        .def(
            "size", [](const ring_view &self) { return self.of->core().ring().size(); }, "Heaps that wait.")
        .def(
            "capacity", [](const ring_view &self) { return self.of->core().ring().capacity(); },
            "Heaps that may wait.");
    type.def_property_readonly(
        "ringbuffer", [](const stream_handle &self) { return ring_view{self}; },
        "The queue of finished heaps: size() and capacity().");
}

} // namespace

void register_recv_stream(py::module_ &m)
{
    stream_base_class any(m, "_Stream");
    any.def(
           "start",
           [](stream_base &self)
           {
               detached off;
               self.start();
           },
           "Start the readers of a stream with explicit_start, which takes no more of them then (RuntimeError). For "
           "other streams it does nothing.")
        .def(
            "stop",
            [](stream_base &self)
            {
                detached off;
                self.stop();
            },
            "End the stream for good. Heaps that are under way are dropped; those that are queued can still be taken.")
        .def_property_readonly(
            "config", [](const stream_base &self) { return self.config(); }, "A copy of the StreamConfig.")
        .def_property_readonly(
            "stats",
            [](const stream_base &self)
            {
                detached off;
                return std::make_unique<stream_stats>(stream_stats_values(self.statistics(), self.detail_count()));
            },
            "A new StreamStats: the counters as they are now, complete up to the last batch of packets.");
    def_readers(any);

    receive_stream_class type(m, "Stream",
                              "Receives heaps. Any number of threads may use one at once: each heap comes out once, "
                              "and `stop` ends every `get`. An iterator of its heaps.",
                              py::custom_type_setup(make_iterator));
    type.def(py::init(&receive_stream::make), py::arg("thread_pool").none(false), py::arg("config") = stream_config(),
             py::arg("ring_config") = ring_stream_config(),
             "thread_pool: a ThreadPool, whose threads read. Both configurations are copied. Then add readers.")
        .def(
            "get", [](receive_stream &self) { return taken_from(self, self.get()); },
            "Wait for the next heap. Stopped when the stream has ended and none is left. Ctrl-C ends the wait.")
        .def(
            "get_nowait", [](receive_stream &self) { return taken_from(self, self.get_nowait()); },
            "The next heap, without waiting. Empty if there is none now; Stopped if there will be none.")
        .def("_ready", ready_heap)
        .def_property_readonly("fd", &receive_stream::fd,
                               "A descriptor for poll: readable as long as a heap is queued, and for ever after the "
                               "end. Do not read from it.")
        .def_property_readonly(
            "ring_config", [](const receive_stream &self) { return self.ring_config(); },
            "A copy of the RingStreamConfig.");
    def_ring(type);
}

} // namespace heapwire::python
