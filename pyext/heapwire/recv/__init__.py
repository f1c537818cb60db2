# SPDX-License-Identifier: BSD-3-Clause
"""Receive heaps."""

from heapwire._core.recv import (
    Heap,
    IncompleteHeap,
    RingStreamConfig,
    Stream,
    StreamConfig,
    StreamStatConfig,
    StreamStats,
)
from heapwire.recv import stream_stat_indices
from heapwire.recv._batches import Batch

__all__ = [
    "Batch",
    "Heap",
    "IncompleteHeap",
    "RingStreamConfig",
    "Stream",
    "StreamConfig",
    "StreamStatConfig",
    "StreamStats",
    "stream_stat_indices",
]
