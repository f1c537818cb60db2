# SPDX-License-Identifier: BSD-3-Clause
"""C: signals that others take, hear of, or take along into a child; and waits without a main thread."""

import pytest

from boundary.children import RECEIVING, run, times


def test_c2_a_thread_takes_it_that_is_not_pythons():
    run(
        RECEIVING
        + f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.pthread_kill.argtypes = [ctypes.c_ulong, ctypes.c_int]
pause = ctypes.cast(libc.pause, ctypes.c_void_p)
thread = ctypes.c_ulong()
assert libc.pthread_create(ctypes.byref(thread), None, pause, None) == 0
def taken_by_a_native_thread():
    global thread
    # The signal ends its pause, and it: there must be another one for the next time.
    taker, thread = thread, ctypes.c_ulong()
    assert libc.pthread_create(ctypes.byref(thread), None, pause, None) == 0
    assert libc.pthread_kill(taker, signal.SIGINT) == 0
for restart in (True, False):
    signal.siginterrupt(signal.SIGINT, restart)
    for i in range({times(50)}):
        soon(taken_by_a_native_thread)
        assert interrupted(stream.get)
"""
    )


def test_c4_a_handler_that_returns_does_not_end_the_wait_nor_takes_a_heap():
    run(
        RECEIVING
        + f"""
import random
count, rng, seen, over = {times(10000)}, random.Random(4), 0, False
def count_it(*_):
    global seen
    seen += 1
signal.signal(signal.SIGUSR1, count_it)
def bombard():
    while not over:
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(rng.uniform(0, 0.002))
def feed():
    for cnt in range(count):
        if cnt % 10 == 0:
            time.sleep(rng.uniform(0, 0.002))
        queue.add_packet(heap(cnt))
threads = [threading.Thread(target=f) for f in (bombard, feed)]
for t in threads: t.start()
assert [stream.get().cnt for _ in range(count)] == list(range(count))
while seen < 20:  # and waits with nothing to wait for but signals
    soon(lambda: queue.add_packet(heap(1)), 0.2)
    assert stream.get().cnt == 1
over = True
for t in threads: t.join()
"""
    )


@pytest.mark.parametrize("flavour", ["asyncio", "uvloop", "trio"])
def test_c7_a_loop_hears_of_signals_that_came_while_we_waited(flavour):
    pytest.importorskip(flavour)
    run(
        RECEIVING
        + f"""
flavour = {flavour!r}
def blocking_call():
    def later():
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.05)
        queue.add_packet(heap(7))
    soon(later)
    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    assert before != -1
    assert stream.get().cnt == 7
    assert signal.set_wakeup_fd(before) == before
if flavour == "trio":
    import trio
    async def main():
        with trio.fail_after(50), trio.open_signal_receiver(signal.SIGUSR1) as signals:
            blocking_call()
            async for one in signals:
                assert one == signal.SIGUSR1
                break
    trio.run(main)
else:
    import asyncio
    loop = __import__(flavour).new_event_loop()
    async def main():
        heard = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, heard.set)
        blocking_call()
        await asyncio.wait_for(heard.wait(), 50)
    loop.run_until_complete(main())
    loop.close()
"""
    )


FORKS = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
r, w = os.pipe()
os.set_blocking(w, False)
os.set_blocking(r, False)
signal.set_wakeup_fd(w)
signal.signal(signal.SIGUSR1, lambda *_: None)
def pipes():
    names = set()
    for fd in os.listdir("/proc/self/fd"):
        try:
            names.add(os.readlink(f"/proc/self/fd/{fd}"))
        except FileNotFoundError:
            pass
    return {name for name in names if name.startswith("pipe:")}
before = pipes()
of_the_wait = set()
def child():
    assert not pipes() & of_the_wait, "a pipe of the parent's wait is open"
    assert signal.set_wakeup_fd(-1) == w, "not what was there before the parent's wait"
    os.kill(os.getpid(), signal.SIGUSR1)
"""


def test_c7_a_child_that_another_thread_forks_keeps_nothing_of_the_wait():
    run(
        RECEIVING
        + FORKS
        + """
def fork():
    global of_the_wait
    end = time.monotonic() + 50
    while not of_the_wait:
        assert time.monotonic() < end
        of_the_wait = pipes() - before
    pid = os.fork()
    if pid == 0:
        try:
            child()
        except BaseException as error:
            os.write(2, str(error).encode())
            os._exit(1)
        os._exit(0)
    status.append(os.waitpid(pid, 0)[1])
    queue.add_packet(heap(1))
status = []
threading.Thread(target=fork).start()
assert stream.get().cnt == 1
assert status == [0]
assert signal.set_wakeup_fd(-1) == w
try:
    assert os.read(r, 10) == b"", "the child's signal was told to the parent"
except BlockingIOError:
    pass
"""
    )


def test_c7_a_child_that_a_handler_forks_does_not_go_on_waiting():
    run(
        RECEIVING
        + FORKS
        + """
def fork(*_):
    global of_the_wait, pid
    of_the_wait = pipes() - before
    pid = os.fork()
    if pid == 0:
        child()
    else:
        assert os.waitpid(pid, 0)[1] == 0
        queue.add_packet(heap(1))
pid = None
signal.signal(signal.SIGUSR2, fork)
soon(lambda: os.kill(os.getpid(), signal.SIGUSR2), 0.1)
try:
    assert stream.get().cnt == 1
    assert pid > 0
except RuntimeError as error:
    assert pid == 0 and "fork" in str(error), error
if pid == 0:
    assert pipes() == before
    sys.exit(0)
"""
    )


def test_c8_without_a_main_thread_that_could_run_handlers():
    """The main thread is at its end, and waits for the others. (From 3.12 on no thread can be started then.)"""
    out = run(
        RECEIVING
        + f"""
from queue import SimpleQueue
wanted = SimpleQueue()
def feed():
    while (cnt := wanted.get()) is not None:
        time.sleep(0.02)
        queue.add_packet(heap(cnt))
def work():
    for cnt in range({times(100)}):
        wanted.put(cnt)
        assert stream.get().cnt == cnt
    wanted.put(None)
    queue.stop()
    assert list(stream) == []
    print("done")
threading.Thread(target=feed).start()
threading.Thread(target=work).start()
"""
    )
    assert out == "done\n"


def test_c8_imported_by_another_thread_than_the_main_one():
    run(
        """
import subprocess
text = '''
import faulthandler, os, signal, sys, threading, time
faulthandler.dump_traceback_later(50, exit=True)
signal.signal(signal.SIGINT, signal.default_int_handler)
def work():
    global heapwire
    import heapwire.recv
thread = threading.Thread(target=work)
thread.start()
thread.join()
stream = heapwire.recv.Stream(heapwire.ThreadPool())
stream.add_inproc_reader(heapwire.InprocQueue())
def interrupt():
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)
try:
    threading.Thread(target=interrupt, daemon=True).start()
    stream.get()
except KeyboardInterrupt:
    os._exit(7)
'''
assert subprocess.run([sys.executable, "-c", text]).returncode == 7
"""
    )


def test_c8_a_sub_interpreter_is_refused():
    run(
        """
try:
    import _interpreters as interpreters  # 3.13
except ImportError:
    import _xxsubinterpreters as interpreters
code = '''
try:
    import heapwire
except ImportError:
    pass
else:
    raise SystemError
'''
which = interpreters.create()
if hasattr(interpreters, "exec"):
    assert interpreters.exec(which, code) is None
else:
    interpreters.run_string(which, code)
interpreters.destroy(which)
"""
    )
