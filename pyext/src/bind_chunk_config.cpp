// SPDX-License-Identifier: BSD-3-Clause
/// recv.ChunkStreamConfig, recv.ChunkStreamGroupConfig; what lies under recv.LinearPlacement and recv.PlaceCallback.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include <algorithm>

#include "chunk_config.h"
#include "kwargs.h"
#include "one_line.h"
#include "register.h"
#include "validated.h"

namespace heapwire::python
{

namespace
{

/// (item id, subtract, shift, mask, divide, modulo, scale)
using term_tuple =
    std::tuple<std::uint64_t, std::uint64_t, unsigned, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;
/// (base, terms)
using expression_tuple = std::tuple<std::uint64_t, std::vector<term_tuple>>;

std::size_t index_of(std::vector<std::uint64_t> &items, std::uint64_t id)
{
    const auto found = std::find(items.begin(), items.end(), id);
    const auto index = static_cast<std::size_t>(found - items.begin());
    if (found == items.end())
        items.push_back(id);
    return index;
}

recv::linear_expression expression_of(const expression_tuple &from, std::vector<std::uint64_t> &items)
{
    recv::linear_expression out;
    out.base = std::get<0>(from);
    for (const auto &[id, subtract, shift, mask, divide, modulo, scale] : std::get<1>(from))
        out.terms.push_back({index_of(items, id), subtract, shift, mask, divide, modulo, scale});
    return out;
}

std::shared_ptr<linear_rule> make_rule(const expression_tuple &chunk_id, const expression_tuple &heap_index,
                                       const expression_tuple &heap_offset, std::uint64_t heap_size,
                                       const std::vector<std::uint64_t> &extra)
{
    auto made = std::make_shared<linear_rule>();
    made->core.chunk_id = expression_of(chunk_id, made->items);
    made->core.heap_index = expression_of(heap_index, made->items);
    made->core.heap_offset = expression_of(heap_offset, made->items);
    made->core.heap_size = heap_size;
    for (std::uint64_t id : extra)
        made->core.extra_items.push_back(index_of(made->items, id));
    made->core.validate(made->items.size());
    return made;
}

void set_place(chunk_stream_config &self, py::object to)
{
    recv::placement placement;
    std::shared_ptr<const linear_rule> rule;
    if (py::isinstance<linear_rule>(to))
        rule = to.cast<std::shared_ptr<linear_rule>>();
    else if (!to.is_none())
    {
        const py::tuple parts(to); // TypeError if it cannot be iterated
        if (parts.empty())
            throw py::index_error("place: is empty; a capsule must come first");
        if (!PyCapsule_CheckExact(parts[0].ptr()))
            throw py::type_error("place: comes with a " +
                                 std::string(py::str(py::type::of(parts[0]).attr("__name__"))) +
                                 "; a capsule must come first");
        placement = placement_of(parts[0]);
    }
    auto hold = self.hold();
    self.placement = placement;
    std::swap(self.rule, rule);
    std::swap(self.place, to); // what was there goes after the lock
}

/// Where heaps are placed is looked at when a stream is made: until then it may be missing.
struct but_for_the_placement
{
    void operator()(recv::chunk_options &changed) const
    {
        changed.place = recv::place_one{[](heapwire_place_data *, std::size_t) {}};
        changed.validate();
    }
};

void set_packet_presence(chunk_stream_config &self, std::uint64_t payload_size)
{
    auto hold = self.hold();
    self.core.packet_presence = payload_size;
}

std::uint64_t at_least_one(std::uint64_t payload_size)
{
    if (payload_size == 0)
        throw py::value_error("payload_size: must be at least 1, not 0");
    return payload_size;
}

py::capsule capsule_of(std::uintptr_t function, std::uintptr_t context, bool with_context, bool batch)
{
    if (function == 0)
        throw py::value_error("function: is null");
    // The name is a literal: it lives as long as the extension.
    PyObject *made = PyCapsule_New(reinterpret_cast<void *>(function), place_signature(with_context, batch), nullptr);
    if (!made || PyCapsule_SetContext(made, reinterpret_cast<void *>(context)) != 0)
        throw py::error_already_set();
    return py::reinterpret_steal<py::capsule>(made);
}

void register_stream_config(py::module_ &recv)
{
    using recv::chunk_options;
    using config = chunk_stream_config;
    py::class_<config> type(
        recv, "ChunkStreamConfig",
        "How a chunk stream places heaps. Any number of threads may share one: each call is whole.");
    def_keyword_init(type);
    def_repr(type, {"items", "max_chunks", "place", "max_heap_extra", "max_jump", "packet_presence_payload_size"});
    type.attr("DEFAULT_MAX_CHUNKS") = chunk_options().max_chunks;
    def_validated<&chunk_options::items, but_for_the_placement>(
        type, "items",
        "IDs of the items whose values a place callback sees: a list. Those of the packet itself, 1 to 4, may be among "
        "them.");
    def_validated<&chunk_options::max_chunks, but_for_the_placement>(
        type, "max_chunks",
        "Chunks that are filled at the same time: a run of consecutive numbers; 2 by default, at least 1.");
    def_validated<&chunk_options::max_heap_extra, but_for_the_placement>(
        type, "max_heap_extra", "Bytes that a place callback may keep of each heap; 0 by default.");
    def_validated<&chunk_options::max_jump, but_for_the_placement>(
        type, "max_jump",
        "A heap more than so many chunks ahead is dropped unless the next one agrees with it; 1024 by default.");
    type.def_property(
            "place",
            [](const config &self)
            {
                auto hold = self.hold();
                return self.place;
            },
            set_place,
            "Where heaps go: a LinearPlacement, a PlaceCallback, a scipy.LowLevelCallable, or a tuple that begins with "
            "a capsule. It must be set before a stream is made.")
        .def_property_readonly(
            "packet_presence_payload_size",
            [](const config &self)
            {
                auto hold = self.hold();
                return self.core.packet_presence;
            },
            "Bytes of payload of a packet, if each packet sets a flag of its own; 0 if complete heaps do.")
        .def(
            "enable_packet_presence",
            [](const py::object &self, std::uint64_t payload_size)
            {
                set_packet_presence(self.cast<config &>(), at_least_one(payload_size));
                return self;
            },
            py::arg("payload_size"),
            "Let each packet set present[heap_index + offset // payload_size], not each complete heap its flag. "
            "Answers itself. ValueError for 0.")
        .def(
            "disable_packet_presence",
            [](const py::object &self)
            {
                set_packet_presence(self.cast<config &>(), 0);
                return self;
            },
            "Let each complete heap set its flag, as it is by default. Answers itself.");
}

void register_group_config(py::module_ &recv)
{
    using recv::chunk_group_options;
    py::class_<chunk_group_config> type(
        recv, "ChunkStreamGroupConfig",
        "How the streams of a group share chunks. Any number of threads may share one: each call is whole.");
    py::native_enum<recv::eviction>(
        type, "EvictionMode", "enum.Enum",
        "What a group does when a member goes on to chunks for which others are too far behind.")
        .value("LOSSY", recv::eviction::lossy, "They give up their oldest chunks.")
        .value("LOSSLESS", recv::eviction::lossless, "It waits for them: one that is silent holds up the group.")
        .finalize();
    def_keyword_init(type);
    def_repr(type, {"max_chunks", "eviction_mode"});
    type.attr("DEFAULT_MAX_CHUNKS") = chunk_group_options().max_chunks;
    def_validated<&chunk_group_options::max_chunks>(
        type, "max_chunks", "Chunks of the whole group at the same time; 2 by default. No member may have more.");
    def_validated<&chunk_group_options::mode>(type, "eviction_mode", "An EvictionMode; LOSSY by default.");
}

} // namespace

void register_chunk_config(py::module_ &recv)
{
    register_stream_config(recv);
    register_group_config(recv);
    py::class_<linear_rule, std::shared_ptr<linear_rule>>(recv, "_LinearRule")
        .def(py::init(&make_rule), py::arg("chunk_id"), py::arg("heap_index"), py::arg("heap_offset"),
             py::arg("heap_size"), py::arg("extra"))
        .def_readonly("items", &linear_rule::items, "The IDs of the items that it needs, each once.");
    recv.def("_place_capsule", capsule_of, py::arg("function"), py::arg("context"), py::arg("with_context"),
             py::arg("batch"));
}

} // namespace heapwire::python
