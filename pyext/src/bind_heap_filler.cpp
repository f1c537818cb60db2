// SPDX-License-Identifier: BSD-3-Clause
/// What lies under send.HeapGenerator.
#include <pybind11/stl.h>

#include "items/heap_filler.h"
#include "register.h"

namespace heapwire::python
{

void register_heap_filler(py::module_ &send)
{
    py::class_<heap_filler>(send, "_HeapFiller")
        .def(py::init<std::optional<std::uint64_t>, const flavour &>(), py::arg("descriptor_frequency"),
             py::arg("flavour"))
        .def("fill", &heap_filler::fill, py::arg("group"), py::arg("heap"), py::arg("descriptors"), py::arg("data"))
        .def(
            "new_heap",
            [](heap_filler &self, const py::object &group, const py::object &descriptors, const py::object &data)
            {
                auto made = std::make_shared<outgoing>(self.heap_flavour());
                outgoing *const own = made.get();
                py::object heap = py::cast(std::move(made));
                self.fill_own(group, heap, own, descriptors, data);
                return heap;
            },
            py::arg("group"), py::arg("descriptors") = "stale", py::arg("data") = "stale");
}

} // namespace heapwire::python
