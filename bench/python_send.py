#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What sending costs in Python, the same program on each package that is installed.

    python bench/python_send.py [PACKAGE...]        (default: heapwire spead2)

Rounds of the packages alternate, and the best round counts, because other programs only make it slower.
"""

import asyncio
import importlib
import socket
import sys
import time

ROUNDS = 5


class Value:
    """The least that add_item takes."""

    id = 0x1000

    def __init__(self, data):
        self._data = data

    def to_buffer(self):
        return self._data

    def allow_immediate(self):
        return False


class Bench:
    def __init__(self, name):
        self.name = name
        self.p = importlib.import_module(name)
        for part in ("send", "recv", "send.asyncio", "recv.asyncio"):
            importlib.import_module(f"{name}.{part}")
        self.pool = self.p.ThreadPool()

    def heap(self, size=1024):
        heap = self.p.send.Heap()
        heap.add_item(Value(bytes(size)))
        return heap

    def udp(self, n=5000):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
            sink.bind(("127.0.0.1", 0))
            stream = self.p.send.UdpStream(self.pool, [sink.getsockname()])
            return self.blocking(stream, n)

    def raw_udp(self, n=5000):
        """What the kernel asks for by itself; the same for every package."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink, socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM
        ) as source:
            sink.bind(("127.0.0.1", 0))
            send, data, to = source.sendto, bytes(1024 + 48), sink.getsockname()
            start = time.perf_counter()
            for _ in range(n):
                send(data, to)
            return (time.perf_counter() - start) / n

    def blocking(self, stream, n):
        heap, send = self.heap(), stream.send_heap
        send(heap)
        start = time.perf_counter()
        for _ in range(n):
            send(heap)
        return (time.perf_counter() - start) / n

    def inproc_round_trip(self, n=5000):
        queue = self.p.InprocQueue()
        stream = self.p.send.InprocStream(self.pool, [queue])
        receiver = self.p.recv.Stream(self.pool)
        receiver.add_inproc_reader(queue)
        heap = self.heap()
        start = time.perf_counter()
        for _ in range(n):
            stream.send_heap(heap)
            receiver.get()
        return (time.perf_counter() - start) / n

    def run_async(self, main):
        return asyncio.run(main())

    def asyncio_one(self, n=3000):
        return self.asyncio_send(n, 1)

    def asyncio_send(self, n=10000, flight=32):
        async def main():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
                sink.bind(("127.0.0.1", 0))
                stream = self.p.send.asyncio.UdpStream(
                    self.pool, [sink.getsockname()], self.p.send.StreamConfig(max_heaps=flight)
                )
                heap, send = self.heap(), stream.async_send_heap
                await send(heap)
                start = time.perf_counter()
                pending = []
                for _ in range(n // flight):
                    pending = [send(heap) for _ in range(flight)]
                    await pending[-1]
                return (time.perf_counter() - start) / n

        return self.run_async(main)

    def asyncio_pipeline(self, n=10000, flight=32):
        async def main():
            queue = self.p.InprocQueue()
            stream = self.p.send.asyncio.InprocStream(
                self.pool, [queue], self.p.send.StreamConfig(max_heaps=flight)
            )
            receiver = self.p.recv.asyncio.Stream(self.pool)
            receiver.add_inproc_reader(queue)
            heap, send = self.heap(), stream.async_send_heap

            async def produce():
                for _ in range(n // flight):
                    pending = [send(heap) for _ in range(flight)]
                    await pending[-1]
                queue.stop()

            async def consume():
                count = 0
                async for _ in receiver:
                    count += 1
                return count

            start = time.perf_counter()
            _, count = await asyncio.gather(produce(), consume())
            assert count == n // flight * flight
            return (time.perf_counter() - start) / n

        return self.run_async(main)


def main(names):
    benches = []
    for name in names:
        try:
            benches.append(Bench(name))
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    print(f"{'microseconds a heap of 1 KiB':40}" + "".join(f"{b.name:>12}" for b in benches) + f"{'ratio':>10}")
    for what in ("udp", "raw_udp", "inproc_round_trip", "asyncio_one", "asyncio_send", "asyncio_pipeline"):
        best = [min(times) for times in zip(*([getattr(b, what)() for b in benches] for _ in range(ROUNDS)))]
        ratio = f"{best[-1] / best[0]:10.1f}" if len(best) > 1 else ""
        print(f"{what:40}" + "".join(f"{t * 1e6:12.2f}" for t in best) + ratio, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["heapwire", "spead2"])
