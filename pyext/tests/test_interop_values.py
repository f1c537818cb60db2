# SPDX-License-Identifier: BSD-3-Clause
"""Values of every kind between the incumbent's wheel and ours: both directions, UDP and TCP, blocking and asyncio.

What arrives is what our package makes of the same heaps.
"""

import asyncio
import importlib
import logging
import socket
import threading

import numpy as np
import pytest

from items_support import fingerprint, load

logging.getLogger("spead2").setLevel(logging.ERROR)
KINDS = (("i", "1248"), ("f", "248"), ("c", "8"))
NUMBERS = [f"{order}{kind}{size}" for order in "<>" for kind, sizes in KINDS for size in sizes]
DTYPES = [*NUMBERS, *(n.replace("i", "u") for n in NUMBERS if "i" in n), "<c16", ">c16", "?", "S1", "S7", "<f16"]
RECORD = np.dtype([("a", "<u2"), ("b", ">f8"), ("c", "S3"), ("d", [("x", "?"), ("y", "<i4", (2,))])])
FORMATS = {
    "12 bits": ([("u", 12)], (5,), [1, 4095, 0, 77, 2048]),
    "signed 7": ([("i", 7)], (2, 3), [[-64, 63, 0], [1, -1, 5]]),
    "one bit": ([("b", 1)], (11,), [True, False] * 5 + [True]),
    "wide": ([("u", 100)], (2,), [1 << 99, 12345]),
    "fields": ([("u", 4), ("b", 1), ("i", 3), ("c", 8), ("f", 32)], (1,), [(5, 1, -1, b"A", 1.5)]),
    "native fields": ([("u", 16), ("f", 64)], (3,), [(1, 2.5), (3, 4.5), (65535, -1.0)]),
    "immediate 40": ([("u", 40)], (), 0x123456789A),
    "immediate 24": ([("i", 24)], (), 77),
    "immediate 12": ([("u", 12)], (), 0xABC),
    "immediate float": ([("f", 32)], (), 1.25),
    "text": ([("c", 8)], (None,), "hello, pulsar"),
    "fixed text": ([("c", 8)], (5,), "fixed"),
    "variable": ([("i", 32)], (None,), list(range(-5, 300))),
    "variable matrix": ([("f", 32)], (4, None), [[1.5, 2.5, 3.5]] * 4),
}


def values_of(dtype, shape):
    """As varied as the type has them; of each kind of item some are immediates."""
    dtype, count = np.dtype(dtype), int(np.prod(shape, dtype=int))
    raw = np.random.default_rng(count).integers(0, 256, (count, dtype.itemsize), np.uint8)
    if dtype.kind == "V":
        return np.array([(7, 2.5, b"ab", (True, [1, -2]))] * count, dtype).reshape(shape)
    if dtype.kind in "fc":
        return (raw[:, 0].astype(float) - 100.5).astype(dtype).reshape(shape)
    if dtype.kind == "S":
        return np.array([bytes([65 + c % 26]) * dtype.itemsize for c in raw[:, 0]], dtype).reshape(shape)
    return (raw[:, 0] & (1 if dtype.kind == "b" else 127)).astype(dtype).reshape(shape)


def full_group(package, empty):
    """An item of each kind; arrays of no elements if `empty`, which the incumbent sends and cannot receive."""
    shapes = ((), (6,), (2, 3)) + ((0,), (3, 0)) * empty
    group = package.send.ItemGroup(flavour=package.Flavour(4, 64, 48))
    for dtype in (*DTYPES, RECORD):
        for shape in shapes:
            name = f"{'record' if dtype is RECORD else dtype} {shape}"
            value = values_of(dtype, shape)
            group.add_item(None, name, "described", shape, dtype=dtype, value=value[()] if shape == () else value)
    value = np.asfortranarray(values_of("<i4", (3, 4)))
    group.add_item(None, "Fortran", "", (3, 4), dtype="<i4", order="F", value=value)
    for name, (how, shape, value) in FORMATS.items():
        group.add_item(None, name, "", shape, format=how, value=value)
    return group


def heaps_of_values(package, empty):
    yield full_group(package, empty).get_heap()


