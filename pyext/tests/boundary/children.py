# SPDX-License-Identifier: BSD-3-Clause
"""Scripts in processes of their own, with a hard time limit: for tests of exits, signals and forks."""

import os
import subprocess
import sys
import textwrap

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Full counts take long: the ordinary run does a tenth.
SCALE = float(os.environ.get("HEAPWIRE_BOUNDARY_SCALE", "0.1"))


def times(full):
    return max(1, round(full * SCALE))


PRELUDE = """
import faulthandler, sys
faulthandler.dump_traceback_later({limit}, exit=True)
sys.path.insert(0, {tests!r})
import heapwire, heapwire.recv
from packets import heap, packet, stop
"""


def run(script, *, limit=60, code=0, stderr="", arguments=()):
    """Run a script; assert its exit code, and its standard error (None: whatever). Answer its output."""
    text = PRELUDE.format(limit=limit, tests=TESTS) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", text, *map(str, arguments)], capture_output=True, text=True, timeout=limit + 30
    )
    if stderr is not None:
        assert done.stderr == stderr, done.stderr
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
