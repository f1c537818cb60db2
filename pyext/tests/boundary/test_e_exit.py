# SPDX-License-Identifier: BSD-3-Clause
"""E1, E5, E7: the end of the interpreter. (E2 and E3 are in test_e_blocked.py, E4 in test_e_kept.py, E6 in test_e_embedded.py.)"""

import pytest

from boundary.children import run, run_many, times

# Everything is in use: receivers, senders of every kind, a log storm, futures that nobody resolves any more. Who runs
# in a thread expects that the library stops under it, and says nothing of that.
LIVE = """
import asyncio, logging, random, socket, threading, time
import heapwire.recv.asyncio, heapwire.send.asyncio
from heapwire import send
log = logging.getLogger("heapwire")
log.addHandler(logging.NullHandler())
log.propagate = False
log.setLevel(logging.INFO)
pool = heapwire.ThreadPool(2)
queue = heapwire.InprocQueue()
streams = []
for i in range(4):
    stream = heapwire.recv.Stream(pool, ring_config=heapwire.recv.RingStreamConfig(heaps=2))
    stream.add_inproc_reader(queue)
    streams.append(stream)
for cnt in range(100):
    queue.add_packet(heap(cnt))
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(("127.0.0.1", 0))
streams[0].add_udp_reader(own)
there = [own.getsockname()]
group = send.ItemGroup()
group.add_item(0x1000, "data", "", (1000,), dtype="f4", value=[0.0] * 1000)
outgoing = group.get_heap()
through = heapwire.InprocQueue()
arriving = heapwire.recv.Stream(pool)
arriving.add_inproc_reader(through)

def until_the_end(what):
    def work():
        try:
            while True:
                what()
        except (OSError, heapwire.Stopped):
            pass
    threading.Thread(target=work, daemon=True).start()

senders = [send.UdpStream(pool, there), send.InprocStream(pool, [through]), send.BytesStream(pool)]
for sender in senders[:2]:
    until_the_end(lambda sender=sender: sender.send_heap(outgoing))
until_the_end(arriving.get)
until_the_end(lambda: heapwire._core.log_info("storm"))

async def receive(stream):
    try:
        async for _ in stream:
            pass
    except asyncio.CancelledError:
        pass

async def busy(pool=pool):  # whose name may go before this runs
    awaited = heapwire.recv.asyncio.Stream(pool)
    task = asyncio.ensure_future(receive(awaited))
    slow = heapwire.send.asyncio.UdpStream(pool, there, send.StreamConfig(rate=1.0, burst_size=1))
    futures = [slow.async_send_heap(outgoing) for _ in range(3)]  # which the end will fail
    for future in futures:
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
    fast = heapwire.send.asyncio.UdpStream(pool, there)
    while True:
        done = await asyncio.gather(*[fast.async_send_heap(outgoing) for _ in range(8)], return_exceptions=True)
        if any(isinstance(one, Exception) for one in done):
            await asyncio.gather(*futures, return_exceptions=True)
            await asyncio.sleep(3600)

def in_a_loop():
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(busy())
    except RuntimeError as error:  # it came to run after the end had begun
        assert "nothing new can be started" in str(error)
        time.sleep(3600)  # nor does it clean up

threading.Thread(target=in_a_loop, daemon=True).start()
time.sleep(random.random() * 0.05)
"""

