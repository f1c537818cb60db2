# SPDX-License-Identifier: BSD-3-Clause
"""SPEAD: the Streaming Protocol for Exchanging Astronomical Data."""

from heapwire import _core, _logging
from heapwire._core import *  # noqa: F403 - constants and classes; the list is __all__ below
from heapwire._core import __version__

# Not of this package: `from heapwire import send` has to find the package of that name.
del recv, send, RawDescriptor, log_info  # noqa: F821 - the star brought them

_logging.connect(_core)
_UNRESERVED_ID = 0x1000  # the first that ItemGroup gives away

from heapwire.items import Descriptor, Item, ItemGroup  # noqa: E402 - they need _core whole


def parse_range_list(ranges):
    """Turn ``"2,3-5,8"`` into ``[2, 3, 4, 5, 8]``; nothing into an empty list."""
    out = []
    for part in ranges.split(",") if ranges else ():
        first, dash, last = part.partition("-")
        out.extend(range(int(first), int(last if dash else first) + 1))
    return out


__all__ = [name for name in dir(_core) if not name.startswith("_") and name not in ("recv", "send", "RawDescriptor", "log_info")]
__all__ += ["Descriptor", "Item", "ItemGroup", "__version__", "parse_range_list"]
