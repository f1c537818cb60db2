# SPDX-License-Identifier: BSD-3-Clause
"""Every vector that the incumbent's wheel made is made again by its own recipe, byte for byte."""

import json
import os
import struct

import numpy as np
import pytest

import heapwire
import heapwire.send

VECTORS = os.path.join(os.path.dirname(__file__), "..", "..", "libcore-tests", "vectors")
if not os.path.exists(os.path.join(VECTORS, "index.json")):
    pytest.skip("the vectors are part of the repository, not of the package", allow_module_level=True)

with open(os.path.join(VECTORS, "index.json")) as index:
    # The others need sockets or the tool with which they were split.
    MADE = [
        v
        for v in json.load(index)["vectors"]
        if v["origin"] == "wheel" and "refdecode" not in v["produced_by"] and "socket" not in v["produced_by"]
    ]


def cut(heap, cnt=1, size=1472):
    return list(heapwire.send.PacketGenerator(heap, cnt, size))


def group(*items, flavour=heapwire.Flavour()):
    made = heapwire.send.ItemGroup(flavour=flavour)
    for item in items:
        made.add_item(**item)
    return made


class Raw:
    def __init__(self, id, data, allow_immediate=False):
        self.id, self._data, self._immediate = id, np.frombuffer(bytes(data), np.uint8), allow_immediate

    def to_buffer(self):
        return self._data

    def allow_immediate(self):
        return self._immediate


def raw_heap(*items, flavour=heapwire.Flavour(), repeat=False):
    heap = heapwire.send.Heap(flavour)
    heap.repeat_pointers = repeat
    for item in items:
        heap.add_item(Raw(*item))
    return heap


def test_there_are_vectors():
    assert len(MADE) > 50


@pytest.mark.parametrize("vector", MADE, ids=lambda v: v["name"])
def test_bytes_are_those_of_the_vector(vector):
    room = dict(spead2=heapwire, np=np, struct=struct, Flavour=heapwire.Flavour)
    room.update(cut=cut, group=group, Raw=Raw, raw_heap=raw_heap)
    exec(vector["produced_by"], room)
    with open(os.path.join(VECTORS, vector["file"]), "rb") as file:
        assert b"".join(room["packets"]).hex() == file.read().hex()
