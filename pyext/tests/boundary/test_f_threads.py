# SPDX-License-Identifier: BSD-3-Clause
"""F1: objects that threads share, with and without a GIL."""

import inspect
import os
import subprocess
import sys
import sysconfig

import pytest

import heapwire
import heapwire.recv.asyncio
import heapwire.send.asyncio
from boundary import hammer_cases, hammer_chunks
from boundary.children import SCALE, TESTS, run

NO_GIL = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
CASES = {name: cases for cases in (hammer_cases, hammer_chunks) for name in cases.CASES}
FULL = bool(os.environ.get("HEAPWIRE_FULL"))


def public_classes():
    for module in (heapwire, heapwire.recv, heapwire.recv.asyncio, heapwire.send, heapwire.send.asyncio):
        for name in module.__all__:
            kind = getattr(module, name)
            if inspect.isclass(kind) and not issubclass(kind, Exception) and not hasattr(kind, "__members__"):
                yield f"{module.__name__}.{name}".removeprefix("heapwire."), kind


@pytest.mark.skipif(not NO_GIL, reason="this Python has a GIL")
def test_f1_importing_leaves_the_gil_off():
    run(
        """
import heapwire.recv.asyncio, heapwire.send.asyncio
assert not sys._is_gil_enabled()
"""
    )
    assert not sys._is_gil_enabled(), "something in this process has turned it on, so these tests prove little"


def test_f1_every_public_class_is_hammered_and_says_what_threads_may_do():
    classes = dict(public_classes())
    assert len(classes) > 30
    assert {name: cases.CASES[name][0] for name, cases in CASES.items()} == classes
    assert [name for name, kind in classes.items() if "thread" not in (kind.__doc__ or "")] == []


@pytest.mark.parametrize("name", CASES)
def test_f1_every_method_of_one_object_by_many_threads(name):
    run(
        f"""
from boundary.hammer import hammer
from {CASES[name].__name__} import CASES
hammer(*CASES[{name!r}], {5 * SCALE})
""",
        limit=300,
    )


def test_f1_stop_while_others_receive_and_send():
    """Of its own, because little is left to hammer afterwards."""
    run(
        f"""
import threading
from boundary import hammer_cases as cases
from heapwire import recv, send
for _ in range({round(200 * SCALE)}):
    stream = cases.receiving()
    queue = stream.queue
    sender = send.InprocStream(cases.POOL, [queue])
    ended = []
    def taking():
        for _ in stream:
            pass
        ended.append(1)
    def sending():
        while not ended:
            try:
                sender.send_heap(cases.OUTGOING)
            except OSError:
                pass
    threads = [threading.Thread(target=f) for f in [taking] * 4 + [sending] * 2 + [stream.stop, queue.stop]]
    for t in threads: t.start()
    for t in threads: t.join()
    assert len(ended) == 4
"""
    )


# Tests of one behaviour each, which many threads may do at the same time.
@pytest.mark.skipif(not NO_GIL, reason="this Python has a GIL")
@pytest.mark.timeout(1200)
def test_f1_the_suite_in_parallel():
    pytest.importorskip("pytest_run_parallel")
    suites = [f"test_{name}.py" for name in ("base", "items", "send", "recv_stream", "recv_config", "send_config")]
    words = [sys.executable, "-X", "gil=0", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts="]
    threads = ["--parallel-threads=8", f"--iterations={3 if FULL else 1}"]
    done = subprocess.run(
        [*words, *threads, *suites], cwd=TESTS, capture_output=True, text=True, timeout=1100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
