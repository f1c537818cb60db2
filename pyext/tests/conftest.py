# SPDX-License-Identifier: BSD-3-Clause
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import heapwire  # noqa: E402


@pytest.fixture
def pool():
    return heapwire.ThreadPool()
