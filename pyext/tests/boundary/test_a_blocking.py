# SPDX-License-Identifier: BSD-3-Clause
"""A2: whatever can wait lets other threads run meanwhile. Every bound callable is in a list here, or this test fails.

"Runs meanwhile" is told without a clock: threads are never switched by the interpreter (the switch interval is 1000 s), so
that a second thread runs only while the first lets go of the GIL, and the first comes back only when the second says so.
"""

import inspect

import pytest

import heapwire
import heapwire.recv.asyncio
import heapwire.send.asyncio
from boundary.children import INTERRUPTS, run

# Classes of which no member waits for anybody.
VALUES = """
Flavour RawDescriptor _ItemTable _ItemState _Ready recv.HeapBase
recv.Heap recv.IncompleteHeap recv.RawItem recv.RingStreamConfig recv.Stream.Ringbuffer recv.StreamConfig
recv.StreamStatConfig recv.StreamStatConfig.Mode recv.StreamStats recv._HeapBlock.Filled
recv.Chunk recv.ChunkStreamConfig recv.ChunkStreamGroupConfig recv.ChunkStreamGroupConfig.EvictionMode recv._LinearRule
send.GroupMode send.Heap send.HeapReference send.HeapReferenceList send.PacketGenerator send.RateMethod send.StreamConfig
send._HeapFiller send.asyncio.LoopHub
""".split()

# What does not wait, of classes and modules where others do. The locks behind some of them are held for moments by
# threads that wait for nothing.
QUICK = """
log_info MemoryAllocator.__init__ MemoryPool.warn_on_empty MmapAllocator.__init__ ThreadPool.set_affinity
recv.Stream.__iter__ recv._Stream.config recv.Stream.fd recv.Stream.get_nowait recv.Stream.ring_config
recv.Stream.ringbuffer recv.Stream.batches recv.Stream._ready recv._Stream.__init__
recv.ChunkRingPair.__init__ recv.ChunkStreamGroupMember.__init__ send.asyncio.AsyncStream._send_with_callback
recv._HeapBlock.__init__ recv._HeapBlock.begin_next recv._HeapBlock.cnts recv._HeapBlock.column recv._HeapBlock.cut
recv._HeapBlock.descriptors_done recv._HeapBlock.last_descriptors recv._HeapBlock.take_heaps
recv.ChunkRingPair.add_free_chunk recv.ChunkRingPair.data_ringbuffer recv.ChunkRingPair.free_ringbuffer
recv.ChunkRingbuffer.__iter__ recv.ChunkRingbuffer.add_producer recv.ChunkRingbuffer.data_fd recv.ChunkRingbuffer.empty
recv.ChunkRingbuffer.full recv.ChunkRingbuffer.get_nowait recv.ChunkRingbuffer.maxsize recv.ChunkRingbuffer.put_nowait
recv.ChunkRingbuffer.qsize recv.ChunkRingbuffer.remove_producer recv.ChunkRingbuffer.space_fd recv.ChunkRingbuffer.stop
recv.ChunkStreamRingGroup._members recv.ChunkStreamRingGroup.config
send.Stream.__init__ send.Stream.num_substreams send.Stream.set_cnt_sequence send.InprocStream.queues
send.UdpStream.DEFAULT_BUFFER_SIZE send.TcpStream.DEFAULT_BUFFER_SIZE
send.asyncio.AsyncStream.__init__ send.asyncio.AsyncStream._last_hub send.asyncio.AsyncStream._when_flushed
send.asyncio.AsyncStream.async_send_heap send.asyncio.AsyncStream.async_send_heaps
send.asyncio.InprocStream.queues send.asyncio.UdpStream.DEFAULT_BUFFER_SIZE
send.asyncio.TcpStream.DEFAULT_BUFFER_SIZE
""".split()

