# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of chunks share: compiled place callbacks, capsules, heaps with a serial number."""

import ctypes
import functools
import importlib
import os
import shutil
import subprocess
import tempfile
import time

import numpy as np
import pytest

from packets import packet

SERIAL = 0x1600  # the item by which heaps are placed
DATA = 0x1000
PER_CHUNK = 4
HEAP_SIZE = 16

ONE = b"void (void *, size_t)"
ONE_WITH = b"void (void *, size_t, void *)"

both = pytest.mark.parametrize("lib", ["heapwire", "spead2"], indirect=True)


@pytest.fixture
def lib(request):
    package = pytest.importorskip(request.param)
    for part in ("send", "recv", "recv.asyncio"):
        importlib.import_module(f"{request.param}.{part}")
    return package


@functools.cache
def compiled():
    """The functions of place.c; skips the test where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("there is no C compiler")
    source = os.path.join(os.path.dirname(__file__), "place.c")
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "place.so")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, source], check=True)
        return ctypes.CDLL(made)


def capsule(function, name=ONE, context=None):
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    made = new(ctypes.cast(function, ctypes.c_void_p), name, None)
    if context is not None:
        ctypes.pythonapi.PyCapsule_SetContext(ctypes.py_object(made), ctypes.cast(context, ctypes.c_void_p))
    return made


def context_of(*numbers):
    return (ctypes.c_int64 * len(numbers))(*numbers)


def place_with(per_chunk=PER_CHUNK, heap_size=HEAP_SIZE, stat=-1):
    """A callback that puts the heap with serial number n into row n % per_chunk of chunk n // per_chunk."""
    context = context_of(per_chunk, heap_size, stat)
    function = compiled().place_with
    return (capsule(function, ONE_WITH, context), function, context)


def config(lib, place=None, **more):
    items = [SERIAL, lib.HEAP_LENGTH_ID]
    return lib.recv.ChunkStreamConfig(items=items, place=place or place_with(), **more)


def payload(serial, size=HEAP_SIZE):
    return np.random.default_rng(serial).bytes(size)


def heap(serial, size=HEAP_SIZE, cnt=None):
    return packet(serial + 1 if cnt is None else cnt, payload(serial, size), items=[(SERIAL, serial, True), (DATA, 0, False)])


def heaps(serials, size=HEAP_SIZE):
    return b"".join(heap(serial, size) for serial in serials)


def chunk(lib, kind=None, per_chunk=PER_CHUNK, heap_size=HEAP_SIZE, extra=False, flags=1):
    more = {"extra": np.full(per_chunk, -7, np.int64)} if extra else {}
    return (kind or lib.recv.Chunk)(
        data=np.zeros((per_chunk, heap_size), np.uint8), present=np.ones(per_chunk * flags, np.uint8), **more
    )


def ring_stream(lib, count=8, stream=None, rings=None, extra=False, flags=1, **more):
    """A stream and its data ring; the free ring has so many chunks."""
    data, free = rings or (lib.recv.ChunkRingbuffer(count), lib.recv.ChunkRingbuffer(count))
    made = lib.recv.ChunkRingStream(lib.ThreadPool(), stream or lib.recv.StreamConfig(), config(lib, **more), data, free)
    for _ in range(count if rings is None else 0):
        made.add_free_chunk(chunk(lib, extra=extra, flags=flags))
    return made, data


def check(got, chunk_id, rows, per_chunk=PER_CHUNK, heap_size=HEAP_SIZE):
    """The chunk has these rows, and their bytes."""
    assert got.chunk_id == chunk_id
    assert [int(flag) for flag in got.present] == [int(row in rows) for row in range(per_chunk)]
    for row in rows:
        assert bytes(got.data[row]) == payload(chunk_id * per_chunk + row, heap_size)


def counted(stream, name, value):
    """Wait until the statistic has the value, for it may come after the chunks; return all of them."""
    end = time.monotonic() + 60
    while stream.stats[name] != value:
        assert time.monotonic() < end, f"{name} is {stream.stats[name]}, not {value}"
        time.sleep(0.001)
    return stream.stats
