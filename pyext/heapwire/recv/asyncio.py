# SPDX-License-Identifier: BSD-3-Clause
"""Receive heaps in an asyncio program.

A future never carries a heap, only the news that it is worth looking: the coroutine then takes the heap
synchronously. So a wait that is cancelled or times out loses nothing.
"""

import asyncio
import threading
import weakref
from collections import deque

from heapwire import Empty, Stopped
from heapwire import recv as _recv

__all__ = ["Stream"]


class _Waiters:
    """Who waits for a descriptor in one event loop, first come, first served. Used on that loop's thread only."""

    def __init__(self, loop, fd, available):
        self._loop = loop
        self._fd = fd
        self._available = available
        self._waiting = deque()
        self._granted = 0  # woken, but not yet back to look

    def __len__(self):
        return len(self._waiting) + self._granted

    async def turn(self, first=False):
        """Return when it is worth looking. The caller must say looked() afterwards."""
        if not self._waiting:
            self._loop.add_reader(self._fd, self._readable)
        future = self._loop.create_future()
        if first:
            self._waiting.appendleft(future)
        else:
            self._waiting.append(future)
        try:
            await future
        except BaseException:
            if future.done() and not future.cancelled():
                self.looked()  # it was our turn: the descriptor is still readable, and the next one gets it
            else:
                self._forget(future)
            raise

    def looked(self):
        self._granted -= 1

    def _forget(self, future):
        try:
            self._waiting.remove(future)
        except ValueError:
            return
        self._stop_if_idle()

    def _stop_if_idle(self):
        if not self._waiting:
            self._loop.remove_reader(self._fd)

    def _readable(self):
        worth = self._available() - self._granted
        while self._waiting and worth > 0:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                self._granted += 1
                worth -= 1
        self._stop_if_idle()


class Stream(_recv.Stream):
    """A receive stream whose :meth:`get` is a coroutine. Several event loops may wait for heaps at once."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._loops = weakref.WeakKeyDictionary()
        self._loops_lock = threading.Lock()

    def _waiters(self):
        loop = asyncio.get_running_loop()
        with self._loops_lock:
            waiters = self._loops.get(loop)
            if waiters is None:
                ring = self.ringbuffer
                many = 1 << 30
                stopped = weakref.ref(self)

                def available():
                    size = ring.size()
                    # Readable and empty is the end of the stream, or a spurious wake: everybody may look.
                    return size if size and stopped() is not None else many

                waiters = self._loops[loop] = _Waiters(loop, self.fd, available)
            return waiters

    async def get(self):
        """Return the next heap; raise :exc:`heapwire.Stopped` at the end."""
        waiters = self._waiters()
        if not len(waiters):
            # Give way to others *before* the heap is taken: nothing can be lost by a cancellation here.
            await asyncio.sleep(0)
        first = False
        if not len(waiters):
            try:
                return self.get_nowait()
            except Empty:
                pass
        while True:
            await waiters.turn(first)
            waiters.looked()
            try:
                return self.get_nowait()
            except Empty:  # another loop or thread was faster
                first = True

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self.get()
        except Stopped:
            raise StopAsyncIteration from None