# Waits that end when the other thread says so: how to begin, the call, and what the other one does.
SLOW = "pool, [heapwire.InprocQueue()], send.StreamConfig(rate=1, burst_size=1)"
FULL_LISTENER = """
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
others = [socket.socket() for _ in range(8)]
for s in others:
    s.setblocking(False)
    s.connect_ex(listener.getsockname())
time.sleep(0.1)
"""
WAITS = {
    "recv.Stream.get": ("", "stream.get()", "queue.add_packet(heap(1))"),
    "recv.Stream.__next__": ("", "next(stream)", "queue.add_packet(heap(1))"),
    "recv._HeapBlock.fill": (
        "block = heapwire._core.recv._HeapBlock(stream, 1)",
        "block.fill(True)",
        "queue.add_packet(heap(1))",
    ),
    "recv.ChunkRingbuffer.get": ("", "ring.get()", "ring.put(chunk())"),
    "recv.ChunkRingbuffer.__next__": ("", "next(ring)", "ring.put(chunk())"),
    "recv.ChunkRingbuffer.put": ("ring.put(chunk())", "ring.put(chunk())", "ring.get()"),
    "ThreadPool.stop": (
        "held = testing.HeldWorker(pool)\nwhile not held.held: time.sleep(0.001)",
        "pool.stop()",
        "held.release()",
    ),
    "send.InprocStream.send_heap": (f"s = send.InprocStream({SLOW})", "s.send_heap(one)", "interrupt()"),
    "send.InprocStream.send_heaps": (
        f"s = send.InprocStream({SLOW})",
        "s.send_heaps([send.HeapReference(one)], send.GroupMode.SERIAL)",
        "interrupt()",
    ),
    "send.BytesStream.send_heap": (
        "s = send.BytesStream(pool, send.StreamConfig(rate=1, burst_size=1))",
        "s.send_heap(one)",
        "interrupt()",
    ),
    "send.BytesStream.send_heaps": (
        "s = send.BytesStream(pool, send.StreamConfig(rate=1, burst_size=1))",
        "s.send_heaps([send.HeapReference(one)], send.GroupMode.SERIAL)",
        "interrupt()",
    ),
    "send.UdpStream.send_heap": (
        "s = send.UdpStream(pool, [('127.0.0.1', 9)], send.StreamConfig(rate=1, burst_size=1))",
        "s.send_heap(one)",
        "interrupt()",
    ),
    "send.UdpStream.send_heaps": (
        "s = send.UdpStream(pool, [('127.0.0.1', 9)], send.StreamConfig(rate=1, burst_size=1))",
        "s.send_heaps([send.HeapReference(one)], send.GroupMode.SERIAL)",
        "interrupt()",
    ),
    "send.TcpStream.send_heap": (
        "a, b = tcp_pair()\ns = send.TcpStream(pool, a)",
        "s.send_heap(large)",
        "interrupt()",  # nobody reads
    ),
    "send.TcpStream.send_heaps": (
        "a, b = tcp_pair()\ns = send.TcpStream(pool, a)",
        "s.send_heaps([send.HeapReference(large)], send.GroupMode.SERIAL)",
        "interrupt()",
    ),
    "send.TcpStream.__init__": (
        FULL_LISTENER,
        "send.TcpStream(pool, [listener.getsockname()])",
        "interrupt()",
    ),
    "send.asyncio.AsyncStream.flush": (
        f"""
import asyncio
s = heapwire.send.asyncio.InprocStream({SLOW})
async def begin():
    s.async_send_heap(one)
asyncio.run(begin())
""",
        "s.flush()",
        "interrupt()",
    ),
}

# What takes a lock of a worker's, asks the resolver or makes threads: not for long, so it is called until it did let go.
LETS_GO = {
    "ThreadPool.__init__": "heapwire.ThreadPool()",
    "MemoryPool.__init__": "heapwire.MemoryPool(1, 4096, 4, 4)",
    "InprocQueue.__init__": "heapwire.InprocQueue()",
    "InprocQueue.add_packet": "heapwire.InprocQueue().add_packet(heap(1))",
    "InprocQueue.stop": "heapwire.InprocQueue().stop()",
    "InprocQueue.weather_report": "heapwire.InprocQueue().weather_report",
    "recv.Stream.__init__": "heapwire.recv.Stream(pool)",
    "recv._Stream.add_buffer_reader": "fresh().add_buffer_reader(heap(1))",
    "recv._Stream.add_inproc_reader": "fresh().add_inproc_reader(heapwire.InprocQueue())",
    "recv._Stream.add_tcp_reader": "fresh().add_tcp_reader(0)",
    "recv._Stream.add_udp_reader": "fresh().add_udp_reader(0, buffer_size=65536)",
    "recv._Stream.add_udp_pcap_file_reader": "failing(fresh().add_udp_pcap_file_reader, '/dev/null')",
    "recv._Stream.start": "heapwire.recv.Stream(pool, heapwire.recv.StreamConfig(explicit_start=True)).start()",
    "recv._Stream.stats": "stream.stats",
    "recv._Stream.stop": "fresh().stop()",
    "recv.ChunkRingbuffer.__init__": "heapwire.recv.ChunkRingbuffer(1)",
    "recv.ChunkRingStream.__init__": "heapwire.recv.ChunkRingStream(pool, recv.StreamConfig(), where, ring, spare)",
    "recv.ChunkStreamRingGroup.__init__": "group()",
    "recv.ChunkStreamRingGroup.emplace_back": "group().emplace_back(pool, recv.StreamConfig(), where)",
    "recv.ChunkStreamRingGroup.stop": "group().stop()",
    "send.BytesStream.__init__": "send.BytesStream(pool)",
    "send.BytesStream.getvalue": "written.getvalue()",
    "send.InprocStream.__init__": "send.InprocStream(pool, [queue])",
    "send.UdpStream.__init__": "send.UdpStream(pool, [('localhost', 9)])",
    "send.asyncio.InprocStream.__init__": "heapwire.send.asyncio.InprocStream(pool, [queue])",
    "send.asyncio.TcpStream.__init__": "heapwire.send.asyncio.TcpStream(pool, ends[0])",
    "send.asyncio.UdpStream.__init__": "heapwire.send.asyncio.UdpStream(pool, [('localhost', 9)])",
}

