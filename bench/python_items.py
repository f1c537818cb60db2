#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What items and received heaps cost in Python, for each package named.

    python bench/python_items.py [PACKAGE...]        (default: heapwire spead2)

Two items: an array of 1024 float32 and a float64 scalar. Rates are calls a second of one thread's time, the best of
several runs.
"""

import importlib
import sys
import time

import numpy as np

RUNS = 7


def best(function, calls, runs=RUNS):
    """Calls per second in the fastest run."""
    fastest = float("inf")
    for _ in range(runs):
        begin = time.thread_time()
        for _ in range(calls):
            function()
        fastest = min(fastest, time.thread_time() - begin)
    return calls / fastest


class Bench:
    """Each method answers one rate."""

    def __init__(self, name):
        self.lib = importlib.import_module(name)
        importlib.import_module(name + ".send")
        importlib.import_module(name + ".recv")
        self.group = group = self.lib.send.ItemGroup()
        group.add_item(0x1000, "samples", "", (1024,), dtype="<f4", value=np.zeros(1024, "<f4"))
        group.add_item(0x1001, "time", "", (), dtype="<f8", value=1.5)
        packets = b"".join(self.lib.send.PacketGenerator(group.get_heap(), 1, 1472))
        packets += b"".join(self.lib.send.PacketGenerator(group.get_heap("none", "all"), 2, 1472))
        self.described, self.plain = list(self.stream(packets))
        self.receiver = self.lib.ItemGroup()
        self.receiver.update(self.described)
        self.many = b"".join(
            b"".join(self.lib.send.PacketGenerator(group.get_heap("none", "all"), cnt, 8972)) for cnt in range(1, 2001)
        )
        small = self.lib.send.Heap()
        small.add_item(self.lib.Item(0x1000, "x", "", (1024,), dtype="u1", value=np.zeros(1024, "u1")))
        self.small = b"".join(b"".join(self.lib.send.PacketGenerator(small, c, 8972)) for c in range(1, 5001))

    def stream(self, packets, heaps=4):
        """With a ring that holds them all, so that only the consumer's side is measured."""
        stream = self.lib.recv.Stream(
            self.lib.ThreadPool(), ring_config=self.lib.recv.RingStreamConfig(heaps=heaps)
        )
        stream.add_buffer_reader(packets)
        return stream

    def consume(self, packets, heaps, use):
        """Heaps a second of the consumer's thread, when all are in the ring."""
        fastest = float("inf")
        for _ in range(RUNS):
            stream = self.stream(packets, heaps + 1)
            while stream.ringbuffer.size() < heaps:
                time.sleep(0.001)
            begin = time.thread_time()
            for heap in stream:
                use(heap)
            fastest = min(fastest, time.thread_time() - begin)
        return heaps / fastest

    def iterate(self):
        fastest = float("inf")
        for _ in range(RUNS):
            stream = self.stream(self.small, 5001)
            while stream.ringbuffer.size() < 5000:
                time.sleep(0.001)
            begin = time.thread_time()
            for _heap in stream:
                pass
            fastest = min(fastest, time.thread_time() - begin)
        return 5000 / fastest

    def iterate_and_update(self):
        return self.consume(self.many, 2000, self.receiver.update)

    def update(self):
        return best(lambda: self.receiver.update(self.plain), 20000)

    def update_described(self):
        return best(lambda: self.receiver.update(self.described), 5000)

    def get_heap(self):
        def change_and_get():
            self.group["time"].value = 2.5
            self.group["samples"].version += 1
            return self.group.get_heap()

        return best(change_and_get, 20000)

    def get_all(self):
        return best(lambda: self.group.get_heap("none", "all"), 20000)


def main():
    """Print a table."""
    benches = [Bench(name) for name in sys.argv[1:] or ["heapwire", "spead2"]]
    print(f"{'M/s':32}" + "".join(f"{bench.lib.__name__:>12}" for bench in benches))
    for what in ("iterate", "iterate_and_update", "update", "update_described", "get_heap", "get_all"):
        print(f"{what:32}" + "".join(f"{getattr(bench, what)() / 1e6:12.3f}" for bench in benches), flush=True)


if __name__ == "__main__":
    main()
