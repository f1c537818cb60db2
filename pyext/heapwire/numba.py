# SPDX-License-Identifier: BSD-3-Clause
"""For functions that numba compiles: pointers from the integers of :data:`heapwire.recv.numba.chunk_place_data`."""

from numba import types
from numba.extending import intrinsic

__all__ = ["intp_to_voidptr"]


@intrinsic
def intp_to_voidptr(typingctx, value):
    """Turn an integer as wide as a pointer into a pointer; ``numba.carray`` makes an array of it."""
    if value not in (types.intp, types.uintp):
        return None

    def codegen(context, builder, signature, args):
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return types.voidptr(value), codegen
