# SPDX-License-Identifier: BSD-3-Clause
"""C: waits that signals can end (or must not end). (More of C2, C4, C7 and C8 is in test_c_signals.py.)"""

from boundary.children import FULL, RECEIVING, run, times


def test_c1_ctrl_c_ends_every_blocking_call_and_takes_nothing():
    run(
        RECEIVING
        + f"""
for call in (stream.get, lambda: next(stream)):
    for i in range({times(100)}):
        soon(interrupt)
        assert interrupted(call)
queue.add_packet(heap(5))
assert stream.get().cnt == 5
"""
    )


def test_c2_also_when_another_thread_takes_the_signal():
    run(
        RECEIVING
        + f"""
each_is_interrupted_through_another_thread(stream.get, {times(50)})
"""
    )


def test_c3_also_when_it_comes_between_the_look_and_the_sleep():
    run(
        RECEIVING
        + f"""
from heapwire import _core
_core._testing.set_gap(200)
for i in range({times(20)}):
    soon(interrupt, 0.1)
    assert interrupted(stream.get)
"""
    )


def test_c5_what_a_handler_raises_comes_out():
    run(
        RECEIVING
        + """
def handler(*_):
    raise ValueError("mine")
signal.signal(signal.SIGUSR1, handler)
try:
    soon(lambda: os.kill(os.getpid(), signal.SIGUSR1))
    stream.get()
except ValueError as e:
    assert e.args == ("mine",)
else:
    raise AssertionError
"""
    )


def test_c6_another_threads_get_ends_by_stop():
    run(
        RECEIVING
        + """
ended = threading.Event()
def other():
    try:
        stream.get()
    except heapwire.Stopped:
        ended.set()
threading.Thread(target=other).start()
soon(interrupt)
assert interrupted(ended.wait)
assert not ended.is_set()
stream.stop()
assert ended.wait(50)
"""
    )


def test_c7_the_wakeup_descriptor_is_put_back_and_fed():
    run(
        RECEIVING
        + """
r, w = os.pipe()
os.set_blocking(w, False)
os.set_blocking(r, False)
signal.set_wakeup_fd(w)
soon(interrupt)
assert interrupted(stream.get)
assert signal.set_wakeup_fd(-1) == w
assert set(os.read(r, 10)) == {signal.SIGINT}
"""
    )


def test_c9_an_idle_wait_costs_next_to_nothing():
    run(
        RECEIVING
        + f"""
before = time.process_time()
soon(lambda: queue.add_packet(heap(1)), {20 if FULL else 2})
stream.get()
assert time.process_time() - before < 0.2
"""
    )
