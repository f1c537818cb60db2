# SPDX-License-Identifier: BSD-3-Clause
"""Pools and allocators; what an array received keeps alive; streams that are bytes."""

import gc
import logging
import weakref

import numpy as np
import spead2
import spead2.recv
import spead2.send

logging.disable()

pool = spead2.ThreadPool(2, [])
allocators = {
    "plain": spead2.MemoryAllocator(),
    "mmap": spead2.MmapAllocator(),
    "huge": spead2.MmapAllocator(prefer_huge=True),
    "pool": spead2.MemoryPool(4096, 1 << 20, 8, 4),
    "pool of mmap": spead2.MemoryPool(1, 1 << 20, 4, 2, spead2.MmapAllocator()),
}
print(allocators["pool"].warn_on_empty, isinstance(allocators["pool"], spead2.MemoryAllocator))
allocators["pool"].warn_on_empty = False

wire = spead2.send.BytesStream(pool, spead2.send.StreamConfig(max_packet_size=4096))
group = spead2.send.ItemGroup()
group.add_item(None, "image", "", (256, 256), dtype="<u2")
for i in range(5):
    group["image"].value = np.full((256, 256), i, "<u2")
    wire.send_heap(group.get_heap(), cnt=i)
packets = wire.getvalue()
print(len(packets) > 5 * 2 * 256 * 256)

for name, allocator in allocators.items():
    rx = spead2.recv.Stream(pool, spead2.recv.StreamConfig(memory_allocator=allocator))
    rx.add_buffer_reader(packets)
    images = []
    received = spead2.ItemGroup()
    for heap in rx:
        received.update(heap)
        images.append(received["image"].value)
    dead = weakref.ref(heap)
    del heap, rx
    gc.collect()
    images[2][:] += 40  # writable, and nobody else's
    print(name, [(int(image.min()), int(image.max())) for image in images], images[0].flags.writeable)
    del images
    received["image"].value = np.zeros((256, 256), "<u2")
    gc.collect()
    print(name, "heap is gone:", dead() is None)

rx = spead2.recv.Stream(pool)
data = bytearray(packets)
rx.add_buffer_reader(data)
first = rx.get()
item = first.get_items()[0]
view = memoryview(item)
print(item.id == 0x1000, item.is_immediate, view.format, view.nbytes, view.readonly)
rx.stop()
try:
    data.append(0)
except BufferError:
    print("the stream holds the buffer")
del rx
gc.collect()
data.append(0)
print("now it does not")
