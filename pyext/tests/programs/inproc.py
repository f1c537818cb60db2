# SPDX-License-Identifier: BSD-3-Clause
"""A pipeline in one process: a producer, a stage that takes and gives, a consumer. All in one event loop."""

import asyncio

import numpy as np
import spead2
import spead2.recv.asyncio
import spead2.send
import spead2.send.asyncio

HEAPS = 12


async def produce(pool, queue):
    stream = spead2.send.asyncio.InprocStream(pool, [queue], spead2.send.StreamConfig(max_heaps=2))
    group = spead2.send.ItemGroup()
    group.add_item(0x3000, "block", "noise", (32,), dtype="<i4")
    for i in range(HEAPS):
        group["block"].value = np.arange(32, dtype="<i4") * i
        await stream.async_send_heap(group.get_heap())
    await stream.async_send_heap(group.get_end())
    assert stream.queues[0] is queue


async def transform(pool, before, after):
    source = spead2.recv.asyncio.Stream(pool)
    source.add_inproc_reader(before)
    sink = spead2.send.asyncio.InprocStream(pool, [after])
    blocks, powers = spead2.ItemGroup(), spead2.send.ItemGroup(descriptor_frequency=1)
    powers.add_item(0x4000, "power", "sum of squares", (), dtype="<f8")
    async for heap in source:
        new = blocks.update(heap)
        powers["power"].value = float((new["block"].value.astype(float) ** 2).sum())
        await sink.async_send_heap(powers.get_heap(), cnt=heap.cnt)
    after.stop()


async def consume(pool, queue):
    source = spead2.recv.asyncio.Stream(pool, ring_config=spead2.recv.RingStreamConfig(heaps=2))
    source.add_inproc_reader(queue)
    group = spead2.ItemGroup()
    async for heap in source:
        print(heap.cnt, {name: float(item.value) for name, item in group.update(heap).items()})


async def main():
    pool = spead2.ThreadPool(3)
    queues = [spead2.InprocQueue(), spead2.InprocQueue()]
    await asyncio.gather(produce(pool, queues[0]), transform(pool, *queues), consume(pool, queues[1]))
    for queue in queues:
        try:
            queue.add_packet(b"")
        except spead2.Stopped:
            print("stopped")
        else:
            print("open")


asyncio.run(main())
