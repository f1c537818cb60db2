// SPDX-License-Identifier: BSD-3-Clause
/// send.Heap, send.HeapReference, send.HeapReferenceList, send.PacketGenerator.
#include <pybind11/critical_section.h>
#include <pybind11/stl.h>

#include "heapwire/base/error.h"
#include "heapwire/send/packetizer.h"
#include "heapwire/wire/packet_writer.h"
#include "register.h"
#include "send_references.h"

namespace heapwire::python
{

namespace
{

/// The packets of one heap, as the incumbent cuts them. Not for several threads at once: a critical section guards it.
class packet_generator
{
public:
    packet_generator(std::shared_ptr<outgoing> heap, std::uint64_t cnt, std::size_t max_packet_size)
        : flight_(heap), cutting_(how(max_packet_size))
    {
        if (std::error_code failed = packets_.start(heap->core(), cnt, cutting_))
            throw std::invalid_argument("heap cannot be cut into such packets: " + failed.message());
    }

    py::bytes next()
    {
        if (packets_.done())
            throw py::stop_iteration();
        batch_.clear();
        packets_.make_packet(batch_, scratch_, 0, 0);
        const send::packet &made = batch_.packets().front();
        py::bytes out(nullptr, made.size);
        char *to = PyBytes_AS_STRING(out.ptr());
        for (bytes_view part : made.parts)
        {
            std::memcpy(to, part.data(), part.size());
            to += part.size();
        }
        if (packets_.done())
            flight_.land(); // all is copied: the heap may change again
        return out;
    }

private:
    static send::cutting how(std::size_t max_packet_size)
    {
        if (max_packet_size < wire::min_packet_bytes)
            throw_bad_argument("max_packet_size", max_packet_size, "at least 56");
        send::options options;
        options.max_packet_size = max_packet_size;
        options.packets = send::split::full;
        return send::cutting(options);
    }

    flight flight_;
    send::cutting cutting_;
    send::packetizer packets_;
    send::packet_batch batch_;
    std::vector<wire::item_pointer> scratch_;
};

void register_generator(py::module_ &m)
{
    py::class_<packet_generator>(
        m, "PacketGenerator",
        "Iterates over the packets of a heap. Any number of threads may share one: each packet comes out once.")
        .def(py::init<std::shared_ptr<outgoing>, std::uint64_t, std::size_t>(), py::arg("heap").none(false),
             py::arg("cnt"), py::arg("max_packet_size"),
             "heap: a send.Heap; cnt: its number; max_packet_size: bytes of a packet. ValueError if the heap cannot be "
             "cut into such packets.")
        .def("__iter__", [](py::object self) { return self; })
        .def("__next__",
             [](const py::object &self)
             {
                 py::scoped_critical_section one_at_a_time(self);
                 return self.cast<packet_generator &>().next();
             });
}

template <auto Field>
auto plan_get(const heap_reference &self)
{
    return plain_property<Field>::get(self.plan);
}
template <auto Field>
void plan_set(heap_reference &self, typename plain_property<Field>::value to)
{
    plain_property<Field>::set(self.plan, to);
}

void register_references(py::module_ &m)
{
    py::class_<heap_reference>(m, "HeapReference",
                               "A heap, and how to send it, for `send_heaps`. Any number of threads may share one: "
                               "each sees an assignment whole or not at all.")
        .def(py::init<py::object, std::int64_t, std::size_t, double>(), py::arg("heap").none(false), py::kw_only(),
             py::arg("cnt") = -1, py::arg("substream_index") = 0, py::arg("rate") = -1.0,
             "A heap with the arguments of UdpStream.send_heap.")
        .def_readonly("heap", &heap_reference::heap, "The send.Heap.")
        .def_property("cnt", plan_get<&planned_heap::cnt>, plan_set<&planned_heap::cnt>,
                      "The number that the heap gets; -1, the default, is the stream's next one.")
        .def_property("substream_index", plan_get<&planned_heap::substream>, plan_set<&planned_heap::substream>,
                      "Which of the stream's destinations, from 0; 0 by default.")
        .def_property(
            "rate", plan_get<&planned_heap::rate>, plan_set<&planned_heap::rate>,
            "Bytes a second for this heap; 0.0 as fast as can be, negative (the default) as the stream says.");

    py::class_<heap_reference_list>(
        m, "HeapReferenceList",
        "Heaps that are sent together. It does not change: any number of threads may share one.")
        .def(py::init([](const std::vector<heap_reference> &heaps) { return heap_reference_list{plans_of(heaps)}; }),
             py::arg("heaps"), "heaps: a sequence of HeapReference, of which copies are taken.")
        .def("__len__", [](const heap_reference_list &self) { return self.heaps.size(); })
        .def(
            "__getitem__",
            [](const heap_reference_list &self, const py::slice &which)
            {
                py::ssize_t start = 0, stop = 0, step = 0, length = 0;
                if (!which.compute(static_cast<py::ssize_t>(self.heaps.size()), &start, &stop, &step, &length))
                    throw py::error_already_set();
                heap_reference_list out;
                for (py::ssize_t i = 0; i < length; ++i, start += step)
                    out.heaps.push_back(self.heaps[static_cast<std::size_t>(start)]);
                return out;
            },
            py::arg("index"));
}

} // namespace

heap_reference::heap_reference(py::object of, std::int64_t cnt, std::size_t substream, double rate)
    : heap(std::move(of)), plan(planned_heap{nullptr, cnt, substream, rate})
{
    if (!py::isinstance<outgoing>(heap))
        throw py::type_error("heap: a heapwire.send.Heap is needed");
    plan.heap = heap.cast<std::shared_ptr<outgoing>>();
}

std::vector<planned_heap> plans_of(const std::vector<heap_reference> &heaps)
{
    std::vector<planned_heap> out;
    out.reserve(heaps.size());
    for (const heap_reference &h : heaps)
        out.push_back(h.plan);
    return out;
}

void register_send_heap(py::module_ &m)
{
    py::class_<outgoing, std::shared_ptr<outgoing>>(
        m, "Heap",
        "A heap to send. Any number of threads may add to it or send it, also several times at once; while it is being "
        "sent it cannot be changed (RuntimeError).")
        .def(py::init<const flavour &>(), py::arg("flavour") = flavour(),
             "A heap without items, of that Flavour (SPEAD-64-40 by default).")
        .def_property_readonly(
            "flavour", [](const outgoing &self) { return self.flavour(); }, "The Flavour that was given.")
        .def_property(
            "repeat_pointers", [](const outgoing &self) { return self.repeat_pointers(); },
            [](outgoing &self, bool on) { self.repeat_pointers(on); },
            "Whether every packet has all item pointers, not the first alone; False by default. For receivers that "
            "place heaps by their items when packets may be lost or overtake each other.")
        .def("add_item", &outgoing::add_item, py::arg("item"),
             "Add an Item's value, not its descriptor. An array of the right type and layout is referenced, not "
             "copied: leave it as it is until the heap was sent. ValueError if there is no value, or of another shape.")
        .def("add_descriptor", &outgoing::add_descriptor, py::arg("descriptor"),
             "Add a Descriptor (or an Item's), so that receivers know the item. ValueError for an ID that the flavour "
             "has no room for.")
        .def(
            "add_start", [](outgoing &self) { self.add_control(wire::stream_control::start); },
            "Say that the stream begins here.")
        .def(
            "add_end", [](outgoing &self) { self.add_control(wire::stream_control::stop); },
            "Say that the stream ends here: receivers stop, unless their stop_on_stop_item is off.");
    register_references(m);
    register_generator(m);
}

} // namespace heapwire::python
