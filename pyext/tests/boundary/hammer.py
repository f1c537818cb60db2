# SPDX-License-Identifier: BSD-3-Clause
"""One object of a class, eight threads, every method at once; see test_f_threads.py. The classes: hammer_cases.py, hammer_chunks.py.

What needs no argument is called, and properties are read and assigned what was read: a method that is new and needs
arguments is a TypeError until somebody writes down here how it is called.
"""

import inspect
import random
import sys
import threading
import time

import heapwire

THREADS = 8
# What may be said to a call that came too late, or found nothing.
REFUSALS = (heapwire.Stopped, heapwire.Empty)


class Case:
    """How to make the object, how to call it, how to see that it is still whole."""

    def __init__(self, make, calls=None, *, check=None, allowed=()):
        self.make, self.own_calls, self.check = make, calls or {}, check
        self.allowed = REFUSALS + tuple(allowed)


def calls_of(kind, case):
    """Name -> function of the object: all that the class has in public, and what is written down for it."""
    found = {}
    for name, what in inspect.getmembers(kind):
        if name.startswith("_") or name in case.own_calls or inspect.isclass(what):
            continue
        if isinstance(what, property) or inspect.isdatadescriptor(what):
            found[name] = lambda it, name=name: getattr(it, name)
            # Descriptors in C with functions do not tell whether they can be assigned to: no public one can.
            if what.fset if isinstance(what, property) else inspect.ismemberdescriptor(what):
                found[f"{name} ="] = lambda it, name=name: setattr(it, name, getattr(it, name))
        elif callable(what):
            found[name] = lambda it, name=name: getattr(it, name)()
    found.update(case.own_calls)
    special = ("__len__", "__iter__", "__eq__", "__contains__", "__getitem__", "__setitem__", "__add__", "__iadd__")
    for name in special:
        if name in dir(kind) and getattr(kind, name) is not getattr(object, name, None):
            assert name in found or name == "__iter__" or name == "__len__", f"how is {name} called?"
            if name == "__len__":
                found[name] = len
            elif name == "__iter__" and "__next__" not in dir(kind):
                found[name] = list
    return {name: call for name, call in found.items() if call is not None}


def hammer(kind, case, seconds):
    it = case.make()
    assert isinstance(it, kind)
    calls = list(calls_of(kind, case).items())
    failures = []
    barrier = threading.Barrier(THREADS)
    end = time.monotonic() + seconds

    def work(seed):
        rng = random.Random(seed)
        barrier.wait()
        done = 0
        while (done < 100 or time.monotonic() < end) and not failures:
            what, call = rng.choice(calls)
            done += 1
            try:
                call(it)
            except case.allowed:
                pass
            except BaseException as error:  # noqa: B036
                failures.append((what, error))
                raise

    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.1)
            case.own_calls.get("feed", id)(it)  # the last ones may wait for what others took
    sys.setswitchinterval(0.005)
    if failures:
        raise SystemExit(f"{failures[0][0]}: {failures[0][1]!r}")
    if case.check:
        case.check(it)
