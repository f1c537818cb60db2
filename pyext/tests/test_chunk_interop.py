# SPDX-License-Identifier: BSD-3-Clause
"""The incumbent's wheel, where it is installed, sends into chunk streams and groups."""

import importlib
import socket

import numpy as np
import pytest

import heapwire
import heapwire.send
from chunks_support import DATA, SERIAL, chunk
from heapwire import recv

spead2 = pytest.importorskip("spead2")
importlib.import_module("spead2.send")

PER_CHUNK, HEAP_SIZE, CHUNKS = 8, 4096, 6
BOTH = pytest.mark.parametrize("sender", [spead2, heapwire], ids=lambda package: package.__name__)


def content(serial):
    return np.random.default_rng(serial).integers(0, 256, HEAP_SIZE, np.uint8)


def send(package, port, serials):
    """Over TCP, so that nothing is lost; several packets a heap."""
    config = package.send.StreamConfig(max_packet_size=1500)
    stream = package.send.TcpStream(package.ThreadPool(), [("127.0.0.1", port)], config)
    for serial in serials:
        heap = package.send.Heap(package.Flavour(4, 64, 48))
        heap.repeat_pointers = True
        heap.add_item(package.Item(SERIAL, "serial", "", (), format=[("u", 48)], value=serial))
        heap.add_item(package.Item(DATA, "data", "", (HEAP_SIZE,), np.uint8, value=content(serial)))
        stream.send_heap(heap, cnt=serial + 1)
    heap = package.send.Heap()
    heap.add_end()
    stream.send_heap(heap)


def listen(stream):
    with socket.socket() as acceptor:
        acceptor.bind(("127.0.0.1", 0))
        acceptor.listen()
        stream.add_tcp_reader(acceptor)
        return acceptor.getsockname()[1]


def place():
    serial = recv.ItemValue(SERIAL)
    row = serial % PER_CHUNK
    return recv.ChunkStreamConfig(place=recv.LinearPlacement(serial // PER_CHUNK, row, row * HEAP_SIZE, heap_size=HEAP_SIZE))


def rings(owner_of):
    data, free = recv.ChunkRingbuffer(CHUNKS), recv.ChunkRingbuffer(CHUNKS)
    owner = owner_of(data, free)
    for _ in range(CHUNKS):
        owner.add_free_chunk(chunk(heapwire, per_chunk=PER_CHUNK, heap_size=HEAP_SIZE))
    return owner, data


def check_all(chunks):
    assert [one.chunk_id for one in chunks] == list(range(CHUNKS))
    for one in chunks:
        assert one.present.all()
        for row in range(PER_CHUNK):
            assert (one.data[row] == content(one.chunk_id * PER_CHUNK + row)).all()


@BOTH
def test_into_a_chunk_stream(sender):
    stream, data = rings(lambda d, f: recv.ChunkRingStream(heapwire.ThreadPool(), recv.StreamConfig(), place(), d, f))
    send(sender, listen(stream), range(PER_CHUNK * CHUNKS))
    check_all(list(data))


@BOTH
def test_into_a_chunk_group(sender):
    config = recv.ChunkStreamGroupConfig(eviction_mode=recv.ChunkStreamGroupConfig.EvictionMode.LOSSLESS)
    group, data = rings(lambda d, f: recv.ChunkStreamRingGroup(config, d, f))
    for _ in range(2):
        group.emplace_back(heapwire.ThreadPool(), recv.StreamConfig(), place())
    ports = [listen(member) for member in group]
    import threading

    threads = [
        threading.Thread(target=send, args=(sender, port, range(parity, PER_CHUNK * CHUNKS, 2)))
        for parity, port in enumerate(ports)
    ]
    for thread in threads:
        thread.start()
    check_all(list(data))
    for thread in threads:
        thread.join()
