# SPDX-License-Identifier: BSD-3-Clause
"""Heaps of 1 KiB to 64 MiB. Over TCP the senders do it themselves; over UDP the test sends the packets they make."""
import numpy
import pytest

spead2 = pytest.importorskip("spead2")

from careful import send_carefully, split
from incumbent import TheirReceiver, seen_by_them, their_heap, their_tcp
from programs import TCP, OurReceiver, OurSender, digest, our_packets, seen_by_us

KI, MI = 1 << 10, 1 << 20
LARGE = [KI, 64 * KI, MI, 64 * MI]
PACKETS = [1472, 8972]
ITEM = 0x1000


@pytest.fixture(scope="module")
def noise():
    return numpy.random.default_rng(20_26).bytes(LARGE[-1])


@pytest.fixture(scope="module")
def expected(noise):
    return [{ITEM: digest(memoryview(noise)[:size])} for size in LARGE]


def their_heaps(noise):
    return [their_heap(spead2.Flavour(), {ITEM: memoryview(noise)[:size]}) for size in LARGE]


@pytest.fixture
def our_heaps(noise, tmp_path):
    lines = []
    for size in LARGE:
        (tmp_path / str(size)).write_bytes(memoryview(noise)[:size])
        lines.append({"items": [{"id": ITEM, "file": str(tmp_path / str(size))}]})
    yield lines
    for size in LARGE:
        (tmp_path / str(size)).unlink()


@pytest.mark.parametrize("packet_size", PACKETS)
def test_theirs_over_tcp(noise, expected, packet_size):
    with OurReceiver(places=[TCP]) as receiver:
        stream = their_tcp(receiver.ports[0], max_packet_size=packet_size)
        for heap in their_heaps(noise):
            stream.send_heap(heap)
        del stream
        assert [seen_by_us(heap) for heap in receiver.heaps()] == expected


@pytest.mark.parametrize("packet_size", PACKETS)
def test_ours_over_tcp(our_heaps, expected, packet_size):
    with TheirReceiver(tcp=True) as receiver, \
            OurSender("--packet-size", packet_size, to=[f"tcp://127.0.0.1:{receiver.ports[0]}"]) as sender:
        sender.tell(*our_heaps)
        sender.sent()
        assert [seen_by_them(heap) for heap in receiver.heaps()] == expected


@pytest.mark.parametrize("packet_size", PACKETS)
def test_theirs_over_udp(noise, expected, packet_size):
    def packets():
        for cnt, heap in enumerate(their_heaps(noise), 1):
            yield from spead2.send.PacketGenerator(heap, cnt, packet_size)
        yield from spead2.send.PacketGenerator(spead2.send.ItemGroup().get_end(), 1 << 30, packet_size)

    with OurReceiver() as receiver:
        count = send_carefully(packets(), receiver.ports[0])
        got = receiver.heaps()
    assert [seen_by_us(heap) for heap in got] == expected
    assert receiver.statistics["datagrams"] == count


@pytest.mark.parametrize("packet_size", PACKETS)
def test_ours_over_udp(our_heaps, expected, tmp_path, packet_size):
    stream = our_packets(tmp_path, [*our_heaps, {"end": True}], "--packet-size", packet_size)
    (tmp_path / "packets").unlink()
    with TheirReceiver(udp=1) as receiver:
        count = send_carefully(split(stream), receiver.ports[0])
        got = receiver.heaps()
        assert [seen_by_them(heap) for heap in got] == expected
        assert receiver.statistics["packets"] == count
