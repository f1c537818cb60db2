// SPDX-License-Identifier: BSD-3-Clause
/// What heapwire.send.asyncio is made of: LoopHub, and streams that answer futures.
#include <pybind11/stl.h>

#include "collectable.h"
#include "register.h"
#include "send_classes.h"

namespace heapwire::python
{

namespace
{

PyObject *hub_function = nullptr; // heapwire._aio.hub of this interpreter; leaked, because there may be one after it

/// The hub of the running loop. RuntimeError without a loop.
py::object current_hub()
{
    if (!hub_function)
        throw py::import_error("heapwire.send.asyncio was not imported");
    return py::handle(hub_function)();
}

void refuse(const py::object &future, std::error_code why, std::size_t heaps)
{
    if (is_bad_value(why))
        throw_refusal(why, heaps);
    log_refusal(why, heaps);
    resolve_future(future, why, py::none());
}

/// Numbers count what was accepted, in the order of the queue. Nothing here lets go of the GIL.
std::error_code queue(async_stream &self, std::span<const send::heap_reference> all, send::group_mode mode,
                      async_flight &flight)
{
    transport::send_stream &core = self.core();
    async_progress &progress = *self.progress;
    const std::uint64_t hub = flight.hub->id; // the flight may land, and go, as soon as it is queued
    std::lock_guard in_order(progress.submitting);
    const std::uint64_t number = progress.submitted.load(std::memory_order_relaxed) + 1;
    flight.number = number;
    const std::error_code refused = core.submit(all, mode, {async_flight::complete, &flight, 0});
    if (!refused)
    {
        progress.last_hub.store(hub, std::memory_order_relaxed);
        progress.submitted.store(number, std::memory_order_release);
    }
    return refused;
}

/// Queues at once, on the caller's thread.
py::object submit(async_stream &self, std::span<const planned_heap> heaps, send::group_mode mode,
                  std::unique_ptr<async_flight> flight)
{
    py::object hub_object = current_hub();
    auto &hub = hub_object.cast<loop_hub &>();
    self.require_packets();
    std::vector<send::heap_reference> references;
    send::heap_reference one;
    std::span<const send::heap_reference> all{&one, 1};
    if (heaps.size() == 1)
        one = heaps.front().core();
    else
    {
        for (const planned_heap &h : heaps)
            references.push_back(h.core());
        all = references;
    }
    py::object future = hub.new_future();
    flight->hub = hub.posts();
    flight->progress = self.progress;
    const std::uint32_t slot = flight->slot = hub.put(future);
    std::error_code refused;
    try
    {
        refused = queue(self, all, mode, *flight);
    }
    catch (...)
    {
        (void)hub.take(slot);
        throw;
    }
    if (!refused)
    {
        (void)flight.release(); // the hub's, by way of the completion
        return future;
    }
    (void)hub.take(slot);
    refuse(future, refused, heaps.size());
    return future;
}

py::object async_send_heap(async_stream &self, const std::shared_ptr<outgoing> &heap, std::int64_t cnt,
                           std::size_t substream, double rate)
{
    planned_heap one{heap, cnt, substream, rate};
    return submit(self, {&one, 1}, send::group_mode::serial, std::make_unique<async_flight>(heap));
}

py::object async_send_list(async_stream &self, const heap_reference_list &heaps, group_mode_choice mode)
{
    return submit(self, heaps.heaps, core_mode(mode), std::make_unique<async_flight>(heaps.heaps));
}

py::object async_send_sequence(async_stream &self, const std::vector<heap_reference> &heaps, group_mode_choice mode)
{
    return async_send_list(self, {plans_of(heaps)}, mode);
}

/// See loop_hub::when_landed.
py::object when_flushed(async_stream &self)
{
    (void)self.core(); // raises in the child of a fork
    py::object hub = current_hub();
    return hub.cast<loop_hub &>().when_landed(self.progress);
}

} // namespace

void register_send_asyncio(py::module_ &m)
{
    m.def("_set_hub_function", [](py::object function) { hub_function = function.release().ptr(); });
    // Futures, and through them all of a program, hang on a hub.
    py::class_<loop_hub>(m, "LoopHub", py::custom_type_setup(make_collectable<loop_hub>))
        .def(py::init<py::object>(), py::arg("loop"))
        .def_property_readonly("fd", &loop_hub::fd)
        .def_property_readonly("id", &loop_hub::id)
        .def_property_readonly("outstanding", &loop_hub::outstanding)
        .def("process", &loop_hub::process);

    py::class_<async_stream, send_stream, std::shared_ptr<async_stream>>(m, "AsyncStream")
        .def("async_send_heap", async_send_heap, py::arg("heap").none(false), py::arg("cnt") = -1,
             py::arg("substream_index") = 0, py::arg("rate") = -1.0)
        .def("async_send_heaps", async_send_list, py::arg("heaps"), py::arg("mode"))
        .def("async_send_heaps", async_send_sequence, py::arg("heaps"), py::arg("mode"))
        .def("flush", &send_stream::flush)
        .def("_when_flushed", when_flushed)
        .def_property_readonly("_last_hub", [](const async_stream &self)
                               { return self.progress->last_hub.load(std::memory_order_relaxed); });

    stream_class<udp_stream<manner::asynchronous>> udp(m, "UdpStream");
    def_udp(udp);
    stream_class<tcp_stream<manner::asynchronous>> tcp(m, "TcpStream");
    def_tcp(tcp);
    stream_class<inproc_stream<manner::asynchronous>> inproc(m, "InprocStream");
    def_inproc(inproc);
}

} // namespace heapwire::python
