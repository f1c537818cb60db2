# SPDX-License-Identifier: BSD-3-Clause
"""E: the end of the interpreter."""

import pytest

from boundary.children import run, times

LIVE = """
import logging, threading, time
log = logging.getLogger("heapwire")
log.addHandler(logging.NullHandler())
log.propagate = False
log.setLevel(logging.ERROR)
pool = heapwire.ThreadPool(2)
queue = heapwire.InprocQueue()
streams = []
for i in range(4):
    stream = heapwire.recv.Stream(pool, ring_config=heapwire.recv.RingStreamConfig(heaps=2))
    stream.add_inproc_reader(queue)
    streams.append(stream)
for cnt in range(100):
    queue.add_packet(heap(cnt))
"""

ENDINGS = {
    "falls off the end": ("", 0, ""),
    "sys.exit": ("sys.exit(3)", 3, ""),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", -2, None),
    "exception": ("raise ValueError('mine')", 1, None),
    "dels first": ("del streams, stream, queue, pool", 0, ""),
    "daemons in get": ("[threading.Thread(target=list, args=(s,), daemon=True).start() for s in streams]", 0, ""),
    "daemons that just started and sleep": (
        "[threading.Thread(target=list, args=(s,), daemon=True).start() for s in streams * 2]; time.sleep(0.05)",
        0,
        "",
    ),
    "in a cycle": ("cycle = [streams]; cycle.append(cycle); del streams, stream", 0, ""),
    "in a traceback": ("try:\n    raise ValueError(streams)\nexcept ValueError as e:\n    kept = e", 0, ""),
    "os._exit": ("import os; os._exit(0)", 0, ""),
    "storm": (
        "def storm():\n    while True:\n        heapwire._core.log_info('x')\n"
        "log.setLevel(logging.INFO)\n"
        "threading.Thread(target=storm, daemon=True).start(); time.sleep(0.6)",
        0,
        "",
    ),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_e1_every_end_is_clean(how):
    ending, code, stderr = ENDINGS[how]
    for _ in range(times(40)):
        run(LIVE + ending, code=code, stderr=stderr)


def test_e4_atexit_before_and_after_and_del():
    run(
        """
import atexit
class Last:
    def __del__(self):
        stream.stop()
        try:
            stream.get()
        except heapwire.Stopped:
            pass
last = Last()
pool = heapwire.ThreadPool()
stream = heapwire.recv.Stream(pool)
atexit.register(lambda: stream.stats)
"""
    )


def test_e5_nothing_starts_after_the_end():
    out = run(
        """
import atexit
def late():
    for make in (lambda: heapwire.ThreadPool(), lambda: heapwire.recv.Stream(pool)):
        try:
            make()
        except RuntimeError as e:
            print("refused")
# Our own handler runs now, so that `late` comes after it.
pool = heapwire.ThreadPool()
heapwire._core._stop_everything()
atexit.register(late)
"""
    )
    assert out == "refused\nrefused\n"


def test_e7_stopping_ends_the_threads_and_may_be_repeated_by_anybody():
    run(
        """
import os, threading, time
def count():
    return len(os.listdir("/proc/self/task"))
before = count()
pool = heapwire.ThreadPool(4)
stream = heapwire.recv.Stream(pool)
assert count() == before + 4
stoppers = [threading.Thread(target=f) for f in [stream.stop, pool.stop] * 4]
for t in stoppers: t.start()
for t in stoppers: t.join()
end = time.monotonic() + 30
while count() != before:
    assert time.monotonic() < end
    time.sleep(0.01)
"""
    )


def test_b4_a_handler_that_blocks_does_not_keep_the_process():
    run(
        """
import logging, time
class Slow(logging.Handler):
    def emit(self, record):
        time.sleep(1000)
log = logging.getLogger("heapwire")
log.addHandler(Slow())
log.setLevel(logging.INFO)
heapwire._core._set_log_receiver(heapwire._logging.deliver, logging.INFO)
for i in range(10):
    heapwire._core.log_info("x")
time.sleep(0.2)
""",
        stderr=None,
    )
