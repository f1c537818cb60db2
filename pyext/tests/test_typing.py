# SPDX-License-Identifier: BSD-3-Clause
"""The stubs say what the module has; the examples agree with the stubs, and work."""

import ast
import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import heapwire
import heapwire.recv
import heapwire.recv.asyncio
import heapwire.send
import heapwire.send.asyncio

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples" / "python").glob("*.py"))
PACKAGE = Path(heapwire.__file__).parent


def run(*words, cwd):
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(700)
def test_stubs_and_module_agree(tmp_path):
    pytest.importorskip("mypy")
    # pybind11's own mark on enumerations is in no stub.
    allowed = [r"heapwire\..*\.__pybind11_native_enum__"]
    if importlib.util.find_spec("numba") is None:
        allowed += [r"heapwire\.numba", r"heapwire\.recv\.numba"]
    else:
        allowed.append(r"heapwire\.numba\.intp_to_voidptr")  # an object of numba's, called in compiled functions only
    (tmp_path / "allowed").write_text("\n".join(allowed) + "\n")
    config = ["--mypy-config-file", ROOT / "pyproject.toml", "--allowlist", "allowed"]
    run("-m", "mypy.stubtest", "heapwire", "--concise", *config, cwd=tmp_path)


@pytest.mark.timeout(700)
def test_examples_are_strictly_typed(tmp_path):
    pytest.importorskip("mypy")
    run("-m", "mypy", "--strict", "--config-file", ROOT / "pyproject.toml", *EXAMPLES, cwd=tmp_path)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example(example, tmp_path):
    assert run(example, cwd=tmp_path)


# Made of keywords alone, each of which is a property.
KEYWORDS = {"Chunk", "ChunkStreamConfig", "ChunkStreamGroupConfig", "RingStreamConfig", "StreamConfig"}


def signatures():
    """Every function of the extension's public classes, with the names of its parameters, overload by overload."""
    for module in (heapwire, heapwire.recv, heapwire.send, heapwire.send.asyncio):
        for name in set(module.__all__) - {"Descriptor", "Item", "ItemGroup"}:  # stubtest looks at what is Python
            kind = getattr(module, name)
            if not inspect.isclass(kind) or kind.__module__.startswith("heapwire.recv._"):
                continue
            for method, what in inspect.getmembers(kind):
                if method.startswith("_") and method != "__init__":
                    continue
                for text in re.findall(rf"^(?:\d+\. )?{method}\(self: .*$", what.__doc__ or "", re.MULTILINE):
                    parameters = re.findall(r"(?:\(|, )(\w+): ", text)[1:]
                    if "**kwargs" in text:  # a configuration: what can be assigned
                        properties = inspect.getmembers(kind, lambda one: isinstance(one, property) and one.fset)
                        parameters = sorted(own for own, _ in properties)
                    if not any(parameter.startswith("arg") for parameter in parameters):
                        yield module.__name__, name, method, parameters


def in_stubs(module, name, method):
    """The parameters of every overload that the stubs have for a method of a class or of its bases."""
    path = PACKAGE.parent / module.replace(".", "/")
    files = [path / "__init__.pyi", *path.glob("_[a-z]*.pyi")] if path.is_dir() else [path.with_suffix(".pyi")]
    nodes = [node for file in files for node in ast.parse(file.read_text()).body]
    classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
    while name in classes:
        found = [node for node in classes[name].body if getattr(node, "name", "") == method]
        if found:
            return [[a.arg for a in [*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs]][1:] for f in found]
        bases = [ast.unparse(base) for base in classes[name].bases]
        if bases == ["_send.Stream"]:
            return in_stubs("heapwire.send", "Stream", method)
        if len(bases) > 1:
            return [one for base in bases for one in in_stubs(module, base, method)]
        name = bases[0] if bases else None
    return []


def test_stubs_name_every_parameter_of_the_extension():
    """stubtest does not see them: the extension's functions have their signatures in their documentation only."""
    seen = 0
    for module, name, method, parameters in signatures():
        stubs = in_stubs(module, name, method)
        if method == "__init__" and name in KEYWORDS:
            stubs = [sorted(keywords) for keywords in stubs]
        assert parameters in stubs, f"{module}.{name}.{method}{parameters}: the stubs have {stubs}"
        seen += 1
    assert seen > 60
