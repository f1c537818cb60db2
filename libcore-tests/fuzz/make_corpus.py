# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of the fuzz targets: corpus/<target>/<vector>, from the conformance vectors; those of sender_steps and
chunk_steps, which have no vectors, from rules and from numbers drawn once for all.

Usage: make_corpus.py vectors_directory corpus_directory
"""
import json
import os
import random
import struct
import sys

SMALL = 400  # bytes; larger seeds only make the fuzzer slower
LINKS = (0, 1, 12, 14, 101, 108, 113, 147, 228, 229, 276)  # as pcap_frame_fuzz.cpp numbers them


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


def frames(capture):
    """(link type, bytes, bytes that were not captured) of each frame of a capture file."""
    order = "<" if capture[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    link, = struct.unpack_from(order + "I", capture, 20)
    at = 24
    while at + 16 <= len(capture):
        size, original = struct.unpack_from(order + "II", capture, at + 8)
        yield link, capture[at + 16:at + 16 + size], original - size
        at += 16 + size


def receiver_steps(datagrams):
    """The datagrams one by one, with room for a heap and a retry in between; see receiver_steps_fuzz.cpp."""
    options = 0x40 | (len(datagrams) & 1) | 4  # in any order or not
    steps = b"".join(b"\x05" + bytes([len(d)]) + d + b"\x08\x01" for d in datagrams)
    return bytes([options]) + steps


def sender_scripts():
    """Options of each kind, then pushes, writes and completions as they come; see sender_steps_fuzz.cpp."""
    draw = random.Random(1)
    for split in range(3):
        for rate in range(2):
            for room in (1, 4, 19):
                size = draw.randrange(3000)
                exact = b"\x07" if split == 2 else b""
                options = struct.pack(">HB", size, split) + exact + bytes([room, rate, 16])
                yield options + bytes(draw.randrange(256) for _ in range(120))


def steady_chunks(options):
    """Heaps of two packets fill one chunk after the other; the last of each chunk also has an empty packet, at its end. Taken
    chunk by chunk, while the supply has little; see chunk_steps_fuzz.cpp."""
    steps = bytes([options])
    for cnt in range(24):
        place = bytes([cnt // 4, cnt % 4 * 2, cnt % 4 * 16, cnt])
        last = cnt % 4 == 3
        for shape in (0x04, 0x24, 0x14) if last else (0x04, 0x14):  # the upper half is the offset, the lower one the length
            steps += b"\x02" + bytes([shape]) + place
        if last:
            steps += b"\x01\x00" + bytes([1 + cnt % 3, 1])
    return steps


def chunk_scripts():
    """(name, bytes): steps that make sense and steps that make none, with options of each kind."""
    draw = random.Random(2)
    for options in (0x00, 0x04, 0x08, 0x10, 0x21, 0x24, 0x2d):
        yield "steady_%02x" % options, steady_chunks(options)
        yield "noise_%02x" % options, bytes([options]) + bytes(draw.randrange(256) for _ in range(300))


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
    if vector["transport"] == "pcap":
        for link, frame, missing in frames(data):
            if link in LINKS and 0 <= missing <= 255:
                yield "pcap_frame", bytes([LINKS.index(link), missing]) + frame
    if vector["transport"] == "tcp" or vector["category"] == "group":
        yield "tcp_stream", b"\x06\x20" + data
    if len(datagrams) > 1 and len(data) <= SMALL and max(map(len, datagrams)) <= 255:
        yield "receiver_steps", receiver_steps(datagrams)


def main(vectors, corpus):
    with open(os.path.join(vectors, "index.json"), encoding="utf-8") as file:
        index = json.load(file)["vectors"]
    seen = set()

    def keep(target, name, content):
        os.makedirs(os.path.join(corpus, target), exist_ok=True)
        with open(os.path.join(corpus, target, name), "wb") as file:
            file.write(content)

    for number, script in enumerate(sender_scripts()):
        keep("sender_steps", "drawn_%d" % number, script)
    for name, script in chunk_scripts():
        keep("chunk_steps", name, script)
    for vector in index:
        with open(os.path.join(vectors, vector["file"]), "rb") as file:
            data = file.read()
        for number, seed in enumerate(seeds(vector, data)):
            if seed in seen:
                continue
            seen.add(seed)
            target, content = seed
            keep(target, "%s_%d" % (vector["name"], number), content)


if __name__ == "__main__":
    main(*sys.argv[1:])