def heaps_of_modes(package, _):
    """Descriptors and values in every mode, with changes between them."""
    group = package.send.ItemGroup(descriptor_frequency=7)
    group.add_item(None, "scalar", "", (), format=[("u", 48)])
    group.add_item(None, "array", "", (3,), dtype="<i2", value=[1, 2, 3])
    turn = 0
    yield group.get_heap()
    for descriptors in ("stale", "all", "none"):
        for data in ("stale", "all", "none"):
            group["scalar"].value = turn
            if turn % 2:
                group["array"].value = [turn, -turn, 0]
            yield group.get_heap(descriptors=descriptors, data=data)
            turn += 1
    group.add_item(group["array"].id, "array", "now of floats", (2, 2), dtype=">f8", value=np.eye(2))
    yield group.get_heap(descriptors="none", data="none")
    yield group.get_heap()
    yield package.send.ItemGroup().get_start()


SCENES = {"values": heaps_of_values, "modes": heaps_of_modes}


def seen(package, heaps):
    """What an item group makes of heaps."""
    group, out = package.ItemGroup(), []
    for heap in heaps:
        updated = group.update(heap)
        out.append((heap.cnt, heap.is_start_of_stream(), {n: fingerprint(i.value) for n, i in updated.items()}))
    return out, {item.name: (item.shape, item.order, item.format) for item in group.values()}


def through_memory(sender, receiver, heaps):
    wire = sender.send.BytesStream(sender.ThreadPool())
    for heap in heaps:
        wire.send_heap(heap)
    stream = receiver.recv.Stream(receiver.ThreadPool())
    stream.add_buffer_reader(wire.getvalue())
    return seen(receiver, stream)


def listen(package, stream, transport):
    """Adds a reader; answers its address."""
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        if transport == "tcp":
            sock.listen()
        (stream.add_udp_reader if transport == "udp" else stream.add_tcp_reader)(sock)
        return sock.getsockname()


def sender_config(package):
    return package.send.StreamConfig(max_packet_size=1472, rate=50e6, max_heaps=8)


def blocking(sender, receiver, heaps, transport):
    stream = receiver.recv.Stream(receiver.ThreadPool(), ring_config=receiver.recv.RingStreamConfig(heaps=64))
    address = listen(receiver, stream, transport)
    result = []
    reader = threading.Thread(target=lambda: result.append(seen(receiver, stream)))
    reader.start()
    kind = sender.send.UdpStream if transport == "udp" else sender.send.TcpStream
    out = kind(sender.ThreadPool(), [address], sender_config(sender))
    for heap in heaps:
        out.send_heap(heap)
    out.send_heap(sender.send.ItemGroup().get_end())
    reader.join(60)
    assert not reader.is_alive()
    return result[0]


def with_asyncio(sender, receiver, heaps, transport):
    async def main():
        kind = receiver.recv.asyncio.Stream
        stream = kind(receiver.ThreadPool(), ring_config=receiver.recv.RingStreamConfig(heaps=64))
        address = listen(receiver, stream, transport)

        async def send():
            if transport == "udp":
                out = sender.send.asyncio.UdpStream(sender.ThreadPool(), [address], sender_config(sender))
            else:
                kind = sender.send.asyncio.TcpStream
                out = await kind.connect(sender.ThreadPool(), [address], sender_config(sender))
            for heap in heaps:
                await out.async_send_heap(heap)
            await out.async_send_heap(sender.send.ItemGroup().get_end())

        async def receive():
            return [heap async for heap in stream]

        got, _ = await asyncio.gather(receive(), send())
        return seen(receiver, got)

    return asyncio.run(asyncio.wait_for(main(), 60))


@pytest.mark.parametrize("way", [blocking, with_asyncio])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("names", [("heapwire", "spead2"), ("spead2", "heapwire")], ids=["to", "from"])
def test_arrives(names, scene, transport, way):
    sender, receiver = packages = [load(name) for name in names]
    for package in packages:
        importlib.import_module(package.__name__ + ".send.asyncio")
        importlib.import_module(package.__name__ + ".recv.asyncio")
    empty = receiver.__name__ == "heapwire"
    expected, known = through_memory(sender, load("heapwire"), SCENES[scene](sender, empty))
    assert scene == "modes" or len(expected[0][2]) > 90
    got, descriptors = way(sender, receiver, SCENES[scene](sender, empty), transport)
    assert got == expected
    assert descriptors == known
