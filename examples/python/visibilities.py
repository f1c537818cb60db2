# SPDX-License-Identifier: BSD-3-Clause
"""Visibilities: the output of a correlator, one big heap every dump, described on the wire.

The chunk is the heap. Memory is taken once and goes round; while one dump is looked at, the next is received. How large a
heap is one has to know: a first stream reads the descriptors, and says so.

    python examples/python/visibilities.py [CHANNELS ANTENNAS DUMPS]        the real thing: 4096 64 100
"""

import sys
import threading

import numpy as np
import numpy.typing as npt

import heapwire
import heapwire.recv
import heapwire.send

TIMESTAMP, VISIBILITIES = 0x1600, 0x1800
STEP = 1 << 20


class Dump(heapwire.recv.Chunk):
    """A chunk that has the shape of the data, and counts how often it was used."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(data=np.zeros(shape, ">i4"), present=np.zeros(1, np.bool_))
        self.used = 0


def visibilities(dump: int, shape: tuple[int, ...]) -> npt.NDArray[np.int32]:
    """Channels, baselines, real and imaginary part."""
    return np.arange(np.prod(shape), dtype=np.int32).reshape(shape) * (dump + 1)


def send(queues: list[heapwire.InprocQueue], shape: tuple[int, ...], dumps: int) -> None:
    """Descriptors to one, dumps to the other."""
    group = heapwire.send.ItemGroup(flavour=heapwire.Flavour(4, 64, 48))
    group.add_item(TIMESTAMP, "timestamp", "samples since the sync", (), format=[("u", 48)])
    group.add_item(VISIBILITIES, "visibilities", "channels, baselines, complex", shape, np.dtype(">i4"))
    stream = heapwire.send.InprocStream(
        heapwire.ThreadPool(), queues, heapwire.send.StreamConfig(max_packet_size=9000, max_heaps=2)
    )
    stream.send_heap(group.get_heap(descriptors="all", data="none"), substream_index=0)
    queues[0].stop()
    for dump in range(dumps):
        group["timestamp"].value = dump * STEP
        group["visibilities"].value = visibilities(dump, shape).astype(">i4")
        heap = group.get_heap(descriptors="none", data="all")
        heap.repeat_pointers = True
        stream.send_heap(heap, substream_index=1)
    queues[1].stop()


def described_shape(queue: heapwire.InprocQueue) -> tuple[int, ...]:
    """The shape that the descriptors tell."""
    stream = heapwire.recv.Stream(heapwire.ThreadPool())
    stream.add_inproc_reader(queue)
    group = heapwire.ItemGroup()
    for heap in stream:
        group.update(heap)
    return tuple(size for size in group["visibilities"].shape if size is not None)


def receive(queue: heapwire.InprocQueue, shape: tuple[int, ...], dumps: int) -> list[int]:
    """Check each dump; return how often each chunk was used."""
    place = heapwire.recv.LinearPlacement(
        heapwire.recv.ItemValue(TIMESTAMP) // STEP, 0, 0, heap_size=4 * int(np.prod(shape))
    )
    rings = [heapwire.recv.ChunkRingbuffer(3) for _ in range(2)]
    stream = heapwire.recv.ChunkRingStream(
        heapwire.ThreadPool(),
        heapwire.recv.StreamConfig(allow_out_of_order=True),
        heapwire.recv.ChunkStreamConfig(place=place, max_chunks=1),
        *rings,
    )
    chunks = [Dump(shape) for _ in range(3)]
    for chunk in chunks:
        stream.add_free_chunk(chunk)
    stream.add_inproc_reader(queue)
    count = 0
    for chunk in rings[0]:
        assert isinstance(chunk, Dump) and chunk.chunk_id == count and chunk.present.all()
        assert np.array_equal(chunk.data, visibilities(count, shape))
        chunk.used += 1
        stream.add_free_chunk(chunk)
        count += 1
    assert count == dumps
    return [chunk.used for chunk in chunks]


def main() -> None:
    channels, antennas, dumps = map(int, sys.argv[1:]) if len(sys.argv) > 1 else (64, 16, 5)
    shape = (channels, antennas * (antennas + 1) // 2 * 4, 2)
    queues = [heapwire.InprocQueue() for _ in range(2)]
    sender = threading.Thread(target=send, args=(queues, shape, dumps))
    sender.start()
    assert described_shape(queues[0]) == shape
    used = receive(queues[1], shape, dumps)
    sender.join()
    print(f"{dumps} dumps of {4 * int(np.prod(shape))} bytes; the chunks were used {used} times")


if __name__ == "__main__":
    main()
