# SPDX-License-Identifier: BSD-3-Clause
"""The same calls on the incumbent's wheel, where that is installed: the same bytes, the same exceptions."""

import importlib
import random
import socket

import pytest

import heapwire
import heapwire.recv
import heapwire.send
from things import Thing

spead2 = pytest.importorskip("spead2")
for part in ("send", "recv"):
    importlib.import_module(f"spead2.{part}")

BOTH = (heapwire, spead2)


def heap_in(package, items, bits, repeat):
    heap = package.send.Heap(package.Flavour(4, 64, bits))
    heap.repeat_pointers = repeat
    for item in items:
        heap.add_item(Thing(*item))
    return heap


@pytest.mark.parametrize("seed", range(40))
def test_packets_are_the_same(seed):
    rng = random.Random(seed)
    bits = rng.choice([8, 24, 40, 48])
    longest = 200 if bits == 8 else 5000
    items = []
    for i in range(rng.randrange(0, 30)):
        size = rng.choice([1, 2, 3, 5, 8, rng.randrange(1, 20), rng.randrange(1, longest)])
        if bits == 8:
            size = min(size, 5)  # a heap of this flavour has 255 bytes
        items.append((0x20 + i, rng.randbytes(size), rng.random() < 0.5))
    for size in (56, 64, 100, 1472):
        repeat = rng.random() < 0.3
        made = []
        for package in BOTH:
            try:
                made.append(list(package.send.PacketGenerator(heap_in(package, items, bits, repeat), 77, size)))
            except ValueError:
                made.append(ValueError)
        ours, theirs = made
        if ours != theirs and theirs is not ValueError:
            # The incumbent puts padding before the last payload; where there is none the bytes must be equal.
            real = sum(len(d) for _, d, immediate in items if not (immediate and len(d) <= bits // 8))
            assert ours is not ValueError and sum(map(len, ours)) == sum(map(len, theirs))
            assert int.from_bytes(theirs[0][17:24], "big") & ((1 << bits) - 1) > real
        else:
            assert ours == theirs


CALLS = {
    "udp without endpoints": lambda p, pool: p.send.UdpStream(pool, []),
    "udp of two families": lambda p, pool: p.send.UdpStream(pool, [("127.0.0.1", 8888), ("::1", 8888)]),
    "udp ttl of unicast": lambda p, pool: p.send.UdpStream(pool, [("127.0.0.1", 8888)], ttl=1),
    "udp ttl out of range": lambda p, pool: p.send.UdpStream(pool, [("239.1.1.1", 8888)], ttl=300),
    "udp port out of range": lambda p, pool: p.send.UdpStream(pool, [("127.0.0.1", 65536)]),
    "udp old form": lambda p, pool: p.send.UdpStream(pool, "127.0.0.1", 8888),
    "udp no pool": lambda p, pool: p.send.UdpStream(None, [("127.0.0.1", 8888)]),
    "tcp without endpoints": lambda p, pool: p.send.TcpStream(pool, []),
    "inproc without queues": lambda p, pool: p.send.InprocStream(pool, []),
    "inproc of a queue": lambda p, pool: p.send.InprocStream(pool, p.InprocQueue()),
    "cnt too large": lambda p, pool: p.send.BytesStream(pool).send_heap(p.send.Heap(), 1 << 40),
    "cnt far too large": lambda p, pool: p.send.BytesStream(pool).send_heap(p.send.Heap(), 1 << 64),
    "substream": lambda p, pool: p.send.BytesStream(pool).send_heap(p.send.Heap(), substream_index=1),
    "negative substream": lambda p, pool: p.send.BytesStream(pool).send_heap(p.send.Heap(), substream_index=-1),
    "empty group": lambda p, pool: p.send.BytesStream(pool).send_heaps([], p.send.GroupMode.SERIAL),
    "a group of heaps": lambda p, pool: p.send.BytesStream(pool).send_heaps([p.send.Heap()], p.send.GroupMode.SERIAL),
    "a mode that is a number": lambda p, pool: p.send.BytesStream(pool).send_heaps([], 1),
    "a large group": lambda p, pool: p.send.BytesStream(pool).send_heaps(
        [p.send.HeapReference(p.send.Heap())] * 5, p.send.GroupMode.SERIAL
    ),
    "small packets": lambda p, pool: p.send.BytesStream(pool, p.send.StreamConfig(max_packet_size=50)).send_heap(
        p.send.Heap()
    ),
    "no heap": lambda p, pool: p.send.BytesStream(pool).send_heap(None),
    "step 0": lambda p, pool: p.send.BytesStream(pool).set_cnt_sequence(1, 0),
    "no config": lambda p, pool: p.send.BytesStream(pool, None),
    "fine": lambda p, pool: p.send.BytesStream(pool).send_heap(p.send.Heap(), 1, 0, 5.0),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_end_alike(name):
    ends = []
    for package in BOTH:
        try:
            ends.append(CALLS[name](package, package.ThreadPool()))
        except Exception as error:
            ends.append((type(error), getattr(error, "errno", None)))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("sender, receiver", [(heapwire, spead2), (spead2, heapwire)], ids=["to", "from"])
def test_streams_understand_each_other(sender, receiver):
    pools = {p: p.ThreadPool() for p in BOTH}
    rng = random.Random(1)
    items = [(0x1000, rng.randbytes(5000), False), (0x1001, b"ab", True)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        stream = receiver.recv.Stream(pools[receiver])
        stream.add_udp_reader(sock)
        tx = sender.send.UdpStream(pools[sender], [sock.getsockname()])
        tx.send_heap(heap_in(sender, items, 40, False), cnt=5)
        got = stream.get()
    assert got.cnt == 5
    found = {item.id: bytes(item) for item in got.get_items()}
    assert found[0x1000] == items[0][1]
    assert found[0x1001].lstrip(b"\0") == b"ab"
