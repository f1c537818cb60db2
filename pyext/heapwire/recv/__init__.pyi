# SPDX-License-Identifier: BSD-3-Clause
import enum
from collections.abc import Iterator
from typing import ClassVar, Final, Protocol, SupportsIndex, TypeVar, final, overload

from typing_extensions import Buffer, Never, Self

from heapwire import Flavour, InprocQueue, MemoryAllocator, ThreadPool, _NativeType, _RawDescriptor
from heapwire.recv import stream_stat_indices as stream_stat_indices
from heapwire.recv._batches import Batch as Batch
from heapwire.recv._chunks import Chunk as Chunk
from heapwire.recv._chunks import ChunkRingbuffer as ChunkRingbuffer
from heapwire.recv._chunks import ChunkRingPair as ChunkRingPair
from heapwire.recv._chunks import ChunkRingStream as ChunkRingStream
from heapwire.recv._chunks import ChunkStreamConfig as ChunkStreamConfig
from heapwire.recv._chunks import ChunkStreamGroupConfig as ChunkStreamGroupConfig
from heapwire.recv._chunks import ChunkStreamGroupMember as ChunkStreamGroupMember
from heapwire.recv._chunks import ChunkStreamRingGroup as ChunkStreamRingGroup
from heapwire.recv._placement import ItemValue as ItemValue
from heapwire.recv._placement import LinearPlacement as LinearPlacement
from heapwire.recv._placement import PlaceCallback as PlaceCallback

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

_T = TypeVar("_T")

# A socket of IPv4 or IPv6 of the right type, or what has the descriptor of one.
class _Socket(Protocol):
    def fileno(self) -> int: ...

