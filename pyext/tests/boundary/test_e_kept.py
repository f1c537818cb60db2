# SPDX-License-Identifier: BSD-3-Clause
"""E4: objects that somebody keeps until the interpreter is gone."""

import pytest

from boundary.children import run, times

# `objects` is one of each kind, most of them in the middle of something.
OBJECTS = """
import asyncio, atexit, ctypes, gc, logging, os, socket
import heapwire.recv.asyncio, heapwire.send.asyncio
from heapwire import send
log = logging.getLogger("heapwire")
log.addHandler(logging.NullHandler())
log.propagate = False

async def in_flight(stream):
    return [stream.async_send_heap(outgoing) for _ in range(3)]

def make():
    pool = heapwire.ThreadPool(2)
    queue = heapwire.InprocQueue()
    stream = heapwire.recv.Stream(pool)
    stream.add_inproc_reader(queue)
    stream.add_buffer_reader(bytearray(heap(7)))
    listening = socket.create_server(("127.0.0.1", 0))
    there = [listening.getsockname()]
    slow = send.StreamConfig(rate=1.0, burst_size=1)
    loop = asyncio.new_event_loop()
    pending = heapwire.send.asyncio.UdpStream(pool, there, slow)
    received = stream.get()
    items = heapwire.ItemGroup()
    items.update(received)
    futures = loop.run_until_complete(in_flight(pending))
    loop.close()
    return {
        "pool": pool, "queue": queue, "stream": stream, "listening": listening, "loop": loop, "pending": pending,
        "futures": futures, "received": received, "items": items,
        "views": [memoryview(item) for item in received.get_items()], "group": group,
        "senders": [send.UdpStream(pool, there), send.TcpStream(pool, there), send.InprocStream(pool, [queue]),
                    send.BytesStream(pool)],
        "asynchronous": heapwire.recv.asyncio.Stream(pool), "memory": heapwire.MemoryPool(pool, 1, 1000, 4, 2, 1),
        "packets": send.PacketGenerator(outgoing, 1, 1472), "statistics": stream.stats,
    }

group = send.ItemGroup()
group.add_item(0x1000, "data", "", (1000,), dtype="f4", value=[0.0] * 1000)
outgoing = group.get_heap()
objects = make()
"""

# A call of nearly everything that can be called when all is over, and what it answers then.
CALLS = """
def call(refused=(heapwire.Stopped, OSError), write=os.write, objects=objects, outgoing=outgoing):  # modules may be cleared by then
    queue, stream = objects["queue"], objects["stream"]
    said = []
    for act in (
        stream.get, stream.get_nowait, stream.stop, lambda: stream.stats["heaps"], lambda: stream.fd,
        lambda: stream.add_inproc_reader(queue), lambda: queue.add_packet(b"x"), queue.stop,
        *[lambda to=to: to.send_heap(outgoing) for to in objects["senders"]],
        objects["group"].get_heap, lambda: list(objects["items"].values()),
        lambda: next(objects["packets"]), objects["pool"].stop, lambda: bytes(objects["views"][0]),
    ):
        try:
            act()
        except refused:
            said.append("ended")
        else:
            said.append("worked")
    assert "worked" in said and "ended" in said, said
    write(1, b"called")
"""

KEPT = {
    "a module's globals": "",
    "another module's globals": "import types; sys.modules['keeper'] = k = types.ModuleType('keeper')\n"
    "k.kept = objects; del objects, k",
    "a cycle": "ring = [objects]; ring.append(ring); del objects, ring",
    "a cycle that the last collection finds": "gc.disable(); ring = [objects]; ring.append(ring); del objects, ring",
    "a cycle through a future and a callback": (
        "objects['futures'][-1].add_done_callback(lambda _, kept=objects: kept); del objects"
    ),
    "a traceback": (
        "def fail(kept):\n    raise ValueError('mine')\n"
        "try:\n    fail(objects)\nexcept ValueError as e:\n    error = e\ndel objects"
    ),
    "the last traceback": (
        "def fail(kept):\n    raise ValueError('mine')\n"
        "try:\n    fail(objects)\nexcept ValueError:\n    sys.last_type, sys.last_value, sys.last_traceback = sys.exc_info()\n"
        "del objects"
    ),
    "a static of C": (
        "ctypes.pythonapi.Py_IncRef(ctypes.py_object(objects))\n"
        "for kept in objects.values():\n    ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))\ndel kept, objects"
    ),
    "a capsule whose destructor lets go of them": (
        "let_go = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(('Py_DecRef', ctypes.pythonapi))\n"
        "new = ctypes.pythonapi.PyCapsule_New\n"
        "new.restype, new.argtypes = ctypes.py_object, [ctypes.py_object, ctypes.c_char_p, ctypes.c_void_p]\n"
        "kept = [new(o, None, None) for o in objects.values()]\n"
    ),
    "atexit, registered after our import": CALLS + "atexit.register(call)",
    "__del__ of another object": (
        CALLS + "class Last:\n    def __init__(self): self.kept = objects, outgoing\n"
        "    def __del__(self, call=call):\n        call()\n"
        "last = Last()\n"
    ),
    "__del__ in a cycle": (
        CALLS + "class Last:\n    def __del__(self, call=call):\n        call()\n"
        "gc.disable(); last = Last(); last.last = last; del last\n"
    ),
    "threads' locals": (
        "import threading\n"
        "def keep(kept):\n    threading.Event().wait()\n"
        "threading.Thread(target=keep, args=(objects,), daemon=True).start(); del objects"
    ),
    "thread-local data": "import threading; local = threading.local(); local.kept = objects; del objects",
}


@pytest.mark.parametrize("where", KEPT)
def test_e4_what_is_kept_does_no_harm(where):
    calls = KEPT[where].startswith(CALLS)
    for _ in range(times(20)):
        # What is sent after the end is refused, and that is said on standard error: there is no logging any more.
        assert run(OBJECTS + KEPT[where], stderr=None if calls else "") == ("called" if calls else "")


def test_e4_atexit_registered_before_our_import():
    for _ in range(times(20)):
        out = run(OBJECTS + CALLS, first="import atexit\natexit.register(lambda: call())\n", stderr=None)
        assert out == "called"
