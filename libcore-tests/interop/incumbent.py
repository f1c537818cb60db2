# SPDX-License-Identifier: BSD-3-Clause
"""spead2, the incumbent, through its public Python interface."""
import socket
import threading

import spead2
import spead2.recv
import spead2.send

from programs import HANG, digest

BUFFER = 4 << 20


class TheirReceiver:
    """A receive stream on sockets of ours, whose ports the kernel chose; a thread takes the heaps."""

    def __init__(self, udp: int = 0, tcp: bool = False, ring_heaps: int = 64, **config):
        self._stream = spead2.recv.Stream(spead2.ThreadPool(), spead2.recv.StreamConfig(**config),
                                          spead2.recv.RingStreamConfig(heaps=ring_heaps))
        self._heaps, self._changed = [], threading.Condition()
        self.ports = []
        for _ in range(udp):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
                bound.bind(("127.0.0.1", 0))
                self.ports.append(bound.getsockname()[1])
                self._stream.add_udp_reader(bound)
        if tcp:
            with socket.create_server(("127.0.0.1", 0)) as acceptor:
                self.ports.append(acceptor.getsockname()[1])
                self._stream.add_tcp_reader(acceptor)
        self._taker = threading.Thread(target=self._take, daemon=True)
        self._taker.start()

    def _take(self):
        for heap in self._stream:
            with self._changed:
                self._heaps.append(heap)
                self._changed.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stream.stop()
        self._taker.join(HANG)

    def wait_for(self, count: int) -> list:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._heaps) >= count, HANG), f"{len(self._heaps)} of {count} heaps"
            return list(self._heaps)

    def heaps(self) -> list:
        """All heaps, once a stop item or the end of the connection has ended the stream."""
        self._taker.join(HANG)
        assert not self._taker.is_alive(), f"the stream did not end; {len(self._heaps)} heaps came"
        return self._heaps

    @property
    def statistics(self):
        return self._stream.stats


def their_udp(ports: list[int], **config):
    return spead2.send.UdpStream(spead2.ThreadPool(), [("127.0.0.1", port) for port in ports],
                                 spead2.send.StreamConfig(**config))


def their_tcp(port: int, **config):
    return spead2.send.TcpStream(spead2.ThreadPool(), [("127.0.0.1", port)], spead2.send.StreamConfig(**config))


def their_heap(flavour, items: dict) -> spead2.send.Heap:
    """A heap of {id: bytes}; none of them travels as an immediate."""
    heap = spead2.send.Heap(flavour)
    for item_id, data in items.items():
        heap.add_item(_Bytes(item_id, data))
    return heap


class _Bytes:
    """What a send heap needs of an item: faster than an Item for large contents."""

    def __init__(self, item_id: int, data):
        self.id = item_id
        self._data = data

    def to_buffer(self):
        return self._data

    @staticmethod
    def allow_immediate() -> bool:
        return False


def packet_count(heap, packet_size: int) -> int:
    return sum(1 for _ in spead2.send.PacketGenerator(heap, 1, packet_size))


def seen_by_them(heap) -> dict:
    """A received heap as {id: number of an immediate, or SHA-256}; without the stream control item."""
    return {item.id: item.immediate_value if item.is_immediate else digest(item)
            for item in heap.get_items() if item.id > 6}
