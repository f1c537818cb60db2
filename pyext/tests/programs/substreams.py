# SPDX-License-Identifier: BSD-3-Clause
"""One stream with several destinations, heaps in groups, a receiver that keeps them apart by number."""

import logging

import spead2
import spead2.recv
import spead2.send

logging.disable()

WAYS = 4
pool = spead2.ThreadPool()
queues = [spead2.InprocQueue() for _ in range(WAYS)]
tx = spead2.send.InprocStream(pool, queues, spead2.send.StreamConfig(max_packet_size=200, max_heaps=4 * WAYS))
print(tx.num_substreams, [mine is its for mine, its in zip(queues, tx.queues)])


def heap_of(way, size):
    group = spead2.send.ItemGroup()
    group.add_item(0x1000, "bytes", "", (size,), dtype="u1", value=bytearray([way]) * size)
    return group.get_heap()


references = [
    spead2.send.HeapReference(heap_of(way, 300 + 100 * turn), cnt=10 * turn + way, substream_index=way)
    for turn in range(3)
    for way in range(WAYS)
]
print(references[5].cnt, references[5].substream_index, references[5].rate, type(references[5].heap).__name__)
everything = spead2.send.HeapReferenceList(references)
print(len(everything), len(everything[2::3]))
total = tx.send_heaps(everything, spead2.send.GroupMode.ROUND_ROBIN)
print("all", total > sum(300 + 100 * turn for turn in range(3)) * WAYS)
total -= tx.send_heaps(everything, spead2.send.GroupMode.SERIAL)
print("the same in another order", total == 0)
for mode in (spead2.send.GroupMode.SERIAL, spead2.send.GroupMode.ROUND_ROBIN):
    try:
        tx.send_heaps([], mode)
    except OSError as error:
        print(type(error).__name__, error.errno)
try:
    tx.send_heaps([spead2.send.HeapReference(heap_of(0, 8))] * (4 * WAYS + 1), spead2.send.GroupMode.SERIAL)
except BlockingIOError:
    print("too many at once")
for queue in queues:
    queue.stop()
try:
    tx.send_heap(heap_of(0, 8))
except OSError as error:
    print(type(error).__name__, error.errno)
for way, queue in enumerate(queues):
    rx = spead2.recv.Stream(pool, spead2.recv.StreamConfig(substreams=WAYS, max_heaps=3))
    rx.add_inproc_reader(queue)
    got = []
    for heap in rx:
        group = spead2.ItemGroup()
        group.update(heap)
        got.append((heap.cnt, len(group["bytes"].value), set(group["bytes"].value.tolist())))
    print(way, got)
