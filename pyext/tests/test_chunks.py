# SPDX-License-Identifier: BSD-3-Clause
"""Chunks and their rings, on both packages."""

import gc
import select
import threading
import weakref

import numpy as np
import pytest

import chunks_support as support
from chunks_support import both, capsule, chunk, compiled, lib  # noqa: F401 - a fixture


@both
def test_a_chunk_has_what_was_assigned(lib):
    data, present, extra = bytearray(8), np.zeros(2, bool), memoryview(bytearray(4))
    one = lib.recv.Chunk(data=data, present=present, extra=extra)
    assert one.data is data and one.present is present and one.extra is extra
    assert (one.chunk_id, one.stream_id) == (-1, 0)
    one.data = None
    assert one.data is None
    data.append(1)  # nobody looks at it any more
    one.chunk_id = -5
    assert one.chunk_id == -5


BAD_CHUNKS = {
    "positional": (lambda c: c(bytearray(1)), TypeError),
    "unknown": (lambda c: c(foo=1), TypeError),
    "read-only": (lambda c: c(data=b"12"), BufferError),
    "read-only array": (lambda c: c(present=np.broadcast_to(np.zeros(1, np.uint8), 4)), ValueError),
    "strided": (lambda c: c(data=np.zeros((4, 4))[:, ::2]), ValueError),
    "text": (lambda c: c(data="x"), TypeError),
    "id too large": (lambda c: c(chunk_id=1 << 63), TypeError),
    "negative stream": (lambda c: c(stream_id=-1), TypeError),
    "new attribute": (lambda c: setattr(c(), "foo", 1), AttributeError),
}


@both
@pytest.mark.parametrize("what", BAD_CHUNKS)
def test_a_chunk_refuses(lib, what):
    make, error = BAD_CHUNKS[what]
    with pytest.raises(error):
        make(lib.recv.Chunk)


@both
def test_a_ring_gives_back_the_same_object_with_its_attributes(lib):
    class Mine(lib.recv.Chunk):
        def __init__(self, name, **more):
            super().__init__(**more)
            self.name = name

    ring = lib.recv.ChunkRingbuffer(2)
    assert (ring.maxsize, ring.qsize(), ring.empty(), ring.full()) == (2, 0, True, False)
    ring.put(chunk(lib, lambda **more: Mine("first", **more)))  # nobody else has it
    second = chunk(lib, lambda **more: Mine("second", **more))
    data = second.data
    ring.put_nowait(second)
    assert second.data is None and second.present is None and ring.full()
    third = chunk(lib)
    with pytest.raises(lib.Full):
        ring.put_nowait(third)
    assert third.data is not None
    gc.collect()
    first = ring.get()
    assert type(first) is Mine and first.name == "first" and first.data.shape == (4, 16)
    assert ring.get_nowait() is second and second.data is data
    with pytest.raises(lib.Empty):
        ring.get_nowait()


@both
def test_a_ring_refuses_chunks_without_memory(lib):
    ring = lib.recv.ChunkRingbuffer(4)
    for bad in (lib.recv.Chunk(), lib.recv.Chunk(data=bytearray(1)), lib.recv.Chunk(present=bytearray(1))):
        with pytest.raises(ValueError):
            ring.put(bad)
        with pytest.raises(ValueError):
            ring.put_nowait(bad)
    for bad in (None, 1, object()):
        with pytest.raises(TypeError):
            ring.put(bad)
    one = chunk(lib)
    ring.put(one)
    with pytest.raises(ValueError):
        ring.put(one)
    with pytest.raises(TypeError):
        lib.recv.ChunkRingbuffer(-1)


@both
def test_a_stopped_ring_is_drained(lib):
    ring = lib.recv.ChunkRingbuffer(4)
    ring.put(chunk(lib))
    ring.put(chunk(lib))
    assert ring.stop() is True
    late = chunk(lib)
    for put in (ring.put, ring.put_nowait):
        with pytest.raises(lib.Stopped):
            put(late)
    assert late.data is not None
    ring.get()
    assert len(list(ring)) == 1
    for get in (ring.get, ring.get_nowait):
        with pytest.raises(lib.Stopped):
            get()


@both
def test_the_last_producer_stops_the_ring(lib):
    ring = lib.recv.ChunkRingbuffer(4)
    ring.add_producer()
    ring.add_producer()
    assert ring.remove_producer() is False
    assert ring.remove_producer() is True
    with pytest.raises(lib.Stopped):
        ring.get()


