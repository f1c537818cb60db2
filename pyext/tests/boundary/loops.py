# SPDX-License-Identifier: BSD-3-Clause
"""Event loops of several makes. What is not installed is skipped."""

import asyncio

import pytest

LOOPS = ["asyncio", "uvloop"]
# What anyio runs on: (backend, its options).
ANYIO = {
    "anyio on asyncio": ("asyncio", {}),
    "anyio on uvloop": ("asyncio", {"use_uvloop": True}),
    "anyio on trio": ("trio", {}),
}


def new_loop(flavour):
    return pytest.importorskip(flavour).new_event_loop()


def run(flavour, main, limit=100):
    """asyncio.run() on that loop, with a limit against hangs."""
    loop = new_loop(flavour)
    try:
        return loop.run_until_complete(asyncio.wait_for(main, limit))
    finally:
        if left := asyncio.all_tasks(loop):
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.wait(left))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def run_anyio(flavour, main, limit=100):
    """anyio.run() on that backend, with a limit against hangs."""
    anyio = pytest.importorskip("anyio")
    backend, options = ANYIO[flavour]
    pytest.importorskip("uvloop" if options else backend)

    async def limited():
        with anyio.fail_after(limit):
            return await main()

    return anyio.run(limited, backend=backend, backend_options=options)
