# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of items share: both packages by import name, and a heap on its way through memory."""

import importlib

import numpy as np
import pytest


def load(name):
    """The package with its send and recv; skips the test if it is not installed."""
    package = pytest.importorskip(name)
    importlib.import_module(name + ".send")
    importlib.import_module(name + ".recv")
    return package


def wire(lib, heap, cnt=1):
    """The packets of a heap, as bytes."""
    return b"".join(lib.send.PacketGenerator(heap, cnt, 1472))


def receive(lib, packets, bug_compat=0):
    """The heaps in the bytes."""
    stream = lib.recv.Stream(lib.ThreadPool(), lib.recv.StreamConfig(bug_compat=bug_compat, stop_on_stop_item=False))
    stream.add_buffer_reader(packets)
    return list(stream)


def pack(lib, *items, flavour=None):
    """One heap with the descriptors and values of items, as bytes."""
    heap = lib.send.Heap(flavour or lib.Flavour())
    for item in items:
        heap.add_descriptor(item)
        heap.add_item(item)
    return wire(lib, heap)


def round_trip(lib, *items, flavour=None):
    """The group that received the items."""
    group = lib.ItemGroup()
    (heap,) = receive(lib, pack(lib, *items, flavour=flavour))
    group.update(heap)
    return group


def fingerprint(value):
    """Type and content, so that values of both packages can be compared."""
    if isinstance(value, np.ndarray):
        return ("ndarray", value.dtype.descr, value.shape, value.flags.writeable, repr(value.tolist()))
    if isinstance(value, np.void):
        return ("void", value.dtype.descr, repr(value.tolist()))
    if isinstance(value, np.generic):
        return (type(value).__name__, value.dtype.str, repr(value))
    return (type(value).__name__, repr(value))
