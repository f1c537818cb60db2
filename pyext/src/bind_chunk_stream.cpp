// SPDX-License-Identifier: BSD-3-Clause
/// recv.ChunkRingbuffer, recv.ChunkRingPair, recv.ChunkRingStream, groups and their members.
#include <pybind11/stl.h>

#include "bridge/errors.h"
#include "chunk_group.h"
#include "readers.h"

namespace heapwire::python
{

namespace
{

py::object next_chunk(chunk_ring &self)
{
    try
    {
        return self.get();
    }
    catch (const stopped_error &)
    {
        throw py::stop_iteration();
    }
}

/// True if this producer was the last, and the ring ended with it.
bool remove_producer(chunk_ring &self)
{
    recv::chunk_ring &ring = self.core();
    const bool before = ring.stopped();
    ring.remove_producer();
    return !before && ring.stopped();
}

void register_ring(py::module_ &m)
{
    py::class_<chunk_ring, std::shared_ptr<chunk_ring>> type(
        m, "ChunkRingbuffer",
        "A queue of chunks. Any number of threads and streams may put and get at once: each chunk comes out once, and "
        "`stop` ends every wait.");
    type.def(py::init(&chunk_ring::make), py::arg("maxsize"),
             "maxsize: how many chunks it has room for, at least 1 (ValueError).")
        .def_property_readonly(
            "maxsize", [](const chunk_ring &self) { return self.core().capacity(); },
            "How many chunks it has room for.")
        .def_property_readonly("data_fd", &chunk_ring::data_fd,
                               "A descriptor for poll: readable as long as a chunk is there, and for ever when "
                               "stopped. Do not read from it.")
        .def_property_readonly(
            "space_fd", &chunk_ring::space_fd,
            "A descriptor for poll: readable as long as there is room, and for ever when stopped. Do not read from it.")
        .def(
            "qsize", [](const chunk_ring &self) { return self.core().size(); }, "How many chunks are in it.")
        .def(
            "empty", [](const chunk_ring &self) { return self.core().size() == 0; }, "Whether there is no chunk in it.")
        .def(
            "full", [](const chunk_ring &self) { return self.core().size() >= self.core().capacity(); },
            "Whether there is no room in it.")
        .def("get", &chunk_ring::get,
             "Wait for a chunk and take it. Stopped when the ring is stopped and empty. Ctrl-C ends the wait.")
        .def("get_nowait", &chunk_ring::get_nowait,
             "Take a chunk without waiting. Empty if there is none, Stopped if there will be none.")
        .def("put", &chunk_ring::put, py::arg("chunk"),
             "Put a chunk in, and wait for room. Stopped if the ring is; ValueError if data or present is not set. It "
             "takes the chunk's memory along until it is taken out.")
        .def("put_nowait", &chunk_ring::put_nowait, py::arg("chunk"),
             "The same without waiting: Full if there is no room.")
        .def(
            "stop", [](chunk_ring &self) { return self.core().stop(); },
            "Let no more chunks in; those that are in it can still be taken. Answers whether this call did it.")
        .def(
            "add_producer", [](chunk_ring &self) { self.core().add_producer(); },
            "Count one more who puts chunks in. Streams count themselves.")
        .def("remove_producer", remove_producer,
             "Count one less; the last one stops the ring. Answers whether this call did.")
        .def("__iter__", [](py::object self) { return self; })
        .def("__next__", next_chunk);
}

void register_pair(py::module_ &m)
{
    using pair = chunk_ring_pair;
    py::class_<pair, std::shared_ptr<pair>>(
        m, "ChunkRingPair", "A ring of filled chunks and one of free ones. Any number of threads may use one at once.")
        .def_property_readonly("data_ringbuffer", &pair::data_ring, "The ChunkRingbuffer of filled chunks.")
        .def_property_readonly("free_ringbuffer", &pair::free_ring, "The ChunkRingbuffer of chunks to be filled.")
        .def(
            "add_free_chunk", [](pair &self, const py::object &chunk) { self.free_ring()->put_free(chunk); },
            py::arg("chunk"),
            "Clear a chunk's present and put it into the free ring, without waiting: Full if there is no room. A ring "
            "that is stopped takes it in silence.");
}

} // namespace

void register_chunk_stream(py::module_ &m)
{
    register_ring(m);
    register_pair(m);

    // Python's own objects of the rings are kept, so that reading them gives the same ones.
    py::class_<chunk_ring_stream, chunk_ring_pair, stream_base, std::shared_ptr<chunk_ring_stream>>(
        m, "ChunkRingStream",
        "Receives heaps into chunks of the free ring, which then go to the data ring. Any number of threads may use "
        "one at once.")
        .def(py::init(&chunk_ring_stream::make), py::arg("thread_pool").none(false),
             py::arg("config") = stream_config(), py::arg("chunk_stream_config"),
             py::arg("data_ringbuffer").none(false), py::arg("free_ringbuffer").none(false), py::keep_alive<1, 5>(),
             py::keep_alive<1, 6>(),
             "Both configurations are copied. ValueError if chunk_stream_config.place is not set. A ring that has "
             "ended stays so: give each stream new ones.");

    py::class_<chunk_member, stream_base, std::shared_ptr<chunk_member>>(
        m, "ChunkStreamGroupMember", "A stream of a ChunkStreamRingGroup. Any number of threads may use one at once.");

    py::class_<chunk_group, chunk_ring_pair, std::shared_ptr<chunk_group>>(m, "ChunkStreamRingGroup")
        .def(py::init(&chunk_group::make), py::arg("config"), py::arg("data_ringbuffer").none(false),
             py::arg("free_ringbuffer").none(false), py::keep_alive<1, 3>(), py::keep_alive<1, 4>(),
             "config: a ChunkStreamGroupConfig, which is copied. Then emplace_back every member, then add their "
             "readers.")
        .def_property_readonly("config", &chunk_group::config, "A copy of the ChunkStreamGroupConfig.")
        .def("emplace_back", &chunk_group::emplace_back, py::arg("thread_pool"), py::arg("config"),
             py::arg("chunk_stream_config"),
             "Add a stream; answers a ChunkStreamGroupMember. ValueError if place is not set, or max_chunks is more "
             "than the group's; RuntimeError once data was received.")
        .def("_members", &chunk_group::members)
        .def(
            "stop",
            [](chunk_group &self)
            {
                detached off;
                self.stop();
            },
            "Stop every member and both rings. Chunks that are being filled are not handed out.");
}

} // namespace heapwire::python
