# SPDX-License-Identifier: BSD-3-Clause
"""Captured packets, at any speed."""

import struct
import time

import pytest

import heapwire
from heapwire import recv
from packets import heap

pytestmark = pytest.mark.skipif(
    not hasattr(recv.Stream, "add_udp_pcap_file_reader"), reason="the core was built without libpcap"
)


def capture(path, packets, gap):
    """Ethernet frames, so many seconds apart."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, data in enumerate(packets):
            udp = struct.pack(">HHHH", 1000, 7148, 8 + len(data), 0) + data
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), bytes([127, 0, 0, 1]))
            frame = bytes(12) + b"\x08\x00" + ip + udp
            micros = round(number * gap * 1e6)
            out.write(struct.pack("<IIII", micros // 10**6, micros % 10**6, len(frame), len(frame)) + frame)
    return str(path)


def replay(path, **how):
    stream = recv.Stream(heapwire.ThreadPool(), ring_config=recv.RingStreamConfig(heaps=64))
    begin = time.monotonic()
    stream.add_udp_pcap_file_reader(path, **how)
    return [one.cnt for one in stream], time.monotonic() - begin


def test_a_capture_is_replayed_at_once_or_at_its_speed(tmp_path):
    path = capture(tmp_path / "a.pcap", [heap(cnt) for cnt in range(1, 6)], gap=0.25)
    assert replay(path)[0] == [1, 2, 3, 4, 5]
    for speed in (1, 2.0, 10):
        cnts, seconds = replay(path, speed=speed)
        assert cnts == [1, 2, 3, 4, 5] and seconds >= 1 / speed
    assert replay(path, filter="udp dst port 1")[0] == []
    assert replay(path, filter="udp dst port 7148", speed=1000)[0] == [1, 2, 3, 4, 5]


def test_a_speed_that_is_none_is_refused(tmp_path):
    path = capture(tmp_path / "a.pcap", [], gap=0)
    stream = recv.Stream(heapwire.ThreadPool())
    for speed in (-1, 1e-300, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="speed"):
            stream.add_udp_pcap_file_reader(path, speed=speed)
    with pytest.raises(TypeError):
        stream.add_udp_pcap_file_reader(path, "", 1)


def test_a_time_that_no_clock_can_tell_is_waited_for(tmp_path):
    path = capture(tmp_path / "a.pcap", [heap(1), heap(2)], gap=2e9)  # at this speed that is more than 64 bits of ns
    stream = recv.Stream(heapwire.ThreadPool())
    stream.add_udp_pcap_file_reader(path, speed=1e-3)
    assert stream.get().cnt == 1
    time.sleep(0.1)
    with pytest.raises(heapwire.Empty):
        stream.get_nowait()
    stream.stop()
