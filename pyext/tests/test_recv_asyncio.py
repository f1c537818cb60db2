# SPDX-License-Identifier: BSD-3-Clause
import asyncio
import random
import threading

import pytest

import heapwire
import heapwire.recv.asyncio as recv
from packets import heap


def make(pool, **ring):
    queue = heapwire.InprocQueue()
    stream = recv.Stream(pool, ring_config=heapwire.recv.RingStreamConfig(**ring))
    stream.add_inproc_reader(queue)
    return queue, stream


def test_get_and_iteration(pool):
    async def main():
        queue, stream = make(pool)
        task = asyncio.ensure_future(stream.get())
        await asyncio.sleep(0)
        queue.add_packet(heap(1))
        assert (await task).cnt == 1
        for cnt in (2, 3):
            queue.add_packet(heap(cnt))
        queue.stop()
        assert [h.cnt async for h in stream] == [2, 3]
        with pytest.raises(heapwire.Stopped):
            await stream.get()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_waiters_are_served_first_come_first_served(pool):
    async def main():
        queue, stream = make(pool)
        tasks = []
        for _ in range(5):
            tasks.append(asyncio.ensure_future(stream.get()))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        tasks[2].cancel()
        for cnt in range(4):
            queue.add_packet(heap(cnt))
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(done.pop(2), asyncio.CancelledError)
        assert [h.cnt for h in done] == [0, 1, 2, 3]

    asyncio.run(asyncio.wait_for(main(), 60))


def test_all_waiters_learn_of_the_end_also_when_one_was_cancelled(pool):
    complaints = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        _, stream = make(pool)
        tasks = [asyncio.ensure_future(stream.get()) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks[1].cancel()
        stream.stop()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(d) for d in done] == [heapwire.Stopped, asyncio.CancelledError, heapwire.Stopped]

    asyncio.run(asyncio.wait_for(main(), 60))
    assert complaints == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_d1_a_get_that_times_out_loses_nothing(pool, seed):
    count = 2000

    async def main():
        rng = random.Random(seed)
        queue, stream = make(pool, heaps=64)

        def feed():
            for cnt in range(count):
                queue.add_packet(heap(cnt))
            queue.stop()

        feeder = threading.Thread(target=feed)
        feeder.start()
        got = []
        while True:
            try:
                got.append((await asyncio.wait_for(stream.get(), rng.choice([0, 0, 0.0002, 0.001, 0.01]))).cnt)
            except asyncio.TimeoutError:
                pass
            except heapwire.Stopped:
                break
        feeder.join()
        return got

    assert asyncio.run(asyncio.wait_for(main(), 100)) == list(range(count))


def test_d1_waiters_that_are_cancelled_at_random_lose_nothing(pool):
    count = 1000

    async def main():
        rng = random.Random(4)
        queue, stream = make(pool, heaps=16)
        got = []

        async def consume():
            async for h in stream:
                got.append(h.cnt)

        tasks = [asyncio.ensure_future(consume()) for _ in range(5)]
        for cnt in range(count):
            queue.add_packet(heap(cnt))
            if rng.random() < 0.3:
                victim = rng.randrange(5)
                tasks[victim].cancel()
                await asyncio.gather(tasks[victim], return_exceptions=True)
                tasks[victim] = asyncio.ensure_future(consume())
        queue.stop()
        await asyncio.gather(*tasks)
        return got

    assert sorted(asyncio.run(asyncio.wait_for(main(), 100))) == list(range(count))


def test_d4_two_loops_share_a_stream(pool):
    count = 500
    queue, stream = make(pool, heaps=16)
    got = []

    async def consume():
        async for h in stream:
            got.append(h.cnt)

    threads = [threading.Thread(target=lambda: asyncio.run(asyncio.wait_for(consume(), 60))) for _ in range(2)]
    for t in threads:
        t.start()
    for cnt in range(count):
        queue.add_packet(heap(cnt))
    queue.stop()
    for t in threads:
        t.join()
    assert sorted(got) == list(range(count))


def test_d4_one_loop_after_the_other(pool):
    queue, stream = make(pool)

    async def abandon():
        asyncio.ensure_future(stream.get())
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def one():
        return (await stream.get()).cnt

    for cnt in range(5):
        asyncio.run(abandon())
        queue.add_packet(heap(cnt))
        assert asyncio.run(asyncio.wait_for(one(), 60)) == cnt
