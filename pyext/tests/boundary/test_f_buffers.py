# SPDX-License-Identifier: BSD-3-Clause
"""F5, F6: memory that both sides look at."""

import asyncio
import gc
import time
import weakref

import numpy as np
import pytest

import heapwire
import heapwire.recv
import heapwire.send.asyncio
from boundary.children import times
from heapwire import send
from packets import heap
from things import heap_of


def test_f5_arrays_outlive_their_stream():
    payload = bytes(range(256)) * 1000
    kept = []
    for cnt in range(times(100)):
        pool = heapwire.ThreadPool()
        memory = heapwire.MemoryPool(1, len(payload), 2, 1)
        stream = heapwire.recv.Stream(pool, heapwire.recv.StreamConfig(memory_allocator=memory))
        stream.add_buffer_reader(heap(cnt, payload[:9000]))
        (item,) = stream.get().get_items()
        kept.append((np.asarray(item), memoryview(item)))
        del pool, memory, stream, item
    gc.collect()
    for array, view in kept:
        assert array.tobytes() == bytes(view) == payload[:9000]
        array[0] = 99  # it is the consumer's
        assert view[0] == 99


def resized(data, limit=50):
    """Wait until the last export is gone."""
    end = time.monotonic() + limit
    while True:
        try:
            data.append(0)
            return True
        except BufferError:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)


def test_f5_what_is_being_sent_or_read_cannot_be_resized():
    pool = heapwire.ThreadPool()
    stream = heapwire.send.asyncio.UdpStream(pool, [("127.0.0.1", 9)], send.StreamConfig(rate=1e6))

    async def main():
        data = bytearray(100000)  # 0.1 s
        future = stream.async_send_heap(heap_of((0x1000, data)))
        with pytest.raises(BufferError):
            data.append(0)
        await future
        assert resized(data)

    asyncio.run(main())
    data = bytearray(heap(1))
    reading = heapwire.recv.Stream(pool, heapwire.recv.StreamConfig(explicit_start=True))
    reading.add_buffer_reader(data)
    with pytest.raises(BufferError):
        data.append(0)
    reading.start()
    assert [h.cnt for h in reading] == [1]
    del reading
    assert resized(data)


def test_f6_the_last_reference_to_what_is_being_sent():
    """The array is dropped while a worker sends it: it lives until the send is done, arrives, and is gone then."""
    pool = heapwire.ThreadPool(2)
    queue = heapwire.InprocQueue()
    drain = heapwire.recv.Stream(pool)
    drain.add_inproc_reader(queue)
    stream = heapwire.send.asyncio.InprocStream(pool, [queue], send.StreamConfig(max_heaps=64))

    def send_one(value):
        array = np.full(100, value)
        return stream.async_send_heap(heap_of((0x1000, array))), weakref.ref(array)

    async def main():
        for burst in range(times(100_000) // 50):
            sent = []
            for i in range(50):
                sent.append(send_one(burst + i))
                assert all(future.done() or array() is not None for future, array in sent)
            await asyncio.gather(*[future for future, _ in sent])
            assert [array() for _, array in sent] == [None] * 50
            for i in range(50):
                (item,) = drain.get().get_items()
                assert (np.asarray(item).view(int) == burst + i).all()

    asyncio.run(main())
