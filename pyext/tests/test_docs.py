# SPDX-License-Identifier: BSD-3-Clause
"""The Python code of the pages runs: the blocks of a page one after the other, as one program."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "docs/tutorial/python.md", "docs/how-to/receive-chunks-in-python.md"]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def program(page, without=()):
    text = (ROOT / page).read_text()
    blocks = []
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start(1))
        # Where it stands in the page, for the traceback.
        blocks.append("" if any(word in found[1] for word in without) else (line, found[1]))
    assert blocks
    return "".join(
        f"exec(compile({chr(10) * block[0] + block[1]!r}, {page!r}, 'exec'), globals())\n" for block in blocks if block
    )


def missing(name):
    return subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True, check=False).returncode != 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
def test_page(page, tmp_path):
    script = tmp_path / "page.py"
    script.write_text(program(page, without=["numba"] if missing("numba") else []))
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout
