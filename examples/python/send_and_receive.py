# SPDX-License-Identifier: BSD-3-Clause
"""Send spectra over UDP on this machine and receive them again."""

import socket
import sys

import numpy as np

import heapwire
import heapwire.recv
import heapwire.send

HEAPS = 20
CHANNELS = 4096


def make_receiver(pool: heapwire.ThreadPool) -> tuple[heapwire.recv.Stream, int]:
    """A stream that listens on a port that the kernel chooses, and the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        # Workers wait for nobody: as many heaps as the ring holds may lie there before the consumer comes.
        stream = heapwire.recv.Stream(pool, ring_config=heapwire.recv.RingStreamConfig(heaps=HEAPS + 1))
        stream.add_udp_reader(sock)
        return stream, sock.getsockname()[1]


def send(pool: heapwire.ThreadPool, port: int) -> int:
    """Send all spectra and the end of the stream; answer the bytes."""
    # The rate keeps the socket's buffer from running over on a slow machine.
    config = heapwire.send.StreamConfig(max_packet_size=8972, rate=20e6)
    stream = heapwire.send.UdpStream(pool, [("127.0.0.1", port)], config)
    group = heapwire.send.ItemGroup()
    group.add_item(None, "number", "which spectrum", (), format=[("u", 48)])
    group.add_item(None, "power", "power by channel", (CHANNELS,), dtype=np.float32)
    sent = 0
    for number in range(HEAPS):
        group["number"].value = number
        group["power"].value = np.full(CHANNELS, number, np.float32)
        sent += stream.send_heap(group.get_heap())
    return sent + stream.send_heap(group.get_end())


def main() -> None:
    pool = heapwire.ThreadPool()
    receiver, port = make_receiver(pool)
    sent = send(pool, port)
    group = heapwire.ItemGroup()
    received = 0
    for heap in receiver:  # ends with the end of the stream
        updated = group.update(heap)
        if "power" in updated:
            assert np.all(group["power"].value == group["number"].value)
            received += 1
    stats = receiver.stats
    print(f"{sent} bytes sent; {received} heaps in {stats.packets} packets received")
    if received != HEAPS:
        sys.exit(f"lost: {stats.details}")


if __name__ == "__main__":
    main()