ENDINGS = {
    "falls off the end": ("", 0, ""),
    "sys.exit": ("sys.exit(3)", 3, ""),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", -2, None),
    "exception": ("raise ValueError('mine')", 1, None),
    "dels first": ("del streams, stream, queue, pool, senders, sender, arriving, through", 0, ""),
    "daemons run Python": (
        "def spin():\n    n = 0\n    while True: n += 1\n"
        "[threading.Thread(target=spin, daemon=True).start() for _ in range(2)]",
        0,
        "",
    ),
    "os._exit": ("import os; os._exit(4)", 4, ""),
    "SystemExit in a coroutine": (
        """
async def main():
    task = asyncio.ensure_future(busy())
    await asyncio.sleep(random.random() * 0.02)
    raise SystemExit(5)
asyncio.run(main())
""",
        5,
        "",
    ),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_e1_every_end_is_clean(how):
    ending, code, stderr = ENDINGS[how]
    for _ in range(times(63)):  # of eight: 500
        run(LIVE + ending, code=code, stderr=stderr)


def test_e1_a_daemon_thread_rests_before_our_frames_are_unwound():
    run(  # an interpreter before 3.14 unwinds it where it wants the GIL back: in the middle of what we call
        """
import ctypes, threading, time
def back_after_the_end(*_, **__):
    inside.set()
    time.sleep(0.5)
item = heapwire.Item(0x1000, "x", "", (2,), dtype="f4", value=type("Slow", (), {"__array__": back_after_the_end})())
for call in item.to_buffer, lambda: heapwire._core._testing.call_noexcept(back_after_the_end):
    inside = threading.Event()
    threading.Thread(target=call, daemon=True).start()
    inside.wait()
class AtTheVeryEnd:  # of modules sys goes last
    def __del__(self, sleep=ctypes.CDLL(None).usleep):
        sleep(1_500_000)
sys.at_the_very_end = AtTheVeryEnd()
"""
    )


def test_e1_daemon_threads_in_quick_calls_keep_no_lock():
    run_many(  # without a GIL one in twelve hung: the thread that ends the interpreter wants that lock too
        times(160),
        """
import threading, time
kept = [heapwire.Flavour() for _ in range(2000)]  # dropped when the others may not come back
def work():
    while True:
        heapwire.Flavour()
for _ in range(6):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
""",
    )


def test_e5_nothing_starts_after_the_end():
    out = run(
        """
pool = heapwire.ThreadPool()
queue = heapwire.InprocQueue()
""",
        first="""
import atexit
def late():  # was registered before ours, so it comes after
    from heapwire import send
    import heapwire.send.asyncio
    for make in (
        heapwire.ThreadPool,
        lambda: heapwire.recv.Stream(pool),
        lambda: send.InprocStream(pool, [queue]),
        lambda: send.BytesStream(pool),
        lambda: heapwire.send.asyncio.InprocStream(pool, [queue]),
    ):
        try:
            make()
        except RuntimeError as error:
            print("refused")
atexit.register(late)
""",
    )
    assert out == "refused\n" * 5


def test_e7_stopping_ends_the_threads_and_may_be_repeated_by_anybody():
    run(
        """
import os, threading, time
def count():
    return len(os.listdir("/proc/self/task"))
def settle(at):
    end = time.monotonic() + 30
    while count() != at:
        assert time.monotonic() < end, (count(), at)
        time.sleep(0.01)
before = count()  # the thread of the log is there since the import, and stays; numpy may have some too
heapwire.ThreadPool().stop()
settle(before)
for _ in range(5):
    pool = heapwire.ThreadPool(4)
    stream = heapwire.recv.Stream(pool)
    stream.add_udp_reader(0)
    assert count() == before + 4
    stoppers = [threading.Thread(target=f) for f in [stream.stop, pool.stop] * 8]
    for t in stoppers: t.start()
    for t in stoppers: t.join()
    settle(before)
    stream.stop()
    pool.stop()
"""
    )


def test_b4_a_handler_that_blocks_does_not_keep_the_process():
    run(
        """
import logging, threading, time
blocked = threading.Event()
class Blocks(logging.Handler):
    def emit(self, record):
        blocked.set()
        time.sleep(1000)
log = logging.getLogger("heapwire")
log.addHandler(Blocks())
log.setLevel(logging.INFO)
heapwire._core._set_log_receiver(heapwire._logging.deliver, logging.INFO)
for i in range(10):
    heapwire._core.log_info("x")
blocked.wait()
""",
        stderr="heapwire: a log handler blocks; 9 records were not delivered\n",
    )
