# SPDX-License-Identifier: BSD-3-Clause
"""F3: sub-interpreters. They are refused, clearly and at once, and the main interpreter goes on."""

import sys

import pytest

from boundary.children import run

# The module has had three names, and what it runs raises in the caller only in some versions.
ISOLATED = """
import time
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

IMPORT = '''
import sys
sys.path[:] = {path!r}
try:
    import {module}
except ImportError as error:
    text = str(error)
else:
    text = "imported"
import os
os.write({fd}, text.encode())
'''

def refused(module):
    reading, writing = os.pipe()
    made = interpreters.create()
    began = time.monotonic()
    interpreters.run_string(made, IMPORT.format(path=sys.path, module=module, fd=writing))
    took = time.monotonic() - began
    interpreters.destroy(made)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    assert "interpreter" in text, text
    return took
"""


def works():
    return """
pool = heapwire.ThreadPool()
stream = heapwire.recv.Stream(pool)
stream.add_buffer_reader(heap(1))
assert [h.cnt for h in stream] == [1]
"""


@pytest.mark.parametrize("first", ["", "import heapwire\n"], ids=["before the main one", "after the main one"])
def test_f3_a_sub_interpreter_gets_an_import_error(first):
    # The extension alone: numpy, which the package needs, refuses as well.
    out = run(
        works() + "print(max(refused('heapwire._core') for _ in range(10)))" + works(),
        first="import os, sys\n" + first + ISOLATED,
    )
    assert float(out) < 20  # a second or so on a machine that does nothing else; a hang is what is feared


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there is one GIL for all")
def test_f3_an_interpreter_with_a_gil_of_its_own_too():
    run(
        works()
        + """
import threading
threads = [threading.Thread(target=refused, args=("heapwire._core",)) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
"""
        + works(),
        first="import os, sys\n" + ISOLATED,
    )
