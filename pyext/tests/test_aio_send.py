# SPDX-License-Identifier: BSD-3-Clause
"""heapwire.send.asyncio."""

import asyncio
import errno
import gc
import socket
import threading
import weakref

import numpy as np
import pytest

import heapwire
import heapwire.recv.asyncio
import heapwire.send.asyncio as aio
from heapwire import send
from things import heap_of, udp_receiver

loops = [asyncio.new_event_loop]
try:
    import uvloop

    loops.append(uvloop.new_event_loop)
except ImportError:
    pass


@pytest.fixture(params=loops, ids=lambda f: f.__module__.partition(".")[0])
def run(request):
    """Like asyncio.run, with a limit that only catches hangs; fails if the loop's exception handler was called."""

    def run(coroutine, complaints=()):
        loop = request.param()
        seen = []
        loop.set_exception_handler(lambda loop, context: seen.append(context))
        try:
            return loop.run_until_complete(asyncio.wait_for(coroutine, 90))
        finally:
            loop.close()
            assert len(seen) == len(complaints), seen

    return run


def make(pool, **config):
    queue = heapwire.InprocQueue()
    return queue, aio.InprocStream(pool, [queue], send.StreamConfig(**config))


def test_send_and_receive(pool, run):
    async def main():
        queue, stream = make(pool)
        assert isinstance(stream, send.Stream)
        assert not hasattr(stream, "send_heap")
        assert stream.queues == [queue]
        receiver = heapwire.recv.asyncio.Stream(pool)
        receiver.add_inproc_reader(queue)
        sent = [stream.async_send_heap(send.Heap(), cnt=c) for c in (7, 9)]
        assert all(isinstance(s, asyncio.Future) for s in sent)
        assert await asyncio.gather(*sent) == [49, 49]
        queue.stop()
        return [h.cnt async for h in receiver]

    assert run(main()) == [7, 9]


def test_groups(pool, run):
    async def main():
        _, stream = make(pool)
        references = [send.HeapReference(send.Heap())] * 3
        assert await stream.async_send_heaps(references, send.GroupMode.SERIAL) == 3 * 49
        references = send.HeapReferenceList(references)
        assert await stream.async_send_heaps(references, mode=send.GroupMode.ROUND_ROBIN) == 3 * 49

    run(main())


def test_refusals_come_by_the_future_and_mistakes_are_raised(pool, run):
    async def main():
        queue, stream = make(pool, max_heaps=1)
        cases = [
            (lambda: stream.async_send_heap(send.Heap(), cnt=1 << 40), errno.EINVAL),
            (lambda: stream.async_send_heap(send.Heap(), substream_index=1), errno.EINVAL),
            (lambda: stream.async_send_heaps([], send.GroupMode.SERIAL), errno.EINVAL),
            (lambda: stream.async_send_heaps([send.HeapReference(send.Heap())] * 2, send.GroupMode.SERIAL), errno.EAGAIN),
        ]
        for call, number in cases:
            with pytest.raises(OSError) as raised:
                await call()
            assert raised.value.errno == number
        with pytest.raises(TypeError):
            stream.async_send_heap(None)
        small = aio.InprocStream(pool, [queue], send.StreamConfig(max_packet_size=48))
        with pytest.raises(ValueError):
            small.async_send_heap(send.Heap())
        await stream.async_flush()
        assert await stream.async_send_heap(send.Heap()) == 49
        queue.stop()
        with pytest.raises(OSError) as raised:
            await stream.async_send_heap(send.Heap())
        assert raised.value.errno == errno.ECANCELED

    run(main())


def test_without_a_loop_it_is_a_runtime_error(pool):
    _, stream = make(pool)
    with pytest.raises(RuntimeError):
        stream.async_send_heap(send.Heap())


def test_futures_complete_in_order(pool, run):
    async def main():
        _, stream = make(pool, max_heaps=100)
        done = []
        futures = [stream.async_send_heap(heap_of((0x1000, bytes(5000)))) for _ in range(100)]
        for i, future in enumerate(futures):
            future.add_done_callback(lambda _, i=i: done.append(i))
        await asyncio.gather(*futures)
        await asyncio.sleep(0)
        assert done == list(range(100))

    run(main())


def test_buffers_are_free_when_the_future_is_done(pool, run):
    async def main():
        _, stream = make(pool)
        data = bytearray(100000)
        future = stream.async_send_heap(heap_of((0x1000, data)))
        with pytest.raises(BufferError):
            data.append(1)
        await future
        data.append(1)

    run(main())


def test_f6_a_dropped_array_lives_until_it_was_sent(pool, run):
    async def main():
        # Slow enough that the heap is in flight when everything of the caller's is gone.
        _, stream = make(pool, rate=2e6, burst_size=1000)
        array = np.zeros(200000, np.uint8)
        alive = weakref.ref(array)
        future = stream.async_send_heap(heap_of((0x1000, array)))
        del array
        gc.collect()
        assert alive() is not None
        await future
        assert alive() is None

    run(main())


def test_a_heap_in_flight_cannot_be_changed(pool, run):
    async def main():
        _, stream = make(pool, rate=2e6, burst_size=1000)
        heap = heap_of((0x1000, bytes(100000)))
        future = stream.async_send_heap(heap)
        for change in (heap.add_start, heap.add_end, lambda: setattr(heap, "repeat_pointers", True)):
            with pytest.raises(RuntimeError):
                change()
        await future
        heap.add_end()

    run(main())


