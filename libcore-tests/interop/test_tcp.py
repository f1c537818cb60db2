# SPDX-License-Identifier: BSD-3-Clause
"""TCP both ways: many heaps of all sizes without a pause. Contents and counts are equal."""
import pytest

spead2 = pytest.importorskip("spead2")

from incumbent import TheirReceiver, packet_count, seen_by_them, their_heap, their_tcp
from programs import TCP, OurReceiver, OurSender, digest, seen_by_us

SIZES = [1024, 1, 1432, 8933, 65_536, 1 << 20, 17, 300_000]
FLAVOURS = [(40, 0), (48, 0), (48, 7)]


def contents(noise) -> dict:
    return {cnt: {0x2000: noise(SIZES[cnt % len(SIZES)]), 0x2001: noise(64)} for cnt in range(1, 41)}


def digests(heaps: dict) -> list:
    return [(cnt, {key: digest(data) for key, data in items.items()}) for cnt, items in heaps.items()]


@pytest.mark.parametrize("packet_size", [1472, 8972])
@pytest.mark.parametrize("bits, bugs", FLAVOURS)
def test_their_heaps_reach_us_in_order(noise, bits, bugs, packet_size):
    heaps = contents(noise)
    flavour = spead2.Flavour(4, 64, bits, bugs)
    outgoing = {cnt: their_heap(flavour, items) for cnt, items in heaps.items()}
    with OurReceiver("--bugs", bugs, places=[TCP]) as receiver:
        stream = their_tcp(receiver.ports[0], max_packet_size=packet_size)
        for cnt, heap in outgoing.items():
            stream.send_heap(heap, cnt)
        del stream  # closes the connection, which ends the stream without a stop heap
        got = receiver.heaps()
    assert [(heap["cnt"], seen_by_us(heap)) for heap in got] == digests(heaps)
    packets = sum(packet_count(heap, packet_size) for heap in outgoing.values())
    counts = receiver.statistics
    assert (counts["heaps"], counts["packets"], counts["packets_accepted"]) == (len(heaps), packets, packets)


@pytest.mark.parametrize("packet_size", [1472, 8972])
@pytest.mark.parametrize("bits, bugs", FLAVOURS)
def test_our_heaps_reach_them_in_order(noise, tmp_path, bits, bugs, packet_size):
    heaps = contents(noise)
    lines = []
    for cnt, items in heaps.items():
        for key, data in items.items():
            (tmp_path / f"{cnt}.{key}").write_bytes(data)
        lines.append({"cnt": cnt, "items": [{"id": key, "file": str(tmp_path / f"{cnt}.{key}")} for key in items]})
    with TheirReceiver(tcp=True, bug_compat=bugs) as receiver, \
            OurSender("--flavour", f"64-{bits}", "--bugs", bugs, "--packet-size", packet_size, "--no-stop",
                      to=[f"tcp://127.0.0.1:{receiver.ports[0]}"]) as sender:
        sender.tell(*lines)
        sent = sender.sent()
        got = receiver.heaps()
        counts = receiver.statistics
    assert [(heap.cnt, seen_by_them(heap)) for heap in got] == digests(heaps)
    assert (counts["heaps"], counts["packets"]) == (len(heaps), sent["packets"])
    assert sent["heaps"] == len(heaps)
