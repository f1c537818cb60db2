#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Heaps from memory into chunks, the same program on each package that is installed.

    python bench/python_chunks.py [PACKAGE...]        (default: heapwire spead2)

200 MB of heaps of one packet each go through a compiled place callback (numba's where that is installed, and one of C) into a
chunk ring stream; heapwire besides by a batched callback and by the built-in linear rule. Then by the last of these ways
through a group of two streams, each with half of the heaps. The ceiling is memcpy of the same bytes into as many chunks, a chunk at
a time. Rounds alternate, and the best round counts, because other programs only make it slower.
"""

import ctypes
import importlib
import os
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np

ROUNDS = 5
TOTAL = int(os.environ.get("HEAPWIRE_BENCH_BYTES", 200_000_000))
CHUNK_BYTES, CHUNKS = 4 << 20, 6
SERIAL, DATA = 0x1600, 0x1000

SOURCE = r"""
#include <stddef.h>
#include <stdint.h>
typedef struct { const uint8_t *packet; size_t packet_size; int64_t *items; int64_t chunk_id; size_t heap_index, heap_offset;
                 uint64_t *batch_stats; uint8_t *extra; size_t extra_offset, extra_size; } place_data;
static inline void one(place_data *heap)
{
    int64_t serial = heap->items[0];
    if (heap->items[1] != HEAP_SIZE) return;
    heap->chunk_id = serial / PER_CHUNK;
    heap->heap_index = serial % PER_CHUNK;
    heap->heap_offset = heap->heap_index * HEAP_SIZE;
}
void place(place_data *heap, size_t size) { one(heap); }
void place_batch(place_data *heaps, size_t count, size_t size)
{
    for (size_t i = 0; i < count; ++i) one((place_data *)((char *)heaps + i * size));
}
"""


def packets(serials, heap_size):
    """One packet a heap, all in one buffer."""
    count = len(serials)
    pointers = 6
    header = 8 + 8 * pointers
    wire = np.zeros((count, header + heap_size), np.uint8)
    wire[:, :8] = np.frombuffer(struct.pack(">BBBBHH", 0x53, 4, 2, 6, 0, pointers), np.uint8)
    words = np.zeros((count, pointers), ">u8")
    immediate = 1 << 63
    for column, (ident, value) in enumerate(
        [(1, serials + 1), (2, heap_size), (3, 0), (4, heap_size), (SERIAL, serials)]
    ):
        words[:, column] = np.asarray(value, np.uint64) + np.uint64(immediate | ident << 48)
    words[:, 5] = DATA << 48
    wire[:, 8:header] = words.view(np.uint8).reshape(count, -1)
    wire[:, header:] = (serials % 251).astype(np.uint8)[:, None]
    return wire.reshape(-1)


def compiled(heap_size, per_chunk):
    """The callbacks of C, or None."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = os.path.join(folder, "place.c"), os.path.join(folder, "place.so")
        with open(source, "w", encoding="ascii") as out:
            out.write(f"#define HEAP_SIZE {heap_size}\n#define PER_CHUNK {per_chunk}\n{SOURCE}")
        try:
            subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", made, source], check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return ctypes.CDLL(made)


def capsule(address, name, kept):
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return (new(address, name, None), name, kept)


def by_numba(package, heap_size, per_chunk):
    """A callback of numba; None without numba."""
    try:
        numba = importlib.import_module("numba")
        to_pointer = importlib.import_module(f"{package.__name__}.numba").intp_to_voidptr
        record = importlib.import_module(f"{package.__name__}.recv.numba").chunk_place_data
    except ImportError:
        return None

    @numba.cfunc(numba.types.void(numba.types.CPointer(record), numba.types.uintp), nopython=True)
    def place(pointer, size):
        heap = numba.carray(pointer, 1)
        items = numba.carray(to_pointer(heap[0].items), 2, dtype=np.int64)
        if items[1] == heap_size:
            heap[0].chunk_id = items[0] // per_chunk
            heap[0].heap_index = items[0] % per_chunk
            heap[0].heap_offset = heap[0].heap_index * heap_size

    return capsule(place.address, b"void (void *, size_t)", place)


def ways(package, heap_size, per_chunk):
    """Name and place of each way that the package has."""
    library = compiled(heap_size, per_chunk)
    numba = by_numba(package, heap_size, per_chunk)
    if numba:
        yield "numba", numba
    if library:
        address = ctypes.cast(library.place, ctypes.c_void_p).value
        yield "C", capsule(address, b"void (void *, size_t)", library)
    if hasattr(package.recv, "LinearPlacement"):
        if library:
            yield "C, batched", package.recv.PlaceCallback(library.place_batch, batch=True)
        serial = package.recv.ItemValue(SERIAL)
        row = serial % per_chunk
        yield "linear", package.recv.LinearPlacement(serial // per_chunk, row, row * heap_size, heap_size=heap_size)


def rings(package, owner_of, heap_size, per_chunk, count=CHUNKS):
    data, free = package.recv.ChunkRingbuffer(count), package.recv.ChunkRingbuffer(count)
    owner = owner_of(data, free)
    for _ in range(count):
        memory = np.ones(per_chunk * heap_size, np.uint8)
        owner.add_free_chunk(package.recv.Chunk(data=memory, present=np.zeros(per_chunk, np.uint8)))
    return owner, data


def drain(owner, data, heaps):
    """Take all chunks, and give them back; all heaps must have come."""
    present = 0
    for chunk in data:
        present += np.count_nonzero(chunk.present)
        owner.add_free_chunk(chunk)
    if present != heaps:
        raise SystemExit(f"{present} heaps of {heaps} are in place")


def config_of(package, place):
    return package.recv.ChunkStreamConfig(items=[SERIAL, package.HEAP_LENGTH_ID], place=place)


def one_stream(package, place, buffer, heaps, heap_size, per_chunk):
    def make(data, free):
        how = package.recv.StreamConfig()
        return package.recv.ChunkRingStream(package.ThreadPool(), how, config_of(package, place), data, free)

    stream, data = rings(package, make, heap_size, per_chunk)
    begin = time.perf_counter()
    stream.add_buffer_reader(buffer)
    drain(stream, data, heaps)
    return time.perf_counter() - begin


def group_of_two(package, place, halves, heaps, heap_size, per_chunk):
    modes = package.recv.ChunkStreamGroupConfig.EvictionMode
    how = package.recv.ChunkStreamGroupConfig(eviction_mode=modes.LOSSLESS)
    group, data = rings(
        package, lambda d, f: package.recv.ChunkStreamRingGroup(how, d, f), heap_size, per_chunk
    )
    for _ in halves:
        start = package.recv.StreamConfig(explicit_start=True)
        group.emplace_back(package.ThreadPool(), start, config_of(package, place))
    for member, half in zip(group, halves):
        member.add_buffer_reader(half)
    begin = time.perf_counter()
    for member in group:
        member.start()
    drain(group, data, heaps)
    return time.perf_counter() - begin


def ceiling(buffer):
    """Only a copy of what arrives, into memory that is used in turn."""
    chunks = [np.ones(CHUNK_BYTES, np.uint8) for _ in range(CHUNKS)]
    begin = time.perf_counter()
    for number, at in enumerate(range(0, len(buffer) - CHUNK_BYTES, CHUNK_BYTES)):
        np.copyto(chunks[number % CHUNKS], buffer[at : at + CHUNK_BYTES])
    return (time.perf_counter() - begin) * len(buffer) / (len(buffer) // CHUNK_BYTES * CHUNK_BYTES)


def load(name):
    try:
        package = importlib.import_module(name)
        importlib.import_module(f"{name}.recv")
    except ImportError as error:
        print(f"{name}: left out ({error})")
        return None
    return package


def main():
    packages = list(filter(None, map(load, sys.argv[1:] or ["heapwire", "spead2"])))
    print(f"{'':34}{'M heaps/s':>10}{'Gb/s':>8}")
    for heap_size in (1024, 8192):
        per_chunk = CHUNK_BYTES // heap_size
        heaps = TOTAL // heap_size // per_chunk * per_chunk
        serials = np.arange(heaps, dtype=np.uint64)
        buffer = packets(serials, heap_size)
        halves = [packets(serials[parity::2], heap_size) for parity in (0, 1)]
        best = {}
        for _ in range(ROUNDS):
            seconds = ceiling(buffer)
            best["memcpy", ""] = min(seconds, best.get(("memcpy", ""), seconds))
            for package in packages:
                for name, place in ways(package, heap_size, per_chunk):
                    key = (package.__name__, name)
                    seconds = one_stream(package, place, buffer, heaps, heap_size, per_chunk)
                    best[key] = min(seconds, best.get(key, seconds))
                key = (package.__name__, f"{name}, group of two")
                seconds = group_of_two(package, place, halves, heaps, heap_size, per_chunk)
                best[key] = min(seconds, best.get(key, seconds))
        for (package, name), seconds in sorted(best.items()):
            rate = heaps / seconds
            print(f"{package:9} {name:18} {heap_size:5}{rate / 1e6:10.2f}{rate * heap_size * 8e-9:8.1f}")


if __name__ == "__main__":
    main()