def test_a_cancelled_future_releases_its_buffers_too(pool, run):
    async def main():
        queue, stream = make(pool, rate=5e6, burst_size=1000)
        data = bytearray(100000)
        future = stream.async_send_heap(heap_of((0x1000, data)))
        future.cancel()
        await stream.async_flush()
        data.append(1)
        receiver = heapwire.recv.asyncio.Stream(pool)
        receiver.add_inproc_reader(queue)
        assert (await receiver.get()).cnt == 1  # it was sent nevertheless

    run(main())


def test_async_flush_waits_for_what_was_queued_before(pool, run):
    async def main():
        _, stream = make(pool, max_heaps=10, rate=5e6, burst_size=1000)
        await stream.async_flush()  # idle
        futures = [stream.async_send_heap(heap_of((0x1000, bytes(20000)))) for _ in range(5)]
        futures[-1].cancel()
        flush = asyncio.ensure_future(stream.async_flush())
        cancelled = asyncio.ensure_future(stream.async_flush())
        await asyncio.sleep(0)
        cancelled.cancel()
        await flush
        assert all(f.done() for f in futures)

    run(main())


def test_flush_blocks_without_the_gil(pool, run):
    async def main():
        _, stream = make(pool, rate=2e6, burst_size=1000)
        future = stream.async_send_heap(heap_of((0x1000, bytes(100000))))
        counted, over = [0], threading.Event()

        def count():
            while not over.is_set():
                counted[0] += 1

        counter = threading.Thread(target=count)
        counter.start()
        before = counted[0]
        stream.flush()
        assert counted[0] > before
        over.set()
        counter.join()
        assert not future.done()
        assert await future > 100000

    run(main())


def test_udp(pool, run):
    async def main():
        receiver, port = udp_receiver(pool, heapwire.recv.asyncio.Stream)
        stream = aio.UdpStream(pool, [("127.0.0.1", port)])
        await stream.async_send_heap(heap_of((0x1000, b"12345678")))
        assert bytes((await receiver.get()).get_items()[0]) == b"12345678"

    run(main())


def listener():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    return sock


def test_tcp_connect(pool, run):
    async def main():
        with listener() as sock:
            receiver = heapwire.recv.asyncio.Stream(pool)
            receiver.add_tcp_reader(sock)
            stream = await aio.TcpStream.connect(pool, [sock.getsockname()])
        assert type(stream) is aio.TcpStream
        await stream.async_send_heap(heap_of((0x1000, b"12345678")))
        assert (await receiver.get()).cnt == 1
        with pytest.raises(TypeError):
            aio.TcpStream(pool, [("127.0.0.1", 1)])
        for endpoints in ([], [("127.0.0.1", 1)] * 2):
            with pytest.raises(ValueError):
                await aio.TcpStream.connect(pool, endpoints)
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            with pytest.raises(ConnectionRefusedError):
                await aio.TcpStream.connect(pool, [bound.getsockname()])
        with pytest.raises(RuntimeError):
            await aio.TcpStream.connect(pool, [("127.0.0.1", 1)], interface_address="198.51.100.1")
        with pytest.raises(TypeError):
            await aio.TcpStream.connect(pool, [("127.0.0.1", 65536)])

    run(main())


def test_connecting_can_be_cancelled_at_any_step(pool, run):
    async def main():
        with listener() as sock:
            for steps in range(12):
                task = asyncio.ensure_future(aio.TcpStream.connect(pool, [sock.getsockname()]))
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            stream = await aio.TcpStream.connect(pool, [sock.getsockname()])
            assert await stream.async_send_heap(send.Heap()) == 49

    run(main())


def test_fd_and_process_callbacks(pool, run):
    async def main():
        _, stream = make(pool)
        assert isinstance(stream.fd, int)
        stream.process_callbacks()  # nothing to do, and does not block
        future = stream.async_send_heap(send.Heap())
        stream.flush()
        stream.process_callbacks()
        assert future.done()

    run(main())


def test_fd_and_process_callbacks_outside_of_loops(pool):
    _, stream = make(pool)
    assert hasattr(stream, "fd") and stream.fd == -1
    stream.process_callbacks()

    async def queue_one():
        return stream.async_send_heap(send.Heap()), stream.fd

    loop = asyncio.new_event_loop()
    future, fd = loop.run_until_complete(queue_one())
    assert stream.fd == fd
    stream.flush()
    stream.process_callbacks()
    assert future.done()
    loop.close()
    del loop, future
    gc.collect()
    assert stream.fd == -1


def test_loops_in_several_threads_share_a_stream(pool):
    _, stream = make(pool, max_heaps=64)
    errors = []

    async def main():
        for _ in range(50):
            sent = [stream.async_send_heap(send.Heap()) for _ in range(8)]
            await stream.async_flush()
            assert await asyncio.gather(*sent) == [49] * 8

    def work():
        try:
            asyncio.run(asyncio.wait_for(main(), 90))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []
    asyncio.run(asyncio.wait_for(stream.async_flush(), 90))
