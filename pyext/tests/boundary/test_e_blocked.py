# SPDX-License-Identifier: BSD-3-Clause
"""E2: short programs that send, and end with everything global. E3: the end while threads are inside calls that block."""

import pytest

from boundary.children import run, times

SENDERS = {
    "udp": "stream = send.UdpStream(pool, [('127.0.0.1', 9)])\nstream.send_heap(outgoing)",
    "tcp": (
        "import socket\nserver = socket.create_server(('127.0.0.1', 0))\n"
        "stream = send.TcpStream(pool, [server.getsockname()])\nstream.send_heap(outgoing)"
    ),
    "inproc": "queue = heapwire.InprocQueue()\nstream = send.InprocStream(pool, [queue])\nstream.send_heap(outgoing)",
    "bytes": "stream = send.BytesStream(pool)\nstream.send_heap(outgoing)",
    "asyncio": (
        "import asyncio, heapwire.send.asyncio\n"
        "stream = heapwire.send.asyncio.UdpStream(pool, [('127.0.0.1', 9)])\n"
        "async def main():\n    await stream.async_send_heap(outgoing)\n"
        "asyncio.run(main())"
    ),
    "asyncio, nobody waits": (
        "import asyncio, heapwire.send.asyncio\n"
        "stream = heapwire.send.asyncio.UdpStream(pool, [('127.0.0.1', 9)], send.StreamConfig(rate=1e3))\n"
        "async def main():\n    global futures\n    futures = [stream.async_send_heap(outgoing) for _ in range(4)]\n"
        "asyncio.run(main())"
    ),
    "a group": (
        "stream = send.UdpStream(pool, [('127.0.0.1', 9)])\n"
        "stream.send_heaps([send.HeapReference(outgoing)] * 3, send.GroupMode.SERIAL)"
    ),
    "a rate": (
        "stream = send.UdpStream(pool, [('127.0.0.1', 9)], send.StreamConfig(rate=1e9, rate_method=send.RateMethod.SW))\n"
        "for _ in range(10): stream.send_heap(outgoing)"
    ),
}


@pytest.mark.parametrize("style", SENDERS)
def test_e2_a_program_that_sends_ends(style):
    script = (
        "from heapwire import send\npool = heapwire.ThreadPool()\nig = send.ItemGroup()\n"
        "ig.add_item(None, 'x', '', (1000,), dtype='f8', value=[0.0] * 1000)\noutgoing = ig.get_heap()\n"
    )
    for _ in range(times(100)):
        run(script + SENDERS[style])


# Who is inside must be got out; what he hears is his business.
PREPARE = """
import asyncio, contextlib, socket, threading, time
import heapwire.recv.asyncio, heapwire.send.asyncio
from heapwire import send
pool = heapwire.ThreadPool(2)
queue = heapwire.InprocQueue()
group = send.ItemGroup()
group.add_item(0x1000, "data", "", (1000000,), dtype="f8", value=[0.0] * 1000000)
outgoing = group.get_heap()
slow = send.StreamConfig(rate=1.0)
nowhere = [("127.0.0.1", 9)]
stream = heapwire.recv.Stream(pool)
stream.add_inproc_reader(queue)
server = socket.create_server(("127.0.0.1", 0), backlog=0)
full = [socket.socket() for _ in range(4)]
for one in full:
    one.setblocking(False)
    one.connect_ex(server.getsockname())

def in_a_loop(main):
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        return loop.run_until_complete(main)

def dropped():
    sender = heapwire.send.asyncio.UdpStream(pool, nowhere, slow)
    async def start():
        sender.async_send_heap(outgoing)
    in_a_loop(start())
    del sender  # waits until the heap has gone

def flushing():
    sender = heapwire.send.asyncio.UdpStream(pool, nowhere, slow)
    async def start():
        return sender.async_send_heap(outgoing)
    kept = in_a_loop(start())
    sender.flush()

async def awaiting():
    await heapwire.recv.asyncio.Stream(pool).get()

async def sending():
    await heapwire.send.asyncio.UdpStream(pool, nowhere, slow).async_send_heap(outgoing)
"""

BLOCKING = {
    "recv.Stream.get": "stream.get()",
    "iteration": "list(stream)",
    "UdpStream.send_heap": "send.UdpStream(pool, nowhere, slow).send_heap(outgoing)",
    "UdpStream.send_heaps": (
        "send.UdpStream(pool, nowhere, slow).send_heaps([send.HeapReference(outgoing)] * 2, send.GroupMode.SERIAL)"
    ),
    "TcpStream.send_heap": "send.TcpStream(pool, socket.create_connection(reader)).send_heap(outgoing)",
    "TcpStream": "send.TcpStream(pool, [server.getsockname()])",
    "flush": "flushing()",
    "del": "dropped()",
    "await recv": "in_a_loop(awaiting())",
    "await send": "in_a_loop(sending())",
}


@pytest.mark.parametrize("call", BLOCKING)
def test_e3_threads_inside_calls_that_block_do_not_keep_the_end(call):
    for _ in range(times(20)):
        run(
            PREPARE
            + f"""
listening = socket.create_server(("127.0.0.1", 0))
reader = listening.getsockname()

def work():
    inside.release()
    try:
        {BLOCKING[call]}
    except (heapwire.Stopped, OSError):
        pass

inside = threading.Semaphore(0)
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
for _ in range(4):
    inside.acquire()
time.sleep(0.05)
"""
        )
