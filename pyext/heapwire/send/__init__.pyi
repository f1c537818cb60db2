# SPDX-License-Identifier: BSD-3-Clause
import enum
from collections.abc import Sequence
from typing import Final, Literal, Protocol, SupportsIndex, overload

from typing_extensions import Buffer, Never, Self

from heapwire import Flavour, InprocQueue, ThreadPool, _NativeType, _RawDescriptor
from heapwire import ItemGroup as _ItemGroup

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

_Endpoints = Sequence[tuple[str, int]]
_Which = Literal["stale", "all", "none"]

class _Socket(Protocol):
    def fileno(self) -> int: ...

# heapwire.Item, or what is like one.
class _Item(Protocol):
    @property
    def id(self) -> int: ...
    def to_buffer(self) -> Buffer: ...
    def allow_immediate(self) -> bool: ...

# heapwire.Descriptor, or what is like one.
class _Descriptor(Protocol):
    def to_raw(self, flavour: Flavour) -> _RawDescriptor: ...

class GroupMode(enum.Enum):
    ROUND_ROBIN = 0
    SERIAL = 1

class RateMethod(enum.Enum):
    SW = 0
    HW = 1
    AUTO = 2

class Heap(metaclass=_NativeType):
    repeat_pointers: bool
    def __init__(self, flavour: Flavour = ...) -> None: ...
    @property
    def flavour(self) -> Flavour: ...
    def add_item(self, item: _Item) -> None: ...
    def add_descriptor(self, descriptor: _Descriptor) -> None: ...
    def add_start(self) -> None: ...
    def add_end(self) -> None: ...

class PacketGenerator(metaclass=_NativeType):
    def __init__(self, heap: Heap, cnt: SupportsIndex, max_packet_size: SupportsIndex) -> None: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> bytes: ...

class HeapReference(metaclass=_NativeType):
    cnt: int
    substream_index: int
    rate: float
    def __init__(
        self, heap: Heap, *, cnt: SupportsIndex = -1, substream_index: SupportsIndex = 0, rate: float = -1.0
    ) -> None: ...
    @property
    def heap(self) -> Heap: ...

class HeapReferenceList(metaclass=_NativeType):
    def __init__(self, heaps: Sequence[HeapReference]) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: slice, /) -> HeapReferenceList: ...

class StreamConfig(metaclass=_NativeType):
    DEFAULT_MAX_PACKET_SIZE: Final[int]
    DEFAULT_BURST_SIZE: Final[int]
    DEFAULT_MAX_HEAPS: Final[int]
    DEFAULT_BURST_RATE_RATIO: Final[float]
    DEFAULT_RATE_METHOD: Final[RateMethod]
    max_packet_size: int
    rate: float
    burst_size: int
    max_heaps: int
    burst_rate_ratio: float
    rate_method: RateMethod
    def __init__(
        self,
        *,
        max_packet_size: int = ...,
        rate: float = ...,
        burst_size: int = ...,
        max_heaps: int = ...,
        burst_rate_ratio: float = ...,
        rate_method: RateMethod = ...,
    ) -> None: ...
    @property
    def burst_rate(self) -> float: ...

class Stream(metaclass=_NativeType):
    # Not for users: raises TypeError.
    def __init__(self, *args: Never, **kwargs: Never) -> None: ...
    @property
    def num_substreams(self) -> int: ...
    def set_cnt_sequence(self, next: SupportsIndex, step: SupportsIndex) -> None: ...

# What the streams have whose sends wait.
class _SyncStream(Stream):
    def send_heap(
        self, heap: Heap, cnt: SupportsIndex = -1, substream_index: SupportsIndex = 0, rate: float = -1.0
    ) -> int: ...
    def send_heaps(self, heaps: HeapReferenceList | Sequence[HeapReference], mode: GroupMode) -> int: ...

class BytesStream(_SyncStream):
    def __init__(self, thread_pool: ThreadPool, config: StreamConfig = ...) -> None: ...
    def getvalue(self) -> bytes: ...

class InprocStream(_SyncStream):
    def __init__(self, thread_pool: ThreadPool, queues: Sequence[InprocQueue], config: StreamConfig = ...) -> None: ...
    @property
    def queues(self) -> list[InprocQueue]: ...

class TcpStream(_SyncStream):
    DEFAULT_BUFFER_SIZE: Final[int]
    @overload
    def __init__(self, thread_pool: ThreadPool, socket: _Socket, config: StreamConfig = ...) -> None: ...
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        endpoints: _Endpoints,
        config: StreamConfig = ...,
        buffer_size: SupportsIndex = 212992,
        interface_address: str = "",
    ) -> None: ...

class UdpStream(_SyncStream):
    DEFAULT_BUFFER_SIZE: Final[int]
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        endpoints: _Endpoints,
        config: StreamConfig = ...,
        buffer_size: SupportsIndex = 524288,
        interface_address: str = "",
    ) -> None: ...
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        endpoints: _Endpoints,
        config: StreamConfig = ...,
        buffer_size: SupportsIndex = 524288,
        *,
        ttl: SupportsIndex,
    ) -> None: ...
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        endpoints: _Endpoints,
        config: StreamConfig = ...,
        buffer_size: SupportsIndex = 524288,
        *,
        ttl: SupportsIndex,
        interface_address: str,
    ) -> None: ...
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        endpoints: _Endpoints,
        config: StreamConfig = ...,
        buffer_size: SupportsIndex = 524288,
        *,
        ttl: SupportsIndex,
        interface_index: SupportsIndex,
    ) -> None: ...
    @overload
    def __init__(
        self, thread_pool: ThreadPool, socket: _Socket, endpoints: _Endpoints, config: StreamConfig = ...
    ) -> None: ...

class HeapGenerator:
    def __init__(
        self, item_group: _ItemGroup, descriptor_frequency: int | None = None, flavour: Flavour = ...
    ) -> None: ...
    def add_to_heap(self, heap: Heap, descriptors: _Which = "stale", data: _Which = "stale") -> Heap: ...
    def get_heap(self, descriptors: _Which = "stale", data: _Which = "stale") -> Heap: ...
    def get_start(self) -> Heap: ...
    def get_end(self) -> Heap: ...

class ItemGroup(_ItemGroup, HeapGenerator):
    def __init__(self, descriptor_frequency: int | None = None, flavour: Flavour = ...) -> None: ...
