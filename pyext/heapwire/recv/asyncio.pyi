# SPDX-License-Identifier: BSD-3-Clause
from collections.abc import AsyncIterator

from typing_extensions import Self

from heapwire import ThreadPool
from heapwire import recv as _recv

__all__ = ["Stream"]

class Stream(_recv.Stream):
    def __init__(
        self, thread_pool: ThreadPool, config: _recv.StreamConfig = ..., ring_config: _recv.RingStreamConfig = ...
    ) -> None: ...
    async def get(self) -> _recv.Heap: ...  # type: ignore[override]
    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> _recv.Heap: ...
    def batches(self, heaps: int) -> AsyncIterator[_recv.Batch]: ...  # type: ignore[override]