# heapwire._core.recv.RawItem
class _RawItem(metaclass=_NativeType):
    # Not for users: raises TypeError.
    def __init__(self, *args: Never, **kwargs: Never) -> None: ...
    @property
    def id(self) -> int: ...
    @property
    def is_immediate(self) -> bool: ...
    @property
    def immediate_value(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...

# heapwire._core.recv.HeapBase
class _HeapBase:
    # Not for users: raises TypeError.
    def __init__(self, *args: Never, **kwargs: Never) -> None: ...
    @property
    def cnt(self) -> int: ...
    @property
    def flavour(self) -> Flavour: ...
    def get_items(self) -> list[_RawItem]: ...
    def is_start_of_stream(self) -> bool: ...
    def is_end_of_stream(self) -> bool: ...

@final
class Heap(_HeapBase):
    def get_descriptors(self) -> list[_RawDescriptor]: ...

@final
class IncompleteHeap(_HeapBase):
    @property
    def heap_length(self) -> int: ...
    @property
    def received_length(self) -> int: ...
    @property
    def payload_ranges(self) -> list[tuple[int, int]]: ...

class StreamStatConfig(metaclass=_NativeType):
    class Mode(enum.Enum):
        COUNTER = 0
        MAXIMUM = 1

    def __init__(self, name: str, mode: StreamStatConfig.Mode = ...) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def mode(self) -> Mode: ...
    def combine(self, a: SupportsIndex, b: SupportsIndex) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

class StreamStats(metaclass=_NativeType):
    heaps: int
    incomplete_heaps_evicted: int
    incomplete_heaps_flushed: int
    packets: int
    batches: int
    max_batch: int
    single_packet_heaps: int
    search_dist: int
    worker_blocked: int
    # Not for users: raises TypeError.
    def __init__(self, *args: Never, **kwargs: Never) -> None: ...
    @property
    def config(self) -> list[StreamStatConfig]: ...
    @property
    def details(self) -> dict[str, int]: ...
    @overload
    def get(self, name: str, /) -> int | None: ...
    @overload
    def get(self, name: str, default: _T, /) -> int | _T: ...
    def keys(self) -> Iterator[str]: ...
    def values(self) -> Iterator[int]: ...
    def items(self) -> Iterator[tuple[str, int]]: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...
    def __contains__(self, name: object, /) -> bool: ...
    def __getitem__(self, key: str | SupportsIndex, /) -> int: ...
    def __setitem__(self, key: str | SupportsIndex, to: SupportsIndex, /) -> None: ...
    def __add__(self, other: StreamStats, /) -> StreamStats: ...
    def __iadd__(self, other: StreamStats, /) -> Self: ...

class StreamConfig(metaclass=_NativeType):
    DEFAULT_MAX_HEAPS: Final[int]
    max_heaps: int
    substreams: int
    bug_compat: int
    memcpy: int
    memory_allocator: MemoryAllocator
    stop_on_stop_item: bool
    allow_unsized_heaps: bool
    allow_out_of_order: bool
    stream_id: int
    explicit_start: bool
    max_heap_size: int
    def __init__(
        self,
        *,
        max_heaps: int = ...,
        substreams: int = ...,
        bug_compat: int = ...,
        memcpy: int = ...,
        memory_allocator: MemoryAllocator = ...,
        stop_on_stop_item: bool = ...,
        allow_unsized_heaps: bool = ...,
        allow_out_of_order: bool = ...,
        stream_id: int = ...,
        explicit_start: bool = ...,
        max_heap_size: int = ...,
    ) -> None: ...
    @property
    def stats(self) -> list[StreamStatConfig]: ...
    def add_stat(self, name: str, mode: StreamStatConfig.Mode = ...) -> int: ...
    def next_stat_index(self) -> int: ...
    def get_stat_index(self, name: str) -> int: ...

class RingStreamConfig(metaclass=_NativeType):
    DEFAULT_HEAPS: Final[int]
    heaps: int
    contiguous_only: bool
    incomplete_keep_payload_ranges: bool
    def __init__(
        self,
        *,
        heaps: int = ...,
        contiguous_only: bool = ...,
        incomplete_keep_payload_ranges: bool = ...,
    ) -> None: ...

# heapwire._core.recv._Stream
class _Stream(metaclass=_NativeType):
    DEFAULT_UDP_MAX_SIZE: Final[int]
    DEFAULT_UDP_BUFFER_SIZE: Final[int]
    DEFAULT_TCP_MAX_SIZE: Final[int]
    DEFAULT_TCP_BUFFER_SIZE: Final[int]
    # Not for users: raises TypeError.
    def __init__(self, *args: Never, **kwargs: Never) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    @property
    def config(self) -> StreamConfig: ...
    @property
    def stats(self) -> StreamStats: ...
    def add_buffer_reader(self, buffer: Buffer) -> None: ...
    @overload
    def add_udp_reader(
        self,
        port: SupportsIndex,
        max_size: SupportsIndex = 9200,
        buffer_size: SupportsIndex = 8388608,
        bind_hostname: str = "",
    ) -> None: ...
    @overload
    def add_udp_reader(self, socket: _Socket, max_size: SupportsIndex = 9200) -> None: ...
    @overload
    def add_udp_reader(
        self,
        multicast_group: str,
        port: SupportsIndex,
        max_size: SupportsIndex = 9200,
        buffer_size: SupportsIndex = 8388608,
        interface_address: str = "0.0.0.0",
    ) -> None: ...
    @overload
    def add_udp_reader(
        self,
        multicast_group: str,
        port: SupportsIndex,
        max_size: SupportsIndex = 9200,
        buffer_size: SupportsIndex = 8388608,
        interface_index: SupportsIndex = 0,
    ) -> None: ...
    @overload
    def add_tcp_reader(
        self,
        port: SupportsIndex,
        max_size: SupportsIndex = 65536,
        buffer_size: SupportsIndex = 212992,
        bind_hostname: str = "",
    ) -> None: ...
    @overload
    def add_tcp_reader(self, acceptor: _Socket, max_size: SupportsIndex = 65536) -> None: ...
    def add_inproc_reader(self, queue: InprocQueue) -> None: ...
    # Is there only if the core was built with libpcap.
    def add_udp_pcap_file_reader(self, filename: str, filter: str = "", *, speed: float = 0.0) -> None: ...

class Stream(_Stream):
    class Ringbuffer(metaclass=_NativeType):
        # Not for users: raises TypeError.
        def __init__(self, *args: Never, **kwargs: Never) -> None: ...
        def size(self) -> int: ...
        def capacity(self) -> int: ...

    def __init__(
        self, thread_pool: ThreadPool, config: StreamConfig = ..., ring_config: RingStreamConfig = ...
    ) -> None: ...
    # With contiguous_only off in the ring's configuration these may also return an IncompleteHeap: ask isinstance.
    def get(self) -> Heap: ...
    def get_nowait(self) -> Heap: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> Heap: ...
    # A Batch for each so many heaps.
    def batches(self, heaps: int) -> Iterator[Batch]: ...
    @property
    def fd(self) -> int: ...
    @property
    def ring_config(self) -> RingStreamConfig: ...
    @property
    def ringbuffer(self) -> Ringbuffer: ...
