# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of the wire targets from the conformance vectors: corpus/<target>/<vector>.

Usage: make_corpus.py vectors_directory corpus_directory
"""
import json
import os
import sys

SMALL = 400  # bytes; larger seeds only make the fuzzer slower


def descriptor_items(datagrams, packets):
    """Values of the addressed DESCRIPTOR items of one-packet heaps."""
    for data, packet in zip(datagrams, packets):
        if not packet["valid"] or packet["payload_length"] != packet["heap_length"]:
            continue
        addressed = [(p["value"], p["id"]) for p in packet["pointers"] if not p["immediate"]]
        payload = data[len(data) - packet["payload_length"]:]
        ends = [address for address, _ in addressed[1:]] + [len(payload)]
        for (begin, ident), end in zip(addressed, ends):
            if ident == 5:
                yield payload[begin:end]


def seeds(vector, data):
    """(target, bytes) pairs of one vector."""
    packets = vector.get("packets", [])
    datagrams = [data[p["offset"]:p["offset"] + p["length"]] for p in packets]
    if vector["transport"] == "tcp" or vector["category"] == "group":
        yield "framing", data
    if datagrams and len(datagrams[0]) <= SMALL:
        yield "packet_view", datagrams[0]
    bugs = bytes([vector.get("recv_config", {}).get("bug_compat", 0)])
    for item in descriptor_items(datagrams, packets):
        yield "descriptor", bugs + item
    for heap in vector["expect"].get("heaps", []):
        for descriptor in heap.get("descriptors", []):
            if descriptor["numpy_header"]:
                yield "numpy_header", descriptor["numpy_header"].encode("ascii")


def main(vectors, corpus):
    with open(os.path.join(vectors, "index.json"), encoding="utf-8") as file:
        index = json.load(file)["vectors"]
    seen = set()
    for vector in index:
        with open(os.path.join(vectors, vector["file"]), "rb") as file:
            data = file.read()
        for number, seed in enumerate(seeds(vector, data)):
            if seed in seen:
                continue
            seen.add(seed)
            target, content = seed
            os.makedirs(os.path.join(corpus, target), exist_ok=True)
            with open(os.path.join(corpus, target, "%s_%d" % (vector["name"], number)), "wb") as file:
                file.write(content)


if __name__ == "__main__":
    main(*sys.argv[1:])
