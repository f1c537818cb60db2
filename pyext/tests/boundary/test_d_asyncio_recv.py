# SPDX-License-Identifier: BSD-3-Clause
"""D: heaps on their way to event loops. A wait that is given up loses nothing, on any loop."""

import asyncio
import contextlib
import gc
import random
import sys
import threading

import pytest

import heapwire
import heapwire.recv.asyncio
from boundary import loops
from boundary.children import times
from packets import heap


@contextlib.contextmanager
def fed(stream_type, count, **ring):
    """A stream that gets so many heaps from another thread, and then ends."""
    queue = heapwire.InprocQueue()
    stream = stream_type(heapwire.ThreadPool(), ring_config=heapwire.recv.RingStreamConfig(**ring))
    stream.add_inproc_reader(queue)

    def feed():
        for cnt in range(count):
            queue.add_packet(heap(cnt))
        queue.stop()

    feeder = threading.Thread(target=feed)
    feeder.start()
    yield stream
    feeder.join()


def patience(rng):
    """Seconds to wait for a heap: often none at all, never a millisecond."""
    return rng.choice([0, rng.uniform(0, 0.001)])


async def get_in_time(stream, seconds):
    """The cnt of the next heap, or None."""
    try:
        if hasattr(asyncio, "timeout"):
            async with asyncio.timeout(seconds):
                return (await stream.get()).cnt
        return (await asyncio.wait_for(stream.get(), seconds)).cnt
    except asyncio.TimeoutError:
        return None


