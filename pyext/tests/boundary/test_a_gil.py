# SPDX-License-Identifier: BSD-3-Clause
"""A: nobody waits for the GIL who must not. (A2 is in test_a_blocking.py.)"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from boundary.children import run, times

HOGS = {
    "a call in C": """
sys.setswitchinterval(1000)  # so nobody gets the GIL between these lines
before = ring.size()
ctypes.PyDLL(None).usleep(2_000_000)
assert ring.size() > before, "the worker did nothing while the GIL was held"
sys.setswitchinterval(0.005)
sender.wait()
""",
    "two threads of Python": """
import threading
over = False
def spin():
    while not over:
        pass
spinning = [threading.Thread(target=spin) for _ in range(2)]
for t in spinning: t.start()
sender.wait()
over = True
for t in spinning: t.join()
""",
}


@pytest.mark.parametrize("who", HOGS)
def test_a1_a_hog_of_the_gil_loses_no_packet(who):
    run(
        """
import ctypes, socket
count = 2000
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    own.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE: on a busy machine a worker may come late
except PermissionError:
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
own.bind(("127.0.0.1", 0))
pool = heapwire.ThreadPool()
stream = heapwire.recv.Stream(pool, ring_config=heapwire.recv.RingStreamConfig(heaps=2 * count))
stream.add_udp_reader(own)
import subprocess
sender = subprocess.Popen([sys.executable, "-c", '''
import socket, sys, time
sys.path.insert(0, sys.argv[2])
from packets import heap
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for cnt in range(int(sys.argv[3])):
    s.sendto(heap(cnt), ("127.0.0.1", int(sys.argv[1])))
    time.sleep(0.0003)
''', str(own.getsockname()[1]), sys.path[0], str(count)])
ring = stream.ringbuffer
while ring.size() == 0:
    pass
"""
        + HOGS[who]
        + """
assert sorted(stream.get().cnt for _ in range(count)) == list(range(count))
"""
    )


def test_a4_the_core_knows_no_python():
    """The headers say so by their words, and the library, of which the wheel is made, by its symbols."""
    root = pathlib.Path(__file__).parents[3]
    headers = list((root / "libcore").rglob("*.h"))
    if not headers:
        pytest.skip("the core's sources are not here")
    assert [h for h in headers if re.search(r"#\s*include.*(Python\.h|pybind11)", h.read_text())] == []
    objects = list(pathlib.Path(os.environ.get("HEAPWIRE_WHEEL_BUILD", "none"), "libcore").glob("**/*.o"))
    if not objects or not shutil.which("nm"):
        pytest.skip("the build of the wheel is not here (HEAPWIRE_WHEEL_BUILD), or nm is not")
    needed = subprocess.run(["nm", "--undefined-only", *objects], capture_output=True, text=True, check=True).stdout
    assert "pthread" in needed
    assert re.findall(r" U (_?Py[A-Z_]\w*)", needed) == []


def test_a5_workers_never_attach():
    run(
        """
import ctypes, sys, threading
api = ctypes.pythonapi
for function in (api.PyInterpreterState_Main, api.PyInterpreterState_ThreadHead, api.PyThreadState_Next):
    function.restype = ctypes.c_void_p
def attached_once():
    api.PyInterpreterState_ThreadHead.argtypes = api.PyThreadState_Next.argtypes = [ctypes.c_void_p]
    count, state = 0, api.PyInterpreterState_ThreadHead(api.PyInterpreterState_Main())
    while state:
        count, state = count + 1, api.PyThreadState_Next(state)
    return count
before = attached_once()
pool = heapwire.ThreadPool(16)
queues, streams = [heapwire.InprocQueue() for _ in range(16)], []
for queue in queues:
    stream = heapwire.recv.Stream(pool, ring_config=heapwire.recv.RingStreamConfig(heaps=1000))
    stream.add_inproc_reader(queue)
    streams.append(stream)
