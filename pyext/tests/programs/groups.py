# SPDX-License-Identifier: BSD-3-Clause
"""What becomes of item groups when descriptors come again, change, or are replaced; when values are stale."""

import logging

import numpy as np
import spead2
import spead2.recv
import spead2.send

logging.disable()
pool = spead2.ThreadPool()


def through(*heaps):
    """The heaps on the other side."""
    wire = spead2.send.BytesStream(pool)
    for heap in heaps:
        wire.send_heap(heap)
    stream = spead2.recv.Stream(pool)
    stream.add_buffer_reader(wire.getvalue())
    return list(stream)


def show(what, updated, group):
    print(what, {name: np.asarray(item.value).tolist() for name, item in updated.items()}, len(group))


tx, rx = spead2.send.ItemGroup(descriptor_frequency=3), spead2.ItemGroup()
a = tx.add_item(None, "a", "first", (), format=[("u", 40)], value=1)
b = tx.add_item(None, "b", "second", (2, 2), dtype=">i4", value=np.arange(4).reshape(2, 2))
print(hex(a.id), hex(b.id), "a" in tx, 0x1001 in tx, "c" in tx, tx[np.int64(0x1000)] is a)
for turn in range(5):
    a.value = turn
    if turn == 3:
        b.value = np.full((2, 2), 7)
    (heap,) = through(tx.get_heap())
    show(turn, rx.update(heap), rx)
    print([hex(d.id) for d in heap.get_descriptors()], a.version, b.version)
for descriptors in ("stale", "all", "none"):
    for data in ("stale", "all", "none"):
        (heap,) = through(tx.get_heap(descriptors, data))
        print(descriptors, data, len(heap.get_descriptors()), len(heap.get_items()))

same = tx.add_item(a.id, "a", "first", (), format=[("u", 40)], value=50)
print("the same again", same is a, tx["a"] is a, a.value, a.version)
before = rx["a"].version
other = tx.add_item(a.id, "renamed", "first", (3,), dtype="<f4", value=[1, 2, 3])
show("renamed", rx.update(through(tx.get_heap())[0]), rx)
print("a" in rx, sorted(rx.keys()), rx["renamed"].version > before)
tx.add_item(0x2000, "renamed", "elsewhere", (None,), format=[("c", 8)], value="text")
show("moved", rx.update(through(tx.get_heap())[0]), rx)
print([(hex(i), item.name) for i, item in sorted(zip(rx.ids(), rx.values()))])

start, end = tx.get_start(), tx.get_end()
(heap,) = through(start, end)
print(heap.is_start_of_stream(), heap.is_end_of_stream())
for bad in ({"data": "new"}, {"descriptors": ""}, {"nothing": 1}):
    try:
        tx.get_heap(**bad)
    except Exception as error:
        print(type(error).__name__)
for shape, how, value in (
    ((2,), {"dtype": "<i4"}, [1, 2, 3]),
    ((), {"format": [("u", 12)]}, 5000),
    ((), {"dtype": "<i2"}, 1 << 20),
    ((None,), {"format": [("c", 8)]}, "\u20ac"),
):
    try:
        spead2.Item(1, "x", "", shape, value=value, **how).to_buffer()
    except Exception as error:
        print(type(error).__name__)
