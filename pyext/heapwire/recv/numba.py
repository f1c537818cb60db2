# SPDX-License-Identifier: BSD-3-Clause
"""The type of what a place callback gets, for functions that numba compiles."""

from numba import types

__all__ = ["chunk_place_data"]

_size = getattr(types, "size_t", types.uintp)

#: One heap: see ``heapwire/recv/chunk_place.h``. Pointers are integers; heapwire.numba.intp_to_voidptr turns them.
chunk_place_data = types.Record.make_c_struct(
    [
        ("packet", types.intp),
        ("packet_size", _size),
        ("items", types.intp),
        ("chunk_id", types.int64),
        ("heap_index", _size),
        ("heap_offset", _size),
        ("batch_stats", types.intp),
        ("extra", types.intp),
        ("extra_offset", _size),
        ("extra_size", _size),
    ]
)
