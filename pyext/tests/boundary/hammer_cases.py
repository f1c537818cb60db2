# SPDX-License-Identifier: BSD-3-Clause
"""Every public class but those of hammer_chunks.py: how to make an object, and how to call what needs arguments; see hammer.py."""

import asyncio
import logging
import random
import socket
import threading

import numpy as np

import heapwire
import heapwire.recv.asyncio
import heapwire.send.asyncio
from boundary.hammer import Case
from heapwire import recv, send
from packets import heap, packet

POOL = heapwire.ThreadPool(2)
SINK = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
SINK.bind(("127.0.0.1", 0))
THERE = [SINK.getsockname()]
TCP = socket.create_server(("127.0.0.1", 0))
DRAIN = recv.Stream(POOL, recv.StreamConfig(stop_on_stop_item=False), recv.RingStreamConfig(heaps=2))
DRAIN.add_tcp_reader(TCP)
threading.Thread(target=lambda: [None for _ in DRAIN], daemon=True).start()
DTYPE = np.dtype("f4")


def items():
    group = send.ItemGroup()
    group.add_item(0x1000, "a", "first", (4,), dtype="f4", value=np.zeros(4, "f4"))
    group.add_item(0x1001, "b", "second", (), dtype=">i8", value=1)
    group.add_item(0x1002, "c", "third", (None,), format=[("u", 12)], value=[1, 2, 3])
    return group


def sent():
    return items().get_heap()


def received(kind=recv.Heap):
    stream = recv.Stream(POOL, ring_config=recv.RingStreamConfig(contiguous_only=False))
    if kind is recv.IncompleteHeap:
        stream.add_buffer_reader(packet(1, b"abcd", length=8))
    else:
        out = send.BytesStream(POOL)
        out.send_heap(sent())
        stream.add_buffer_reader(out.getvalue())
    return stream.get()


def seldom(call, share=0.1):
    if random.random() < share:
        call()


# Many threads at once may find a queue of 4 full.
ROOMY = send.StreamConfig(max_heaps=1000)
BYTES = send.BytesStream(POOL, ROOMY)
OUTGOING, RECEIVED = sent(), received()
REFERENCES = send.HeapReferenceList([send.HeapReference(OUTGOING)] * 2)
RAW = {raw.id: raw for raw in RECEIVED.get_items()}


class Receiving(recv.Stream):
    """With room for the queue that feeds it."""


def expect_pauses():
    """That rings are full and chunks run out is what happens here, and the warning goes nowhere."""
    logging.getLogger("heapwire").addHandler(logging.NullHandler())


def receiving(kind=Receiving):
    expect_pauses()
    queue = heapwire.InprocQueue()
    stream = kind(POOL, recv.StreamConfig(max_heaps=8), recv.RingStreamConfig(heaps=8))
    stream.add_inproc_reader(queue)
    stream.queue = queue
    return stream


def feed(it):
    it.queue.add_packet(heap(random.randrange(1 << 30)))


def take(it):
    feed(it)
    feed(it)
    it.get()


def take_in_a_loop(it):
    async def main():
        feed(it)
        feed(it)
        await asyncio.wait_for(random.choice([it.get, it.__anext__, it.batches(2).__anext__])(), 50)

    try:
        asyncio.run(main())
    except asyncio.TimeoutError:
        raise AssertionError("a heap did not come") from None


