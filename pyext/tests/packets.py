# SPDX-License-Identifier: BSD-3-Clause
"""Packets made by hand, so that receiving is tested without sending."""

import struct

IMMEDIATE = 1 << 63


def packet(cnt, payload=b"", *, length=None, offset=0, items=(), bits=40):
    """One packet; ``items`` are (id, value, is_immediate)."""
    pointers = [(1, cnt, True), (2, len(payload) if length is None else length, True)]
    pointers += [(3, offset, True), (4, len(payload), True)]
    pointers += list(items)
    header = struct.pack(">BBBBHH", 0x53, 4, 8 - bits // 8, bits // 8, 0, len(pointers))
    words = [(IMMEDIATE if immediate else 0) | ident << bits | value for ident, value, immediate in pointers]
    return header + struct.pack(f">{len(words)}Q", *words) + payload


def heap(cnt, payload=b"abcdefgh", ident=0x1000):
    """A heap of one addressed item in one packet."""
    return packet(cnt, payload, items=[(ident, 0, False)])


def stop(cnt=1):
    """A heap that ends the stream."""
    return packet(cnt, items=[(6, 2, True)])