most = 0
for cnt in range(1000):
    for queue in queues:
        queue.add_packet(heap(cnt))
    most = max(most, attached_once())
assert most <= before + 1, most  # the log thread
assert len(sys._current_frames()) <= 2
for stream in streams:
    assert [stream.get().cnt for _ in range(1000)] == list(range(1000))
"""
    )


LAST_REFERENCES = {
    "a pool": "last = heapwire.ThreadPool(); pool = last",
    "a stream that receives": "pool = heapwire.ThreadPool(); last = heapwire.recv.Stream(pool); last.add_udp_reader(0, buffer_size=65536)",
    "a stream that sends": "pool = heapwire.ThreadPool(); last = send.InprocStream(pool, [heapwire.InprocQueue()])",
    "a pool of memory": "pool = heapwire.ThreadPool(); last = heapwire.MemoryPool(pool, 1, 100, 4, 4, 2)",
}


@pytest.mark.parametrize("what", LAST_REFERENCES)
def test_a6_a_destructor_that_waits_for_a_worker_lets_others_run(what):
    run(
        """
import threading, time
from heapwire import send
{make}
held = heapwire._core._testing.HeldWorker(pool)
while not held.held:
    time.sleep(0.001)
del pool
order, begun = [], False
def other():
    while not begun:
        time.sleep(0.001)
    for i in range(100000):
        pass
    order.append("worker released")
    held.release()
thread = threading.Thread(target=other)
thread.start()
sys.setswitchinterval(1000)  # from here on the other thread runs only if the destructor lets it
begun = True
del last
order.append("deleted")
sys.setswitchinterval(0.005)
thread.join()
assert order == ["worker released", "deleted"]
""".format(make=LAST_REFERENCES[what])
    )


GARBAGE = """
import gc, os, threading, time
gc.disable()
class Ring:
    pass
def drop_a_ring():
    ring = Ring()
    ring.itself = ring
    ring.pool = heapwire.ThreadPool()
    ring.stream = heapwire.recv.Stream(ring.pool)
    ring.stream.add_udp_reader(0, buffer_size=65536)
def threads():
    return len(os.listdir("/proc/self/task"))
def eventually(what):
    end = time.monotonic() + 50
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)
heapwire.ThreadPool()  # starts the log thread
gc.collect()
before = threads()
"""


def test_a7_the_log_thread_may_drop_the_last_reference():
    run(
        """
import logging, threading
dropped = threading.Event()
class Drop(logging.Handler):
    def emit(self, record):
        holder.clear()
        dropped.set()
log = logging.getLogger("heapwire")
log.addHandler(Drop())
log.propagate = False
log.setLevel(logging.INFO)
heapwire._core._set_log_receiver(heapwire._logging.deliver, logging.INFO)
pool = heapwire.ThreadPool()
stream = heapwire.recv.Stream(pool)
stream.add_udp_reader(0, buffer_size=65536)
holder = [stream, pool]
del stream, pool
heapwire._core.log_info("drop")
assert dropped.wait(50)
"""
    )


def test_a7_the_collector_may_drop_it_on_any_thread():
    run(
        GARBAGE
        + f"""
for _ in range({times(100)}):
    drop_a_ring()
    collector = threading.Thread(target=gc.collect)
    collector.start()
    collector.join()
eventually(lambda: threads() == before)
"""
    )


def test_a7_the_collector_may_drop_it_on_the_log_thread():
    run(
        GARBAGE
        + f"""
import logging
collected = 0
class Collect(logging.Handler):
    def emit(self, record):
        global collected
        gc.collect()
        collected += 1
log = logging.getLogger("heapwire")
log.addHandler(Collect())
log.propagate = False
log.setLevel(logging.INFO)
heapwire._core._set_log_receiver(heapwire._logging.deliver, logging.INFO)
for i in range({times(100)}):
    drop_a_ring()
    heapwire._core.log_info("collect")
    eventually(lambda: collected > i)
eventually(lambda: threads() == before)
"""
    )