RECEIVER_CALLS = {
    "feed": feed,
    "get": take,
    "__iter__": lambda it: (feed(it), next(it)),
    "batches": lambda it: (feed(it), feed(it), next(it.batches(2))),
    "add_buffer_reader": None,  # its end may be the stream's
    "add_udp_reader": lambda it: it.add_udp_reader(0, buffer_size=0) if random.random() < 0.01 else None,
    "add_tcp_reader": lambda it: it.add_tcp_reader(0, buffer_size=0) if random.random() < 0.01 else None,
    "add_inproc_reader": lambda it: it.add_inproc_reader(heapwire.InprocQueue()) if random.random() < 0.1 else None,
    "add_udp_pcap_file_reader": None,
    "stop": None,  # of its own in the test of stop()
}
SENDER_CALLS = {
    "send_heap": lambda it: it.send_heap(OUTGOING),
    "send_heaps": lambda it: it.send_heaps(REFERENCES, send.GroupMode.SERIAL),
    "set_cnt_sequence": lambda it: it.set_cnt_sequence(random.randrange(1 << 20), 1),
}


def send_in_a_loop(it):
    async def main():
        futures = [it.async_send_heap(OUTGOING) for _ in range(4)]
        futures.append(it.async_send_heaps(REFERENCES, send.GroupMode.ROUND_ROBIN))
        await it.async_flush()
        assert it.fd >= 0
        it.process_callbacks()
        assert all(await asyncio.gather(*futures))

    asyncio.run(main())


ASYNC_CALLS = {
    "async_send_heap": send_in_a_loop,
    "async_send_heaps": None,
    "async_flush": None,
    "process_callbacks": None,  # on the loop's thread only
    "set_cnt_sequence": SENDER_CALLS["set_cnt_sequence"],
}


def still_sends(it):
    assert it.send_heap(OUTGOING) > 0


def still_receives(it):
    while True:
        try:
            it.get_nowait()
        except heapwire.Empty:
            break
    feed(it)
    it.get()


def reference_changes(it):
    it.cnt, it.rate, it.substream_index = random.randrange(9), random.random(), 0


def group_update(it):
    updated = it.update(RECEIVED)
    assert set(updated) == {"a", "b", "c"}


def group_churn(it):
    """Items come, are found and iterated over, and are replaced."""
    name = f"own {threading.get_ident() % 7}"
    it.add_item(None, name, str(random.random()), (), dtype="i4", value=random.randrange(9))
    it[name].value = 5
    whole = it.values()
    assert len({item.name for item in whole}) == len(whole)


def group_is_whole(it):
    assert len(it) == len(set(it.keys())) == len(set(it.ids())) == len(list(it.values()))
    assert all(it[name] is item and it[item.id] is item for name, item in it.items())


GROUP_CALLS = {
    "add_item": group_churn,
    "update": group_update,
    "__getitem__": lambda it: it["a"].value,
    "__contains__": lambda it: 0x1000 in it,
    "add_to_heap": lambda it: it.add_to_heap(send.Heap()),
    "get_heap": lambda it: it.get_heap("all", "all"),
}
ITEM_CALLS = {
    "dynamic_shape": lambda it: it.dynamic_shape(4),
    "compatible_shape": lambda it: it.compatible_shape((4,)),
    "to_raw": lambda it: it.to_raw(heapwire.Flavour()),
    "from_raw": lambda it: type(it).from_raw(RECEIVED.get_descriptors()[0], RECEIVED.flavour),
    "shape =": lambda it: setattr(it, "shape", random.choice([(4,), (2, 2)])),
    "dtype =": lambda it: setattr(it, "dtype", random.choice([DTYPE, np.dtype(">f4")])),
    "value =": lambda it: setattr(it, "value", np.zeros(it.shape, "f4")),
    "set_from_raw": lambda it: it.set_from_raw(RAW[0x1000]),
}
STATS_CALLS = {
    "get": lambda it: it.get("heaps"),
    "__getitem__": lambda it: (it["heaps"], it[3]),
    "__setitem__": lambda it: it.__setitem__("heaps", 5),
    "__contains__": lambda it: "heaps" in it,
    "__add__": lambda it: it + it,
    "__iadd__": lambda it: it.__iadd__(it),
}


def item(kind=heapwire.Item, **more):
    return kind(0x1000, "a", "first", (4,), DTYPE, **more)


