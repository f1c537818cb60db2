# SPDX-License-Identifier: BSD-3-Clause
"""Scripts in processes of their own, with a hard time limit: for tests of exits, signals and forks."""

import concurrent.futures
import os
import signal
import subprocess
import sys
import textwrap

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Full counts take long: the ordinary run does a tenth.
FULL = os.environ.get("HEAPWIRE_FULL", "") not in ("", "0")
SCALE = float(os.environ.get("HEAPWIRE_BOUNDARY_SCALE", "1" if FULL else "0.1"))


def times(full):
    return max(1, round(full * SCALE))


PRELUDE = """
import faulthandler, logging, signal, sys
faulthandler.enable()
# What a small machine, or a full ring, is warned of is no part of these tests: standard error stays empty.
logging.getLogger("heapwire").addHandler(logging.NullHandler())
signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests in the background ignores it
sys.path.insert(0, {tests!r})
import heapwire, heapwire.recv
from packets import heap, packet, stop
"""

# For tests of Ctrl-C. On a busy machine the signal may come before the call or after it: then it is sent again.
INTERRUPTS = """
import os, signal, threading, time
calling = False

def soon(action, seconds=0.02):
    def later():
        time.sleep(seconds)
        action()
    threading.Thread(target=later, daemon=True).start()

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

def on_interrupt(*_):
    if calling:
        raise KeyboardInterrupt
    soon(interrupt)

signal.signal(signal.SIGINT, on_interrupt)

def interrupted(call):
    global calling
    try:
        calling = True
        call()
    except KeyboardInterrupt:
        return True
    finally:
        calling = False
    return False

# By signals that another thread takes, whether or not system calls begin again after them.
def each_is_interrupted_through_another_thread(call, times):
    other = threading.Thread(target=threading.Event().wait, daemon=True)
    other.start()
    for restart in (True, False):
        signal.siginterrupt(signal.SIGINT, restart)
        for _ in range(times):
            soon(lambda: signal.pthread_kill(other.ident, signal.SIGINT))
            assert interrupted(call)
"""

# A receiver besides.
RECEIVING = (
    INTERRUPTS
    + """
pool = heapwire.ThreadPool()
queue = heapwire.InprocQueue()
stream = heapwire.recv.Stream(pool)
stream.add_inproc_reader(queue)
"""
)


def run(script, *, limit=60, code=0, stderr="", out=None, arguments=(), first="", options=()):
    """Run a script, `first` before heapwire is imported; assert its exit code, standard error and output (None: whatever).

    Answer its output.
    """
    text = first + PRELUDE.format(tests=TESTS) + textwrap.dedent(script)
    words = [sys.executable, *options, "-c", text, *map(str, arguments)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            got, err = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGABRT)  # faulthandler tells where it hangs
            got, err = child.communicate()
            raise AssertionError(f"no end within {limit} s\n{got}\n{err}") from None
    if stderr is not None:
        assert err == stderr, err
    assert child.returncode == code, f"exit code {child.returncode}\n{got}\n{err}"
    assert out is None or got == out, got
    return got


def run_many(count, *scripts, **how):
    """run() so often, two at a time; answer all outputs."""
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        return [one.result() for one in [threads.submit(run, *scripts, **how) for _ in range(count)]]
