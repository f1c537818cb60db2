# SPDX-License-Identifier: BSD-3-Clause
"""Indices of the statistics that every stream has."""

from heapwire._core.recv.stream_stat_indices import *  # noqa: F403
