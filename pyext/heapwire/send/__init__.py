# SPDX-License-Identifier: BSD-3-Clause
"""Send heaps."""

__all__ = []
