# SPDX-License-Identifier: BSD-3-Clause
"""Chunks, rings of them, streams that fill them."""

from collections.abc import Sequence

from heapwire import _core
from heapwire._core.recv import (  # noqa: F401 - for heapwire.recv
    Chunk,
    ChunkRingbuffer,
    ChunkRingPair,
    ChunkRingStream,
    ChunkStreamConfig,
    ChunkStreamGroupConfig,
    ChunkStreamGroupMember,
)


class ChunkStreamRingGroup(_core.recv.ChunkStreamRingGroup):
    """Several streams that fill the same chunks: a sequence of its members.

    Any number of threads may use one at once, and add members until data is received. Each look at the sequence is whole.
    """

    def __len__(self):
        return len(self._members())

    def __getitem__(self, index):
        return self._members()[index]

    def __iter__(self):
        return iter(self._members())

    def __reversed__(self):
        return reversed(self._members())

    __contains__ = Sequence.__contains__
    index = Sequence.index
    count = Sequence.count


Sequence.register(ChunkStreamRingGroup)
ChunkStreamRingGroup.__module__ = "heapwire.recv"
