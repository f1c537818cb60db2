#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What items cost in Python: rates of ItemGroup.update and of get_heap, for each package named.

    python bench/python_items.py heapwire spead2

Two items: an array of 1024 float32 and a float64 scalar. Rates are the best of several runs, in calls per second.
"""

import importlib
import sys
import time

import numpy as np


def best(function, calls, runs=7):
    """Calls per second in the fastest run."""
    fastest = float("inf")
    for _ in range(runs):
        begin = time.thread_time()
        for _ in range(calls):
            function()
        fastest = min(fastest, time.thread_time() - begin)
    return calls / fastest


def measure(name):
    """The rates of one package."""
    lib = importlib.import_module(name)
    importlib.import_module(name + ".send")
    importlib.import_module(name + ".recv")
    group = lib.send.ItemGroup()
    group.add_item(0x1000, "samples", "", (1024,), dtype="<f4", value=np.zeros(1024, "<f4"))
    group.add_item(0x1001, "time", "", (), dtype="<f8", value=1.5)

    def send_stale():
        group["time"].value = 2.5
        group["samples"].version += 1
        return group.get_heap()

    packets = b"".join(lib.send.PacketGenerator(group.get_heap(), 1, 1472))
    packets += b"".join(lib.send.PacketGenerator(group.get_heap("none", "all"), 2, 1472))
    stream = lib.recv.Stream(lib.ThreadPool())
    stream.add_buffer_reader(packets)
    described, plain = list(stream)
    receiver = lib.ItemGroup()
    receiver.update(described)
    return {
        "update, two items": best(lambda: receiver.update(plain), 20000),
        "update with two descriptors": best(lambda: receiver.update(described), 5000),
        "get_heap('none', 'all')": best(lambda: group.get_heap("none", "all"), 20000),
        "get_heap() after two changes": best(send_stale, 20000),
        "get_heap('all', 'all')": best(lambda: group.get_heap("all", "all"), 5000),
    }


def main():
    """Print a table."""
    names = sys.argv[1:] or ["heapwire", "spead2"]
    results = {name: measure(name) for name in names}
    print(f"{'M/s':32}" + "".join(f"{name:>12}" for name in names))
    for what in results[names[0]]:
        print(f"{what:32}" + "".join(f"{results[name][what] / 1e6:12.3f}" for name in names))


if __name__ == "__main__":
    main()
