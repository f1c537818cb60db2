// SPDX-License-Identifier: BSD-3-Clause
/// InprocQueue.
#include "bridge/buffer_lease.h"
#include "bridge/errors.h"
#include "bridge/runtime.h"
#include "heapwire/host/fork.h"
#include "heapwire/transport/inproc.h"
#include "register.h"

namespace heapwire::python
{

using transport::inproc_queue;

namespace
{

/// All queues of Python are made here, so that each is one of these.
struct born_queue : inproc_queue
{
    host::birth born;
};

/// In the child of a fork a thread of the parent may hold the lock for good.
void require_alive(const inproc_queue &queue)
{
    static_cast<const born_queue &>(queue).born.require_alive("InprocQueue");
}

} // namespace

void register_inproc(py::module_ &m)
{
    py::class_<inproc_queue, std::shared_ptr<inproc_queue>>(
        m, "InprocQueue",
        "Packets inside the process. Any number of threads and streams may fill and empty one at once.")
        .def(py::init([]() -> std::shared_ptr<inproc_queue> { return make_detached<born_queue>(); }))
        .def(
            "add_packet",
            [](inproc_queue &self, const py::object &packet)
            {
                require_alive(self);
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
                 require_alive(self);
                 detached off;
                 self.stop();
             });
}

} // namespace heapwire::python
