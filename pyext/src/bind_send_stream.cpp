// SPDX-License-Identifier: BSD-3-Clause
/// send.Stream and the streams that block.
#include <pybind11/stl.h>

#include "register.h"
#include "send_classes.h"

namespace heapwire::python
{

namespace
{

std::uint64_t send_heap(send_stream &self, const std::shared_ptr<outgoing> &heap, std::int64_t cnt,
                        std::size_t substream, double rate)
{
    planned_heap one{heap, cnt, substream, rate};
    return self.send({&one, 1}, send::group_mode::serial, new blocking_flight(heap));
}

std::uint64_t send_list(send_stream &self, const heap_reference_list &heaps, group_mode_choice mode)
{
    return self.send(heaps.heaps, core_mode(mode), new blocking_flight(heaps.heaps));
}

std::uint64_t send_sequence(send_stream &self, const std::vector<heap_reference> &heaps, group_mode_choice mode)
{
    return send_list(self, {plans_of(heaps)}, mode);
}

template <typename Type>
void def_sending(Type &type)
{
    type.def("send_heap", send_heap, py::arg("heap").none(false), py::arg("cnt") = -1, py::arg("substream_index") = 0,
             py::arg("rate") = -1.0,
             "Send a heap and wait until it has left; answers its bytes, headers of SPEAD included. cnt: its number, "
             "-1 for the next one. substream_index: which destination. rate: bytes a second for this heap, negative "
             "for the stream's. OSError if it fails or an argument is out of range, BlockingIOError if the queue is "
             "full (max_heaps). After Ctrl-C it is sent all the same.")
        .def("send_heaps", send_list, py::arg("heaps"), py::arg("mode"),
             "Send a HeapReferenceList, all or none, with nothing else between them; answers all their bytes. mode: a "
             "GroupMode. Errors as for send_heap, and OSError for an empty list.")
        .def("send_heaps", send_sequence, py::arg("heaps"), py::arg("mode"),
             "The same with a sequence of HeapReference.");
}

} // namespace

void register_send_stream(py::module_ &m)
{
    py::class_<send_stream, std::shared_ptr<send_stream>>(
        m, "Stream", "What all streams that send have. Any number of threads may use one at once.")
        .def(
            "set_cnt_sequence",
            [](send_stream &self, std::uint64_t next, std::uint64_t step) { self.core().set_cnt_sequence(next, step); },
            py::arg("next"), py::arg("step"),
            "The number of the next heap that is sent without one, and by how much numbers grow; 1 and 1 at first. "
            "ValueError for a step of 0.")
        .def_property_readonly(
            "num_substreams", [](const send_stream &self) { return self.core().substreams(); },
            "How many destinations there are.");

    stream_class<udp_stream<manner::blocking>> udp(
        m, "UdpStream",
        "Sends over UDP. Any number of threads may send at once; heaps of one `send_heaps` stay together.");
    def_udp(udp);
    def_sending(udp);

    stream_class<tcp_stream<manner::blocking>> tcp(
        m, "TcpStream",
        "Sends over TCP. Any number of threads may send at once; heaps of one `send_heaps` stay together.");
    def_tcp(tcp);
    def_tcp_connecting(tcp);
    def_sending(tcp);

    stream_class<bytes_stream> bytes(
        m, "BytesStream", "Sends into memory. Any number of threads may send, and look at what was sent, at once.");
    bytes
        .def(py::init(
                 [](std::shared_ptr<thread_pool> pool, const send_stream_config &config)
                 {
                     auto written = std::make_shared<written_bytes>();
                     auto made = make_stream<bytes_stream>(
                         std::move(pool), config, [written](transport::io_ref) { return make_written_sink(written); },
                         send::split::full);
                     made->written = written;
                     return made;
                 }),
             py::arg("thread_pool").none(false), py::arg("config") = send_stream_config(), "With nothing sent yet.")
        .def(
            "getvalue",
            [](const bytes_stream &self)
            {
                (void)self.core(); // in the child of a fork the lock may be held for good
                std::string copy;
                {
                    detached off;
                    copy = self.written->copy();
                }
                return py::bytes(copy);
            },
            "A copy of the packets that were sent so far, one behind the other: what recv.Stream.add_buffer_reader "
            "takes.");
    def_sending(bytes);

    stream_class<inproc_stream<manner::blocking>> inproc(m, "InprocStream",
                                                         "Sends into queues of this process. Any number of threads may "
                                                         "send at once; heaps of one `send_heaps` stay together.");
    def_inproc(inproc);
    def_sending(inproc);
}

} // namespace heapwire::python