def two(kind, *arguments, **calls):
    """Of which one is compared with the other."""
    other = kind(*arguments)
    return Case(lambda: kind(*arguments), {"__eq__": lambda it: it == other, **calls})


CASES = {
    "Flavour": (heapwire.Flavour, two(heapwire.Flavour, 4, 64, 48, 2)),
    "ThreadPool": (
        heapwire.ThreadPool,
        Case(
            lambda: heapwire.ThreadPool(2),
            {
                "set_affinity": None,  # of the calling thread
                "stop": lambda it: it.stop() if random.random() < 0.01 else None,
                "use": lambda it: recv.Stream(it),
            },
        ),
    ),
    "MemoryAllocator": (
        heapwire.MemoryAllocator,
        Case(heapwire.MemoryAllocator, {"use": lambda it: heapwire.MemoryPool(1, 99, 1, 1, it)}),
    ),
    "MmapAllocator": (
        heapwire.MmapAllocator,
        Case(heapwire.MmapAllocator, {"use": lambda it: heapwire.MemoryPool(1, 99, 1, 1, it)}),
    ),
    "MemoryPool": (
        heapwire.MemoryPool,
        Case(
            lambda: heapwire.MemoryPool(POOL, 1, 4096, 8, 4, 2),
            {"use": lambda it: heapwire.MemoryPool(1, 99, 1, 1, it)},
        ),
    ),
    "InprocQueue": (
        heapwire.InprocQueue,
        Case(
            heapwire.InprocQueue,
            {
                "add_packet": lambda it: it.add_packet(heap(1)),
                "stop": lambda it: it.stop() if random.random() < 0.0001 else None,
                "drain": lambda it: receiving().add_inproc_reader(it) if random.random() < 0.01 else None,
                "look": lambda it: it.weather_report,
            },
        ),
    ),
    "Descriptor": (
        heapwire.Descriptor,
        Case(lambda: item(heapwire.Descriptor), {**ITEM_CALLS, "set_from_raw": None, "value =": None}),
    ),
    "Item": (
        heapwire.Item,
        # A shape and a value that do not go together are refused with a ValueError.
        Case(lambda: item(value=np.zeros(4, "f4")), ITEM_CALLS, allowed=(ValueError,)),
    ),
    "ItemGroup": (heapwire.ItemGroup, Case(items, {**GROUP_CALLS}, check=group_is_whole)),
    "recv.Heap": (recv.Heap, Case(received, {"use": lambda it: heapwire.ItemGroup().update(it)})),
    "recv.IncompleteHeap": (recv.IncompleteHeap, Case(lambda: received(recv.IncompleteHeap))),
    "recv.Stream": (recv.Stream, Case(lambda: receiving(), RECEIVER_CALLS, check=still_receives)),
    "recv.asyncio.Stream": (
        heapwire.recv.asyncio.Stream,
        Case(
            lambda: receiving(heapwire.recv.asyncio.Stream),
            {**RECEIVER_CALLS, "get": take_in_a_loop, "__iter__": None, "batches": None},
        ),
    ),
    "recv.StreamConfig": (
        recv.StreamConfig,
        Case(
            recv.StreamConfig,
            {
                "add_stat": lambda it: it.add_stat(f"own {random.random()}") if it.next_stat_index() < 60 else None,
                "get_stat_index": lambda it: it.get_stat_index("heaps"),
                "memory_allocator =": lambda it: setattr(it, "memory_allocator", heapwire.MmapAllocator()),
                "use": lambda it: seldom(lambda: recv.Stream(POOL, it)),
            },
        ),
    ),
    "recv.RingStreamConfig": (
        recv.RingStreamConfig,
        Case(recv.RingStreamConfig, {"use": lambda it: seldom(lambda: recv.Stream(POOL, ring_config=it))}),
    ),
    "recv.StreamStatConfig": (
        recv.StreamStatConfig,
        two(recv.StreamStatConfig, "mine", recv.StreamStatConfig.Mode.MAXIMUM, combine=lambda it: it.combine(1, 2)),
    ),
    "recv.StreamStats": (recv.StreamStats, Case(lambda: receiving().stats, STATS_CALLS)),
    "send.StreamConfig": (
        send.StreamConfig,
        Case(send.StreamConfig, {"use": lambda it: seldom(lambda: send.BytesStream(POOL, it))}),
    ),
    "send.Heap": (
        send.Heap,
        # It cannot be changed while it is in flight.
        Case(
            send.Heap,
            {
                "add_item": lambda it: it.add_item(item(value=np.zeros(4, "f4"))) if random.random() < 0.02 else None,
                "add_descriptor": lambda it: it.add_descriptor(item()) if random.random() < 0.02 else None,
                "add_start": lambda it: it.add_start() if random.random() < 0.02 else None,
                "add_end": lambda it: it.add_end() if random.random() < 0.02 else None,
                "send": lambda it: seldom(lambda: BYTES.send_heap(it)),
                "cut": lambda it: next(send.PacketGenerator(it, 1, 1472)),
            },
            allowed=(RuntimeError,),
        ),
    ),
    "send.HeapReference": (
        send.HeapReference,
        Case(
            lambda: send.HeapReference(OUTGOING),
            {"change": reference_changes, "use": lambda it: send.HeapReferenceList([it, it])},
        ),
    ),
    "send.HeapReferenceList": (send.HeapReferenceList, Case(lambda: REFERENCES, {"__getitem__": lambda it: it[:1]})),
    "send.PacketGenerator": (
        send.PacketGenerator,
        Case(lambda: send.PacketGenerator(OUTGOING, 1, 100), {"__iter__": lambda it: next(it, None)}),
    ),
    "send.HeapGenerator": (
        send.HeapGenerator,
        Case(lambda: send.HeapGenerator(items()), {"add_to_heap": lambda it: it.add_to_heap(send.Heap(), "all", "all")}),
    ),
    "send.ItemGroup": (send.ItemGroup, Case(items, GROUP_CALLS, check=group_is_whole)),
    "send.Stream": (send.Stream, Case(lambda: send.BytesStream(POOL, ROOMY), SENDER_CALLS, check=still_sends)),
    "send.BytesStream": (
        send.BytesStream,
        Case(
            lambda: send.BytesStream(POOL, ROOMY),
            {**SENDER_CALLS, "getvalue": lambda it: it.getvalue() if random.random() < 0.02 else None},
            check=still_sends,
        ),
    ),
    "send.UdpStream": (send.UdpStream, Case(lambda: send.UdpStream(POOL, THERE, ROOMY), SENDER_CALLS, check=still_sends)),
    "send.TcpStream": (
        send.TcpStream,
        Case(lambda: send.TcpStream(POOL, [TCP.getsockname()], ROOMY), SENDER_CALLS, check=still_sends),
    ),
    "send.InprocStream": (
        send.InprocStream,
        Case(lambda: send.InprocStream(POOL, [heapwire.InprocQueue()], ROOMY), SENDER_CALLS, check=still_sends),
    ),
    "send.asyncio.UdpStream": (
        heapwire.send.asyncio.UdpStream,
        Case(lambda: heapwire.send.asyncio.UdpStream(POOL, THERE, ROOMY), ASYNC_CALLS),
    ),
    "send.asyncio.InprocStream": (
        heapwire.send.asyncio.InprocStream,
        Case(lambda: heapwire.send.asyncio.InprocStream(POOL, [heapwire.InprocQueue()], ROOMY), ASYNC_CALLS),
    ),
    "send.asyncio.TcpStream": (
        heapwire.send.asyncio.TcpStream,
        Case(
            lambda: heapwire.send.asyncio.TcpStream(POOL, socket.create_connection(TCP.getsockname()), ROOMY),
            {**ASYNC_CALLS, "connect": None},
        ),
    ),
}
