# SPDX-License-Identifier: BSD-3-Clause
"""C and E of the calls that send: signals end the call, not the sending; and nothing hangs at exit."""

from boundary.children import INTERRUPTS, run, times

SETUP = (
    INTERRUPTS
    + """
import socket
import heapwire.send
from things import heap_of
pool = heapwire.ThreadPool()

def assert_in_flight(data):  # a heap of it: it is locked
    try:
        data.append(1)
        raise AssertionError("the heap was not in flight")
    except BufferError:
        pass

def assert_given_back(data):
    limit = time.monotonic() + 30
    while True:
        try:
            return data.append(1)
        except BufferError:
            assert time.monotonic() < limit
            time.sleep(0.01)
"""
)


def test_c1_ctrl_c_ends_send_heap_and_the_heap_is_sent_all_the_same():
    run(
        SETUP
        + f"""
for i in range({times(100)}):
    queue = heapwire.InprocQueue()
    stream = heapwire.send.InprocStream(pool, [queue], heapwire.send.StreamConfig(rate=1e6, burst_size=1000))
    data = bytearray(b"x") * 1000000
    heap = heap_of((0x1000, data))
    soon(interrupt, 0.05)
    assert interrupted(lambda: stream.send_heap(heap))
    del heap
    assert_in_flight(data)
    del stream  # sends the rest
    receiver = heapwire.recv.Stream(pool)
    receiver.add_inproc_reader(queue)
    assert bytes(receiver.get().get_items()[0]) == bytes(data)
    assert_given_back(data)
"""
    )


def test_c1_ctrl_c_ends_send_heaps_and_the_stream_goes_on():
    run(
        SETUP
        + f"""
from heapwire import send
for i in range({times(100)}):
    queue = heapwire.InprocQueue()
    stream = send.InprocStream(pool, [queue], send.StreamConfig(rate=1e6, burst_size=1000))
    receiver = heapwire.recv.Stream(pool)
    receiver.add_inproc_reader(queue)
    pair = [send.HeapReference(heap_of((0x1000, bytes(50000))), cnt=cnt) for cnt in (1, 2)]
    soon(interrupt)
    interrupted(lambda: stream.send_heaps(pair, send.GroupMode.ROUND_ROBIN))
    stream.send_heap(send.Heap(), cnt=3)
    assert sorted(receiver.get().cnt for _ in range(2)) == [1, 2]
    assert receiver.get().cnt == 3
"""
    )


def test_c2_and_c3_a_paused_send_hears_of_signals_that_others_take_or_that_come_before_its_sleep():
    run(
        SETUP
        + f"""
from heapwire import _core, send
# The second packet is due in half an hour.
stream = send.InprocStream(pool, [heapwire.InprocQueue()], send.StreamConfig(rate=1, burst_size=1, max_heaps=1000))
paused = heap_of((0x1000, bytes(10000)))
each_is_interrupted_through_another_thread(lambda: stream.send_heap(paused), {times(50)})
_core._testing.set_gap(200)
for i in range({times(20)}):
    soon(interrupt, 0.1)
    assert interrupted(lambda: stream.send_heap(paused))
os._exit(0)  # at its end it would send the rest
"""
    )


def test_c1_ctrl_c_ends_connecting():
    run(
        SETUP
        + f"""
# A listener whose queue is full lets nobody finish connecting.
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
others = []
for _ in range(8):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(listener.getsockname())
    others.append(s)
time.sleep(0.1)
for i in range({times(100)}):
    soon(interrupt, 0.05)
    assert interrupted(lambda: heapwire.send.TcpStream(pool, [listener.getsockname()]))
"""
    )


def test_e2_a_stream_whose_peer_takes_nothing_goes_after_a_while_and_says_so():
    """After 20 s; here sooner."""
    run(
        SETUP
        + """
import logging
from heapwire import _core
_core._testing.set_longest_stall(0.3)
told = threading.Event()
class Listening(logging.Handler):
    def emit(self, record):
        if "its peer takes nothing any more" in record.getMessage():
            told.set()
logging.getLogger("heapwire").addHandler(Listening())
logging.getLogger("heapwire").propagate = False
listener = socket.create_server(("127.0.0.1", 0))
stream = heapwire.send.TcpStream(pool, [listener.getsockname()])
peer, _ = listener.accept()
data = bytearray(64 << 20)  # more than sockets hold
heap = heap_of((0x1000, data))
soon(interrupt)
assert interrupted(lambda: stream.send_heap(heap))
del heap
assert_in_flight(data)
del stream
assert told.wait(50)
assert_given_back(data)
"""
    )


SLOW = """
slow = heapwire.send.StreamConfig(rate=1000, burst_size=1000)  # a heap of a megabyte would take a quarter of an hour
heap = heap_of((0x1000, bytes(1000000)))
queue = heapwire.InprocQueue()
"""


def test_e2_who_drops_a_stream_does_not_wait_for_its_queue():
    """Ctrl-C in a send, then the stream goes: the program goes on, and ends soon."""
    out = run(
        SETUP
        + SLOW
        + """
def send():
    stream = heapwire.send.InprocStream(pool, [queue], slow)
    soon(interrupt)
    assert interrupted(lambda: stream.send_heap(heap))
send()
print("goes on")
""",
        stderr=None,
    )
    assert out == "goes on\n"


def test_e2_an_event_loop_does_not_wait_for_a_stream_that_goes():
    out = run(
        SETUP
        + SLOW
        + """
import asyncio, heapwire.send.asyncio
async def main():
    stream = heapwire.send.asyncio.InprocStream(pool, [queue], slow)
    future = stream.async_send_heap(heap)
    del stream
    print("the loop goes on")
    done, pending = await asyncio.wait([future], timeout=0.1)
    assert not done
asyncio.run(main())
print("and ends")
""",
        stderr=None,
    )
    assert out == "the loop goes on\nand ends\n"


def test_what_a_stream_that_goes_had_queued_is_sent():
    run(
        SETUP
        + """
import asyncio, heapwire.send.asyncio
queue = heapwire.InprocQueue()
config = heapwire.send.StreamConfig(rate=1e6, max_heaps=10)
def queued():
    stream = heapwire.send.asyncio.InprocStream(pool, [queue], config)
    return [stream.async_send_heap(heap_of((0x1000, bytes(20000))), cnt=cnt) for cnt in range(10)]
async def main():
    sent = await asyncio.gather(*queued())
    assert min(sent) > 20000, sent
asyncio.run(main())
queue.stop()
stream = heapwire.recv.Stream(pool, ring_config=heapwire.recv.RingStreamConfig(heaps=20))
stream.add_inproc_reader(queue)
assert [heap.cnt for heap in stream] == list(range(10))
"""
    )


def test_e2_a_sender_at_the_end_of_a_script():
    for _ in range(times(100)):
        run(
            """
import heapwire.send
pool = heapwire.ThreadPool()
stream = heapwire.send.UdpStream(pool, [("127.0.0.1", 9)])
heap = heapwire.send.Heap()
stream.send_heap(heap)
"""
        )


def test_e2_a_heap_in_flight_at_the_end_of_a_script():
    for _ in range(times(50)):
        run(
            SETUP
            + """
stream = heapwire.send.InprocStream(
    pool, [heapwire.InprocQueue()], heapwire.send.StreamConfig(rate=1e4, burst_size=1000))
threading.Thread(target=lambda: stream.send_heap(heap_of((0x1000, bytes(1000000)))), daemon=True).start()
time.sleep(0.05)
""",
            stderr=None,
        )
