# SPDX-License-Identifier: BSD-3-Clause
"""D: completions of sends on their way to event loops."""

import asyncio
import errno
import functools
import gc
import os
import random
import socket
import sys
import threading
import time
import weakref

import pytest

import heapwire
import heapwire.recv.asyncio
import heapwire.send.asyncio as aio
from boundary import loops
from boundary.children import FULL, run, times
from heapwire import send
from things import heap_of


def make(pool, **config):
    queue = heapwire.InprocQueue()
    return queue, aio.InprocStream(pool, [queue], send.StreamConfig(**config))


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d2_every_completion_arrives_once_and_in_order(flavour):
    """Several streams, whose completions come from several workers in bursts, on one loop."""
    pool = heapwire.ThreadPool(4)
    rng = random.Random(2)
    count = (10_000_000 if FULL else 100_000) // len(loops.LOOPS)

    async def main(port):
        streams = [aio.UdpStream(pool, [("127.0.0.1", port)], send.StreamConfig(max_heaps=64)) for _ in range(4)]
        last = [-1] * 4
        heap = heap_of((0x1000, bytes(100)))

        def done(which, number, future):
            assert future.result() > 100
            assert last[which] == number - 1
            last[which] = number

        sent = [0] * 4
        while sum(sent) < count:
            pending = []
            for which, stream in enumerate(streams):
                for _ in range(rng.randrange(1, 64)):
                    future = stream.async_send_heap(heap)
                    future.add_done_callback(functools.partial(done, which, sent[which]))
                    sent[which] += 1
                    pending.append(future)
            await asyncio.gather(*pending)
        await asyncio.sleep(0)  # the callbacks of the last ones
        assert last == [n - 1 for n in sent]

    complaints = []
    loop = loops.new_loop(flavour)
    loop.set_exception_handler(lambda loop, context: complaints.append(context))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        loop.run_until_complete(asyncio.wait_for(main(nobody.getsockname()[1]), 1000))
    loop.close()
    assert complaints == []


class Refusing(asyncio.Future):
    def set_result(self, result):
        raise ValueError("mine")


def refusing_loop(flavour):
    """A loop whose futures refuse their result now and then, once `armed`."""

    class Loop(type(loops.new_loop(flavour))):
        armed = False
        made = 0

        def create_future(self):
            self.made += self.armed
            return Refusing(loop=self) if self.armed and self.made % 100 == 50 else super().create_future()

    return Loop()


async def send_to_refusers(pool):
    loop = asyncio.get_running_loop()
    complaints = []
    loop.set_exception_handler(lambda loop, context: complaints.append(context["exception"]))
    _, stream = make(pool, max_heaps=1000)
    loop.armed = True
    futures = [stream.async_send_heap(send.Heap()) for _ in range(1000)]
    loop.armed = False
    await stream.async_flush()
    assert sum(f.done() for f in futures) == 990
    assert [str(c) for c in complaints] == ["mine"] * 10


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d3_one_future_that_refuses_its_result_does_not_stop_the_others(pool, flavour):
    loop = refusing_loop(flavour)
    loop.run_until_complete(asyncio.wait_for(send_to_refusers(pool), 60))
    loop.close()


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d3_the_same_under_anyio(pool, flavour):
    anyio = pytest.importorskip("anyio")
    if sys.version_info < (3, 11):
        pytest.skip("anyio takes a loop of one's own only from Python 3.11 on")
    pytest.importorskip(flavour)
    anyio.run(send_to_refusers, pool, backend_options={"loop_factory": lambda: refusing_loop(flavour)})


def test_d3_in_trio_sends_are_calls_in_threads_and_fail_one_by_one(pool):
    trio = pytest.importorskip("trio")
    stream = send.InprocStream(pool, [heapwire.InprocQueue()], send.StreamConfig(max_heaps=100))
    futures = aio.InprocStream(pool, [heapwire.InprocQueue()])
    heap = send.Heap()
    sizes, errors = [], []

    async def one(number):
        where = 7 if number % 10 == 5 else 0  # there is one substream
        try:
            sizes.append(await trio.to_thread.run_sync(lambda: stream.send_heap(heap, substream_index=where)))
        except OSError as error:
            errors.append(error.errno)

    async def main():
        with pytest.raises(RuntimeError):
            futures.async_send_heap(heap)  # there are none without a loop of asyncio
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                for number in range(100):
                    nursery.start_soon(one, number)

    trio.run(main)
    assert (sizes, errors) == ([49] * 90, [errno.EINVAL] * 10)


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


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d5_a_loop_that_closes_with_sends_in_flight_frees_everything(pool, flavour):
    queue, stream = make(pool, max_heaps=1000, rate=20e6, burst_size=1000)
    alive = []

    class Exporter(bytearray):
        pass

    async def main():
        for _ in range(1000):
            data = Exporter(1000)
            alive.append(weakref.ref(data))
            stream.async_send_heap(heap_of((0x1000, data)))

    loop = loops.new_loop(flavour)
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


def test_d6_workers_finish_sends_and_post_them_while_somebody_keeps_the_gil():
    run(
        """
import asyncio, ctypes, heapwire.send.asyncio, time
from things import heap_of
pool, receiving = heapwire.ThreadPool(), heapwire.ThreadPool()
queue = heapwire.InprocQueue()
stream = heapwire.send.asyncio.InprocStream(
    pool, [queue], heapwire.send.StreamConfig(max_heaps=1000, rate=4e5, burst_size=1000))
receiver = heapwire.recv.Stream(receiving, ring_config=heapwire.recv.RingStreamConfig(heaps=1000))
receiver.add_inproc_reader(queue)
async def main():
    futures = [stream.async_send_heap(heap_of((0x1000, bytes(1000)))) for _ in range(500)]  # takes over a second
    sys.setswitchinterval(1000)
    before = receiver.ringbuffer.size()
    for _ in range(100):  # on a busy machine, until a worker had its turn
        ctypes.PyDLL(None).usleep(200_000)  # keeps the GIL, if there is one
        # One that waits for the GIL in order to post would have come one heap further, not several.
        if receiver.ringbuffer.size() >= min(before + 10, 500):
            break
    else:
        raise AssertionError("the worker waited for the GIL")
    sys.setswitchinterval(0.005)
    sizes = await asyncio.wait_for(asyncio.gather(*futures), 60)
    assert len(set(sizes)) == 1
asyncio.run(main())
""",
    )


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d8_a_flood_of_completions_lets_the_loop_have_its_turn(pool, flavour):
    count = 5000
    landed = []

    async def main():
        loop = asyncio.get_running_loop()
        _, stream = make(pool, max_heaps=count)
        futures = [stream.async_send_heap(send.Heap()) for _ in range(count)]
        stream.flush()  # blocks the loop: all completions are there at once
        while not all(f.done() for f in futures):
            landed.append(sum(f.done() for f in futures))
            await asyncio.sleep(0)
        landed.append(count)

    loops.run(flavour, main())
    steps = [b - a for a, b in zip(landed, landed[1:])]
    most = 2 * 1024  # a turn may resolve what the descriptor tells of, and come by for heaps that were held
    assert 0 < max(steps) <= most
    assert len([s for s in steps if s]) >= count / most


def descriptors():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d7_loops_and_streams_that_come_and_go_leave_no_descriptor(pool, flavour):
    async def cycle():
        queue, stream = make(pool)
        receiver = heapwire.recv.asyncio.Stream(pool)
        receiver.add_inproc_reader(queue)
        await stream.async_send_heap(send.Heap())
        assert (await receiver.get()).cnt == 1

    def some(count):
        for _ in range(count):
            loops.run(flavour, cycle())
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
