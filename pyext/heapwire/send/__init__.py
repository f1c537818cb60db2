# SPDX-License-Identifier: BSD-3-Clause
"""Send heaps.

Streams cut heaps into packets of nearly equal size, which travel fastest; any receiver puts them together.
:class:`PacketGenerator` and :class:`BytesStream` fill packets as far as they go, byte for byte like the incumbent.
"""

from heapwire._core.send import (
    BytesStream,
    GroupMode,
    Heap,
    HeapReference,
    HeapReferenceList,
    InprocStream,
    PacketGenerator,
    RateMethod,
    Stream,
    StreamConfig,
    TcpStream,
    UdpStream,
)
from heapwire.send import _callbacks as _callbacks  # into the extension, where the incumbent has them
from heapwire.send._generator import HeapGenerator, ItemGroup

__all__ = [
    "BytesStream",
    "GroupMode",
    "Heap",
    "HeapGenerator",
    "HeapReference",
    "HeapReferenceList",
    "InprocStream",
    "ItemGroup",
    "PacketGenerator",
    "RateMethod",
    "Stream",
    "StreamConfig",
    "TcpStream",
    "UdpStream",
]
