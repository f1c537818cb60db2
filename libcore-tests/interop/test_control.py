# SPDX-License-Identifier: BSD-3-Clause
"""Start and stop heaps, immediates, repeated pointers, many pointers, groups in turn: both ways, and byte for byte."""
import pytest

spead2 = pytest.importorskip("spead2")
import spead2.recv

from incumbent import TheirReceiver, seen_by_them, their_heap, their_udp
from programs import OurReceiver, OurSender, digest, our_packets, seen_by_us

FLAVOURS = [40, 48]


def udp(receiver: TheirReceiver) -> list[str]:
    return [f"udp://127.0.0.1:{port}" for port in receiver.ports]


def hexed(items: dict, **more) -> dict:
    return {"items": [{"id": key, "hex": data.hex()} for key, data in items.items()], **more}


def digests(items: dict) -> dict:
    return {key: digest(data) for key, data in items.items()}


def their_packets(packet_size: int, *heaps, mode=spead2.send.GroupMode.SERIAL) -> bytes:
    """What the incumbent would put on the wire for heaps of cnt 1, 2, …"""
    stream = spead2.send.BytesStream(spead2.ThreadPool(), spead2.send.StreamConfig(
        max_packet_size=packet_size, max_heaps=len(heaps)))
    stream.send_heaps([spead2.send.HeapReference(heap, cnt=cnt) for cnt, heap in enumerate(heaps, 1)], mode)
    return stream.getvalue()


class Short:
    """An item of a few bytes that may travel inside its pointer."""

    def __init__(self, item_id: int, data: bytes):
        self.id, self._data = item_id, data

    def to_buffer(self):
        return self._data

    @staticmethod
    def allow_immediate() -> bool:
        return True


# --- control heaps ------------------------------------------------------------------------------------------------

def test_we_see_their_start_and_stop():
    group = spead2.send.ItemGroup()
    with OurReceiver("--ignore-stop", "--heaps", 2) as receiver:
        stream = their_udp(receiver.ports)
        stream.send_heap(group.get_start())
        stream.send_heap(group.get_end())
        got = receiver.heaps()
    assert [(heap["start"], heap["end"]) for heap in got] == [(True, False), (False, True)]


def test_they_see_our_start_and_stop():
    with TheirReceiver(udp=1, stop_on_stop_item=False) as receiver, OurSender(to=udp(receiver)) as sender:
        sender.tell({"start": True})
        sender.sent()
        got = receiver.wait_for(2)
    assert [(heap.is_start_of_stream(), heap.is_end_of_stream()) for heap in got] == [(True, False), (False, True)]


def test_a_stop_heap_ends_the_stream_and_is_not_counted():
    with OurReceiver() as receiver:
        stream = their_udp(receiver.ports)
        stream.send_heap(their_heap(spead2.Flavour(), {0x1000: b"data"}))
        stream.send_heap(spead2.send.ItemGroup().get_end())
        assert len(receiver.heaps()) == 1
        assert receiver.statistics["heaps"] == 1
    with TheirReceiver(udp=1) as receiver, OurSender(to=udp(receiver)) as sender:
        sender.tell(hexed({0x1000: b"data"}))
        assert sender.sent()["heaps"] == 2
        assert len(receiver.heaps()) == 1
        assert receiver.statistics["heaps"] == 1


