# SPDX-License-Identifier: BSD-3-Clause
"""Interoperability with spead2, whose wheel is a black box here. Each test module skips where it is not installed."""
import random

import pytest


@pytest.fixture
def noise():
    """Bytes that are the same in every run of a test."""
    return random.Random(20_26).randbytes
