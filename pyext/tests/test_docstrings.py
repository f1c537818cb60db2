# SPDX-License-Identifier: BSD-3-Clause
"""help() tells what everything public is: a docstring for each class, method, property and function."""

import importlib
import re
import types

import pytest

MODULES = ["heapwire", "heapwire.recv", "heapwire.recv.asyncio", "heapwire.send", "heapwire.send.asyncio"]
# What pybind11 writes by itself: a signature, numbered if there are several.
SIGNATURE = re.compile(r"^(?:\d+\. )?\w+\(.*\)(?: -> .*)?$", re.MULTILINE)
NAMED = (property, types.GetSetDescriptorType, types.MemberDescriptorType, classmethod, staticmethod)


def texts(doc):
    """What is said under each signature; the whole, if there is none."""
    if not doc:
        return [""]
    parts = SIGNATURE.split(doc.replace("Overloaded function.", ""))
    return [part.strip() for part in (parts if len(parts) == 1 else parts[1:])]


def says_something(doc, overloads=False):
    found = texts(doc)
    if overloads and len(found) > 1 and not found[0]:
        found = found[1:]  # the line above the numbered ones
    return all(found)


def wants(name, value):
    if name.startswith("_"):
        return name == "__init__" and type(value).__name__ == "instancemethod"  # of the extension; its arguments
    if type(value).__name__ == "pybind11_static_property":
        return False  # a constant, such as DEFAULT_MAX_HEAPS: before 3.12 Python keeps no text of these
    return isinstance(value, NAMED) or callable(value) and not isinstance(value, type)


def doc_of(owner, name):
    slots = vars(owner).get("__slots__")  # where Python code keeps the texts of its slots
    return slots[name] if isinstance(slots, dict) and name in slots else vars(owner)[name].__doc__


def silent(cls, seen):
    if cls in seen:
        return
    seen.add(cls)
    where = f"{cls.__module__}.{cls.__qualname__}"
    if not cls.__doc__:
        yield where
    for name in dir(cls):
        owner = next((base for base in cls.__mro__ if name in vars(base)), None)
        if owner is None or owner.__module__ in ("builtins", "enum"):
            continue
        value = vars(owner)[name]
        if isinstance(value, type) and not name.startswith("_"):
            yield from silent(value, seen)
        elif wants(name, value) and not says_something(doc_of(owner, name), overloads=True):
            yield f"{where}.{name}"


def public(module):
    names = getattr(module, "__all__", [name for name in dir(module) if not name.startswith("_")])
    return [getattr(module, name) for name in names]


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_has_a_docstring(name):
    module = importlib.import_module(name)
    assert module.__doc__
    missing, seen = [], set()
    for what in public(module):
        if isinstance(what, type):
            missing += silent(what, seen)
        elif callable(what) and not says_something(what.__doc__):
            missing.append(f"{name}.{what.__name__}")
    assert not missing, "\n".join(missing)


def test_the_check_bites():
    class Silent:
        """It is here."""

        @property
        def size(self):
            return 0

        def call(self):
            pass

        class Inner:
            pass

    found = [where.rpartition(".")[2] for where in silent(Silent, set())]
    assert found == ["Inner", "call", "size"]
    assert not says_something("f(self: X, a: int = 1) -> None\n")
    assert says_something("f(self: X, a: int = 1) -> None\n\nDoes it.\n")
    two = "f(*args, **kwargs)\nOverloaded function.\n\n1. f(self: X) -> None\n\nDoes it.\n\n2. f(self: X, a: int) -> None\n"
    assert not says_something(two, overloads=True)
    assert says_something(two + "\nDoes it with a.\n", overloads=True)
