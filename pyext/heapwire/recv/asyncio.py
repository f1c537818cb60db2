# SPDX-License-Identifier: BSD-3-Clause
"""Receive heaps and chunks in an asyncio program.

A future never carries a heap, only the news that it is worth looking: the coroutine then takes the heap
synchronously. So a wait that is cancelled or times out loses nothing.
"""

import asyncio
import bisect
import functools
import itertools
import threading
import weakref
from time import monotonic

from heapwire import Empty, Full, Stopped
from heapwire import recv as _recv
from heapwire.recv._batches import Batches

__all__ = ["ChunkRingbuffer", "Stream"]

# A consumer that always finds a heap gives way to the rest of its loop at least so often: an iteration of the loop
# costs several times what a heap does.
_YIELD_SECONDS = 0.0002
_YIELD_HEAPS = 32


class _Waiters:
    """Who waits for a descriptor in one event loop, first come, first served. Used on that loop's thread only.

    Keeps only a weak reference to the loop: it is a value in a dictionary that is weak by loop.
    """

    def __init__(self, loop, fd, queued):
        self._loop = weakref.ref(loop)
        self._fd = fd
        self._queued = queued
        self._waiting = []  # (number, future), by number
        self._numbers = itertools.count()
        self._granted = 0  # woken, but not yet back to look
        self._ran = 0.0  # when the loop had its turn
        self._in_a_row = 0  # heaps since then

    def may_take(self):
        """Whether the next heap is for who asks now: nobody waits, and the loop had its turn lately."""
        if self._waiting or self._granted:
            return False
        self._in_a_row += 1
        return self._in_a_row <= _YIELD_HEAPS and monotonic() - self._ran <= _YIELD_SECONDS

    async def give_way(self):
        """Let the loop have its turn if that is due."""
        if not self.may_take():
            await asyncio.sleep(0)
            self.loop_ran()

    def loop_ran(self):
        self._ran = monotonic()
        self._in_a_row = 0

    def __len__(self):
        return len(self._waiting) + self._granted

    def number(self):
        """A place in the queue, which a waiter keeps until it is served."""
        return next(self._numbers)

    async def turn(self, number):
        """Return when it is worth looking."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        if not self._waiting:
            loop.add_reader(self._fd, self._readable)
        bisect.insort(self._waiting, (number, future), key=lambda waiter: waiter[0])
        try:
            await future
            self.loop_ran()
        except BaseException:
            # If it was our turn, nothing was taken yet, the descriptor is still readable, and the next one gets it.
            if (number, future) in self._waiting:
                self._waiting.remove((number, future))
                self._stop_if_idle()
            raise
        finally:
            if future.done() and not future.cancelled():
                self._granted -= 1

    def _stop_if_idle(self):
        # A coroutine that was thrown away may be collected outside of its loop: then this waits for the next _readable.
        loop = asyncio._get_running_loop()
        if not self._waiting and loop is not None and loop is self._loop():
            loop.remove_reader(self._fd)

    def _readable(self):
        # Readable and empty is the end of the stream, or nothing: one waiter looks, then the next.
        worth = max(self._queued(), 1) - self._granted
        while self._waiting and worth > 0:
            _, future = self._waiting.pop(0)
            if not future.done():
                future.set_result(None)
                self._granted += 1
                worth -= 1
        self._stop_if_idle()


class _Waiting:
    """The waiters of all event loops for one descriptor; and how they wait."""

    def __init__(self, fd, queued):
        self._fd = fd
        self._queued = queued
        self._loops = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        self._last = (lambda: None, None)  # the loop that was used last, weakly, and its waiters

    def here(self):
        """Those of the running loop."""
        loop = asyncio.get_running_loop()
        last, waiters = self._last
        if last() is loop:
            return waiters
        with self._lock:
            waiters = self._loops.get(loop)
            if waiters is None:
                waiters = self._loops[loop] = _Waiters(loop, self._fd, self._queued)
        self._last = (weakref.ref(loop), waiters)
        return waiters

    async def until_done(self, attempt, busy):
        """Return what ``attempt`` returns, when it no longer raises ``busy``."""
        waiters = self.here()
        number = waiters.number()
        if not len(waiters):
            # Give way to others *before* something is taken: nothing can be lost by a cancellation here.
            await waiters.give_way()
            if not len(waiters):
                try:
                    return attempt()
                except busy:
                    pass
        return await self.in_turn(waiters, number, attempt, busy)

    @staticmethod
    async def in_turn(waiters, number, attempt, busy):
        while True:
            await waiters.turn(number)
            try:
                return attempt()
            except busy:  # another loop or thread was faster
                pass


class Stream(_recv.Stream):
    """A receive stream whose :meth:`get` is a coroutine.

    Any number of event loops, in any number of threads, may wait for heaps at once: each heap comes out once.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._waiting = _Waiting(self.fd, self.ringbuffer.size)

    def _waiters(self):
        return self._waiting.here()

    async def get(self):
        """Return the next heap; raise :exc:`heapwire.Stopped` at the end."""
        # As until_done, with one coroutine less: there may be a million of them a second.
        waiters = self._waiters()
        number = waiters.number()
        if not len(waiters):
            await waiters.give_way()
            if not len(waiters):
                ready = self._ready()
                if ready is not None:
                    return await ready
        return await self._waiting.in_turn(waiters, number, self.get_nowait, Empty)

    def __aiter__(self):
        return self

    async def __anext__(self):
        # Nothing may be taken before the first step: who never takes one would lose a heap.
        if self._waiters().may_take():
            ready = self._ready()
            if ready is not None:
                return await ready
        return await self._anext_by_get()

    async def _anext_by_get(self):
        try:
            return await self.get()
        except Stopped:
            raise StopAsyncIteration from None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.get is not Stream.get and cls.__anext__ is Stream.__anext__:
            cls.__anext__ = cls._anext_by_get

    def batches(self, heaps):
        """Iterate asynchronously over tables of so many heaps each; see :meth:`heapwire.recv.Stream.batches`.

        What was taken stays with the iterator when a wait for a batch is given up.
        """
        return _Batches(self, heaps)


class _Batches(Batches):
    def __init__(self, stream, heaps):
        super().__init__(stream, heaps)
        self._waiting = stream._waiting

    __iter__ = None

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self._waiting.until_done(self._now, Empty)
        except Stopped:
            raise StopAsyncIteration from None

    def _now(self):
        batch = self._step(False)
        if batch is None:
            raise Empty("not enough heaps are queued")
        return batch


class ChunkRingbuffer(_recv.ChunkRingbuffer):
    """A ring of chunks whose :meth:`get` and :meth:`put` are coroutines.

    Any number of event loops, in any number of threads, may wait at once: each chunk comes out once.
    """

    def __init__(self, maxsize):
        """``maxsize``: how many chunks it has room for, at least 1 (:exc:`ValueError`)."""
        super().__init__(maxsize)
        # Weakly, for a ring must go when nobody uses it; who waits has a reference of his own.
        ring = weakref.ref(self)
        self._getting = _Waiting(self.data_fd, lambda: ring().qsize())
        self._putting = _Waiting(self.space_fd, lambda: maxsize - ring().qsize())

    async def get(self):
        """Return the next chunk; raise :exc:`heapwire.Stopped` when the ring is stopped and empty."""
        return await self._getting.until_done(self.get_nowait, Empty)

    async def put(self, chunk):
        """Put a chunk into the ring when there is room; raise :exc:`heapwire.Stopped` when it is stopped."""
        return await self._putting.until_done(functools.partial(self.put_nowait, chunk), Full)

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self.get()
        except Stopped:
            raise StopAsyncIteration from None
