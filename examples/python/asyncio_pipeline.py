# SPDX-License-Identifier: BSD-3-Clause
"""Two stages in one event loop: a producer with many heaps in flight, a consumer that reads as they come."""

import asyncio

import numpy as np

import heapwire
import heapwire.recv.asyncio
import heapwire.send
import heapwire.send.asyncio

HEAPS = 200
IN_FLIGHT = 16


async def produce(stream: heapwire.send.asyncio.InprocStream) -> int:
    """Send heaps, no more than IN_FLIGHT at a time; answer the bytes."""
    group = heapwire.send.ItemGroup()
    group.add_item(None, "samples", "a block of samples", (1024,), dtype=np.int16)
    flying: set[asyncio.Future[int]] = set()
    sent = 0
    for number in range(HEAPS):
        # A heap refers to the array: a new one each time, for the last one may still be on its way.
        group["samples"].value = np.full(1024, number, np.int16)
        flying.add(stream.async_send_heap(group.get_heap()))
        if len(flying) == IN_FLIGHT:
            done, flying = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
            sent += sum(future.result() for future in done)
    await stream.async_flush()
    sent += sum(await asyncio.gather(*flying))
    return sent + await stream.async_send_heap(group.get_end())


async def consume(stream: heapwire.recv.asyncio.Stream) -> int:
    """Read to the end; answer the sum of all samples."""
    group = heapwire.ItemGroup()
    total = 0
    async for heap in stream:
        for item in group.update(heap).values():
            total += int(item.value.sum())
    return total


async def main() -> None:
    pool = heapwire.ThreadPool()
    queue = heapwire.InprocQueue()
    receiver = heapwire.recv.asyncio.Stream(pool)
    receiver.add_inproc_reader(queue)
    sender = heapwire.send.asyncio.InprocStream(
        pool, [queue], heapwire.send.StreamConfig(max_heaps=IN_FLIGHT + 1, max_packet_size=4096)
    )
    sent, total = await asyncio.gather(produce(sender), consume(receiver))
    assert total == 1024 * sum(range(HEAPS)), total
    print(f"{sent} bytes sent, samples add up to {total}")


if __name__ == "__main__":
    asyncio.run(main())
