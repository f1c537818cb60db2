# SPDX-License-Identifier: BSD-3-Clause
"""E6: a program of C that starts and ends the interpreter many times."""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from boundary.children import PRELUDE, TESTS

# numpy can be loaded once in a process, so a stand-in takes its place: what is tested is the extension.
SCRIPT = """
import sys, types
numpy = types.ModuleType("numpy")
numpy.dtype = lambda *what: None
sys.modules["numpy"] = numpy
sys.path[:0] = {path!r}
{prelude}
import asyncio, logging
import heapwire.recv.asyncio, heapwire.send.asyncio
from heapwire import send
log = logging.getLogger("heapwire")
log.addHandler(logging.NullHandler())
log.setLevel(logging.INFO)
pool = heapwire.ThreadPool(2)
queue = heapwire.InprocQueue()
stream = heapwire.recv.asyncio.Stream(pool)
stream.add_inproc_reader(queue)
sender = heapwire.send.asyncio.InprocStream(pool, [queue])
items = heapwire.ItemGroup()
outgoing = send.Heap()

async def main():
    sent = [sender.async_send_heap(outgoing) for _ in range(4)]
    for _ in range(4):
        assert (await stream.get()).get_items() == []
    await asyncio.gather(*sent)
asyncio.run(main())

waiting = heapwire.recv.Stream(pool)
waiting.add_inproc_reader(queue)
import threading
told = threading.Event()
class Tells(logging.Handler):
    def emit(self, record):
        told.set()
log.addHandler(Tells())
heapwire._core._set_log_receiver(heapwire._logging.deliver, logging.INFO)
heapwire._core.log_info("each interpreter has its own logging")
assert told.wait(50)
heapwire._core.log_info("all is in use, and the interpreter ends")
try:
    heapwire.recv.Stream(None)
except TypeError:
    pass
try:
    waiting.get_nowait()
except heapwire.Empty:
    pass
else:
    raise AssertionError
"""


def build(program):
    """Compile and link against the library of the Python that runs this; skip if there is none."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    known = sysconfig.get_config_vars()
    include, lib = sysconfig.get_path("include"), known["LIBDIR"]
    if not compiler or not os.path.exists(os.path.join(include, "Python.h")):
        pytest.skip("there is no C compiler, or no header of Python")
    found = [d for d in (lib, known.get("LIBPL") or lib) if os.path.exists(os.path.join(d, known["LDLIBRARY"]))]
    if not found:
        pytest.skip(f"there is no {known['LDLIBRARY']}")
    words = [compiler, str(Path(__file__).with_name("embed.c")), "-o", str(program), f"-I{include}"]
    words += [*shlex.split(known.get("LINKFORSHARED") or ""), os.path.join(found[0], known["LDLIBRARY"])]
    words += [f"-Wl,-rpath,{found[0]}", *shlex.split(f"{known.get('LIBS') or ''} {known.get('SYSLIBS') or ''}")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_e6_the_interpreter_starts_and_ends_again_and_again(tmp_path):
    program = tmp_path / "embed"
    build(program)
    path = [p for p in sys.path if p and os.path.isdir(p)]
    script = SCRIPT.format(path=path, prelude=PRELUDE.format(tests=TESTS))

    def run(text):
        return subprocess.run(
            [program, "20", text], capture_output=True, text=True, timeout=110, check=False,
            env={**os.environ, "PYTHONHOME": f"{sys.base_prefix}:{sys.base_exec_prefix}"},
        )  # fmt: skip

    done = run(script)
    if done.returncode < 0 and run("import asyncio").returncode < 0:
        pytest.skip("this Python does not survive that without heapwire: 3.12.1 dies when it imports asyncio again")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", ""), done.stderr
