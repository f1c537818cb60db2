# SPDX-License-Identifier: BSD-3-Clause
"""The output of F-engines: each antenna sends a heap of channelised voltages for every block of time.

All antennas send at once, so their packets interleave; each has a substream of its own, so that a slow one is not given up for
a fast one. A chunk is a block of time for all antennas: chunk_id, heap_index and heap_offset are linear in the items of a
heap, so the built-in placement does, and no heap ever reaches Python.

    python examples/python/antennas.py [ANTENNAS CHANNELS BLOCKS]        the real thing: 64 1024 1000
"""

import sys
import threading

import numpy as np
import numpy.typing as npt

import heapwire
import heapwire.recv
import heapwire.send

TIMESTAMP, ANTENNA, FREQUENCY, VOLTAGES = 0x1600, 0x4101, 0x4103, 0x4300
SPECTRA, FIRST, STEP = 32, 1 << 40, 1 << 16  # spectra a heap; timestamps count samples of the digitiser


def voltages(block: int, antenna: int, channels: int) -> npt.NDArray[np.int8]:
    """What an antenna sends: channels, spectra, polarisations, real and imaginary part."""
    rng = np.random.default_rng((block, antenna))
    return rng.integers(-127, 128, (channels, SPECTRA, 2, 2), np.int8)


def send(queue: heapwire.InprocQueue, antennas: int, channels: int, blocks: int) -> None:
    """All antennas, block by block, their packets in turns."""
    config = heapwire.send.StreamConfig(max_packet_size=8192, max_heaps=2 * antennas)
    stream = heapwire.send.InprocStream(heapwire.ThreadPool(), [queue] * antennas, config)
    for block in range(blocks):
        heaps = []
        for antenna in range(antennas):
            heap = heapwire.send.Heap(heapwire.Flavour(4, 64, 48))
            heap.repeat_pointers = True  # any packet may come first
            values = {TIMESTAMP: FIRST + block * STEP, ANTENNA: antenna, FREQUENCY: 0}
            for item, value in values.items():
                heap.add_item(heapwire.Item(item, "", "", (), format=[("u", 48)], value=value))
            data = voltages(block, antenna, channels)
            heap.add_item(heapwire.Item(VOLTAGES, "", "", data.shape, data.dtype, value=data))
            cnt = block * antennas + antenna + 1  # cnt modulo antennas is the substream
            heaps.append(heapwire.send.HeapReference(heap, cnt=cnt, substream_index=antenna))
        stream.send_heaps(heaps, heapwire.send.GroupMode.ROUND_ROBIN)
    queue.stop()


def receive(queue: heapwire.InprocQueue, antennas: int, channels: int, blocks: int) -> int:
    """Check every byte; return how many there were."""
    heap_size = channels * SPECTRA * 2 * 2
    time, antenna = heapwire.recv.ItemValue(TIMESTAMP) - FIRST, heapwire.recv.ItemValue(ANTENNA)
    place = heapwire.recv.LinearPlacement(
        chunk_id=time // STEP, heap_index=antenna, heap_offset=antenna * heap_size, heap_size=heap_size, extra=[FREQUENCY]
    )
    rings = [heapwire.recv.ChunkRingbuffer(4) for _ in range(2)]
    stream = heapwire.recv.ChunkRingStream(
        heapwire.ThreadPool(),
        heapwire.recv.StreamConfig(substreams=antennas, max_heaps=2, allow_out_of_order=True),
        heapwire.recv.ChunkStreamConfig(place=place),
        *rings,
    )
    for _ in range(4):
        stream.add_free_chunk(
            heapwire.recv.Chunk(
                data=np.zeros((antennas, channels, SPECTRA, 2, 2), np.int8),
                present=np.zeros(antennas, np.bool_),
                extra=np.zeros((antennas, 1), np.int64),
            )
        )
    stream.add_inproc_reader(queue)
    received = 0
    for block, chunk in enumerate(rings[0]):
        assert chunk.chunk_id == block and chunk.present.all()
        for number in range(antennas):
            assert np.array_equal(chunk.data[number], voltages(block, number, channels))
        received += chunk.data.nbytes
        stream.add_free_chunk(chunk)
    assert received == blocks * antennas * heap_size
    return received


def main() -> None:
    antennas, channels, blocks = map(int, sys.argv[1:]) if len(sys.argv) > 1 else (8, 256, 6)
    queue = heapwire.InprocQueue()
    sender = threading.Thread(target=send, args=(queue, antennas, channels, blocks))
    sender.start()
    received = receive(queue, antennas, channels, blocks)
    sender.join()
    print(f"{received} bytes of {antennas} antennas in {blocks} chunks, all in place")


if __name__ == "__main__":
    main()
