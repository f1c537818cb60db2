// SPDX-License-Identifier: BSD-3-Clause
/// recv.Heap, recv.IncompleteHeap, recv.RawItem.
#include <pybind11/stl.h>

#include "flavour.h"
#include "received_heap.h"
#include "register.h"

namespace heapwire::python
{

namespace
{

template <typename Heap>
std::vector<raw_item> items_of(const std::shared_ptr<Heap> &self)
{
    std::vector<raw_item> out;
    out.reserve(self->core.items().size());
    for (const item &one : self->core.items())
        out.push_back({self, one});
    return out;
}

template <typename Heap>
void def_common(py::class_<Heap, std::shared_ptr<Heap>> &type)
{
    type.def_property_readonly("cnt", [](const Heap &self) { return self.core.cnt(); })
        .def_property_readonly("flavour", [](const Heap &self) { return flavour(self.core.flavour()); })
        .def("get_items", items_of<Heap>)
        .def("is_start_of_stream", [](const Heap &self) { return self.core.is_start_of_stream(); })
        .def("is_end_of_stream", [](const Heap &self) { return self.core.is_end_of_stream(); });
}

// The memory is the heap's own and nobody else's: writing to it is the user's right.
py::buffer_info writable_view(raw_item &self)
{
    auto *at = const_cast<std::byte *>(self.what.bytes.data());
    return {at, 1, py::format_descriptor<std::uint8_t>::format(), static_cast<py::ssize_t>(self.what.bytes.size())};
}

} // namespace

void register_heap(py::module_ &recv)
{
    py::class_<raw_item>(recv, "RawItem", py::buffer_protocol())
        .def_property_readonly("id", [](const raw_item &self) { return self.what.id; })
        .def_property_readonly("is_immediate", [](const raw_item &self) { return self.what.is_immediate; })
        .def_property_readonly("immediate_value", [](const raw_item &self) { return self.what.immediate_value; })
        .def_buffer(writable_view);

    py::class_<received_heap, std::shared_ptr<received_heap>> whole(
        recv, "Heap",
        "A received heap. It does not change, and any number of threads may read it at once; for the memory of its "
        "items numpy's rules hold.");
    def_common(whole);
    whole.def("get_descriptors", [](const received_heap &self) { return self.core.descriptors(); });

    using incomplete = received_incomplete_heap;
    py::class_<incomplete, std::shared_ptr<incomplete>> broken(
        recv, "IncompleteHeap",
        "What came of a heap that was given up. It does not change, and any number of threads may read it at once.");
    def_common(broken);
    broken.def_property_readonly("heap_length", [](const incomplete &self) { return self.core.heap_length(); })
        .def_property_readonly("received_length", [](const incomplete &self) { return self.core.received_length(); })
        .def_property_readonly(
            "payload_ranges", [](const incomplete &self)
            { return self.keep_payload_ranges ? self.core.payload_ranges() : std::vector<byte_range>(); });
}

} // namespace heapwire::python
