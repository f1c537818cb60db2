# SPDX-License-Identifier: BSD-3-Clause
from typing import Any

__all__ = ["intp_to_voidptr"]

# For functions that numba compiles, and in these alone.
def intp_to_voidptr(value: int) -> Any: ...
