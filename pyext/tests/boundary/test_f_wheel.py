# SPDX-License-Identifier: BSD-3-Clause
"""F7: the built extension itself."""

import re
import shutil
import subprocess
import sys

import pytest

import heapwire
from boundary.children import run

# What macros and inline functions of Python's public headers, and pybind11 on top of them, refer to.
BY_PUBLIC_HEADERS = {
    "_Py_Dealloc", "_Py_DecRefShared", "_Py_FalseStruct", "_Py_IncRef", "_Py_DecRef", "_Py_MergeZeroLocalRefcount",
    "_Py_NegativeRefcount", "_Py_NoneStruct", "_Py_NotImplementedStruct", "_Py_TrueStruct", "_Py_EllipsisObject",
    "_Py_SetRefcnt", "_Py_CheckFunctionResult", "_PyObject_MakeTpCall", "_PyObject_New",
    "_Py_BuildValue_SizeT", "_PyObject_CallFunction_SizeT",
}  # fmt: skip
BY_PYBIND11 = {"_PyObject_GetDictPtr", "_PyType_Lookup", "_PyErr_FormatFromCause", "_PyObject_Dump"}
# Public under another name since 3.13 (PyThreadState_GetUnchecked).
OWN = {"_PyThreadState_UncheckedGet"} if sys.version_info < (3, 13) else set()


def test_f7_no_private_symbol_of_python():
    nm = shutil.which("nm")
    if not nm:
        pytest.skip("there is no nm")
    out = subprocess.run(
        [nm, "-D", "--undefined-only", heapwire._core.__file__], capture_output=True, text=True, check=True
    ).stdout
    private = set(re.findall(r"\bU (_Py\w+)", out))
    assert len(re.findall(r"\bU (Py\w+)", out)) > 50
    assert private - BY_PUBLIC_HEADERS - BY_PYBIND11 - OWN == set()


@pytest.mark.parametrize("module", ["heapwire", "heapwire.send", "heapwire.recv", "heapwire.send.asyncio", "heapwire.recv.asyncio"])
def test_f7_importing_warns_of_nothing(module):
    """Each as the first one, as a program would. (A clean venv is made in pyext/packaging.)"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", f"import numpy, warnings; import {module}"],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_f7_the_development_mode_has_nothing_to_say():
    run(
        """
import asyncio, gc
import heapwire.recv.asyncio, heapwire.send.asyncio
async def main():
    pool = heapwire.ThreadPool()
    queue = heapwire.InprocQueue()
    received = heapwire.recv.asyncio.Stream(pool)
    received.add_inproc_reader(queue)
    stream = heapwire.send.asyncio.InprocStream(pool, [queue])
    group = heapwire.send.ItemGroup()
    group.add_item(None, "x", "", (3,), dtype="i4", value=[1, 2, 3])
    for _ in range(100):
        future = stream.async_send_heap(group.get_heap("all", "all"))
        heapwire.ItemGroup().update(await received.get())
        await future
asyncio.run(main(), debug=True)
gc.collect()
""",
        options=["-X", "dev", "-W", "error"],
    )
