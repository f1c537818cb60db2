# SPDX-License-Identifier: BSD-3-Clause
"""What a stream counts, what is missing from heaps, packets in another order; names and arithmetic of statistics."""

import logging

import spead2
import spead2.recv
import spead2.recv.stream_stat_indices as indices
import spead2.send

logging.disable()
pool = spead2.ThreadPool()


def packets(cnt, size=1000):
    heap = spead2.send.Heap(spead2.Flavour(4, 64, 48))
    heap.add_item(spead2.Item(0x1000, "x", "", (size,), dtype="u1", value=list(range(250)) * (size // 250)))
    return list(spead2.send.PacketGenerator(heap, cnt, 256))


def receive(data, out_of_order=False):
    config = spead2.recv.StreamConfig(max_heaps=2, allow_out_of_order=out_of_order, stream_id=7)
    index = config.add_stat("mine", spead2.recv.StreamStatConfig.Mode.MAXIMUM)
    assert index == config.get_stat_index("mine") == config.next_stat_index() - 1
    ring = spead2.recv.RingStreamConfig(heaps=16, contiguous_only=False, incomplete_keep_payload_ranges=True)
    stream = spead2.recv.Stream(pool, config, ring)
    stream.add_buffer_reader(b"".join(data))
    for heap in stream:
        if isinstance(heap, spead2.recv.IncompleteHeap):
            print(" part of", heap.cnt, heap.heap_length, heap.received_length, heap.payload_ranges)
        else:
            print(" whole", heap.cnt, len(bytes(heap.get_items()[0])))
    print(" ", stream.config.stream_id, stream.ring_config.heaps, stream.ringbuffer.capacity(), stream.ringbuffer.size())
    return stream.stats


whole, broken, mixed = packets(1), packets(2), packets(3)
print("in order")
a = receive(whole + broken[:2] + broken[3:] + mixed)
print("another order")
b = receive(whole[::-1] + broken[:2] + broken[3:] + mixed[1:] + mixed[:1], out_of_order=True)
for stats in (a, b):
    names = ("heaps", "incomplete_heaps_evicted", "incomplete_heaps_flushed", "packets", "single_packet_heaps", "mine")
    print({name: stats[name] for name in names}, len(stats), "mine" in stats, "yours" in stats)
print([config.name for config in a.config] == list(a) == list(a.keys()))
print(a[indices.HEAPS] == a.heaps == a["heaps"], a.get("nothing", "default"))
a["mine"], b["mine"] = 5, 3
c = a + b
a += b
print(c["heaps"] == a["heaps"], c["mine"], c.config[-1].combine(10, 20), c.config[0].combine(10, 20))
for bad in ("nothing", 99, -1):
    try:
        c[bad]
    except Exception as error:
        print(type(error).__name__)
try:
    c + spead2.recv.Stream(pool).stats
except ValueError:
    print("not of one kind")
