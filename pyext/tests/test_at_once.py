# SPDX-License-Identifier: BSD-3-Clause
"""What is there already is handed out at once, without a turn of the event loop, and without starving it."""

import asyncio
import errno

import pytest

import heapwire
import heapwire.recv.asyncio
import heapwire.send.asyncio
from things import heap_of

HEAPS = 500


def sender(pool, max_heaps=64):
    queue = heapwire.InprocQueue()
    config = heapwire.send.StreamConfig(max_heaps=max_heaps)
    return queue, heapwire.send.asyncio.InprocStream(pool, [queue], config)


def receiver(pool, queue, heaps=4, kind=heapwire.recv.asyncio.Stream):
    stream = kind(pool, ring_config=heapwire.recv.RingStreamConfig(heaps=heaps))
    stream.add_inproc_reader(queue)
    return stream


async def ticking(work):
    """How often the loop had its turn meanwhile; and the result."""
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticker = asyncio.ensure_future(tick())
    result = await work
    ticker.cancel()
    return ticks, result


def test_a_small_heap_is_sent_at_once(pool):
    async def main():
        _, stream = sender(pool)
        future = stream.async_send_heap(heap_of((0x1000, b"x" * 100)))
        assert future.done() and future.result() > 100
        assert await stream.async_flush() is None

    asyncio.run(main())


def test_who_awaits_one_after_the_other_does_not_starve_the_loop(pool):
    async def main():
        _, stream = sender(pool)
        heap = heap_of((0x1000, b"x" * 100))

        async def send():
            return [await stream.async_send_heap(heap) for _ in range(HEAPS)]

        ticks, sizes = await ticking(send())
        assert len(sizes) == HEAPS and len(set(sizes)) == 1
        assert ticks >= HEAPS // 40

    asyncio.run(asyncio.wait_for(main(), 60))


def test_futures_end_in_order_whichever_way_they_go(pool):
    async def main():
        queue, stream = sender(pool)
        stream.set_cnt_sequence(0, 1)
        heap, ended, futures = heap_of((0x1000, b"x" * 100)), [], []
        for cnt in range(HEAPS):
            future = stream.async_send_heap(heap)
            future.add_done_callback(lambda _, cnt=cnt: ended.append(cnt))
            futures.append(future)  # held: a burst
            if cnt % 7 == 0:
                futures.clear()
                await future
        await stream.async_flush()
        await asyncio.sleep(0)
        assert ended == list(range(HEAPS))
        queue.stop()
        assert [got.cnt async for got in receiver(pool, queue)] == list(range(HEAPS))

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_heap_that_cannot_be_sent_says_so_at_once(pool):
    async def main():
        queue, stream = sender(pool)
        queue.stop()
        for _ in range(3):
            with pytest.raises(OSError) as raised:
                await stream.async_send_heap(heap_of((0x1000, b"x")))
            assert raised.value.errno == errno.ECANCELED

    asyncio.run(main())


def test_large_heaps_and_limited_rates_go_to_a_worker(pool):
    async def main():
        _, stream = sender(pool)
        assert await stream.async_send_heap(heap_of((0x1000, b"x" * 1_000_000))) > 1_000_000
        config = heapwire.send.StreamConfig(rate=1e6, burst_size=0)
        slow = heapwire.send.asyncio.InprocStream(pool, [heapwire.InprocQueue()], config)
        sizes = [await slow.async_send_heap(heap_of((0x1000, b"x" * 5000))) for _ in range(4)]
        assert min(sizes) > 5000

    asyncio.run(asyncio.wait_for(main(), 60))


def test_who_always_finds_a_heap_does_not_starve_the_loop(pool):
    async def main():
        queue, stream = sender(pool, HEAPS)
        heaps = receiver(pool, queue, HEAPS)
        heap = heap_of((0x1000, b"x"))
        await asyncio.gather(*[stream.async_send_heap(heap) for _ in range(HEAPS)])
        queue.stop()
        while heaps.ringbuffer.size() < HEAPS:
            await asyncio.sleep(0.001)

        async def take():
            return [heap.cnt async for heap in heaps]

        ticks, cnts = await ticking(take())
        assert cnts == list(range(1, HEAPS + 1))
        assert ticks >= HEAPS // 40

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_stream_with_its_own_get_is_iterated_by_it(pool):
    class Counting(heapwire.recv.asyncio.Stream):
        got = 0

        async def get(self):
            heap = await super().get()
            self.got += 1
            return heap

    async def main():
        queue, stream = sender(pool)
        heaps = receiver(pool, queue, kind=Counting)
        for _ in range(5):
            await stream.async_send_heap(heap_of((0x1000, b"x")))
        queue.stop()
        assert len([heap async for heap in heaps]) == heaps.got == 5

    asyncio.run(asyncio.wait_for(main(), 60))


def test_what_iteration_answers_is_awaited_once(pool):
    async def main():
        queue, stream = sender(pool)
        heaps = receiver(pool, queue)
        await stream.async_send_heap(heap_of((0x1000, b"x")), cnt=9)
        while heaps.ringbuffer.size() == 0:
            await asyncio.sleep(0.001)
        heaps._waiters().loop_ran()
        ready = heaps.__anext__()
        assert (await ready).cnt == 9
        with pytest.raises(RuntimeError, match="already awaited"):
            await ready

    asyncio.run(asyncio.wait_for(main(), 60))
