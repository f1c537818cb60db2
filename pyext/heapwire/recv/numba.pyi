# SPDX-License-Identifier: BSD-3-Clause
from typing import Any

__all__ = ["chunk_place_data"]

# A numba.types.Record.
chunk_place_data: Any
