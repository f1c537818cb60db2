# SPDX-License-Identifier: BSD-3-Clause
"""recv.asyncio.ChunkRingbuffer; what both packages do alike runs on both."""

import asyncio
import gc
import random
import threading
import weakref

import pytest

import heapwire
import heapwire.recv.asyncio
from chunks_support import both, chunk, heap, lib, ring_stream  # noqa: F401 - a fixture


def numbered(lib, number):
    one = chunk(lib)
    one.chunk_id = number
    return one


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 100))


@both
def test_get_put_and_iteration(lib):
    async def main():
        ring = lib.recv.asyncio.ChunkRingbuffer(2)
        assert isinstance(ring, lib.recv.ChunkRingbuffer)
        getting = asyncio.ensure_future(ring.get())
        await asyncio.sleep(0)
        await ring.put(numbered(lib, 0))
        assert (await getting).chunk_id == 0
        for number in (1, 2):
            await ring.put(numbered(lib, number))
        putting = asyncio.ensure_future(ring.put(numbered(lib, 3)))
        await asyncio.sleep(0.01)
        assert not putting.done() and ring.full()
        assert ring.get_nowait().chunk_id == 1
        await putting
        ring.stop()
        assert [one.chunk_id async for one in ring] == [2, 3]
        with pytest.raises(lib.Stopped):
            await ring.get()
        with pytest.raises(lib.Stopped):
            await ring.put(numbered(lib, 4))

    run(main())


@both
def test_waiters_are_served_in_turn_on_both_sides(lib):
    async def main():
        ring = lib.recv.asyncio.ChunkRingbuffer(1)
        getters = []
        for _ in range(4):
            getters.append(asyncio.ensure_future(ring.get()))
            await asyncio.sleep(0.01)
        getters.pop(1).cancel()
        for number in range(3):
            await ring.put(numbered(lib, number))
        assert [(await one).chunk_id for one in getters] == [0, 1, 2]
        await ring.put(numbered(lib, 0))
        putters = []
        for number in range(1, 5):
            putters.append(asyncio.ensure_future(ring.put(numbered(lib, number))))
            await asyncio.sleep(0.01)
        putters[1].cancel()
        assert [(await ring.get()).chunk_id for _ in range(4)] == [0, 1, 3, 4]

    run(main())


@both
def test_streams_take_such_rings_and_give_back_the_same_objects(lib):
    async def main():
        rings = [lib.recv.asyncio.ChunkRingbuffer(4) for _ in range(2)]
        stream, data = ring_stream(lib, rings=rings)
        assert stream.data_ringbuffer is rings[0] and stream.free_ringbuffer is rings[1]
        queue = lib.InprocQueue()
        stream.add_inproc_reader(queue)
        for _ in range(4):
            stream.add_free_chunk(chunk(lib))
        for serial in range(40):
            queue.add_packet(heap(serial))
        queue.stop()
        ids = []
        async for one in data:
            ids.append(one.chunk_id)
            stream.add_free_chunk(one)
        assert ids == list(range(10))

    run(main())


def test_all_waiters_learn_of_the_end_also_when_one_was_cancelled():
    complaints = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        ring = heapwire.recv.asyncio.ChunkRingbuffer(1)
        tasks = [asyncio.ensure_future(ring.get()) for _ in range(3)]
        await asyncio.sleep(0.01)
        tasks[1].cancel()
        ring.stop()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in done] == [heapwire.Stopped, asyncio.CancelledError, heapwire.Stopped]

    run(main())
    assert complaints == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_gets_and_puts_that_time_out_lose_nothing_and_double_nothing(seed):
    count = 1000

    async def main():
        rng = random.Random(seed)
        ring = heapwire.recv.asyncio.ChunkRingbuffer(3)
        pause = lambda: rng.choice([0, 0, 0.0002, 0.001])  # noqa: E731
        got = []

        async def put_all():
            for number in range(count):
                one = numbered(heapwire, number)
                while True:
                    try:
                        await asyncio.wait_for(ring.put(one), pause())
                        break
                    except asyncio.TimeoutError:
                        if one.data is None:  # it had gone in at the last moment
                            break
            ring.stop()

        async def get_all():
            while True:
                try:
                    got.append((await asyncio.wait_for(ring.get(), pause())).chunk_id)
                except asyncio.TimeoutError:
                    pass
                except heapwire.Stopped:
                    break

        await asyncio.gather(put_all(), get_all())
        return got

    assert run(main()) == list(range(count))


def test_two_loops_share_a_ring():
    ring = heapwire.recv.asyncio.ChunkRingbuffer(2)
    got = []

    async def consume():
        async for one in ring:
            got.append(one.chunk_id)

    threads = [threading.Thread(target=lambda: run(consume())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(300):
        heapwire.recv.ChunkRingbuffer.put(ring, numbered(heapwire, number))
    ring.stop()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(300))


def test_a_ring_goes_when_nobody_uses_it():
    ring = heapwire.recv.asyncio.ChunkRingbuffer(2)
    gone = weakref.ref(ring)

    async def use():
        await ring.put(numbered(heapwire, 1))
        await ring.get()

    run(use())
    del ring, use
    gc.collect()
    assert gone() is None
