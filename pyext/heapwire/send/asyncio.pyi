# SPDX-License-Identifier: BSD-3-Clause
import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, SupportsIndex, overload

from typing_extensions import Self

from heapwire import InprocQueue, ThreadPool
from heapwire import send as _send

__all__ = ["InprocStream", "TcpStream", "UdpStream"]

class _AsyncStream(_send.Stream):
    # These queue the heap before they return; the future tells of the end.
    def async_send_heap(
        self, heap: _send.Heap, cnt: SupportsIndex = -1, substream_index: SupportsIndex = 0, rate: float = -1.0
    ) -> asyncio.Future[int]: ...
    def async_send_heaps(
        self, heaps: _send.HeapReferenceList | Sequence[_send.HeapReference], mode: _send.GroupMode
    ) -> asyncio.Future[int]: ...
    async def async_flush(self) -> None: ...
    def flush(self) -> None: ...
    def process_callbacks(self) -> None: ...
    @property
    def fd(self) -> int: ...

class InprocStream(_AsyncStream):
    def __init__(
        self, thread_pool: ThreadPool, queues: Sequence[InprocQueue], config: _send.StreamConfig = ...
    ) -> None: ...
    @property
    def queues(self) -> list[InprocQueue]: ...

class TcpStream(_AsyncStream):
    DEFAULT_BUFFER_SIZE: Final[int]
    def __init__(self, thread_pool: ThreadPool, socket: _send._Socket, config: _send.StreamConfig = ...) -> None: ...
    @classmethod
    async def connect(
        cls,
        thread_pool: ThreadPool,
        endpoints: Iterable[tuple[str, int]],
        config: _send.StreamConfig = ...,
        buffer_size: int = ...,
        interface_address: str = "",
    ) -> Self: ...

class UdpStream(_AsyncStream):
    DEFAULT_BUFFER_SIZE: Final[int]
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        endpoints: _send._Endpoints,
        config: _send.StreamConfig = ...,
        buffer_size: SupportsIndex = 524288,
        interface_address: str = "",
    ) -> None: ...
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        endpoints: _send._Endpoints,
        config: _send.StreamConfig = ...,
        buffer_size: SupportsIndex = 524288,
        *,
        ttl: SupportsIndex,
    ) -> None: ...
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        endpoints: _send._Endpoints,
        config: _send.StreamConfig = ...,
        buffer_size: SupportsIndex = 524288,
        *,
        ttl: SupportsIndex,
        interface_address: str,
    ) -> None: ...
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        endpoints: _send._Endpoints,
        config: _send.StreamConfig = ...,
        buffer_size: SupportsIndex = 524288,
        *,
        ttl: SupportsIndex,
        interface_index: SupportsIndex,
    ) -> None: ...
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        socket: _send._Socket,
        endpoints: _send._Endpoints,
        config: _send.StreamConfig = ...,
    ) -> None: ...
