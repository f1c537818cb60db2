// SPDX-License-Identifier: BSD-3-Clause
/// InprocQueue.
#include "bridge/buffer_lease.h"
#include "bridge/errors.h"
#include "bridge/runtime.h"
#include "heapwire/transport/inproc.h"
#include "register.h"

namespace heapwire::python
{

void register_inproc(py::module_ &m)
{
    using transport::inproc_queue;
    py::class_<inproc_queue, std::shared_ptr<inproc_queue>>(m, "InprocQueue")
        .def(py::init([] { return make_detached<inproc_queue>(); }))
        .def(
            "add_packet",
            [](inproc_queue &self, const py::object &packet)
            {
                borrowed_bytes bytes(packet);
                std::error_code failed;
                {
                    detached off; // the queue's lock may be held by a worker
                    failed = self.add_packet(bytes.bytes());
                }
                if (failed)
                    throw stopped_error("the queue was stopped");
            },
            py::arg("packet"))
        .def("stop",
             [](inproc_queue &self)
             {
                 detached off;
                 self.stop();
             });
}

} // namespace heapwire::python
