// SPDX-License-Identifier: BSD-3-Clause
/// recv.StreamStatConfig, recv.StreamConfig, recv.RingStreamConfig.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "heapwire/base/error.h"
#include "kwargs.h"
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
    py::native_enum<recv::stat_mode>(type, "Mode", "enum.Enum")
        .value("COUNTER", recv::stat_mode::counter)
        .value("MAXIMUM", recv::stat_mode::maximum)
        .finalize();
    type.def(py::init(
                 [](std::string name, recv::stat_mode mode) {
                     return stat_config{std::move(name), mode};
                 }),
             py::arg("name"), py::arg("mode") = recv::stat_mode::counter)
        .def_readonly("name", &stat_config::name)
        .def_readonly("mode", &stat_config::mode)
        .def(
            "combine",
            [](const stat_config &self, std::uint64_t a, std::uint64_t b) { return combine(self.mode, a, b); },
            py::arg("a"), py::arg("b"))
        .def(
            "__eq__", [](const stat_config &a, const stat_config &b) { return a == b; }, py::is_operator())
        .def(
            "__ne__", [](const stat_config &a, const stat_config &b) { return !(a == b); }, py::is_operator())
        .attr("__hash__") = py::none();
}

void register_stream_config(py::module_ &m)
{
    using recv::options;
    using memory = plain_property<&stream_config_values::memory>;
    py::class_<stream_config> type(m, "StreamConfig",
                                   "How a stream receives. Streams copy it. Any number of threads may share one: each "
                                   "sees an assignment whole or not at all.");
    def_keyword_init(type);
    type.attr("DEFAULT_MAX_HEAPS") = options().max_heaps;
    def_validated<&options::max_heaps>(type, "max_heaps");
    def_validated<&options::substreams>(type, "substreams");
    def_validated<&options::bug_compat>(type, "bug_compat");
    def_validated<&options::stop_on_stop_item>(type, "stop_on_stop_item");
    def_validated<&options::allow_unsized_heaps>(type, "allow_unsized_heaps");
    def_validated<&options::stream_id>(type, "stream_id");
    def_validated<&options::explicit_start>(type, "explicit_start");
    def_validated<&options::max_heap_size>(type, "max_heap_size");
    type.def_property("memcpy", memcpy_kind, set_memcpy_kind)
        .def_property("memory_allocator", memory::get,
                      py::cpp_function(memory::set, py::is_method(type), py::arg("value").none(false)))
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
            })
        .def_property_readonly("stats", stats_of)
        .def("add_stat", add_stat, py::arg("name"), py::arg("mode") = recv::stat_mode::counter)
        .def("next_stat_index",
             [](const stream_config &self)
             {
                 auto hold = self.hold();
                 return public_stat_count + self.core.custom_stats.size();
             })
        .def("get_stat_index", stat_index_of, py::arg("name"));
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
    ring.attr("DEFAULT_HEAPS") = recv::ring_options().heaps;
    def_validated<&recv::ring_options::heaps>(ring, "heaps");
    def_validated<&recv::ring_options::contiguous_only>(ring, "contiguous_only");
    def_validated<&recv::ring_options::incomplete_keep_payload_ranges>(ring, "incomplete_keep_payload_ranges");
}

} // namespace heapwire::python