@both
def test_descriptors_of_a_ring_are_readable_while_there_is_something(lib):
    ring = lib.recv.ChunkRingbuffer(1)

    def ready(descriptor, seconds=0):
        return bool(select.select([descriptor], [], [], seconds)[0])

    assert not ready(ring.data_fd) and ready(ring.space_fd, 60)
    for _ in range(3):
        ring.put(chunk(lib))
        assert ready(ring.data_fd, 60) and not ready(ring.space_fd)
        ring.get()
        assert not ready(ring.data_fd) and ready(ring.space_fd, 60)
    ring.stop()
    assert ready(ring.data_fd, 60) and ready(ring.space_fd, 60)


@both
def test_a_blocked_get_and_a_blocked_put_go_on(lib):
    ring = lib.recv.ChunkRingbuffer(1)
    got = []
    thread = threading.Thread(target=lambda: got.extend(ring))
    thread.start()
    for number in range(20):
        one = chunk(lib)
        one.chunk_id = number
        ring.put(one)
    ring.stop()
    thread.join(60)
    assert [one.chunk_id for one in got] == list(range(20))


@both
def test_what_a_ring_holds_goes_with_it(lib):
    class Mine(lib.recv.Chunk):
        pass

    ring = lib.recv.ChunkRingbuffer(4)
    one = chunk(lib, Mine)
    gone = weakref.ref(one)
    ring.put(one)
    del one
    gc.collect()
    assert gone() is not None
    del ring
    gc.collect()
    assert gone() is None


@both
def test_the_configuration_has_defaults_and_limits(lib):
    recv = lib.recv
    config = recv.ChunkStreamConfig()
    assert (config.items, config.max_chunks, config.place, config.max_heap_extra) == ([], 2, None, 0)
    assert config.packet_presence_payload_size == 0 and recv.ChunkStreamConfig.DEFAULT_MAX_CHUNKS == 2
    config.items = (1, 2)
    assert config.items == [1, 2]
    config.enable_packet_presence(100)
    assert config.packet_presence_payload_size == 100
    config.disable_packet_presence()
    assert config.packet_presence_payload_size == 0
    for name, value, error in [
        ("max_chunks", 0, ValueError),
        ("max_chunks", -1, TypeError),
        ("items", None, TypeError),
        ("items", [-1], TypeError),
        ("max_heap_extra", -1, TypeError),
        ("packet_presence_payload_size", 3, AttributeError),
        ("enable_packet_presence", 3, AttributeError),
        ("nothing", 3, TypeError),
    ]:
        with pytest.raises(error):
            recv.ChunkStreamConfig(**{name: value})
    with pytest.raises(ValueError):
        config.enable_packet_presence(0)
    group = recv.ChunkStreamGroupConfig()
    assert group.max_chunks == 2 and group.eviction_mode is recv.ChunkStreamGroupConfig.EvictionMode.LOSSY
    for bad in ({"eviction_mode": 0}, {"max_chunks": -1}, {"foo": 1}):
        with pytest.raises(TypeError):
            recv.ChunkStreamGroupConfig(**bad)
    with pytest.raises(ValueError):
        recv.ChunkStreamGroupConfig(max_chunks=0)


@both
def test_place_is_checked(lib):
    config = lib.recv.ChunkStreamConfig()
    for place, error in [(5, TypeError), ((), IndexError), (("x",), TypeError), ("x", TypeError)]:
        with pytest.raises(error):
            config.place = place
    for name in (None, b"void (int)", b"void(void *, size_t)", b"void (void *, size_t) "):
        with pytest.raises(ValueError) as caught:
            config.place = (capsule(compiled().place, name),)
        if name:
            assert support.ONE.decode() in str(caught.value) and support.ONE_WITH.decode() in str(caught.value)
    for name in (support.ONE, support.ONE_WITH):
        for kind in (tuple, list):
            place = kind([capsule(compiled().place, name), "kept"])
            config.place = place
            assert config.place is place
    config.place = None
    assert config.place is None


@both
def test_streams_refuse_what_makes_no_sense(lib):
    recv = lib.recv
    ring = recv.ChunkRingbuffer(2)
    pool = lib.ThreadPool()
    good = support.config(lib)
    taken = recv.StreamConfig()
    taken.add_stat("too_old_heaps")
    for arguments, error in [
        ((pool, recv.StreamConfig(), recv.ChunkStreamConfig(), ring, ring), ValueError),
        ((pool, taken, good, ring, ring), ValueError),
        ((None, recv.StreamConfig(), good, ring, ring), TypeError),
        ((pool, recv.StreamConfig(), good, None, ring), TypeError),
        ((pool, recv.StreamConfig(), good, ring, None), TypeError),
        ((pool, recv.StreamConfig(), good), TypeError),
    ]:
        with pytest.raises(error):
            recv.ChunkRingStream(*arguments)
    for cls in (recv.ChunkRingPair, recv.ChunkStreamGroupMember):
        with pytest.raises(TypeError):
            cls()
