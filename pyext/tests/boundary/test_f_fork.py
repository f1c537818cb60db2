# SPDX-License-Identifier: BSD-3-Clause
"""F4: fork with everything alive."""

import pytest

from boundary.children import run, times

# Four workers receive, two threads log, and the parent expects every heap and no wake-up that is not its own.
SCRIPT = """
import logging, os, select, threading, time, warnings
import boundary.forked as forked
import heapwire.recv.asyncio, heapwire.send.asyncio
from heapwire import send
warnings.simplefilter("ignore", DeprecationWarning)
log = logging.getLogger("heapwire")
log.addHandler(logging.NullHandler())
log.propagate = False
log.setLevel(logging.INFO)
pool = heapwire.ThreadPool(4)
queue = heapwire.InprocQueue()
stream = heapwire.recv.Stream(pool, ring_config=heapwire.recv.RingStreamConfig(heaps=100000))
stream.add_inproc_reader(queue)
sender = send.InprocStream(pool, [queue])
idle = heapwire.recv.Stream(pool)
poll = select.poll()
poll.register(idle.fd, select.POLLIN)
counted = 0
over = False

def storm():
    while not over:
        heapwire._core.log_info("x")
        time.sleep(0.0001)

def traffic():
    global counted
    while not over:
        queue.add_packet(heap(counted))
        counted += 1
        time.sleep(0.0001)

threads = [threading.Thread(target=f, daemon=True) for f in (storm, storm, traffic)]
for t in threads: t.start()
for i in range(TIMES):
    pid = os.fork()
    if pid == 0:
        CHILD
        break
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
    assert poll.poll(0) == [], "the child woke the parent"
if pid:
    over = True
    for t in threads: t.join()
    assert [stream.get().cnt for _ in range(counted)] == list(range(counted))
    assert poll.poll(0) == []
    assert sender.send_heap(send.Heap()) > 0
"""

CHILDREN = {
    "os._exit": "os._exit(0)",
    "sys.exit": "sys.exit(0)",
    "falls off": "pass",
    "dels": "del stream, pool, sender, idle, queue",
    "orphans raise": """
        own = (queue.stop, lambda: queue.add_packet(b""), lambda: sender.send_heap(send.Heap()))
        for call in (stream.get, stream.get_nowait, stream.stop, lambda: heapwire.recv.Stream(pool), *own):
            try:
                call()
            except RuntimeError as e:
                assert not isinstance(e, heapwire.Stopped)
            else:
                os._exit(1)
""",
    "works anew": "forked.both()",
    "forks again": """
        own = heapwire.ThreadPool()
        again = os.fork()
        if again == 0:
            forked.both()
            break
        assert os.waitpid(again, 0)[1] == 0
        del own
""",
    "logs": """
        heapwire._core.log_info("in the child")
        forked.receive_something()
""",
}


@pytest.mark.parametrize("what", CHILDREN)
def test_f4_the_child_ends_and_the_parent_goes_on(what):
    run(SCRIPT.replace("CHILD", CHILDREN[what].strip()).replace("TIMES", str(times(100))))


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_f4_multiprocessing(method):
    run(
        f"""
import multiprocessing, warnings
from boundary import forked
warnings.simplefilter("ignore", DeprecationWarning)
forked.both()
pool = heapwire.ThreadPool(4)
stream = heapwire.recv.Stream(pool)
stream.add_udp_reader(0)
context = multiprocessing.get_context({method!r})
for _ in range({times(20)}):
    children = [context.Process(target=forked.both) for _ in range(2)]
    for c in children: c.start()
    for c in children: c.join()
    assert [c.exitcode for c in children] == [0, 0]
forked.both()
stream.stop()
""",
        limit=110,
    )


def test_b7_forks_while_everybody_logs():
    run(
        f"""
import logging, os, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
log = logging.getLogger("heapwire")
log.addHandler(logging.NullHandler())
log.propagate = False
log.setLevel(logging.INFO)
heapwire._core._set_log_receiver(heapwire._logging.deliver, logging.INFO)
over = False
def storm():
    while not over:
        heapwire._core.log_info("x")
threads = [threading.Thread(target=storm) for _ in range(2)]
for t in threads: t.start()
for i in range({times(100)}):
    pid = os.fork()
    if pid == 0:
        heapwire._core.log_info("in the child")
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
over = True
for t in threads: t.join()
"""
    )


def test_the_child_leaves_the_sends_of_the_parents_loop_alone():
    run(
        """
import asyncio, gc, os, warnings
import heapwire.send.asyncio as aio
from heapwire import send
warnings.simplefilter("ignore", DeprecationWarning)
pool = heapwire.ThreadPool()
queue = heapwire.InprocQueue()
stream = aio.InprocStream(pool, [queue])
written = send.BytesStream(pool)
loop = asyncio.new_event_loop()

asyncio._set_running_loop(loop)  # it does not run really: nothing resolves the futures before the fork
futures = [stream.async_send_heap(send.Heap()) for _ in range(4)][1:]  # the first is done at once
stream.flush()
asyncio._set_running_loop(None)
hub = loop._heapwire_hub

async def finish():
    return await asyncio.gather(*futures)

pid = os.fork()
if pid == 0:
    hub.process()
    assert hub.outstanding == 0 and not any(f.done() for f in futures)
    try:
        written.getvalue()
    except RuntimeError:
        pass
    else:
        os._exit(1)
    del hub, futures, loop, stream, written
    gc.collect()
else:
    assert os.waitpid(pid, 0)[1] == 0
    assert loop.run_until_complete(finish()) == [49] * 3
"""
    )
