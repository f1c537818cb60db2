// SPDX-License-Identifier: BSD-3-Clause
/// What heapwire.send.asyncio is made of: LoopHub, and streams that answer futures.
#include <pybind11/stl.h>

#include <boost/container/small_vector.hpp>

#include "collectable.h"
#include "heapwire/base/error.h"
#include "native_type.h"
#include "register.h"
#include "send_classes.h"

namespace heapwire::python
{

namespace
{

PyObject *hub_function = nullptr; // heapwire._aio.hub of this interpreter; leaked, because there may be one after it
PyTypeObject *hub_type = nullptr;

/// The hub of the running loop. RuntimeError without a loop.
py::object current_hub()
{
    if (!hub_function)
        throw py::import_error("heapwire.send.asyncio was not imported");
    return py::handle(hub_function)();
}

loop_hub &hub_of(const py::object &object)
{
    if (Py_TYPE(object.ptr()) == hub_type)
        return native<loop_hub>(object.ptr());
    throw py::type_error("hub: a LoopHub is needed");
}

/// Who sends.
enum class way
{
    at_once, ///< this thread, and the future may be done on return
    held,    ///< this thread, when its loop has done with submitting
    by_worker
};

/// What more is has a worker's turn while the loop goes on.
constexpr std::size_t most_held = 8 * 1024;

/// Numbers count what was accepted, in the order of the queue. Nothing here lets go of the GIL: whoever may finish now
/// sends little.
std::error_code queue(async_stream &self, std::span<const send::heap_reference> all, send::group_mode mode,
                      async_flight &flight, way how)
{
    transport::send_stream &core = self.core();
    async_progress &progress = *self.progress;
    const std::uint64_t hub = flight.hub->id; // the flight may land, and go, as soon as it is queued
    const send::completion whom{async_flight::complete, &flight, 0};
    std::lock_guard in_order(progress.submitting);
    const std::uint64_t number = progress.submitted.load(std::memory_order_relaxed) + 1;
    flight.number = number;
    const std::error_code refused = how == way::at_once ? core.begin(all, mode, whom).refused
                                    : how == way::held  ? core.hold(all, mode, whom)
                                                        : core.submit(all, mode, whom);
    if (!refused)
    {
        progress.last_hub.store(hub, std::memory_order_relaxed);
        progress.submitted.store(number, std::memory_order_release);
    }
    return refused;
}

/// How the caller hears of the end.
enum class told
{
    perhaps_now, ///< the future may be done on return
    by_hub
};

/// Queues at once, on the caller's thread. The flight, and with it the future, is the hub's unless the answer is an
/// error, for which it is given back.
std::error_code submit(async_stream &self, const py::object &hub_object, const py::object &future,
                       std::span<const planned_heap> heaps, send::group_mode mode,
                       std::unique_ptr<async_flight> &flight, told how)
{
    loop_hub &hub = hub_of(hub_object);
    self.require_packets();
    boost::container::small_vector<send::heap_reference, 4> references;
    std::size_t size = 0;
    for (const planned_heap &h : heaps)
    {
        references.push_back(h.core());
        size += h.heap->size();
    }
    way who = way::by_worker;
    if (how == told::perhaps_now && size <= much_work && hub.may_finish_now(*self.progress))
        who = way::at_once;
    else if (how == told::perhaps_now && size <= most_held)
    {
        who = way::held;
        hub.expect_held(hub_object, self.shared_from_this(), size);
    }
    flight->hub = hub.posts();
    flight->progress = self.progress;
    flight->slot = hub.put(future);
    async_flight *const sent = flight.get();
    if (who == way::at_once)
        sent->is_awaited_by_submitter();
    std::error_code refused;
    try
    {
        refused = queue(self, {references.data(), references.size()}, mode, *sent, who);
        if (refused == errc::queue_full && who == way::held)
        {
            hub.send_held(); // that makes room, perhaps
            hub.expect_held(hub_object, self.shared_from_this(), size);
            refused = queue(self, {references.data(), references.size()}, mode, *sent, who);
        }
    }
    catch (...)
    {
        (void)hub.take(sent->slot);
        throw;
    }
    if (refused)
        return refused;
    (void)flight.release();
    if (who == way::at_once && sent->submitted_and_done())
        hub.finish_now(std::unique_ptr<async_flight>(sent));
    if (who == way::held && hub.holds_enough())
        hub.send_held();
    return {};
}

py::object send_with_future(async_stream &self, std::span<const planned_heap> heaps, send::group_mode mode,
                            std::unique_ptr<async_flight> flight)
{
    const py::object hub_object = current_hub();
    loop_hub &hub = hub_of(hub_object);
    py::object future = hub.new_future();
    if (const std::error_code refused = submit(self, hub_object, future, heaps, mode, flight, told::perhaps_now))
    {
        (void)hub.take(flight->slot);
        if (is_bad_value(refused))
            throw_refusal(refused, heaps.size());
        log_refusal(refused, heaps.size());
        resolve_future(future, refused, py::none());
    }
    return future;
}

py::object async_send_heap(async_stream &self, const std::shared_ptr<outgoing> &heap, std::int64_t cnt,
                           std::size_t substream, double rate)
{
    planned_heap one{heap, cnt, substream, rate};
    return send_with_future(self, {&one, 1}, send::group_mode::serial, std::make_unique<async_flight>(heap));
}

py::object async_send_list(async_stream &self, const heap_reference_list &heaps, group_mode_choice mode)
{
    return send_with_future(self, heaps.heaps, core_mode(mode), std::make_unique<async_flight>(heaps.heaps));
}

py::object async_send_sequence(async_stream &self, const std::vector<heap_reference> &heaps, group_mode_choice mode)
{
    return async_send_list(self, {plans_of(heaps)}, mode);
}

/// For heapwire.send._callbacks: `future` stands in for one, and refusals come by way of the hub too. Answers whether
/// the heaps were queued.
bool send_with_callback(async_stream &self, const py::object &hub_object, const py::object &future,
                        const heap_reference_list &heaps, group_mode_choice mode)
{
    loop_hub &hub = hub_of(hub_object);
    auto flight = std::make_unique<async_flight>(heaps.heaps);
    const std::error_code refused =
        submit(self, hub_object, future, heaps.heaps, core_mode(mode), flight, told::by_hub);
    if (!refused)
        return true;
    if (is_bad_value(refused))
    {
        (void)hub.take(flight->slot);
        throw_refusal(refused, heaps.heaps.size());
    }
    log_refusal(refused, heaps.heaps.size());
    async_flight::refuse(std::move(flight), refused);
    return false;
}

/// See loop_hub::when_landed.
py::object when_flushed(async_stream &self)
{
    (void)self.core(); // raises in the child of a fork
    const py::object hub = current_hub();
    return hub_of(hub).when_landed(self.progress);
}

} // namespace

void register_send_asyncio(py::module_ &m)
{
    m.def("_set_hub_function", [](py::object function) { hub_function = function.release().ptr(); });
    // Futures, and through them all of a program, hang on a hub.
    py::class_<loop_hub> hub(m, "LoopHub", py::custom_type_setup(make_collectable<loop_hub>), py::is_final());
    hub_type = reinterpret_cast<PyTypeObject *>(hub.ptr());
    hub.def(py::init<py::object>(), py::arg("loop"))
        .def_property_readonly("fd", &loop_hub::fd)
        .def_property_readonly("id", &loop_hub::id)
        .def_property_readonly("outstanding", &loop_hub::outstanding)
        .def("process", &loop_hub::process)
        .def("_take_turn", &loop_hub::take_turn);

    py::class_<async_stream, send_stream, std::shared_ptr<async_stream>>(
        m, "AsyncStream", "What streams that answer futures have. Any number of threads and loops may use one at once.")
        .def("async_send_heap", async_send_heap, py::arg("heap").none(false), py::arg("cnt") = -1,
             py::arg("substream_index") = 0, py::arg("rate") = -1.0,
             "Queue a heap at once; answers a future of the running loop that gets the number of bytes, or the error: "
             "OSError as for send_heap, BlockingIOError if the queue is full. RuntimeError without a loop. The "
             "arguments are those of UdpStream.send_heap. Cancelling the future does not stop the send; until it is "
             "done the heap and its arrays must not change.")
        .def("async_send_heaps", async_send_list, py::arg("heaps"), py::arg("mode"),
             "Queue several heaps, all or none, which stay together; answers a future of all their bytes, or the first "
             "error. mode: a GroupMode.")
        .def("async_send_heaps", async_send_sequence, py::arg("heaps"), py::arg("mode"),
             "The same with a sequence of HeapReference.")
        .def("flush", &send_stream::flush,
             "Block the thread until nothing is queued. In a coroutine: await async_flush().")
        .def("_send_with_callback", send_with_callback)
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
