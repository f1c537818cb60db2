# SPDX-License-Identifier: BSD-3-Clause
"""Turns vectors/index.json into the tables declared in support/vectors.h.

Usage: vectors_to_source.py index.json output.cpp
"""
import copy
import json
import sys

# Where we differ on purpose but the index has no recommendation in full.
DEVIATIONS = {
    # Section 10.1 D11: a repetition with another value is refused.
    "special_items_repeated": {"heaps": [], "malformed_packets": 1},
    # Section 7.1: control items inside a descriptor are ignored.
    "descriptor_with_stop_item": {"descriptors": [{"id": 0x1234, "name": "name"}, {"id": 0x1235, "name": "name"}]},
}


def text(value):
    """A C++ string literal; octal escapes, because they end after three digits."""
    out = []
    for byte in value.encode("utf-8"):
        plain = 32 <= byte < 127 and chr(byte) not in '"\\?'
        out.append(chr(byte) if plain else "\\%03o" % byte)
    return 'std::string_view{"%s", %d}' % ("".join(out), len(value.encode("utf-8")))


def flag(value):
    return "true" if value else "false"


def number(value):
    return "absent" if value is None else "%dull" % value


class Tables:
    """Named arrays; the structs refer to them as spans."""

    def __init__(self):
        self.lines = []

    def span(self, kind, elements):
        if not elements:
            return "{}"
        name = "t%d" % len(self.lines)
        self.lines.append("constexpr %s %s[] = {%s};" % (kind, name, ", ".join(elements)))
        return name

    def descriptor(self, d):
        shape = ["std::nullopt" if size is None else number(size) for size in d.get("shape", [])]
        fields = ["{'%s', %d}" % (kind, bits) for kind, bits in d.get("format", [])]
        return "{%s, %s, %s, %s, %s, %s}" % (
            number(d["id"]), text(d["name"]), text(d.get("description", "")),
            self.span("std::optional<std::uint64_t>", shape), self.span("vector_field", fields),
            text(d.get("numpy_header", "")))

    def heap(self, h):
        items = ["{%s, %s, %s}" % (number(i["id"]), flag(i["immediate"]), text(i["hex"])) for i in h.get("items", [])]
        ranges = ["{%s, %s}" % (number(a), number(b)) for a, b in h.get("payload_ranges", [])]
        return "{%s, %d, %s, %s, %s, %s, %s, %s, %s, %s, %s}" % (
            number(h["cnt"]), h.get("heap_address_bits", 40), flag(h["contiguous"]), flag(h.get("start_of_stream")),
            flag(h.get("end_of_stream")), flag("decode_error" in h), number(h.get("heap_length")),
            number(h.get("received_length", 0)), self.span("vector_item", items),
            self.span("vector_descriptor", [self.descriptor(d) for d in h.get("descriptors", [])]),
            self.span("vector_range", ranges))

    def packet(self, p):
        pointers = ["{%s, %s, %s}" % (flag(q["immediate"]), number(q["id"]), number(q["value"]))
                    for q in p.get("pointers", [])]
        return "{%d, %d, %s, %s, %s, %s, %s, %s, %s}" % (
            p["offset"], p["length"], flag(p["valid"]), text(p.get("reason", "")), number(p.get("heap_cnt", 0)),
            number(p.get("heap_length")), number(p.get("payload_offset", 0)), number(p.get("payload_length", 0)),
            self.span("vector_pointer", pointers))

    def expect(self, e):
        return "{%s, %d, %s}" % (self.span("vector_heap", [self.heap(h) for h in e.get("heaps", [])]),
                                 e.get("malformed_packets", 0), flag(e.get("stopped_by_stop_item")))

    def case(self, v):
        ours = hardened(v)
        config = v.get("recv_config", {})
        stats = v["expect"].get("reference_stats")
        return "{%s}" % ", ".join([
            text(v["name"]), text(v["category"]), text(v["description"]), text(v.get("note", "")), text(v["origin"]),
            text(v["file"]), text(v.get("produced_by", "")), "vector_transport::" + v["transport"],
            self.span("vector_packet", [self.packet(p) for p in v.get("packets", [])]),
            "{%d, %d, %s, %s, %s, %d}" % (
                config.get("max_heaps", 4), config.get("substreams", 1), flag(config.get("allow_out_of_order", False)),
                flag(config.get("allow_unsized_heaps", True)), flag(config.get("stop_on_stop_item", True)),
                config.get("bug_compat", 0)),
            self.expect(v["expect"]), self.expect(ours), flag(ours != v["expect"]),
            "std::nullopt" if stats is None else "vector_stats{%d, %d, %d, %d, %d}" % (
                stats["packets"], stats["heaps"], stats["incomplete_heaps_evicted"],
                stats["incomplete_heaps_flushed"], stats["single_packet_heaps"]),
            str(v["expect"].get("reader_max_size", 0)), flag(v["expect"].get("open_error"))])


def hardened(v):
    """The expectation with the index's recommendation and DEVIATIONS applied."""
    ours = copy.deepcopy(v["expect"])
    advice = ours.get("recommended", {})
    if "heaps" in advice:
        ours["heaps"] = advice["heaps"]
    if "heap" in advice:
        received = advice["heap"]["received_length"]
        ours["heaps"] = [dict(advice["heap"], items=[], payload_ranges=[[0, received]])]
    if "decoded_values" in advice:
        for heap in ours["heaps"]:
            heap.pop("decode_error", None)
    change = DEVIATIONS.get(v["name"], {})
    if "descriptors" in change:
        assert [d["id"] for d in change["descriptors"]] == advice["descriptor_ids"]
        ours["heaps"][0]["descriptors"] = change["descriptors"]
    ours.update({key: value for key, value in change.items() if key != "descriptors"})
    return ours


def main(index_path, output_path):
    with open(index_path, encoding="utf-8") as file:
        vectors = json.load(file)["vectors"]
    tables = Tables()
    cases = [tables.case(v) for v in vectors]
    with open(output_path, "w", encoding="utf-8") as out:
        out.write('// Written by vectors_to_source.py.\n#include "support/vectors.h"\n\n')
        out.write("namespace heapwire::test {\nnamespace {\n\n")
        out.write("\n".join(tables.lines))
        out.write("\n\nconstexpr vector_case cases[] = {\n%s,\n};\n\n} // namespace\n\n" % ",\n".join(cases))
        out.write("std::span<const vector_case> all_vectors() noexcept { return cases; }\n\n")
        out.write("} // namespace heapwire::test\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
