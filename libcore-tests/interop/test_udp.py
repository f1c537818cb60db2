# SPDX-License-Identifier: BSD-3-Clause
"""UDP both ways: flavours, sizes of packets, several substreams. Contents and counts are equal.

A heap leaves when the one before has arrived, and each is smaller than a socket's buffer: nothing is lost.
"""
import pytest

spead2 = pytest.importorskip("spead2")

from careful import until_taken
from incumbent import TheirReceiver, packet_count, seen_by_them, their_heap, their_udp
from programs import UDP, OurReceiver, OurSender, digest, seen_by_us

FLAVOURS = [(40, 0), (48, 0), (40, 7), (48, 7)]  # bits of a heap address, old bugs
PACKETS = [1472, 8972]
SIZES = [1024, 1, 1432, 8933, 40_000]


def contents(noise, cnts) -> dict:
    """{cnt: {id: bytes}}: heaps of one to three items."""
    return {cnt: {0x1000 + i: noise(SIZES[(n + i) % len(SIZES)]) for i in range(1 + n % 3)} for n, cnt in enumerate(cnts)}


def digests(heaps: dict) -> dict:
    return {cnt: {key: digest(data) for key, data in items.items()} for cnt, items in heaps.items()}


def as_json(cnt: int, items: dict, **more) -> dict:
    return {"cnt": cnt, "items": [{"id": key, "hex": data.hex()} for key, data in items.items()], **more}


@pytest.mark.parametrize("packet_size", PACKETS)
@pytest.mark.parametrize("bits, bugs", FLAVOURS)
def test_their_heaps_reach_us(noise, bits, bugs, packet_size):
    heaps = contents(noise, range(5, 5 + 2 * len(SIZES), 2))
    flavour = spead2.Flavour(4, 64, bits, bugs)
    outgoing = {cnt: their_heap(flavour, items) for cnt, items in heaps.items()}
    with OurReceiver("--bugs", bugs) as receiver:
        stream = their_udp(receiver.ports, max_packet_size=packet_size)
        for cnt, heap in outgoing.items():
            stream.send_heap(heap, cnt)
            until_taken(receiver.ports[0])
        stream.send_heap(spead2.send.ItemGroup(flavour=flavour).get_end())
        got = receiver.heaps()
    assert {heap["cnt"]: seen_by_us(heap) for heap in got} == digests(heaps)
    assert {heap["flavour"] for heap in got} == {f"64-{bits}"}
    packets = sum(packet_count(heap, packet_size) for heap in outgoing.values()) + 1  # the stop heap
    counts = receiver.statistics
    assert (counts["heaps"], counts["datagrams"], counts["packets"]) == (len(heaps), packets, packets)


@pytest.mark.parametrize("packet_size", PACKETS)
@pytest.mark.parametrize("bits, bugs", FLAVOURS)
def test_our_heaps_reach_them(noise, bits, bugs, packet_size):
    heaps = contents(noise, range(5, 5 + 2 * len(SIZES), 2))
    with TheirReceiver(udp=1, bug_compat=bugs) as receiver, \
            OurSender("--flavour", f"64-{bits}", "--bugs", bugs, "--packet-size", packet_size,
                      to=[f"udp://127.0.0.1:{receiver.ports[0]}"]) as sender:
        for count, (cnt, items) in enumerate(heaps.items(), 1):
            sender.tell(as_json(cnt, items))
            receiver.wait_for(count)
        sent = sender.sent()
        got = receiver.heaps()
        counts = receiver.statistics
    assert {heap.cnt: seen_by_them(heap) for heap in got} == digests(heaps)
    assert all(heap.flavour == spead2.Flavour(4, 64, bits, bugs) for heap in got)
    assert (counts["heaps"], counts["packets"]) == (len(heaps), sent["packets"])
    assert sent["heaps"] == len(heaps) + 1  # the stop heap


def test_their_substreams_reach_us(noise):
    heaps = contents(noise, range(30))
    flavour = spead2.Flavour(4, 64, 48)
    with OurReceiver("--substreams", 3, "--heaps", len(heaps), places=[UDP] * 3) as receiver:
        stream = their_udp(receiver.ports)
        for cnt, items in heaps.items():
            until_taken(receiver.ports[cnt % 3])
            stream.send_heap(their_heap(flavour, items), cnt, substream_index=cnt % 3)
        got = receiver.heaps()
    assert {heap["cnt"]: seen_by_us(heap) for heap in got} == digests(heaps)
    assert receiver.statistics["heaps"] == len(heaps)


def test_our_substreams_reach_them(noise):
    heaps = contents(noise, range(30))
    with TheirReceiver(udp=3, substreams=3) as receiver, \
            OurSender("--no-stop", to=[f"udp://127.0.0.1:{port}" for port in receiver.ports]) as sender:
        for count, (cnt, items) in enumerate(heaps.items(), 1):
            sender.tell(as_json(cnt, items, substream=cnt % 3))
            receiver.wait_for(count)
        sent = sender.sent()
        got = receiver.wait_for(len(heaps))
    assert {heap.cnt: seen_by_them(heap) for heap in got} == digests(heaps)
    assert (sent["heaps"], receiver.statistics["packets"]) == (len(heaps), sent["packets"])


def test_paced_heaps_reach_both(noise):
    items = {0x1000: noise(40_000)}
    expected = {9: {0x1000: digest(items[0x1000])}}
    with OurReceiver() as receiver:
        stream = their_udp(receiver.ports, rate=1e6, burst_size=3000)
        stream.send_heap(their_heap(spead2.Flavour(), items), 9)
        stream.send_heap(spead2.send.ItemGroup().get_end())
        assert {heap["cnt"]: seen_by_us(heap) for heap in receiver.heaps()} == expected
    with TheirReceiver(udp=1) as receiver, \
            OurSender("--rate", "1M", "--burst-size", 3000, to=[f"udp://127.0.0.1:{receiver.ports[0]}"]) as sender:
        sender.tell(as_json(9, items))
        sender.sent()
        assert {heap.cnt: seen_by_them(heap) for heap in receiver.heaps()} == expected


def test_our_plain_system_calls_reach_them(noise):
    items = {0x1000: noise(40_000)}
    with TheirReceiver(udp=1) as receiver, \
            OurSender("--gso", "off", "--sendmmsg", "off", to=[f"udp://127.0.0.1:{receiver.ports[0]}"]) as sender:
        sender.tell(as_json(9, items))
        sender.sent()
        assert [seen_by_them(heap) for heap in receiver.heaps()] == [{0x1000: digest(items[0x1000])}]
