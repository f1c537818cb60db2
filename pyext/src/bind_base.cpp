// SPDX-License-Identifier: BSD-3-Clause
/// Constants, Flavour, RawDescriptor.
#include <pybind11/stl.h>

#include "flavour.h"
#include "heapwire/base/error.h"
#include "heapwire/base/log.h"
#include "heapwire/base/version.h"
#include "heapwire/wire/descriptor.h"
#include "heapwire/wire/item_id.h"
#include "one_line.h"
#include "register.h"

namespace heapwire::python
{

flavour::flavour(int version, int item_pointer_bits, int address_bits, std::uint32_t bugs)
    : heap_address_bits(address_bits), bug_compat(bugs)
{
    if (version != wire::flavour::version)
        throw_bad_argument("version", version, "4");
    if (item_pointer_bits != wire::flavour::item_pointer_bits)
        throw_bad_argument("item_pointer_bits", item_pointer_bits, "64");
    (void)core(); // checks the rest
}

namespace
{

void register_constants(py::module_ &m)
{
    m.attr("__version__") = HEAPWIRE_VERSION;
    m.attr("BUG_COMPAT_DESCRIPTOR_WIDTHS") = 1;
    m.attr("BUG_COMPAT_SHAPE_BIT_1") = 2;
    m.attr("BUG_COMPAT_SWAP_ENDIAN") = 4;
    m.attr("BUG_COMPAT_PYSPEAD_0_5_2") = 7;
    m.attr("MEMCPY_STD") = 0;
    m.attr("MEMCPY_NONTEMPORAL") = 1;
    using wire::item_id;
    const std::pair<const char *, item_id> ids[] = {
        {"NULL_ID", item_id::null},
        {"HEAP_CNT_ID", item_id::heap_cnt},
        {"HEAP_LENGTH_ID", item_id::heap_length},
        {"PAYLOAD_OFFSET_ID", item_id::payload_offset},
        {"PAYLOAD_LENGTH_ID", item_id::payload_length},
        {"DESCRIPTOR_ID", item_id::descriptor},
        {"STREAM_CTRL_ID", item_id::stream_ctrl},
        {"DESCRIPTOR_NAME_ID", item_id::descriptor_name},
        {"DESCRIPTOR_DESCRIPTION_ID", item_id::descriptor_description},
        {"DESCRIPTOR_SHAPE_ID", item_id::descriptor_shape},
        {"DESCRIPTOR_FORMAT_ID", item_id::descriptor_format},
        {"DESCRIPTOR_ID_ID", item_id::descriptor_id},
        {"DESCRIPTOR_DTYPE_ID", item_id::descriptor_dtype},
    };
    for (auto [name, id] : ids)
        m.attr(name) = static_cast<int>(id);
    using wire::stream_control;
    m.attr("CTRL_STREAM_START") = static_cast<int>(stream_control::start);
    m.attr("CTRL_DESCRIPTOR_REISSUE") = static_cast<int>(stream_control::descriptor_reissue);
    m.attr("CTRL_STREAM_STOP") = static_cast<int>(stream_control::stop);
    m.attr("CTRL_DESCRIPTOR_UPDATE") = static_cast<int>(stream_control::descriptor_update);
}

void register_flavour(py::module_ &m)
{
    py::class_<flavour> type(m, "Flavour",
                             "A variant of the protocol. It does not change: any number of threads may share one.");
    def_repr(type, {"version", "item_pointer_bits", "heap_address_bits", "bug_compat"});
    type.def(py::init<>(), "SPEAD-64-40: immediates of 40 bits, item ids of 23.")
        .def(py::init<int, int, int, std::uint32_t>(), py::arg("version"), py::arg("item_pointer_bits"),
             py::arg("heap_address_bits"), py::arg("bug_compat") = 0,
             "SPEAD-64 with addresses and immediates of heap_address_bits. ValueError for a version other than 4, "
             "pointers of other than 64 bits, widths that are no multiple of 8 from 8 to 56, unknown bug_compat flags.")
        .def_property_readonly(
            "version", [](const flavour &) { return wire::flavour::version; }, "The version of the protocol: 4.")
        .def_property_readonly(
            "item_pointer_bits", [](const flavour &) { return wire::flavour::item_pointer_bits; },
            "Bits of an item pointer: 64.")
        .def_readonly("heap_address_bits", &flavour::heap_address_bits,
                      "Bits of an address or an immediate value: 40 by default. Item ids have the other bits but one.")
        .def_readonly("bug_compat", &flavour::bug_compat,
                      "BUG_COMPAT_* flags, added: deviations of old PySPEAD; 0 by default.")
        .def(
            "__eq__", [](const flavour &a, const flavour &b) { return a == b; }, py::is_operator())
        .def(
            "__ne__", [](const flavour &a, const flavour &b) { return !(a == b); }, py::is_operator())
        .attr("__hash__") = py::none();
}

template <std::string wire::descriptor::*Field>
void def_bytes(py::class_<wire::descriptor> &type, const char *name)
{
    type.def_property(
        name, [](const wire::descriptor &d) { return py::bytes(d.*Field); },
        [](wire::descriptor &d, const py::bytes &value) { d.*Field = std::string(value); });
}

/// Negative dimensions and None are variable ones.
void assign_shape(wire::descriptor &d, const std::vector<std::optional<std::int64_t>> &shape)
{
    d.shape.clear();
    for (std::optional<std::int64_t> size : shape)
        d.shape.push_back(size && *size >= 0 ? std::optional<std::uint64_t>(*size) : std::nullopt);
}

void assign_format(wire::descriptor &d, const std::vector<std::pair<std::string, std::uint64_t>> &format)
{
    std::vector<wire::format_field> fields;
    for (const auto &[code, bits] : format)
    {
        if (code.size() != 1)
            throw_bad_argument("format", code, "one character a code");
        fields.push_back({code[0], bits});
    }
    d.format = std::move(fields);
}

void register_raw_descriptor(py::module_ &m)
{
    py::class_<wire::descriptor> type(m, "RawDescriptor");
    type.def(py::init<>())
        .def_readwrite("id", &wire::descriptor::id)
        .def_property(
            "shape", [](const wire::descriptor &d) { return d.shape; }, assign_shape)
        .def_property(
            "format",
            [](const wire::descriptor &d)
            {
                py::list out;
                for (const wire::format_field &field : d.format)
                    out.append(py::make_tuple(std::string(1, field.type), field.bits));
                return out;
            },
            assign_format);
    def_bytes<&wire::descriptor::name>(type, "name");
    def_bytes<&wire::descriptor::description>(type, "description");
    def_bytes<&wire::descriptor::numpy_header>(type, "numpy_header");
}

} // namespace

void register_base(py::module_ &m)
{
    register_constants(m);
    register_flavour(m);
    register_raw_descriptor(m);
    m.def(
        "log_info", [](const std::string &text) { HEAPWIRE_LOG(info, "python", text); }, py::arg("msg"));
}

} // namespace heapwire::python
