# SPDX-License-Identifier: BSD-3-Clause
"""The classes of chunks and batches: how to make an object, and how to call what needs arguments; see hammer.py."""

import asyncio
import ctypes
import itertools
import random

import heapwire
import heapwire.recv.asyncio
from boundary.hammer import Case
from boundary.hammer_cases import POOL, RECEIVER_CALLS, expect_pauses, feed, receiving, seldom, sent
from heapwire import recv, send
from packets import packet

SERIAL = recv.ItemValue(0x1600)


def linear():
    return recv.LinearPlacement(SERIAL // 4, SERIAL % 4, SERIAL % 4 * 16)


CONFIG = recv.ChunkStreamConfig(place=linear())
# It may be called with what place callbacks get, and places nothing.
STRNLEN = ctypes.CDLL(None).strnlen
# Each case has a process of its own.
QUEUE, DATA, FREE = heapwire.InprocQueue(), recv.ChunkRingbuffer(4), recv.ChunkRingbuffer(4)
SERIALS = itertools.count()


class Counted(recv.Chunk):
    """Knows whether it came out of a ring twice."""

    def __init__(self):
        super().__init__(data=bytearray(64), present=bytearray(4))
        self.came = []


def came(chunk):
    chunk.came.append(1)
    assert len(chunk.came) == 1
    assert len(chunk.data) == 64 and len(chunk.present) == 4


def numbered(serial):
    return packet(serial + 1, bytes(16), items=[(0x1600, serial, True), (0x1000, 0, False)])


# --- one chunk, one ring ---


def travel(it):
    """One of several threads succeeds, and has the whole chunk back."""
    ring = recv.ChunkRingbuffer(1)
    try:
        ring.put_nowait(it)
    except ValueError:
        return  # it is in another's ring
    assert ring.get_nowait() is it


def is_whole(it):
    travel(it)
    assert len(it.data) == 64 and len(it.present) == 4


def put_or_take(it):
    """Who waits at a ring that is full or empty waits no longer."""
    try:
        it.put_nowait(Counted())
    except heapwire.Full:
        came(it.get_nowait())


def get_or_put_in_a_loop(it):
    async def main():
        put_or_take(it)
        if random.random() < 0.5:
            await asyncio.wait_for(it.put(Counted()), 50)
        else:
            came(await asyncio.wait_for(random.choice([it.get, it.__anext__])(), 50))

    try:
        asyncio.run(main())
    except asyncio.TimeoutError:
        raise AssertionError("neither a chunk nor room came") from None


def ring(kind):
    made = kind(4)
    made.add_producer()  # the ring would end with the last one
    return made


def ring_counts(it):
    while not it.empty():
        came(it.get_nowait())
    for n in range(4):
        assert it.qsize() == n and not it.full()
        it.put_nowait(Counted())
    assert it.full()


RING_CALLS = {
    "feed": put_or_take,
    "get": lambda it: (put_or_take(it), came(it.get())),
    "get_nowait": lambda it: came(it.get_nowait()),
    "put": lambda it: (put_or_take(it), it.put(Counted())),
    "put_nowait": put_or_take,
    "__iter__": lambda it: (put_or_take(it), came(next(it))),
    "add_producer": lambda it: (it.add_producer(), it.remove_producer()),
    "remove_producer": None,
    "stop": None,  # of its own in test_g_chunks.py
}

# --- streams and groups ---


def fresh():
    return recv.Chunk(data=bytearray(64), present=bytearray(4))


def fill(*_):
    """As many heaps as a chunk needs."""
    for _ in range(4):
        QUEUE.add_packet(numbered(next(SERIALS)))


def recycle(chunk):
    assert len(chunk.data) == 64 and len(chunk.present) == 4
    try:
        FREE.put_nowait(chunk)
    except heapwire.Full:
        pass


def stream():
    expect_pauses()
    made = recv.ChunkRingStream(POOL, recv.StreamConfig(), CONFIG, DATA, FREE)
    made.add_inproc_reader(QUEUE)
    for _ in range(4):
        made.add_free_chunk(fresh())
    return made


def group():
    expect_pauses()
    made = recv.ChunkStreamRingGroup(recv.ChunkStreamGroupConfig(), DATA, FREE)
    grow(made)
    for _ in range(4):
        made.add_free_chunk(fresh())
    return made


def grow(it):
    it.emplace_back(POOL, recv.StreamConfig(), CONFIG).add_inproc_reader(QUEUE)


def grow_and_fill(it):
    if len(it) >= 12:
        return fill()
    try:
        grow(it)
    except RuntimeError as error:
        assert "already received data" in str(error)


def look_at_members(it):
    first, last = it[0], it[-1]
    assert it.index(first) == 0 and it.count(first) == 1
    assert first in it and last in it and it[:1] == [first]
    assert first in list(reversed(it))


def still_places(it):
    while not DATA.empty():
        recycle(DATA.get_nowait())
    while DATA.empty():
        fill()
    recycle(DATA.get())


PAIR_CALLS = {
    "feed": fill,
    "get": lambda it: (fill(), recycle(DATA.get())),
    "get_nowait": lambda it: recycle(DATA.get_nowait()),
    "add_free_chunk": lambda it: it.add_free_chunk(fresh()),
}
STREAM_CALLS = {name: call for name, call in RECEIVER_CALLS.items() if name.startswith("add_") or name == "stop"}
GROUP_CALLS = {
    **PAIR_CALLS,
    "feed": grow_and_fill,
    "get": None,  # of chunks: there may be none until there are members enough
    "emplace_back": grow_and_fill,
    "index": look_at_members,
    "count": None,
    "__getitem__": look_at_members,
    "__contains__": look_at_members,
    "stop": None,
}

# --- how to place, batches ---


def place(how, chunks):
    """A heap of the first chunk, in a stream of its own; so many chunks come of it."""
    data, free = recv.ChunkRingbuffer(1), recv.ChunkRingbuffer(1)
    used = recv.ChunkRingStream(POOL, recv.StreamConfig(), how, data, free)
    used.add_free_chunk(fresh())
    used.add_buffer_reader(numbered(1))
    assert [bytes(chunk.present) for chunk in data] == [b"\0\1\0\0"] * chunks


def place_by(rule, chunks=1):
    seldom(lambda: place(recv.ChunkStreamConfig(place=rule), chunks))


def reckon(it):
    assert repr((it - 1 >> 2 & 7) * 2 + it + 1) == "(((ItemValue(0x1600) - 1) >> 2) & 0x7) * 2 + ItemValue(0x1600) + 1"


def new_group(how):
    recv.ChunkStreamRingGroup(how, recv.ChunkRingbuffer(1), recv.ChunkRingbuffer(1))


def batch():
    stream = recv.Stream(POOL)
    out = send.BytesStream(POOL)
    out.send_heap(sent())
    stream.add_buffer_reader(out.getvalue())
    return next(stream.batches(2))


SHARED = receiving()
BATCHES = SHARED.batches(2)


def next_batch(_):
    """Of an iterator that others use at the same time."""
    feed(SHARED)
    feed(SHARED)
    try:
        assert next(BATCHES).heaps == 2
    except RuntimeError as error:
        assert "another thread" in str(error)


CASES = {
    "recv.Chunk": (
        recv.Chunk,
        Case(
            fresh,
            {
                "data =": lambda it: setattr(it, "data", bytearray(64)),
                "present =": lambda it: setattr(it, "present", bytearray(4)),
                "travel": travel,
            },
            check=is_whole,
        ),
    ),
    "recv.ChunkRingbuffer": (
        recv.ChunkRingbuffer,
        Case(lambda: ring(recv.ChunkRingbuffer), RING_CALLS, check=ring_counts),
    ),
    "recv.asyncio.ChunkRingbuffer": (
        heapwire.recv.asyncio.ChunkRingbuffer,
        Case(
            lambda: ring(heapwire.recv.asyncio.ChunkRingbuffer),
            {**RING_CALLS, "get": get_or_put_in_a_loop, "put": None, "__iter__": None},
            check=ring_counts,
        ),
    ),
    "recv.ChunkRingPair": (
        recv.ChunkRingPair,
        Case(stream, PAIR_CALLS, check=still_places, allowed=(heapwire.Full,)),
    ),
    "recv.ChunkRingStream": (
        recv.ChunkRingStream,
        Case(stream, {**PAIR_CALLS, **STREAM_CALLS}, check=still_places, allowed=(heapwire.Full,)),
    ),
    "recv.ChunkStreamRingGroup": (
        recv.ChunkStreamRingGroup,
        Case(group, GROUP_CALLS, check=still_places, allowed=(heapwire.Full,)),
    ),
    "recv.ChunkStreamGroupMember": (
        recv.ChunkStreamGroupMember,
        Case(
            lambda: group()[0],
            {**PAIR_CALLS, **STREAM_CALLS, "add_free_chunk": None},
            check=still_places,
        ),
    ),
    "recv.ChunkStreamConfig": (
        recv.ChunkStreamConfig,
        Case(
            lambda: recv.ChunkStreamConfig(place=linear()),
            {
                "place =": lambda it: setattr(it, "place", linear()),
                "enable_packet_presence": lambda it: it.enable_packet_presence(16),
                "use": lambda it: seldom(lambda: place(it, 1)),
            },
        ),
    ),
    "recv.ChunkStreamGroupConfig": (recv.ChunkStreamGroupConfig, Case(recv.ChunkStreamGroupConfig, {"use": new_group})),
    "recv.ItemValue": (recv.ItemValue, Case(lambda: SERIAL, {"__add__": reckon})),
    "recv.LinearPlacement": (recv.LinearPlacement, Case(linear, {"use": place_by})),
    "recv.PlaceCallback": (
        recv.PlaceCallback,
        Case(
            lambda: recv.PlaceCallback(STRNLEN),
            {
                "index": lambda it: it.index(STRNLEN),
                "count": lambda it: it.count(STRNLEN),
                "__eq__": lambda it: it == it,
                "__contains__": lambda it: STRNLEN in it,
                "__getitem__": lambda it: it[0],
                "__add__": lambda it: it + (),
                "use": lambda it: place_by(it, 0),
            },
        ),
    ),
    "recv.Batch": (
        recv.Batch,
        Case(
            batch,
            {
                "get": lambda it: it.get("a"),
                "__eq__": lambda it: it == it,
                "__contains__": lambda it: "a" in it,
                "__getitem__": lambda it: it["a"][0],
                "next": next_batch,
                "feed": lambda _: feed(SHARED),
            },
        ),
    ),
}
