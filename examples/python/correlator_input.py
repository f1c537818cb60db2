# SPDX-License-Identifier: BSD-3-Clause
"""The input of a correlator: 8 KiB packets, a heap each, of 64 antennas in four streams that fill the same chunks.

The network deals the antennas out to four addresses; four streams with a thread each receive them. A chunk holds some
blocks of time of all antennas: the group hands it out when no stream can write to it any more. What did not come in time is
missing, and ``present`` says so.

    python examples/python/correlator_input.py [CHUNKS]        small: 4
"""

import sys
import threading

import numpy as np
import numpy.typing as npt

import heapwire
import heapwire.recv
import heapwire.send

TIMESTAMP, ANTENNA, VOLTAGES = 0x1600, 0x4101, 0x4300
ANTENNAS, STREAMS, HEAP_SIZE, BLOCKS = 64, 4, 8192, 8  # blocks of time a chunk
STEP = 4096


def samples(block: int, antenna: int) -> npt.NDArray[np.int8]:
    """One antenna in one block of time."""
    return np.full(HEAP_SIZE, (block * 7 + antenna) % 251 - 125, np.int8)


def send(queue: heapwire.InprocQueue, antennas: range, blocks: int) -> None:
    """A share of the antennas, through one address."""
    stream = heapwire.send.InprocStream(
        heapwire.ThreadPool(), [queue], heapwire.send.StreamConfig(max_packet_size=HEAP_SIZE + 128, max_heaps=64)
    )
    for block in range(blocks):
        heaps = []
        for antenna in antennas:
            heap = heapwire.send.Heap(heapwire.Flavour(4, 64, 48))
            heap.add_item(heapwire.Item(TIMESTAMP, "", "", (), format=[("u", 48)], value=block * STEP))
            heap.add_item(heapwire.Item(ANTENNA, "", "", (), format=[("u", 48)], value=antenna))
            heap.add_item(heapwire.Item(VOLTAGES, "", "", (HEAP_SIZE,), np.int8, value=samples(block, antenna)))
            heaps.append(heapwire.send.HeapReference(heap))
        stream.send_heaps(heaps, heapwire.send.GroupMode.SERIAL)
    queue.stop()


def make_group(chunks: int) -> heapwire.recv.ChunkStreamRingGroup:
    """Four streams and their chunks."""
    config = heapwire.recv.ChunkStreamGroupConfig(
        eviction_mode=heapwire.recv.ChunkStreamGroupConfig.EvictionMode.LOSSLESS  # the queues wait for us
    )
    rings = [heapwire.recv.ChunkRingbuffer(chunks) for _ in range(2)]
    group = heapwire.recv.ChunkStreamRingGroup(config, *rings)
    for _ in range(chunks):
        data = np.zeros((BLOCKS, ANTENNAS, HEAP_SIZE), np.int8)
        group.add_free_chunk(heapwire.recv.Chunk(data=data, present=np.zeros((BLOCKS, ANTENNAS), np.bool_)))
    time, antenna = heapwire.recv.ItemValue(TIMESTAMP), heapwire.recv.ItemValue(ANTENNA)
    index = (time // STEP % BLOCKS) * ANTENNAS + antenna
    place = heapwire.recv.LinearPlacement(time // (STEP * BLOCKS), index, index * HEAP_SIZE, heap_size=HEAP_SIZE)
    for number in range(STREAMS):
        group.emplace_back(
            heapwire.ThreadPool(),  # a thread each: no stream must wait for another's thread
            heapwire.recv.StreamConfig(stream_id=number),
            heapwire.recv.ChunkStreamConfig(place=place),
        )
    return group


def main() -> None:
    chunks = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    group = make_group(4)
    share = ANTENNAS // STREAMS
    senders = []
    for number, member in enumerate(group):
        queue = heapwire.InprocQueue()
        member.add_inproc_reader(queue)
        antennas = range(number * share, (number + 1) * share)
        senders.append(threading.Thread(target=send, args=(queue, antennas, chunks * BLOCKS)))
        senders[-1].start()
    count = 0
    for chunk in group.data_ringbuffer:
        assert chunk.chunk_id == count and chunk.present.all()
        for block in range(BLOCKS):
            for antenna in range(ANTENNAS):
                assert (chunk.data[block, antenna] == samples(count * BLOCKS + block, antenna)).all()
        group.add_free_chunk(chunk)
        count += 1
    for sender in senders:
        sender.join()
    assert count == chunks
    stats = sum((member.stats for member in group[1:]), group[0].stats)
    print(f"{count} chunks of {ANTENNAS} antennas; {stats.heaps} heaps by {STREAMS} streams, {stats['too_old_heaps']} too late")


if __name__ == "__main__":
    main()