@pytest.mark.parametrize("flavour", loops.LOOPS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_d1_a_get_that_times_out_loses_nothing(flavour, seed):
    rng, count, got = random.Random(seed), times(20000), []

    async def main(stream):
        with contextlib.suppress(heapwire.Stopped):
            while True:
                got.append(await get_in_time(stream, patience(rng)))

    with fed(heapwire.recv.asyncio.Stream, count, heaps=64) as stream:
        loops.run(flavour, main(stream), 600)
    assert [cnt for cnt in got if cnt is not None] == list(range(count))


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d1_an_iteration_that_is_dropped_or_cancelled_before_its_first_step_loses_nothing(flavour):
    count, got = times(400), []

    async def main(stream):
        while stream.ringbuffer.size() < count:
            await asyncio.sleep(0.001)
        with contextlib.suppress(StopAsyncIteration):
            while True:
                stream.__anext__().close()
                with contextlib.suppress(asyncio.TimeoutError):
                    got.append((await asyncio.wait_for(stream.__anext__(), 0)).cnt)
                task = asyncio.create_task(stream.__anext__())
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    got.append((await task).cnt)
                got.append((await asyncio.create_task(stream.__anext__())).cnt)

    with fed(heapwire.recv.asyncio.Stream, count, heaps=count) as stream:
        loops.run(flavour, main(stream))
    assert got == list(range(count))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_d1_the_same_in_trio_by_the_descriptor(seed):
    trio = pytest.importorskip("trio")
    rng, count, got = random.Random(seed), times(20000), []

    async def main(stream):
        with trio.fail_after(600):
            while True:
                with trio.move_on_after(patience(rng)):
                    await trio.lowlevel.wait_readable(stream.fd)
                    try:
                        got.append(stream.get_nowait().cnt)  # nothing is awaited between here and the end
                    except heapwire.Empty:
                        pass
                    except heapwire.Stopped:
                        return

    with fed(heapwire.recv.Stream, count, heaps=64) as stream:
        trio.run(main, stream)
    assert got == list(range(count))


@pytest.mark.parametrize("flavour", loops.ANYIO)
def test_d1_the_same_in_anyio_by_the_descriptor(flavour):
    anyio = pytest.importorskip("anyio")
    rng, count, got = random.Random(4), times(20000), []

    with fed(heapwire.recv.Stream, count, heaps=64) as stream:

        async def main():
            while True:
                with anyio.move_on_after(patience(rng)):
                    await anyio.wait_readable(stream.fd)
                    try:
                        got.append(stream.get_nowait().cnt)
                    except heapwire.Empty:
                        pass
                    except heapwire.Stopped:
                        return

        loops.run_anyio(flavour, main, 600)
    assert got == list(range(count))


@pytest.mark.parametrize("flavour", ["anyio on asyncio", "anyio on uvloop"])
def test_d1_the_scopes_of_anyio_around_our_own_coroutine(flavour):
    """They cancel again and again, until the task has left the scope."""
    anyio = pytest.importorskip("anyio")
    rng, count, got = random.Random(5), times(20000), []

    with fed(heapwire.recv.asyncio.Stream, count, heaps=64) as stream:

        async def main():
            with contextlib.suppress(heapwire.Stopped):
                while True:
                    with anyio.move_on_after(patience(rng)):
                        got.append((await stream.get()).cnt)

        loops.run_anyio(flavour, main, 600)
    assert got == list(range(count))


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d1_waiters_that_are_cancelled_at_random_lose_nothing(flavour):
    count, rng = times(10000), random.Random(6)
    got = []

    async def main(queue, stream):
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

    queue = heapwire.InprocQueue()
    stream = heapwire.recv.asyncio.Stream(
        heapwire.ThreadPool(), ring_config=heapwire.recv.RingStreamConfig(heaps=16)
    )
    stream.add_inproc_reader(queue)
    loops.run(flavour, main(queue, stream), 600)
    assert sorted(got) == list(range(count))


@pytest.mark.parametrize("flavours", [["asyncio", "asyncio"], ["asyncio", "uvloop"]])
def test_d4_two_loops_share_a_stream(flavours):
    count, got, errors = 500, [], []

    async def consume(stream):
        async for h in stream:
            got.append(h.cnt)

    def work(flavour):
        try:
            loops.run(flavour, consume(stream))
        except BaseException as error:
            errors.append(error)

    for flavour in flavours:
        pytest.importorskip(flavour)
    with fed(heapwire.recv.asyncio.Stream, count, heaps=16) as stream:
        threads = [threading.Thread(target=work, args=(flavour,)) for flavour in flavours]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert errors == []
    assert sorted(got) == list(range(count))


def test_d4_each_of_two_loops_gets_the_heap_it_alone_waits_for():
    """A heap must wake the loop that waits, not the one that was there first."""
    queue = heapwire.InprocQueue()
    stream = heapwire.recv.asyncio.Stream(heapwire.ThreadPool())
    stream.add_inproc_reader(queue)
    both = threading.Barrier(2)
    done = threading.Event()
    errors = []

    def first():
        async def main():
            queue.add_packet(heap(0))
            assert (await stream.get()).cnt == 0
            both.wait(60)
            while not done.is_set():  # the loop is alive, and waits for nothing of the stream
                await asyncio.sleep(0.001)

        run(main())

    def second():
        async def main():
            both.wait(60)
            for cnt in range(1, 20):
                task = asyncio.ensure_future(stream.get())
                await asyncio.sleep(0.001)
                queue.add_packet(heap(cnt))
                assert (await task).cnt == cnt

        run(main())
        done.set()

    def run(main):
        try:
            asyncio.run(asyncio.wait_for(main, 60))
        except BaseException as error:
            errors.append(error)
            done.set()

    threads = [threading.Thread(target=work) for work in (first, second)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d4_one_loop_after_the_other_and_a_waiter_left_behind(flavour, pool):
    queue = heapwire.InprocQueue()
    stream = heapwire.recv.asyncio.Stream(pool)
    stream.add_inproc_reader(queue)

    async def abandon():
        asyncio.ensure_future(stream.get())
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def one():
        return (await stream.get()).cnt

    for cnt in range(5):
        loop = loops.new_loop(flavour)
        loop.run_until_complete(abandon())
        queue.add_packet(heap(cnt))
        assert loops.run(flavour, one()) == cnt
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d4_a_waiter_that_is_thrown_away_outside_of_its_loop_complains_of_nothing(flavour, pool, monkeypatch):
    queue = heapwire.InprocQueue()
    stream = heapwire.recv.asyncio.Stream(pool)
    stream.add_inproc_reader(queue)
    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)

    async def one():
        return (await stream.get()).cnt

    loop = loops.new_loop(flavour)
    waiter = stream.get()

    async def begin():
        waiter.send(None)  # gives way
        waiter.send(None)  # waits

    loop.run_until_complete(begin())
    del waiter
    gc.collect()
    queue.add_packet(heap(1))
    assert loop.run_until_complete(asyncio.wait_for(one(), 60)) == 1
    loop.close()
    assert complaints == []


@pytest.mark.parametrize("flavour", loops.LOOPS)
def test_d8_a_consumer_that_always_finds_a_heap_lets_the_loop_have_its_turn(flavour):
    count = 3000
    rounds = taken = longest = 0
    over = False

    async def main(stream):
        nonlocal over
        loop = asyncio.get_running_loop()

        def every_round():
            nonlocal rounds, taken, longest
            rounds += 1
            longest, taken = max(longest, taken), 0
            if not over:
                loop.call_soon(every_round)

        async def consume():
            nonlocal taken
            async for _ in stream:
                taken += 1

        while stream.ringbuffer.size() < count:
            await asyncio.sleep(0.001)
        loop.call_soon(every_round)
        await consume()
        over = True

    with fed(heapwire.recv.asyncio.Stream, count, heaps=count) as stream:
        loops.run(flavour, main(stream))
    assert longest <= 64
    assert rounds >= count / 64
