# SPDX-License-Identifier: BSD-3-Clause
from collections.abc import Sequence
from typing import ClassVar, Final, SupportsIndex, overload

from typing_extensions import Buffer

from heapwire.items import Descriptor as Descriptor
from heapwire.items import Item as Item
from heapwire.items import ItemGroup as ItemGroup

__all__ = [
    "BUG_COMPAT_DESCRIPTOR_WIDTHS",
    "BUG_COMPAT_PYSPEAD_0_5_2",
    "BUG_COMPAT_SHAPE_BIT_1",
    "BUG_COMPAT_SWAP_ENDIAN",
    "CTRL_DESCRIPTOR_REISSUE",
    "CTRL_DESCRIPTOR_UPDATE",
    "CTRL_STREAM_START",
    "CTRL_STREAM_STOP",
    "DESCRIPTOR_DESCRIPTION_ID",
    "DESCRIPTOR_DTYPE_ID",
    "DESCRIPTOR_FORMAT_ID",
    "DESCRIPTOR_ID",
    "DESCRIPTOR_ID_ID",
    "DESCRIPTOR_NAME_ID",
    "DESCRIPTOR_SHAPE_ID",
    "Descriptor",
    "Empty",
    "Flavour",
    "Full",
    "HEAP_CNT_ID",
    "HEAP_LENGTH_ID",
    "InprocQueue",
    "Item",
    "ItemGroup",
    "MEMCPY_NONTEMPORAL",
    "MEMCPY_STD",
    "MemoryAllocator",
    "MemoryPool",
    "MmapAllocator",
    "NULL_ID",
    "PAYLOAD_LENGTH_ID",
    "PAYLOAD_OFFSET_ID",
    "STREAM_CTRL_ID",
    "Stopped",
    "ThreadPool",
    "__version__",
    "parse_range_list",
]

__version__: str

BUG_COMPAT_DESCRIPTOR_WIDTHS: Final = 1
BUG_COMPAT_SHAPE_BIT_1: Final = 2
BUG_COMPAT_SWAP_ENDIAN: Final = 4
BUG_COMPAT_PYSPEAD_0_5_2: Final = 7

NULL_ID: Final = 0
HEAP_CNT_ID: Final = 1
HEAP_LENGTH_ID: Final = 2
PAYLOAD_OFFSET_ID: Final = 3
PAYLOAD_LENGTH_ID: Final = 4
DESCRIPTOR_ID: Final = 5
STREAM_CTRL_ID: Final = 6
DESCRIPTOR_NAME_ID: Final = 16
DESCRIPTOR_DESCRIPTION_ID: Final = 17
DESCRIPTOR_SHAPE_ID: Final = 18
DESCRIPTOR_FORMAT_ID: Final = 19
DESCRIPTOR_ID_ID: Final = 20
DESCRIPTOR_DTYPE_ID: Final = 21

CTRL_STREAM_START: Final = 0
CTRL_DESCRIPTOR_REISSUE: Final = 1
CTRL_STREAM_STOP: Final = 2
CTRL_DESCRIPTOR_UPDATE: Final = 3

MEMCPY_STD: Final = 0
MEMCPY_NONTEMPORAL: Final = 1

# Classes of the extension have a metaclass of their own; a class that has another one cannot derive from them.
class _NativeType(type): ...

class Stopped(Exception): ...
class Empty(Exception): ...
class Full(Exception): ...

class Flavour(metaclass=_NativeType):
    @overload
    def __init__(self) -> None: ...
    @overload
    def __init__(
        self,
        version: SupportsIndex,
        item_pointer_bits: SupportsIndex,
        heap_address_bits: SupportsIndex,
        bug_compat: SupportsIndex = 0,
    ) -> None: ...
    @property
    def version(self) -> int: ...
    @property
    def item_pointer_bits(self) -> int: ...
    @property
    def heap_address_bits(self) -> int: ...
    @property
    def bug_compat(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

# heapwire._core.RawDescriptor
class _RawDescriptor(metaclass=_NativeType):
    id: int
    name: bytes
    description: bytes
    numpy_header: bytes
    @property
    def shape(self) -> list[int | None]: ...
    @shape.setter
    def shape(self, to: Sequence[int | None]) -> None: ...
    @property
    def format(self) -> list[tuple[str, int]]: ...
    @format.setter
    def format(self, to: Sequence[tuple[str, int]]) -> None: ...
    def __init__(self) -> None: ...

class ThreadPool(metaclass=_NativeType):
    @overload
    def __init__(self, threads: SupportsIndex = 1) -> None: ...
    @overload
    def __init__(self, threads: SupportsIndex, affinity: Sequence[SupportsIndex]) -> None: ...
    @staticmethod
    def set_affinity(core: SupportsIndex) -> None: ...
    def stop(self) -> None: ...

class MemoryAllocator(metaclass=_NativeType):
    def __init__(self) -> None: ...

class MmapAllocator(MemoryAllocator):
    def __init__(self, flags: SupportsIndex = 0, prefer_huge: bool = False) -> None: ...

class MemoryPool(MemoryAllocator):
    warn_on_empty: bool
    @overload
    def __init__(
        self,
        lower: SupportsIndex,
        upper: SupportsIndex,
        max_free: SupportsIndex,
        initial: SupportsIndex,
        allocator: MemoryAllocator | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        thread_pool: ThreadPool,
        lower: SupportsIndex,
        upper: SupportsIndex,
        max_free: SupportsIndex,
        initial: SupportsIndex,
        low_water: SupportsIndex,
        allocator: MemoryAllocator | None = None,
    ) -> None: ...

class InprocQueue(metaclass=_NativeType):
    def __init__(
        self,
        *,
        seed: int = 1,
        lose: float = 0.0,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        reorder_depth: int = 8,
        corrupt: float = 0.0,
    ) -> None: ...
    @property
    def weather_report(self) -> dict[str, int]: ...
    def add_packet(self, packet: Buffer) -> None: ...
    def stop(self) -> None: ...

def parse_range_list(ranges: str | None) -> list[int]: ...
