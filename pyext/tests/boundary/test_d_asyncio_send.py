# SPDX-License-Identifier: BSD-3-Clause
"""D: completions of sends on their way to event loops. (Receiving is in test_recv_asyncio.py.)"""

import asyncio
import gc
import os
import random
import threading
import time
import weakref

import pytest

import heapwire
import heapwire.recv.asyncio
import heapwire.send.asyncio as aio
from boundary.children import run, times
from heapwire import send
from things import heap_of


def make(pool, **config):
    queue = heapwire.InprocQueue()
    return queue, aio.InprocStream(pool, [queue], send.StreamConfig(**config))


def test_d2_every_completion_arrives_once_and_in_order():
    """Several streams, whose completions come from several workers, on one loop."""
    pool = heapwire.ThreadPool(4)
    rng = random.Random(2)

    async def main():
        streams = [make(pool, max_heaps=64)[1] for _ in range(4)]
        done = [[] for _ in streams]
        heap = heap_of((0x1000, bytes(100)))
        for burst in range(times(2000)):
            pending = []
            for which, stream in enumerate(streams):
                for i in range(rng.randrange(1, 64)):
                    future = stream.async_send_heap(heap)
                    mark = (burst, i)
                    future.add_done_callback(lambda _, to=done[which], mark=mark: to.append(mark))
                    pending.append(future)
            await asyncio.gather(*pending)
        await asyncio.sleep(0)
        for marks in done:
            assert marks == sorted(marks)
        return sum(map(len, done))

    assert asyncio.run(asyncio.wait_for(main(), 100)) > times(2000) * 4


def test_d3_one_future_that_refuses_its_result_does_not_stop_the_others(pool):
    class Refusing(asyncio.Future):
        def set_result(self, result):
            raise ValueError("mine")

    async def main():
        loop = asyncio.get_running_loop()
        complaints = []
        loop.set_exception_handler(lambda loop, context: complaints.append(context["exception"]))
        _, stream = make(pool, max_heaps=1000)
        count = 0

        def create_future():
            nonlocal count
            count += 1
            return (Refusing if count % 100 == 50 else asyncio.Future)(loop=loop)

        original, loop.create_future = loop.create_future, create_future
        futures = [stream.async_send_heap(send.Heap()) for _ in range(1000)]
        loop.create_future = original
        await stream.async_flush()
        assert sum(f.done() for f in futures) == 990
        assert [str(c) for c in complaints] == ["mine"] * 10

    asyncio.run(asyncio.wait_for(main(), 60))


def test_d4_one_stream_in_several_loops_one_after_the_other(pool):
    _, stream = make(pool, max_heaps=10)

    async def some(leave_behind):
        sent = [stream.async_send_heap(send.Heap()) for _ in range(3)]
        if leave_behind:
            return
        assert await asyncio.gather(*sent) == [49] * 3
        await stream.async_flush()

    for i in range(5):
        asyncio.run(asyncio.wait_for(some(i % 2), 60))
        stream.flush()


def test_d4_streams_of_loops_in_several_threads(pool):
    def work():
        async def main():
            _, stream = make(pool, max_heaps=32)
            for _ in range(50):
                await asyncio.gather(*(stream.async_send_heap(send.Heap()) for _ in range(32)))

        try:
            asyncio.run(asyncio.wait_for(main(), 90))
        except BaseException as error:
            errors.append(error)

    errors = []
    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []


@pytest.mark.parametrize("flavour", ["asyncio", "uvloop"])
def test_d5_a_loop_that_closes_with_sends_in_flight_frees_everything(pool, flavour):
    new_loop = pytest.importorskip(flavour).new_event_loop
    queue, stream = make(pool, max_heaps=1000, rate=20e6, burst_size=1000)
    alive = []

    class Exporter(bytearray):
        pass

    async def main():
        for _ in range(1000):
            data = Exporter(1000)
            alive.append(weakref.ref(data))
            stream.async_send_heap(heap_of((0x1000, data)))

    loop = new_loop()
    loop.run_until_complete(main())
    loop.close()
    del loop
    gc.collect()
    stream.flush()
    limit = time.monotonic() + 60
    while any(a() is not None for a in alive):
        gc.collect()
        assert time.monotonic() < limit
        time.sleep(0.01)
    queue.stop()
    receiver = heapwire.recv.Stream(pool)
    receiver.add_inproc_reader(queue)
    assert sum(1 for _ in receiver) == 1000


def test_d5_exit_with_sends_in_flight():
    run(
        """
import asyncio, heapwire.send.asyncio
from things import heap_of
pool = heapwire.ThreadPool()
stream = heapwire.send.asyncio.InprocStream(
    pool, [heapwire.InprocQueue()], heapwire.send.StreamConfig(max_heaps=1000, rate=1e5))
async def main():
    for _ in range(1000):
        stream.async_send_heap(heap_of((0x1000, bytes(1000))))
asyncio.run(main())
""",
    )


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def test_d7_loops_and_streams_that_come_and_go_leave_no_descriptor(pool):
    async def cycle():
        queue, stream = make(pool)
        receiver = heapwire.recv.asyncio.Stream(pool)
        receiver.add_inproc_reader(queue)
        await stream.async_send_heap(send.Heap())
        assert (await receiver.get()).cnt == 1

    def some(count):
        for _ in range(count):
            asyncio.run(asyncio.wait_for(cycle(), 60))
        gc.collect()

    some(5)
    before = descriptors()
    some(times(1000))
    assert descriptors() <= before + 2  # the log thread and others may come and go


def test_d7_a_debug_loop_prints_nothing():
    run(
        """
import asyncio, warnings
warnings.simplefilter("error")
import heapwire.recv.asyncio, heapwire.send.asyncio
pool = heapwire.ThreadPool()
async def main():
    queue = heapwire.InprocQueue()
    stream = heapwire.send.asyncio.InprocStream(pool, [queue])
    receiver = heapwire.recv.asyncio.Stream(pool)
    receiver.add_inproc_reader(queue)
    for _ in range(100):
        await stream.async_send_heap(heapwire.send.Heap())
        await receiver.get()
for _ in range(3):
    asyncio.run(main(), debug=True)
""",
    )
