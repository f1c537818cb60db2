// SPDX-License-Identifier: BSD-3-Clause
/// recv.Stream.
#include "bridge/errors.h"
#include "bridge/runtime.h"
#include "readers.h"
#include "received_heap.h"
#include "recv_stats.h"

namespace heapwire::python
{

namespace
{

using stream_handle = std::shared_ptr<receive_stream>;

/// heapwire.recv.Heap or heapwire.recv.IncompleteHeap.
py::object as_python(heap &&got, const receive_stream &from)
{
    if (got.is_contiguous())
        return py::cast(std::make_shared<received_heap>(std::move(got)));
    return py::cast(std::make_shared<received_incomplete_heap>(
        received_incomplete_heap{std::move(got), from.ring_config().core.incomplete_keep_payload_ranges}));
}

py::object next_heap(receive_stream &self)
{
    try
    {
        return as_python(self.get(), self);
    }
    catch (const stopped_error &)
    {
        throw py::stop_iteration();
    }
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
    receive_stream_class type(m, "Stream",
                              "Receives heaps. Any number of threads may use one at once: each heap comes out once, "
                              "and `stop` ends every `get`.");
    type.def(py::init(&receive_stream::make), py::arg("thread_pool").none(false), py::arg("config") = stream_config(),
             py::arg("ring_config") = ring_stream_config())
        .def("get", [](receive_stream &self) { return as_python(self.get(), self); })
        .def("get_nowait", [](receive_stream &self) { return as_python(self.get_nowait(), self); })
        .def("__iter__", [](py::object self) { return self; })
        .def("__next__", next_heap)
        .def("start",
             [](receive_stream &self)
             {
                 detached off;
                 self.start();
             })
        .def("stop",
             [](receive_stream &self)
             {
                 detached off;
                 self.stop();
             })
        .def_property_readonly("fd", &receive_stream::fd)
        .def_property_readonly("config", [](const receive_stream &self) { return self.config(); })
        .def_property_readonly("ring_config", [](const receive_stream &self) { return self.ring_config(); })
        .def_property_readonly("stats",
                               [](const receive_stream &self)
                               {
                                   detached off;
                                   return std::make_unique<stream_stats>(stream_stats_values(self.core().statistics()));
                               });
    def_ring(type);
    def_readers(type);
}

} // namespace heapwire::python
