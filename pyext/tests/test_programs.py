# SPDX-License-Identifier: BSD-3-Clause
"""Programs as users of the incumbent write them: with only the imports changed they print the same.

What they print with the incumbent's wheel lies beside them, and where the wheel is installed they run with it too.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


def output(program, package):
    text = program.read_text()
    text = re.sub(r"^import spead2$", f"import {package} as spead2", text, flags=re.M)
    text = re.sub(r"^import spead2\.(\S+)( as \S+)?$", rf"import {package}.\1\2", text, flags=re.M)
    command = [sys.executable, "-W", "error", "-c", text]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env={**os.environ, "PYTHONUTF8": "1"})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("package", ["heapwire", "spead2"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_prints(program, package):
    pytest.importorskip(package)
    assert output(program, package) == program.with_suffix(".txt").read_text()


def test_there_are_programs():
    assert len(PROGRAMS) >= 8
