# SPDX-License-Identifier: BSD-3-Clause
"""Asynchronous streams that call back instead of answering futures, for programs with an event loop of their own.

The incumbent has them under the same names in its extension module; the public way is :mod:`heapwire.send.asyncio`.
"""

import logging
import select

from heapwire import _core

_native = _core.send.asyncio
_logger = logging.getLogger("heapwire")


class _Call:
    """What a hub takes for a future."""

    __slots__ = ("_callback",)

    def __init__(self, callback):
        self._callback = callback

    def done(self):
        return False

    def set_result(self, size):
        self._callback(None, size)

    def set_exception(self, error):
        self._callback(error, 0)


class _Loop:
    """What a hub takes for a loop."""

    @staticmethod
    def call_exception_handler(context):
        _logger.error("a callback of a send raised", exc_info=context["exception"])


class _WithCallbacks:
    """`callback(exception or None, bytes)` is called by :meth:`process_callbacks`, in the order of the heaps."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._hub = _native.LoopHub(_Loop())

    @property
    def fd(self):
        """Readable when callbacks are due."""
        return self._hub.fd

    def async_send_heap(self, heap, callback, cnt=-1, substream_index=0, rate=-1.0):
        """Queue a heap. Whether it was accepted; the callback comes in either case."""
        reference = _core.send.HeapReference(heap, cnt=cnt, substream_index=substream_index, rate=rate)
        return self.async_send_heaps([reference], callback, _core.send.GroupMode.SERIAL)

    def async_send_heaps(self, heaps, callback, mode):
        """The same for heaps that stay together."""
        if not isinstance(heaps, _core.send.HeapReferenceList):
            heaps = _core.send.HeapReferenceList(heaps)
        return self._send_with_callback(self._hub, _Call(callback), heaps, mode)

    def process_callbacks(self):
        """Call back for all that is finished; waits for the first one if there are heaps under way."""
        if self._hub.outstanding:
            due = select.poll()  # select() takes no descriptor from 1024 on
            due.register(self._hub.fd, select.POLLIN)
            due.poll()
        self._hub.process()


def _with_callbacks(base):
    class Stream(_WithCallbacks, base):
        __doc__ = base.__doc__

    Stream.__name__ = Stream.__qualname__ = base.__name__ + "Asyncio"
    return Stream


for _base in (_native.UdpStream, _native.InprocStream, _native.TcpStream):
    setattr(_core.send, _base.__name__ + "Asyncio", _with_callbacks(_base))
del _base
