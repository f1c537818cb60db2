# SPDX-License-Identifier: BSD-3-Clause
"""Send heaps in an asyncio program."""

import asyncio
import socket as _socket

from heapwire import _aio
from heapwire import _core

__all__ = ["InprocStream", "TcpStream", "UdpStream"]

_native = _core.send.asyncio


class _Async:
    """What asynchronous streams have besides what C++ gives them."""

    __slots__ = ()

    async def async_flush(self):
        """Wait until the heaps that were queued before the call are finished, well or badly."""
        future = self._when_flushed()
        if future is False:  # the last heap was queued from another loop, which may be closed
            await asyncio.get_running_loop().run_in_executor(None, self.flush)
        elif future is not None:
            await future

    @property
    def fd(self):
        """The descriptor that becomes readable when completions wait for the running loop.

        Outside of loops it is that of the loop of the last send; -1 if there is none.
        """
        hub = _aio.hub_for(self)
        return -1 if hub is None else hub.fd

    def process_callbacks(self):
        """Resolve the futures of what is finished. The loop does it by itself."""
        hub = _aio.hub_for(self)
        if hub is not None:
            hub.process()


class UdpStream(_Async, _native.UdpStream):
    """SPEAD over UDP; constructed like :class:`heapwire.send.UdpStream`.

    Any number of threads and loops may use one at once; a future belongs to the loop that was running.
    """


class InprocStream(_Async, _native.InprocStream):
    """SPEAD through queues in memory; constructed like :class:`heapwire.send.InprocStream`.

    Any number of threads and loops may use one at once; a future belongs to the loop that was running.
    """


class TcpStream(_Async, _native.TcpStream):
    """SPEAD over TCP: of a connected socket, or by :meth:`connect`.

    Any number of threads and loops may use one at once; a future belongs to the loop that was running.
    """

    @classmethod
    async def connect(
        cls,
        thread_pool,
        endpoints,
        config=_core.send.StreamConfig(),  # noqa: B008 - it is copied
        buffer_size=_native.TcpStream.DEFAULT_BUFFER_SIZE,
        interface_address="",
    ):
        """Return a connected stream. May be cancelled at any time."""
        endpoints = list(endpoints)
        if len(endpoints) != 1:
            raise ValueError(f"endpoints: {len(endpoints)} given, exactly one is needed")
        host, port = endpoints[0]
        family, address = await _resolve(host or "0.0.0.0", port)
        sock = _socket.socket(family, _socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            if buffer_size:
                sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, min(buffer_size, 2**30))
            if interface_address:
                await _bind(sock, family, interface_address)
            await asyncio.get_running_loop().sock_connect(sock, address)
            return cls(thread_pool, sock, config)  # duplicates the socket
        finally:
            sock.close()


async def _resolve(host, port, family=0):
    if not isinstance(port, int) or not 0 <= port <= 65535:
        raise TypeError(f"port = {port!r}: an int from 0 to 65535 is needed")
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, family=family, type=_socket.SOCK_STREAM)
    except OSError as error:
        raise RuntimeError(f"{host}: {error.strerror or error}") from error
    return found[0][0], found[0][4]


async def _bind(sock, family, host):
    try:
        sock.bind((await _resolve(host, 0, family))[1])
    except OSError as error:
        raise RuntimeError(f"binding to {host}: {error.strerror or error}") from error
