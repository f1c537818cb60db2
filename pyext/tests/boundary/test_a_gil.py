# SPDX-License-Identifier: BSD-3-Clause
"""A: nobody waits for the GIL who must not."""

from boundary.children import run


def test_a1_a_hog_of_the_gil_loses_no_packet():
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
ring, hog = stream.ringbuffer, ctypes.PyDLL(None).usleep
while ring.size() == 0:
    pass
sys.setswitchinterval(1000)  # so nobody gets the GIL between these lines
before = ring.size()
hog(2_000_000)
after = ring.size()
sys.setswitchinterval(0.005)
assert after > before, "the worker did nothing while the GIL was held"
sender.wait()
assert sorted(stream.get().cnt for _ in range(count)) == list(range(count))
"""
    )


def test_a5_workers_never_attach():
    run(
        """
import sys, threading
pool = heapwire.ThreadPool(16)
queue = heapwire.InprocQueue()
streams = []
for i in range(16):
    s = heapwire.recv.Stream(pool)
    s.add_inproc_reader(queue)
    streams.append(s)
for cnt in range(1000):
    queue.add_packet(heap(cnt))
assert len(sys._current_frames()) <= 2
"""
    )


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
stream.add_udp_reader(0)
holder = [stream, pool]
del stream, pool
heapwire._core.log_info("drop")
assert dropped.wait(50)
"""
    )