SETUP = (
    INTERRUPTS
    + """
import socket
import heapwire.send.asyncio
from heapwire import send
from things import heap_of
testing = heapwire._core._testing
pool = heapwire.ThreadPool()
queue = heapwire.InprocQueue()
stream = heapwire.recv.Stream(pool)
stream.add_inproc_reader(queue)
written = send.BytesStream(pool)
one, large = heap_of((0x1000, bytes(10000))), heap_of((0x1000, bytes(64 << 20)))  # one is several packets
def tcp_pair():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]
ends = tcp_pair()
recv = heapwire.recv
ring, spare = recv.ChunkRingbuffer(1), recv.ChunkRingbuffer(1)
where = recv.ChunkStreamConfig(place=recv.LinearPlacement(0, 0, 0))
def chunk():
    return recv.Chunk(data=bytearray(1), present=bytearray(1))
def group():
    return recv.ChunkStreamRingGroup(recv.ChunkStreamGroupConfig(), ring, spare)
def fresh():
    return heapwire.recv.Stream(pool)
def failing(call, *args):
    try:
        call(*args)
    except Exception:
        pass
begun, order = False, []
def other():
    while not begun:
        time.sleep(0.001)
    time.sleep(0.001)
    for i in range(10000):
        pass
    order.append("other")
    end_it()
"""
)


def members():
    """Names of all that heapwire._core binds."""

    def of_class(cls, name):
        for key, value in vars(cls).items():
            if key.startswith("_pybind11") or key == "_member_type_":
                continue
            if inspect.isclass(value):
                yield from of_class(value, f"{name}.{key}")
            elif key == "__init__" or not key.startswith("__") or key in ("__iter__", "__next__", "__call__"):
                if callable(value) or isinstance(value, (property, staticmethod)) or inspect.isdatadescriptor(value):
                    yield name, f"{name}.{key}"

    def of_module(module, prefix):
        for key, value in vars(module).items():
            if inspect.ismodule(value) and value.__name__.startswith(module.__name__) and key != "_testing":
                yield from of_module(value, f"{prefix}{key}.")
            elif inspect.isclass(value) and not issubclass(value, BaseException):
                yield from of_class(value, prefix + key)
            elif callable(value) and not key.startswith("_") and not inspect.isclass(value):
                yield prefix + key, prefix + key

    return list(of_module(heapwire._core, ""))


def test_a2_every_bound_callable_is_in_a_list():
    bound = members()
    known = set(QUICK) | set(WAITS) | set(LETS_GO)
    assert [name for cls, name in bound if cls not in VALUES and name not in known] == []
    names = {name for _, name in bound} | {cls for cls, _ in bound}
    assert [name for name in (*known, *VALUES) if name not in names] == []


@pytest.mark.parametrize("name", WAITS)
def test_a2_who_waits_lets_others_run(name):
    begin, call, end = WAITS[name]
    run(
        SETUP
        + f"""
{begin}
def end_it():
    {end}
thread = threading.Thread(target=other)
thread.start()
sys.setswitchinterval(1000)
begun = calling = True
try:
    {call}
except KeyboardInterrupt:
    pass
calling = False
order.append("back")
sys.setswitchinterval(0.005)
thread.join()
assert order == ["other", "back"], order
"""
    )


@pytest.mark.parametrize("name", LETS_GO)
def test_a2_who_may_have_to_wait_lets_others_run(name):
    run(
        SETUP
        + f"""
def end_it():
    pass
thread = threading.Thread(target=other)
thread.start()
sys.setswitchinterval(1000)
begun = True
while not order:
    {LETS_GO[name]}
sys.setswitchinterval(0.005)
thread.join()
"""
    )
