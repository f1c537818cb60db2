# SPDX-License-Identifier: BSD-3-Clause
"""Configuration of send streams, and their enumerations."""

import pytest

from heapwire import send


def test_config_has_the_defaults_of_the_reference():
    config = send.StreamConfig()
    assert (config.max_packet_size, config.rate, config.burst_size) == (1472, 0.0, 65536)
    assert (config.max_heaps, config.burst_rate_ratio, config.rate_method) == (4, 1.05, send.RateMethod.AUTO)
    assert send.StreamConfig.DEFAULT_MAX_HEAPS == 4
    assert send.StreamConfig.DEFAULT_RATE_METHOD is send.RateMethod.AUTO
    assert send.StreamConfig(rate=100.0, burst_rate_ratio=1.5).burst_rate == 150.0
    with pytest.raises(AttributeError):
        send.StreamConfig.DEFAULT_MAX_HEAPS = 5


@pytest.mark.parametrize(
    "wrong, error",
    [
        ({"rate": -1.0}, ValueError),
        ({"rate": float("nan")}, ValueError),
        ({"rate": float("inf")}, ValueError),
        ({"burst_rate_ratio": 0.5}, ValueError),
        ({"max_heaps": 0}, ValueError),
        ({"max_packet_size": -1}, TypeError),
        ({"rate_method": 0}, TypeError),
        ({"nonsense": 1}, TypeError),
        ({"burst_rate": 1.0}, AttributeError),
    ],
)
def test_config_refuses(wrong, error):
    with pytest.raises(error):
        send.StreamConfig(**wrong)


def test_enums_are_enums():
    assert [m.value for m in (send.RateMethod.SW, send.RateMethod.HW, send.RateMethod.AUTO)] == [0, 1, 2]
    assert [m.value for m in (send.GroupMode.ROUND_ROBIN, send.GroupMode.SERIAL)] == [0, 1]
