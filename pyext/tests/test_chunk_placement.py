# SPDX-License-Identifier: BSD-3-Clause
"""Every way to say where heaps go, and what is checked of the answers."""

import ctypes

import numpy as np
import pytest

import heapwire
from chunks_support import (
    HEAP_SIZE,
    PER_CHUNK,
    SERIAL,
    capsule,
    check,
    compiled,
    config,
    context_of,
    counted,
    heap,
    heaps,
    ring_stream,
)
from heapwire import recv
from heapwire.recv import ItemValue, LinearPlacement, PlaceCallback

CONTEXT = context_of(PER_CHUNK, HEAP_SIZE, -1)
BATCH = b"void (void *, size_t, size_t)"
BATCH_WITH = b"void (void *, size_t, size_t, void *)"


def received(place, serials=range(10), stream=None, **more):
    made, data = ring_stream(heapwire, stream=stream, place=place, **more)
    made.add_buffer_reader(heaps(serials))
    return made, list(data)


def check_ten(chunks):
    assert len(chunks) == 3
    for number, one in enumerate(chunks):
        check(one, number, range(4) if number < 2 else [0, 1])


def by_scipy():
    scipy = pytest.importorskip("scipy")
    return scipy.LowLevelCallable(compiled().place, signature="void (void *, size_t)")


def by_scipy_with_context():
    scipy = pytest.importorskip("scipy")
    data = ctypes.cast(CONTEXT, ctypes.c_void_p)
    return scipy.LowLevelCallable(compiled().place_with, data, signature="void (void *, size_t, void *)")


def by_cffi():
    cffi = pytest.importorskip("cffi")
    ffi = cffi.FFI()
    function = ffi.cast("void (*)(void *, size_t)", ctypes.cast(compiled().place, ctypes.c_void_p).value)
    return PlaceCallback(function)


def by_numba():
    numba = pytest.importorskip("numba")
    import heapwire.numba
    import heapwire.recv.numba

    to_pointer = heapwire.numba.intp_to_voidptr
    record = heapwire.recv.numba.chunk_place_data

    @numba.cfunc(numba.types.void(numba.types.CPointer(record), numba.types.uintp), nopython=True)
    def place(pointer, size):
        heap = numba.carray(pointer, 1)
        items = numba.carray(to_pointer(heap[0].items), 2, dtype=np.int64)
        if items[0] >= 0 and items[1] == HEAP_SIZE:
            heap[0].chunk_id = items[0] // PER_CHUNK
            heap[0].heap_index = items[0] % PER_CHUNK
            heap[0].heap_offset = heap[0].heap_index * HEAP_SIZE

    return PlaceCallback(place)


def by_numba_and_scipy():
    scipy = pytest.importorskip("scipy")
    function = by_numba()[1]
    return scipy.LowLevelCallable(function.ctypes, signature="void (void *, size_t)")


WAYS = {
    "capsule": lambda: (capsule(compiled().place),),
    "capsule with context": lambda: (capsule(compiled().place_with, b"void (void *, size_t, void *)", CONTEXT),),
    "batch capsule": lambda: (capsule(compiled().place_batch, BATCH),),
    "batch capsule with context": lambda: (capsule(compiled().place_batch_with, BATCH_WITH, CONTEXT),),
    "ctypes": lambda: PlaceCallback(compiled().place),
    "ctypes with context": lambda: PlaceCallback(compiled().place_with, CONTEXT),
    "ctypes batch": lambda: PlaceCallback(compiled().place_batch, batch=True),
    "ctypes batch with context": lambda: PlaceCallback(compiled().place_batch_with, CONTEXT, batch=True),
    "address": lambda: PlaceCallback(
        ctypes.cast(compiled().place_with, ctypes.c_void_p).value, ctypes.addressof(CONTEXT)
    ),
    "scipy": by_scipy,
    "scipy with context": by_scipy_with_context,
    "cffi": by_cffi,
    "numba": by_numba,
    "numba and scipy": by_numba_and_scipy,
    "linear": lambda: LinearPlacement(
        ItemValue(SERIAL) // PER_CHUNK, ItemValue(SERIAL) % PER_CHUNK, ItemValue(SERIAL) % PER_CHUNK * HEAP_SIZE
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_place(way):
    stream, chunks = received(WAYS[way]())
    check_ten(chunks)
    assert counted(stream, "rejected_heaps", 0).details["chunk_heaps"] == 10


@pytest.mark.parametrize("name", [None, b"", b"void (int)", b"void (void*, size_t)", b"int (void *, size_t)"])
def test_a_wrong_signature_is_refused_and_the_right_ones_are_named(name):
    with pytest.raises(ValueError) as caught:
        recv.ChunkStreamConfig(place=(capsule(compiled().place, name),))
    for right in (b"void (void *, size_t)", b"void (void *, size_t, void *)", BATCH, BATCH_WITH):
        assert repr(right.decode()) in str(caught.value)


def test_a_place_callback_needs_an_address():
    for bad in (None, "x", lambda: None, np.zeros(1)):
        with pytest.raises(TypeError, match="function"):
            PlaceCallback(bad)
    with pytest.raises(ValueError, match="function"):
        PlaceCallback(0)


def test_a_batch_counts_into_the_users_statistics():
    own = recv.StreamConfig()
    own.add_stat("other")
    index = own.add_stat("placed")
    context = context_of(PER_CHUNK, HEAP_SIZE, index)
    place = PlaceCallback(compiled().place_batch_with, context, batch=True)
    stream, chunks = received(place, stream=own, extra=True, max_heap_extra=8)
    check_ten(chunks)
    assert [one.extra.tolist() for one in chunks] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, -7, -7]]
    assert counted(stream, "placed", 10)["other"] == 0


