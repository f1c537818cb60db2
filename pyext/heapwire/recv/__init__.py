# SPDX-License-Identifier: BSD-3-Clause
"""Receive heaps, one by one or placed into chunks."""

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
from heapwire.recv._chunks import (
    Chunk,
    ChunkRingbuffer,
    ChunkRingPair,
    ChunkRingStream,
    ChunkStreamConfig,
    ChunkStreamGroupConfig,
    ChunkStreamGroupMember,
    ChunkStreamRingGroup,
)
from heapwire.recv._placement import ItemValue, LinearPlacement, PlaceCallback

__all__ = [
    "Batch",
    "Chunk",
    "ChunkRingPair",
    "ChunkRingStream",
    "ChunkRingbuffer",
    "ChunkStreamConfig",
    "ChunkStreamGroupConfig",
    "ChunkStreamGroupMember",
    "ChunkStreamRingGroup",
    "Heap",
    "IncompleteHeap",
    "ItemValue",
    "LinearPlacement",
    "PlaceCallback",
    "RingStreamConfig",
    "Stream",
    "StreamConfig",
    "StreamStatConfig",
    "StreamStats",
    "stream_stat_indices",
]
