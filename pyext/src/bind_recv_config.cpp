// SPDX-License-Identifier: BSD-3-Clause
/// recv.StreamStatConfig, recv.StreamConfig, recv.RingStreamConfig.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "heapwire/base/error.h"
#include "kwargs.h"
#include "one_line.h"
#include "recv_config.h"
#include "register.h"
#include "validated.h"

namespace heapwire::python
{

std::uint64_t combine(recv::stat_mode mode, std::uint64_t a, std::uint64_t b) noexcept
{
    return mode == recv::stat_mode::counter ? a + b : std::max(a, b);
}

std::vector<stat_config> stream_config_values::stats() const
{
    std::vector<stat_config> out;
    for (std::size_t i = 0; i < public_stat_count; ++i)
        out.push_back({recv::stat_table()[i].name, recv::stat_table()[i].mode});
    for (const recv::custom_stat &own : core.custom_stats)
        out.push_back({own.name, own.mode});
    return out;
}

namespace
{

std::size_t add_stat(stream_config &self, std::string name, recv::stat_mode mode)
{
    auto hold = self.hold();
    recv::options changed = self.core;
    changed.custom_stats.push_back({std::move(name), mode});
    changed.validate(); // refuses a name that is taken
    self.core.custom_stats.swap(changed.custom_stats);
    return public_stat_count + self.core.custom_stats.size() - 1;
}

std::vector<stat_config> stats_of(const stream_config &self)
{
    auto hold = self.hold();
    return self.stats();
}

std::size_t stat_index_of(const stream_config &self, const std::string &name)
{
    const std::vector<stat_config> all = stats_of(self);
    for (std::size_t i = 0; i < all.size(); ++i)
    {
        if (all[i].name == name)
            return i;
    }
    throw py::index_error("no statistic is called '" + name + "'");
}

int memcpy_kind(const stream_config &self)
{
    auto hold = self.hold();
    return self.core.copy == copy_nontemporal ? 1 : 0;
}

void set_memcpy_kind(stream_config &self, int kind)
{
    if (kind != 0 && kind != 1)
        throw_bad_argument("memcpy", kind, "MEMCPY_STD or MEMCPY_NONTEMPORAL");
    auto hold = self.hold();
    self.core.copy = kind == 1 ? copy_nontemporal : copy_plain;
}

void register_stat_config(py::module_ &m)
{
    py::class_<stat_config> type(
        m, "StreamStatConfig",
        "What a counter is called, and how two are added. It does not change: any number of threads may share one.");
    py::native_enum<recv::stat_mode>(type, "Mode", "enum.Enum", "How two values of a statistic become one.")
        .value("COUNTER", recv::stat_mode::counter, "They are added.")
        .value("MAXIMUM", recv::stat_mode::maximum, "The larger one counts.")
        .finalize();
    type.def(py::init(
                 [](std::string name, recv::stat_mode mode) {
                     return stat_config{std::move(name), mode};
                 }),
             py::arg("name"), py::arg("mode") = recv::stat_mode::counter,
             "A statistic of that name, which counts by default.")
        .def_readonly("name", &stat_config::name, "What it is called: a key of StreamStats.")
        .def_readonly("mode", &stat_config::mode,
                      "Whether values are added (COUNTER), or the larger one counts (MAXIMUM).")
        .def(
            "combine",
            [](const stat_config &self, std::uint64_t a, std::uint64_t b) { return combine(self.mode, a, b); },
            py::arg("a"), py::arg("b"), "a + b, or the larger one: by the mode. Both are unsigned 64-bit numbers.")
        .def(
            "__eq__", [](const stat_config &a, const stat_config &b) { return a == b; }, py::is_operator())
        .def(
            "__ne__", [](const stat_config &a, const stat_config &b) { return !(a == b); }, py::is_operator())
        .attr("__hash__") = py::none();
}

void def_own_stats(py::class_<stream_config> &type)
{
    type.def_property_readonly(
            "stats", stats_of,
            "A list of StreamStatConfig, by index: the nine of every stream, then those of add_stat.")
        .def("add_stat", add_stat, py::arg("name"), py::arg("mode") = recv::stat_mode::counter,
             "Add a statistic of your own, for place callbacks to count; answers its index. ValueError if the name is "
             "taken.")
        .def(
            "next_stat_index",
            [](const stream_config &self)
            {
                auto hold = self.hold();
                return public_stat_count + self.core.custom_stats.size();
            },
            "The index that the next add_stat answers.")
        .def("get_stat_index", stat_index_of, py::arg("name"),
             "The index of a statistic in StreamStats. IndexError if there is none of that name.");
}

void register_stream_config(py::module_ &m)
{
    using recv::options;
    using memory = plain_property<&stream_config_values::memory>;
    py::class_<stream_config> type(m, "StreamConfig",
                                   "How a stream receives. Streams copy it. Any number of threads may share one: each "
                                   "sees an assignment whole or not at all.");
    def_keyword_init(type);
    def_repr(type, {"max_heaps", "substreams", "bug_compat", "memcpy", "memory_allocator", "stop_on_stop_item",
                    "allow_unsized_heaps", "allow_out_of_order", "stream_id", "explicit_start", "max_heap_size"});
    type.attr("DEFAULT_MAX_HEAPS") = options().max_heaps;
    def_validated<&options::max_heaps>(type, "max_heaps",
                                       "Heaps in flight, of each substream; 4 by default, at least 1. A heap is given "
                                       "up when so many newer ones have begun.");
    def_validated<&options::substreams>(type, "substreams",
                                        "Heaps belong to substream cnt % substreams, and displace only those of their "
                                        "own; 1 by default. For several senders that each number with a step.");
    def_validated<&options::bug_compat>(type, "bug_compat", "BUG_COMPAT_* flags of the senders, added; 0 by default.");
    def_validated<&options::stop_on_stop_item>(type, "stop_on_stop_item",
                                               "Whether a heap with the stop item (send.Heap.add_end) ends the stream; "
                                               "True by default. That heap is not handed out.");
    def_validated<&options::allow_unsized_heaps>(
        type, "allow_unsized_heaps",
        "Whether packets without a heap length are taken; True by default. Such heaps are handed out when they are "
        "displaced or the stream ends. Chunk streams never take them.");
    def_validated<&options::stream_id>(
        type, "stream_id", "A number of yours, which Chunk.stream_id tells; 0 by default. Nothing else looks at it.");
    def_validated<&options::explicit_start>(type, "explicit_start",
                                            "Whether readers wait for start(); False by default.");
    def_validated<&options::max_heap_size>(
        type, "max_heap_size",
        "Bytes of payload, 2**30 by default: packets of larger heaps are refused before memory is taken.");
    type.def_property("memcpy", memcpy_kind, set_memcpy_kind,
                      "How payload is copied: MEMCPY_STD, or MEMCPY_NONTEMPORAL, past the processor's caches. Not set, "
                      "it reads MEMCPY_STD, but chunks that are too many for the caches are filled past them.")
        .def_property("memory_allocator", memory::get,
                      py::cpp_function(memory::set, py::is_method(type), py::arg("value").none(false)),
                      "Where heaps get their memory: a MemoryAllocator by default, or a MemoryPool or MmapAllocator. "
                      "Chunk streams do not ask it.")
        .def_property(
            "allow_out_of_order",
            [](const stream_config &self)
            {
                auto hold = self.hold();
                return self.core.order == ordering::any_order;
            },
            [](stream_config &self, bool on)
            {
                auto hold = self.hold();
                self.core.order = on ? ordering::any_order : ordering::in_order;
            },
            "Whether packets of a heap may come in any order; False by default: then a heap that lost a packet is lost "
            "from there on.");
    def_own_stats(type);
}

} // namespace

void register_recv_config(py::module_ &m)
{
    register_stat_config(m);
    register_stream_config(m);

    py::class_<ring_stream_config> ring(m, "RingStreamConfig",
                                        "How heaps queue for who gets them. Streams copy it. Any number of threads may "
                                        "share one: each sees an assignment whole or not at all.");
    def_keyword_init(ring);
    def_repr(ring, {"heaps", "contiguous_only", "incomplete_keep_payload_ranges"});
    ring.attr("DEFAULT_HEAPS") = recv::ring_options().heaps;
    def_validated<&recv::ring_options::heaps>(ring, "heaps",
                                              "How many finished heaps wait for their consumer; 4 by default, from 1 "
                                              "to 2**24. When the ring is full the stream stops reading.");
    def_validated<&recv::ring_options::contiguous_only>(
        ring, "contiguous_only",
        "Whether heaps that lack packets are dropped, and counted; True by default. If not, they are handed out as "
        "IncompleteHeap.");
    def_validated<&recv::ring_options::incomplete_keep_payload_ranges>(
        ring, "incomplete_keep_payload_ranges", "Whether IncompleteHeap.payload_ranges is filled; False by default.");
}

} // namespace heapwire::python
