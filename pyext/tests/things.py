# SPDX-License-Identifier: BSD-3-Clause
"""What tests of sending need: items without descriptors, receivers on a port of the kernel's choice."""

import socket

import heapwire
import heapwire.recv
import heapwire.send


class Thing:
    """The least that Heap.add_item takes."""

    def __init__(self, id, data, immediate=False):
        self.id, self._data, self._immediate = id, data, immediate

    def to_buffer(self):
        return self._data

    def allow_immediate(self):
        return self._immediate


def heap_of(*items, flavour=heapwire.Flavour()):
    heap = heapwire.send.Heap(flavour)
    for item in items:
        heap.add_item(Thing(*item))
    return heap


def udp_receiver(pool, kind=heapwire.recv.Stream, **config):
    """A stream with a UDP reader, and its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        receiver = kind(pool, heapwire.recv.StreamConfig(**config))
        receiver.add_udp_reader(sock)
        return receiver, sock.getsockname()[1]
