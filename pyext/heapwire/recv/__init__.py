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

__all__ = [
    "Heap",
    "IncompleteHeap",
    "RingStreamConfig",
    "Stream",
    "StreamConfig",
    "StreamStatConfig",
    "StreamStats",
    "stream_stat_indices",
]
