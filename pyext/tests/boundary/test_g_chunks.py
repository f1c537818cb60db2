# SPDX-License-Identifier: BSD-3-Clause
"""G: chunks at the border: exits, signals, forks, and who lets go of what."""

import pytest

from boundary.children import INTERRUPTS, run, times

SETUP = """
import logging, threading, time
import heapwire.recv.asyncio
from heapwire import recv
log = logging.getLogger("heapwire")
log.addHandler(logging.NullHandler())
log.propagate = False
N = recv.ItemValue(0x1600)
class Mine(recv.Chunk):
    pass

def chunk():
    return Mine(data=bytearray(64), present=bytearray(4))

def numbered(n):
    return packet(n + 1, bytes(16), items=[(0x1600, n, True), (0x1000, 0, False)])

def config(**more):
    return recv.ChunkStreamConfig(place=recv.LinearPlacement(N // 4, N % 4, N % 4 * 16), **more)

pool = heapwire.ThreadPool(2)
queue = heapwire.InprocQueue()
data, free = recv.ChunkRingbuffer(4), recv.ChunkRingbuffer(4)
"""

STREAM = (
    SETUP
    + """
stream = recv.ChunkRingStream(pool, recv.StreamConfig(), config(), data, free)
stream.add_inproc_reader(queue)
for i in range(4): stream.add_free_chunk(chunk())
"""
)

GROUP = (
    SETUP
    + """
pools = [heapwire.ThreadPool() for i in range(2)]
queues = [queue, heapwire.InprocQueue()]
group = stream = recv.ChunkStreamRingGroup(recv.ChunkStreamGroupConfig(eviction_mode=MODE), data, free)
for p, q in zip(pools, queues):
    group.emplace_back(p, recv.StreamConfig(), config())
for m, q in zip(group, queues):
    m.add_inproc_reader(q)
for i in range(4): group.add_free_chunk(chunk())
"""
)

FEED = """
for n in range(200): queue.add_packet(numbered(n))
while free.qsize(): time.sleep(0.001)
"""

