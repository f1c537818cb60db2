# SPDX-License-Identifier: BSD-3-Clause
import asyncio

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
