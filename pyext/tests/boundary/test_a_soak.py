# SPDX-License-Identifier: BSD-3-Clause
"""A8: everything calls everything back, and nobody waits for one who waits for him."""

from boundary.children import run, times


def test_a8_handlers_and_completions_call_back_into_the_library():
    run(
        f"""
import asyncio, gc, logging, random, threading, time
import heapwire.recv.asyncio, heapwire.send.asyncio
from heapwire import send
sys.setswitchinterval(1e-6)
core = heapwire._core
end = time.monotonic() + {times(60)}
rounds = dict.fromkeys(["handler", "completions", "stopping", "forgetting"], 0)

class Calls(logging.Handler):
    def emit(self, record):
        if record.args[0] == "go":
            pool = heapwire.ThreadPool()
            stream = heapwire.recv.Stream(pool)
            stream.add_udp_reader(0, buffer_size=65536)
            core.log_info("from the handler")
            stream.stats
            random.choice([stream.stop, pool.stop])()
            rounds["handler"] += 1

log = logging.getLogger("heapwire")
log.addHandler(Calls())
log.propagate = False
log.setLevel(logging.INFO)
core._set_log_receiver(heapwire._logging.deliver, logging.INFO)

def completions():
    async def main():
        pool = heapwire.ThreadPool(2)
        while time.monotonic() < end:
            queue = heapwire.InprocQueue()
            stream = heapwire.send.asyncio.InprocStream(pool, [queue], send.StreamConfig(max_heaps=64))
            receiver = heapwire.recv.asyncio.Stream(pool)
            receiver.add_inproc_reader(queue)
            def again(future):
                core.log_info("go" if future.result() % 4 else "sent")
                stream.async_send_heap(send.Heap())
                receiver.stats
            for _ in range(16):
                stream.async_send_heap(send.Heap()).add_done_callback(again)
            for _ in range(8):
                await receiver.get()
            receiver.stop()  # with heaps on their way
            await stream.async_flush()
            rounds["completions"] += 1
    asyncio.run(main())

def stopping():
    while time.monotonic() < end:
        pool = heapwire.ThreadPool()
        queue = heapwire.InprocQueue()
        stream = heapwire.recv.Stream(pool)
        stream.add_inproc_reader(queue)
        blocked = threading.Thread(target=lambda: list(stream))
        blocked.start()
        queue.add_packet(heap(1))
        core.log_info("go")
        for stop in random.sample([stream.stop, pool.stop, stream.stop], 3):
            stop()
        blocked.join()
        rounds["stopping"] += 1

def forgetting():
    while time.monotonic() < end:
        pool = heapwire.ThreadPool()
        ring = [heapwire.recv.Stream(pool), send.InprocStream(pool, [heapwire.InprocQueue()])]
        ring.append(ring)
        ring[1].send_heap(send.Heap())
        del ring, pool
        gc.collect()
        rounds["forgetting"] += 1

threads = [threading.Thread(target=f) for f in (completions, stopping, forgetting)]
for t in threads: t.start()
seen = None
while any(t.is_alive() for t in threads):
    faulthandler.dump_traceback_later(50, exit=True)  # no progress at all for so long
    time.sleep(0.5)
    while any(t.is_alive() for t in threads) and seen == rounds:
        time.sleep(0.1)
    seen = dict(rounds)
faulthandler.cancel_dump_traceback_later()
for t in threads: t.join()
sys.setswitchinterval(0.005)
assert all(rounds.values()), rounds
""",
        limit=600,
    )