ENDINGS = {
    "rings full": FEED,
    "rings empty": "for i in range(4): free.get()\n",
    "nothing received": "",
    "chunks kept": FEED + "kept = [data.get()]\n",
    "chunk in a cycle": FEED + "one = data.get(); one.ring = data; one.stream = stream; one.me = one; del one\n",
    "chunk that knows the ring it lies in": "one = chunk(); one.ring = data; one.stream = stream; data.put(one); del one\n",
    "dels first": FEED + "del stream, data, free, queue, pool\n",
    "rings go first": FEED + "del data, free\n",
    "stopped": FEED + "stream.stop()\n",
    "rings stopped": FEED + "free.stop(); data.stop()\n",
    "data ring stopped": FEED + "data.stop()\n",
    "daemons in get": "[threading.Thread(target=list, args=(data,), daemon=True).start() for i in range(3)]; time.sleep(0.05)\n",
    "daemons in put": "for r in (data, free):\n    while not r.full(): r.put(chunk())\n"
    "[threading.Thread(target=data.put, args=(chunk(),), daemon=True).start() for i in range(3)]; time.sleep(0.05)\n",
    "sys.exit in the middle": "threading.Thread(target=lambda: [queue.add_packet(numbered(n)) for n in range(10000)], daemon=True)"
    ".start()\ndata.get()\nsys.exit()\n",
}
KINDS = {
    "stream": STREAM,
    "lossy group": GROUP.replace("MODE", "recv.ChunkStreamGroupConfig.EvictionMode.LOSSY"),
    "lossless group": GROUP.replace("MODE", "recv.ChunkStreamGroupConfig.EvictionMode.LOSSLESS"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ENDINGS)
def test_g1_every_end_is_clean(how, kind):
    ending = ENDINGS[how]
    if "group" in kind:  # the other member is silent: chunks do not come out
        ending = ending.replace(FEED, FEED.replace("while", "queues[1].stop()\nwhile"))
        ending = ending.replace("data.get()\nsys", "queues[1].stop()\ndata.get()\nsys")
    # A daemon thread in put or get may see the ring stopped at the end, and says so.
    for _ in range(times(10)):
        run(KINDS[kind] + ending, stderr=None if "daemons in put" in how else "")


@pytest.mark.parametrize("kind", KINDS)
def test_g2_what_was_dropped_anywhere_is_given_back(kind):
    run(
        KINDS[kind]
        + FEED.replace("while", "if 'queues' in globals(): queues[1].stop()\nwhile")
        + """
import gc, weakref
spare = chunk()
watch = [weakref.ref(spare)]
memory = spare.data
stream.stop()
stream.add_free_chunk(spare)  # the ring is stopped: it is dropped
del spare
gc.collect()
assert watch[0]() is None
memory.append(1)  # nobody looks at it
kept = data.get_nowait() if data.qsize() else chunk()
if "group" in globals():
    del group, m
del stream, data, free
gc.collect()
end = time.monotonic() + 30
while heapwire._core._open_leases() or len([o for o in gc.get_objects() if type(o) is Mine]) > 1:
    assert time.monotonic() < end
    time.sleep(0.01)
"""
    )


def test_g3_ctrl_c_ends_every_blocking_call_and_loses_nothing():
    run(
        INTERRUPTS
        + STREAM
        + f"""
late = chunk()
assert free.full()
for call in (data.get, lambda: next(data), lambda: free.put(late)):
    for i in range({times(50)}):
        soon(interrupt)
        assert interrupted(call)
    assert late.data is not None
for n in range(4): queue.add_packet(numbered(n))
queue.stop()
(got,) = data
assert bytes(got.present) == b"\\1" * 4
"""
    )


def test_g4_workers_never_attach():
    run(
        STREAM
        + """
import sys
got = 0
def consume():
    global got
    for one in data:
        got += 1
        stream.add_free_chunk(one)
consumer = threading.Thread(target=consume)
consumer.start()
for n in range(4000): queue.add_packet(numbered(n))
assert len(sys._current_frames()) <= 3
queue.stop()
consumer.join()
assert got == 1000
assert len(sys._current_frames()) <= 2
"""
    )


FORKED = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
pid = os.fork()
if pid == 0:
    CHILD
else:
    assert os.waitpid(pid, 0)[1] == 0
    for n in range(8): queue.add_packet(numbered(n))
    queue.stop()
    if "queues" in globals(): queues[1].stop()
    assert len(list(data)) == 2
"""
CHILDREN = {
    "falls off": "pass",
    "dels": "del stream, data, free",
    "orphans raise": """
    calls = [data.get, data.get_nowait, lambda: data.put(chunk()), data.stop, data.qsize, lambda: data.data_fd, stream.stop]
    calls += [lambda: stream.add_free_chunk(chunk()), lambda: recv.ChunkRingStream(pool, recv.StreamConfig(), config(), data, free)]
    for call in calls:
        try:
            call()
        except RuntimeError:
            pass
        else:
            os._exit(1)
""",
    "works anew": """
    own, spare = recv.ChunkRingbuffer(2), recv.ChunkRingbuffer(2)
    new = recv.ChunkRingStream(heapwire.ThreadPool(), recv.StreamConfig(), config(), own, spare)
    new.add_free_chunk(chunk())
    new.add_buffer_reader(numbered(1))
    assert len(list(own)) == 1
""",
}


@pytest.mark.parametrize("kind", ["stream", "lossy group"])
@pytest.mark.parametrize("what", CHILDREN)
def test_g5_forks(what, kind):
    for _ in range(times(10)):
        run(KINDS[kind] + FORKED.replace("CHILD", CHILDREN[what].strip()))


@pytest.mark.parametrize("kind", KINDS)
def test_g6_stopping_in_any_order_by_anybody(kind):
    run(
        KINDS[kind]
        + """
import random
feeder = threading.Thread(target=lambda: [queue.add_packet(numbered(n)) for n in range(2000)])
feeder.start()
def consume():
    for one in data:
        try:
            free.put(one)
        except heapwire.Stopped:
            pass
consumer = threading.Thread(target=consume)
consumer.start()
calls = [stream.stop, data.stop, free.stop, queue.stop, pool.stop] * 2
if "group" in globals():
    calls += [group[0].stop, group[1].stop, pools[0].stop]
random.shuffle(calls)
def stop(call):
    try:
        call()
    except heapwire.Stopped:
        pass
stoppers = [threading.Thread(target=stop, args=(call,)) for call in calls]
for t in stoppers: t.start()
for t in stoppers: t.join()
consumer.join()
try:
    feeder.join()
except heapwire.Stopped:
    pass
""",
        stderr=None,
    )