# --- immediates ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("bits", FLAVOURS)
def test_immediates_have_the_same_numbers(bits):
    numbers = {0x1000: 0, 0x1001: 5, 0x1002: (1 << bits) - 1}
    with TheirReceiver(udp=1) as receiver, OurSender("--flavour", f"64-{bits}", to=udp(receiver)) as sender:
        sender.tell({"items": [{"id": key, "value": value} for key, value in numbers.items()]})
        sender.sent()
        assert [seen_by_them(heap) for heap in receiver.heaps()] == [numbers]
    flavour = spead2.Flavour(4, 64, bits)
    heap = spead2.send.Heap(flavour)
    for key, value in numbers.items():
        heap.add_item(Short(key, value.to_bytes(bits // 8, "big")))
    with OurReceiver() as receiver:
        stream = their_udp(receiver.ports)
        stream.send_heap(heap)
        stream.send_heap(spead2.send.ItemGroup(flavour=flavour).get_end())
        assert [seen_by_us(heap) for heap in receiver.heaps()] == [numbers]


@pytest.mark.parametrize("bits", FLAVOURS)
def test_short_items_become_immediates_up_to_the_same_length(tmp_path, bits):
    items = {0x1000 + length: bytes(range(1, length + 1)) for length in range(9)}
    theirs = spead2.send.Heap(spead2.Flavour(4, 64, bits))
    for key, data in items.items():
        theirs.add_item(Short(key, data))
    ours = {"cnt": 1, "items": [{"id": key, "hex": data.hex(), "allow_immediate": True} for key, data in items.items()]}
    assert our_packets(tmp_path, [ours], "--flavour", f"64-{bits}") == their_packets(1472, theirs)


# --- pointers -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("packet_size", [1472, 8972])
@pytest.mark.parametrize("repeat", [False, True])
@pytest.mark.parametrize("bits", FLAVOURS)
def test_packets_are_the_same_byte_for_byte(noise, tmp_path, bits, repeat, packet_size):
    items = {0x1000 + i: noise(7000 + i) for i in range(5)}
    theirs = their_heap(spead2.Flavour(4, 64, bits), items)
    theirs.repeat_pointers = repeat
    ours = our_packets(tmp_path, [hexed(items, cnt=1, repeat_pointers=repeat)], "--flavour", f"64-{bits}",
                       "--packet-size", packet_size, "--split", "full")
    assert ours == their_packets(packet_size, theirs)


@pytest.mark.parametrize("repeat", [False, True])
def test_repeated_pointers_reach_us(noise, repeat):
    items = {0x1000 + i: noise(7000) for i in range(5)}
    heap = their_heap(spead2.Flavour(), items)
    heap.repeat_pointers = repeat
    with OurReceiver() as receiver:
        stream = their_udp(receiver.ports)
        stream.send_heap(heap)
        stream.send_heap(spead2.send.ItemGroup().get_end())
        assert [seen_by_us(heap) for heap in receiver.heaps()] == [digests(items)]


@pytest.mark.parametrize("repeat", [False, True])
def test_repeated_pointers_reach_them(noise, repeat):
    items = {0x1000 + i: noise(7000) for i in range(5)}
    with TheirReceiver(udp=1) as receiver, OurSender(to=udp(receiver)) as sender:
        sender.tell(hexed(items, repeat_pointers=repeat))
        sender.sent()
        assert [seen_by_them(heap) for heap in receiver.heaps()] == [digests(items)]


def test_more_pointers_than_a_packet_holds(noise):
    items = {0x1000 + i: noise(20) for i in range(500)}
    with OurReceiver() as receiver:
        stream = their_udp(receiver.ports)
        stream.send_heap(their_heap(spead2.Flavour(), items))
        stream.send_heap(spead2.send.ItemGroup().get_end())
        assert [seen_by_us(heap) for heap in receiver.heaps()] == [digests(items)]
    with TheirReceiver(udp=1) as receiver, OurSender(to=udp(receiver)) as sender:
        sender.tell(hexed(items))
        sender.sent()
        assert [seen_by_them(heap) for heap in receiver.heaps()] == [digests(items)]


# --- groups -------------------------------------------------------------------------------------------------------

def group_of(noise) -> dict:
    return {cnt: {0x1000: noise(5000 + 3000 * cnt)} for cnt in range(1, 5)}


def test_their_group_in_turn_reaches_us(noise):
    heaps = group_of(noise)
    references = [spead2.send.HeapReference(their_heap(spead2.Flavour(), items), cnt=cnt) for cnt, items in heaps.items()]
    with OurReceiver("--max-heaps", 4) as receiver:
        stream = their_udp(receiver.ports)
        stream.send_heaps(references, spead2.send.GroupMode.ROUND_ROBIN)
        stream.send_heap(spead2.send.ItemGroup().get_end())
        got = receiver.heaps()
    assert {heap["cnt"]: seen_by_us(heap) for heap in got} == {cnt: digests(items) for cnt, items in heaps.items()}


def test_our_group_in_turn_reaches_them(noise):
    heaps = group_of(noise)
    with TheirReceiver(udp=1, max_heaps=4) as receiver, \
            OurSender("--group", 4, "--group-mode", "round-robin", to=udp(receiver)) as sender:
        sender.tell(*(hexed(items, cnt=cnt) for cnt, items in heaps.items()))
        sender.sent()
        got = receiver.heaps()
    assert {heap.cnt: seen_by_them(heap) for heap in got} == {cnt: digests(items) for cnt, items in heaps.items()}


@pytest.mark.parametrize("mode", ["serial", "round-robin"])
def test_groups_have_the_same_packets_in_the_same_order(noise, tmp_path, mode):
    heaps = group_of(noise)
    theirs = [their_heap(spead2.Flavour(), items) for items in heaps.values()]
    ours = our_packets(tmp_path, [hexed(items, cnt=cnt) for cnt, items in heaps.items()], "--group", 4,
                       "--group-mode", mode, "--split", "full")
    assert ours == their_packets(1472, *theirs, mode=spead2.send.GroupMode[mode.upper().replace("-", "_")])