ANYWHERE = {
    "bad_heap_index": (0, 4, 0, 0, 0),
    "huge index": (0, (1 << 63) - 1, 0, 0, 0),
    "bad_heap_offset": (0, 0, 49, 0, 0),
    "huge offset": (0, 0, (1 << 63) - 1, 0, 0),
    "negative offset": (0, 0, -8, 0, 0),
    "bad_heap_extra": (0, 0, 0, 25, 8),
    "huge extra": (0, 0, 0, 0, 1 << 40),
    "negative extra": (0, 0, 0, -8, 8),
}


@pytest.mark.parametrize("what", ANYWHERE)
def test_what_a_callback_answers_is_checked(what):
    cause = what if what.startswith("bad_") else "bad_heap_" + what.split()[1]
    context = context_of(*ANYWHERE[what])
    stream, chunks = received(PlaceCallback(compiled().place_anywhere, context), [0], extra=True, max_heap_extra=8)
    details = counted(stream, "heaps", 1).details
    assert details[cause] == 1 and details["chunk_heaps"] == 0
    for one in chunks:
        assert not any(one.present) and not one.data.any() and (one.extra == -7).all()


def test_an_absurd_chunk_id_does_not_move_the_window():
    rule = LinearPlacement(ItemValue(SERIAL) // PER_CHUNK, ItemValue(SERIAL) % PER_CHUNK, ItemValue(SERIAL) % PER_CHUNK * 16)
    stream, chunks = received(rule, [0, 1, 1 << 39, 2, 3, 4])
    assert [one.chunk_id for one in chunks] == [0, 1]
    check(chunks[0], 0, range(4))
    check(chunks[1], 1, [0])
    assert counted(stream, "heaps", 6).details["far_heaps"] == 1


def test_the_linear_rule_finds_its_items_and_keeps_extra_values():
    timestamp, antenna = ItemValue(0x1600) - 1000 >> 4, ItemValue(0x4101)
    rule = LinearPlacement(timestamp // 2, antenna + timestamp % 2 * 4, antenna * 8, heap_size=8, extra=[0x4101, 0x1600])
    assert rule.items == [0x1600, 0x4101]
    where = recv.ChunkStreamConfig(place=rule)
    assert where.items == [] and where.place is rule
    data, free = recv.ChunkRingbuffer(4), recv.ChunkRingbuffer(4)
    stream = recv.ChunkRingStream(heapwire.ThreadPool(), recv.StreamConfig(), where, data, free)
    for _ in range(4):
        stream.add_free_chunk(
            recv.Chunk(data=bytearray(32), present=bytearray(8), extra=np.zeros((8, 2), np.int64))
        )
    from packets import packet

    def one(cnt, timestamp, antenna, size=8):
        return packet(cnt, bytes([antenna]) * size, items=[(0x1600, timestamp, True), (0x4101, antenna, True), (0x1000, 0, False)])

    stream.add_buffer_reader(
        one(1, 1000, 0) + one(2, 1016, 3) + one(3, 1000, 2, size=9) + one(4, 999, 1) + heap(5) + one(6, 1032, 1)
    )
    first, second = data
    assert list(first.present) == [1, 0, 0, 0, 0, 0, 0, 1] and bytes(first.data)[24:] == b"\3" * 8
    assert first.extra[0].tolist() == [0, 1000] and first.extra[7].tolist() == [3, 1016]
    assert second.chunk_id == 1 and list(second.present) == [0, 1] + [0] * 6
    assert counted(stream, "rejected_heaps", 3).heaps == 6


def test_expressions_say_what_they_are_and_refuse_what_they_are_not():
    value = ItemValue(0x1600)
    assert repr((((value - 5 >> 3) & 0xFF) // 10 % 7) * 2 + value + 9) == (
        "(((((ItemValue(0x1600) - 5) >> 3) & 0xff) // 10) % 7) * 2 + ItemValue(0x1600) + 9"
    )
    for wrong in (lambda: value // 3 - 1, lambda: value % 4 // 2, lambda: value - 1 - 1, lambda: (value & 3) >> 1):
        with pytest.raises(ValueError, match="order"):
            wrong()
    for wrong in (lambda: value // 0, lambda: value >> 64, lambda: value - -1, lambda: value * -1, lambda: value % 0):
        with pytest.raises(ValueError):
            wrong()
    for wrong in (lambda: value * 1.5, lambda: value + "x", lambda: value // 2.0, lambda: LinearPlacement(value, 1.5, 0)):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(ValueError):
        LinearPlacement(value, 0, 0, heap_size=-1)


def test_what_place_points_to_lives_as_long_as_the_stream():
    import gc
    import weakref

    class Kept(list):
        pass

    kept = Kept([capsule(compiled().place)])
    gone = weakref.ref(kept)
    stream, data = ring_stream(heapwire, place=kept)
    del kept
    gc.collect()
    assert gone() is not None
    stream.add_buffer_reader(heaps(range(10)))
    check_ten(list(data))
    del stream
    gc.collect()
    assert gone() is None


def test_the_jump_that_is_allowed_can_be_set():
    where = config(heapwire, max_jump=5)
    assert where.max_jump == 5
    with pytest.raises(TypeError):
        where.max_jump = -1
