# SPDX-License-Identifier: BSD-3-Clause
"""Small heaps that a loop submits in one turn leave together, on the loop's own thread, and none stays behind."""

import asyncio
import socket
import subprocess
import sys

import pytest

import heapwire
import heapwire.recv.asyncio
import heapwire.send.asyncio
from things import heap_of

HEAPS = 300


def sender(pool, queue, max_heaps=HEAPS):
    config = heapwire.send.StreamConfig(max_heaps=max_heaps)
    stream = heapwire.send.asyncio.InprocStream(pool, [queue], config)
    stream.set_cnt_sequence(0, 1)
    return stream


def received(pool, queue):
    """The cnts in a queue that gets no more."""
    queue.stop()
    stream = heapwire.recv.Stream(pool)
    stream.add_inproc_reader(queue)
    return [heap.cnt for heap in stream]


@pytest.mark.parametrize("size", [100, 1000, 5000])  # 5000: more than is held at a time
def test_a_burst_is_done_in_order(pool, size):
    async def main():
        queue = heapwire.InprocQueue()
        stream, ended = sender(pool, queue), []
        heap = heap_of((0x1000, b"x" * size))
        futures = [stream.async_send_heap(heap) for _ in range(HEAPS)]
        for cnt, future in enumerate(futures):
            future.add_done_callback(lambda _, cnt=cnt: ended.append(cnt))
        assert min(await asyncio.gather(*futures)) > size
        assert ended == list(range(HEAPS))
        assert received(pool, queue) == list(range(HEAPS))

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_loop_that_does_not_come_back_holds_nothing_up(pool):
    async def main():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
            sink.bind(("127.0.0.1", 0))
            sink.settimeout(60)
            stream = heapwire.send.asyncio.UdpStream(pool, [sink.getsockname()])
            heap = heap_of((0x1000, b"x" * 100))
            for _ in range(3):
                futures = [stream.async_send_heap(heap) for _ in range(3)]
                for _ in futures:
                    assert sink.recv(65536)
                await asyncio.gather(*futures)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_loop_that_ends_holds_nothing_back(pool):
    queue = heapwire.InprocQueue()

    async def main():
        stream = sender(pool, queue)
        heap = heap_of((0x1000, b"x" * 100))
        stream.futures = [stream.async_send_heap(heap) for _ in range(4)]
        return stream

    loop = asyncio.new_event_loop()
    stream = loop.run_until_complete(main())
    loop.close()
    del stream  # waits for them
    assert received(pool, queue) == [0, 1, 2, 3]


def test_a_stream_that_goes_takes_nothing_with_it(pool):
    async def main():
        queue = heapwire.InprocQueue()
        stream = sender(pool, queue)
        heap = heap_of((0x1000, b"x" * 100))
        futures = [stream.async_send_heap(heap) for _ in range(4)]
        del stream
        assert len(await asyncio.gather(*futures)) == 4
        assert received(pool, queue) == [0, 1, 2, 3]

    asyncio.run(asyncio.wait_for(main(), 60))


def test_streams_of_one_loop_do_not_wait_for_each_other(pool):
    async def main():
        queues = [heapwire.InprocQueue() for _ in range(3)]
        streams = [sender(pool, queue) for queue in queues]
        heap = heap_of((0x1000, b"x" * 100))
        futures = [stream.async_send_heap(heap) for _ in range(10) for stream in streams]
        queues[1].stop()
        await streams[0].async_flush()
        await streams[2].async_flush()
        results = await asyncio.gather(*futures, return_exceptions=True)
        assert all(isinstance(result, int) for result in results[0::3] + results[2::3])
        assert all(isinstance(result, (int, OSError)) for result in results)
        assert received(pool, queues[0]) == received(pool, queues[2]) == list(range(10))

    asyncio.run(asyncio.wait_for(main(), 60))


def test_as_many_as_fit_are_never_refused(pool):
    async def main():
        queue = heapwire.InprocQueue()
        stream = sender(pool, queue, 4)
        heap = heap_of((0x1000, b"x" * 100))
        for _ in range(10):  # as many as fit
            assert len(set(await asyncio.gather(*[stream.async_send_heap(heap) for _ in range(4)]))) == 1
        assert received(pool, queue) == list(range(40))

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_queue_that_is_full_is_told(pool):
    async def main():
        queue = heapwire.InprocQueue()
        config = heapwire.send.StreamConfig(max_heaps=4, rate=1000, burst_size=0)
        stream = heapwire.send.asyncio.InprocStream(pool, [queue], config)
        heap = heap_of((0x1000, b"x" * 100))
        futures = [stream.async_send_heap(heap) for _ in range(10)]
        results = await asyncio.gather(*futures, return_exceptions=True)
        told = [result for result in results if isinstance(result, OSError)]
        assert told and all(isinstance(result, int) for result in results if result not in told)
        assert len(received(pool, queue)) == 10 - len(told)

    asyncio.run(asyncio.wait_for(main(), 60))

    asyncio.run(asyncio.wait_for(main(), 60))


def test_small_and_large_heaps_keep_their_order(pool):
    async def main():
        queue = heapwire.InprocQueue()
        stream = sender(pool, queue)
        heaps = [heap_of((0x1000, b"x" * size)) for size in (100, 20_000, 7000, 200_000)]
        futures = [stream.async_send_heap(heaps[i % 4]) for i in range(80)]
        await asyncio.gather(*futures)
        assert received(pool, queue) == list(range(80))

    asyncio.run(asyncio.wait_for(main(), 60))


PROGRAM = """
import asyncio, socket, sys
import heapwire.send.asyncio
async def main():
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(("127.0.0.1", 0))
    stream = heapwire.send.asyncio.UdpStream(heapwire.ThreadPool(), [sink.getsockname()])
    heap = heapwire.send.Heap()
    heap.add_start()
    kept.extend(stream.async_send_heap(heap) for _ in range(4))
    {end}
kept = []
asyncio.run(main())
"""


@pytest.mark.parametrize("end", ["return", "sys.exit(0)", "kept.append(stream); sys.exit(0)"])
def test_a_program_may_end_with_heaps_held(end):
    code = PROGRAM.replace("{end}", end)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
