# SPDX-License-Identifier: BSD-3-Clause
"""UDP without loss: never more on its way than a socket of the default size holds, however slow the receiver is."""
import socket
import struct
import time
from pathlib import Path

from programs import HANG

# Linux charges a socket for whole buffers, less than cost() of a packet; 208 KiB of them is the smallest usual limit.
MAY_WAIT = 160 << 10


def cost(packet) -> int:
    return 2 * len(packet) + 1024


def _waiting(port: int) -> int:
    """Bytes that the kernel holds for the UDP socket at this port."""
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        words = line.split()
        if int(words[1].rsplit(":", 1)[1], 16) == port:
            return int(words[4].split(":")[1], 16)
    raise AssertionError(f"nobody listens at UDP port {port}")


def until_taken(port: int) -> None:
    """Waits until the receiver has taken all that the kernel holds for it."""
    give_up = time.monotonic() + HANG
    while _waiting(port) > 0:
        assert time.monotonic() < give_up, "the receiver does not read"
        time.sleep(0.0005)


def split(stream: bytes):
    """The packets that lie back to back in `stream`: a header says how many pointers, one of them how much payload."""
    view, at = memoryview(stream), 0
    while at < len(view):
        address_bits, count = 8 * view[at + 3], struct.unpack_from(">H", view, at + 6)[0]
        begin, length = at + 8 + 8 * count, None
        for pointer in struct.unpack_from(f">{count}Q", view, at + 8):
            if pointer >> address_bits == 1 << (63 - address_bits) | 4:  # immediate, id 4: payload length
                length = pointer & ((1 << address_bits) - 1)
        assert length is not None, f"a packet at {at} does not say its length"
        yield view[at:begin + length]
        at = begin + length


def send_carefully(packets, port: int) -> int:
    """Sends each packet as one datagram; how many they were."""
    count = waiting = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect(("127.0.0.1", port))
        for packet in packets:
            if waiting + cost(packet) > MAY_WAIT:
                until_taken(port)
                waiting = 0
            out.send(packet)
            waiting += cost(packet)
            count += 1
    return count
