# SPDX-License-Identifier: BSD-3-Clause
"""E: threads that the exit cannot wake, and that come back when the interpreter is being taken apart."""

from boundary.children import run, times


def test_e3_a_thread_that_a_resolver_kept_does_not_come_back():
    """Up to 3.13.7 it would end the process with `terminate called without an active exception`."""
    for _ in range(times(10)):
        run(
            """
import threading, time
core = heapwire._core
class Lingers:
    def __del__(self):  # the interpreter is half gone now, and others may run
        time.sleep(2)
core.lingers = Lingers()
for seconds in (0.5, 3, 3.5, 4):  # the first one is waited for, the others are too late
    threading.Thread(target=core._testing.sleep_detached, args=(seconds,), daemon=True).start()
time.sleep(0.1)
"""
        )
