# SPDX-License-Identifier: BSD-3-Clause
"""F4: fork with receivers alive."""

import pytest

from boundary.children import run, times

SCRIPT = """
import os, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
pool = heapwire.ThreadPool(4)
queue = heapwire.InprocQueue()
stream = heapwire.recv.Stream(pool)
stream.add_inproc_reader(queue)
pid = os.fork()
if pid == 0:
    CHILD
else:
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
    queue.add_packet(heap(3))
    assert stream.get().cnt == 3
"""

CHILDREN = {
    "os._exit": "os._exit(0)",
    "sys.exit": "sys.exit(0)",
    "falls off": "pass",
    "dels": "del stream, pool",
    "orphans raise": """
    own = (queue.stop, lambda: queue.add_packet(b""))
    for call in (stream.get, stream.get_nowait, stream.stop, lambda: heapwire.recv.Stream(pool), *own):
        try:
            call()
        except RuntimeError as e:
            assert not isinstance(e, heapwire.Stopped)
        else:
            os._exit(1)
""",
    "works anew": """
    own = heapwire.recv.Stream(heapwire.ThreadPool())
    own.add_buffer_reader(heap(1) + heap(2))
    assert [h.cnt for h in own] == [1, 2]
""",
}


@pytest.mark.parametrize("what", CHILDREN)
def test_f4_the_child_ends_and_the_parent_goes_on(what):
    for _ in range(times(20)):
        run(SCRIPT.replace("CHILD", CHILDREN[what].strip()))


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
futures = [stream.async_send_heap(send.Heap()) for _ in range(3)]
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
