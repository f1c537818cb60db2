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
    explicit born_queue(const transport::weather &how) : inproc_queue(0, how) {}
    host::birth born;
};

std::shared_ptr<inproc_queue> make_queue(std::uint64_t seed, double lose, double duplicate, double reorder,
                                         std::size_t reorder_depth, double corrupt)
{
    return make_detached<born_queue>(transport::weather{.seed = seed,
                                                        .lose = lose,
                                                        .duplicate = duplicate,
                                                        .reorder = reorder,
                                                        .reorder_depth = reorder_depth,
                                                        .corrupt = corrupt});
}

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
        "Packets inside the process. Any number of threads and streams may fill and empty one at once.\n\n"
        "For tests, packets that come in may meet bad weather: each is lost, doubled, held back behind 1 to "
        "reorder_depth "
        "later ones, or has a bit flipped, with these probabilities and by this seed. What is held back leaves at the "
        "latest at stop(). weather_report tells what has happened.")
        .def(py::init(&make_queue), py::kw_only(), py::arg("seed") = 1, py::arg("lose") = 0.0,
             py::arg("duplicate") = 0.0, py::arg("reorder") = 0.0, py::arg("reorder_depth") = 8,
             py::arg("corrupt") = 0.0,
             "An empty queue; with the defaults nothing is lost. Probabilities are from 0 to 1.")
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
            py::arg("packet"),
            "Put a packet in: any contiguous buffer, which is copied. Stopped if the queue was stopped.")
        .def_property_readonly(
            "weather_report",
            [](const inproc_queue &self)
            {
                require_alive(self);
                transport::weather_report did;
                {
                    detached off;
                    did = self.report();
                }
                py::dict told;
                told["passed"] = did.passed;
                told["lost"] = did.lost;
                told["duplicated"] = did.duplicated;
                told["reordered"] = did.reordered;
                told["corrupted"] = did.corrupted;
                return told;
            },
            "A dict of how many packets were passed, lost, duplicated, reordered, corrupted so far.")
        .def(
            "stop",
            [](inproc_queue &self)
            {
                require_alive(self);
                detached off;
                self.stop();
            },
            "Let no more packets in. Streams that read it end when they have taken the rest.");
}

} // namespace heapwire::python
