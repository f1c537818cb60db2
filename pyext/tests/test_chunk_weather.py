# SPDX-License-Identifier: BSD-3-Clause
"""Chunks in bad weather: what arrives is in place exactly once, and the flags and counts tell the truth."""

import os
import random
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import heapwire
import heapwire.send
from chunks_support import DATA, SERIAL, chunk, counted
from heapwire import recv
from packets import packet

PER_CHUNK, HEAP_SIZE, PACKET = 8, 256, 64
CHUNKS = 50
SERIALS = PER_CHUNK * CHUNKS


def content(serial):
    return np.random.default_rng(serial).integers(1, 256, HEAP_SIZE, np.uint8)


def packets_of(serial):
    data = content(serial).tobytes()
    items = [(SERIAL, serial, True), (DATA, 0, False)]
    for offset in range(0, HEAP_SIZE, PACKET):
        yield packet(serial + 1, data[offset : offset + PACKET], length=HEAP_SIZE, offset=offset, items=items)


def weather(rng, lose, duplicate, reorder):
    """The packets that arrive, in the order in which they do; and how often each does."""
    arriving = []
    for serial in range(SERIALS):
        for index, one in enumerate(packets_of(serial)):
            if rng.random() < lose:
                continue
            for _ in range(1 + (rng.random() < duplicate)):
                arriving.append((len(arriving) + (rng.random() < reorder) * rng.randrange(16), serial, index, one))
    arriving.sort(key=lambda what: what[0])
    return arriving


def make(per_packet, rings=CHUNKS + 4):
    serial = recv.ItemValue(SERIAL)
    row = serial % PER_CHUNK
    flags = HEAP_SIZE // PACKET if per_packet else 1
    where = recv.ChunkStreamConfig(
        place=recv.LinearPlacement(serial // PER_CHUNK, row * flags, row * HEAP_SIZE, heap_size=HEAP_SIZE), max_chunks=4
    )
    if per_packet:
        where.enable_packet_presence(PACKET)
    data, free = recv.ChunkRingbuffer(rings), recv.ChunkRingbuffer(rings)
    how = recv.StreamConfig(allow_out_of_order=True, max_heaps=16, stop_on_stop_item=False)
    stream = recv.ChunkRingStream(heapwire.ThreadPool(), how, where, data, free)
    for _ in range(rings):
        stream.add_free_chunk(chunk(heapwire, per_chunk=PER_CHUNK, heap_size=HEAP_SIZE, flags=flags))
    return stream, data


def check_content(one, per_packet):
    """Every flag that is set is right."""
    flags = one.present.reshape(PER_CHUNK, -1)
    for row in range(PER_CHUNK):
        want = content(one.chunk_id * PER_CHUNK + row).reshape(flags.shape[1], -1)
        got = one.data[row].reshape(flags.shape[1], -1)
        assert (got[flags[row] == 1] == want[flags[row] == 1]).all()
        if per_packet:  # and what is not flagged was not written
            assert not got[flags[row] == 0].any()


def check_all(stream, data, per_packet, arrived):
    """To the end of the stream: chunks in order, their content, and the sums of what was counted. Returns the flags set."""
    chunks = list(data)
    assert [one.chunk_id for one in chunks] == sorted({one.chunk_id for one in chunks})
    for one in chunks:
        check_content(one, per_packet)
    stats = counted(stream, "packets", arrived)
    details = stats.details
    flags = int(sum(one.present.sum() for one in chunks))
    ends = ("chunk_heaps", "chunk_heaps_incomplete", "far_heaps", "bad_heap_index", "bad_heap_offset", "bad_heap_extra")
    assert stats.heaps == stats["too_old_heaps"] + stats["rejected_heaps"] + sum(map(details.get, ends + ("heaps_without_chunk",)))
    if not per_packet:
        # A heap whose packets come twice may come again when it is complete: that is seen, and its flag is set once.
        assert flags == details["chunk_heaps"] - details["repeated_heaps"]
    return flags


@pytest.mark.parametrize("per_packet", [False, True], ids=["flags of heaps", "flags of packets"])
@pytest.mark.parametrize("seed", range(6))
def test_lost_doubled_and_out_of_order(seed, per_packet):
    rng = random.Random(seed)
    lose, duplicate, reorder = [(0, 0, 0.3), (0.01, 0, 0), (0.02, 0.05, 0.3), (0, 0.3, 0), (0.3, 0.3, 0.3), (0, 0, 0)][seed]
    arriving = weather(rng, lose, duplicate, reorder)
    stream, data = make(per_packet)
    queue = heapwire.InprocQueue()
    stream.add_inproc_reader(queue)
    for *_, one in arriving:
        queue.add_packet(one)
    queue.stop()
    flags = check_all(stream, data, per_packet, len(arriving))
    if not lose and not reorder:
        assert flags == SERIALS * (HEAP_SIZE // PACKET if per_packet else 1)


@pytest.mark.parametrize("per_packet", [False, True], ids=["flags of heaps", "flags of packets"])
@pytest.mark.parametrize("seed", range(4))
def test_a_queue_with_weather(seed, per_packet):
    queue = heapwire.InprocQueue(seed=seed, lose=0.02, duplicate=0.05, reorder=0.3)
    stream, data = make(per_packet)
    stream.add_inproc_reader(queue)
    sent = [one for serial in range(SERIALS) for one in packets_of(serial)]
    for one in sent:
        queue.add_packet(one)
    queue.stop()  # what was held back leaves
    report = queue.weather_report
    assert report["passed"] == len(sent) - report["lost"] + report["duplicated"]
    assert min(report["lost"], report["duplicated"], report["reordered"]) > 0 and report["corrupted"] == 0
    check_all(stream, data, per_packet, report["passed"])
    assert stream.stats.details["datagrams"] == report["passed"]


def test_weather_is_of_the_seed_alone_and_reaches_senders():
    """Whether packets are put in by hand or sent, and whoever looks: the same seed, the same fate."""

    def report(how, **options):
        queue = heapwire.InprocQueue(**options)
        if how == "by hand":
            for cnt in range(500):
                queue.add_packet(packet(cnt, b"12345678", items=[(DATA, 0, False)]))
        else:
            stream = heapwire.send.InprocStream(heapwire.ThreadPool(), [queue])
            heap = heapwire.send.Heap()
            heap.add_item(heapwire.Item(DATA, "", "", (8,), np.uint8, value=np.arange(8, dtype=np.uint8)))
            for _ in range(500):
                stream.send_heap(heap)
        queue.stop()
        return queue.weather_report

    rough = {"seed": 5, "lose": 0.1, "duplicate": 0.1, "reorder": 0.1, "corrupt": 0.1}
    assert report("by hand", **rough) == report("by hand", **rough) == report("sent", **rough)
    assert report("by hand", **rough) != report("by hand", **rough | {"seed": 6})
    calm = {"passed": 500, "lost": 0, "duplicated": 0, "reordered": 0, "corrupted": 0}
    assert report("by hand") == report("sent", seed=9) == calm
    assert report("by hand", lose=1) == calm | {"passed": 0, "lost": 500}


@pytest.mark.parametrize("name", ["lose", "duplicate", "reorder", "corrupt"])
def test_weather_that_is_none_is_refused(name):
    for bad in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=name):
            heapwire.InprocQueue(**{name: bad})
    with pytest.raises(ValueError, match="reorder_depth"):
        heapwire.InprocQueue(reorder_depth=0)
    with pytest.raises(TypeError):
        heapwire.InprocQueue(1)


NETEM = """
import socket, subprocess, sys, time
sys.path.insert(0, TESTS)
import test_chunk_weather as weather
import heapwire
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", "2%", "duplicate", "2%", "delay", "1ms", "1ms"],
               check=True)
stream, data = weather.make(True)
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(("127.0.0.1", 0))
stream.add_udp_reader(own)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sent = 0
for serial in range(weather.SERIALS):
    for one in weather.packets_of(serial):
        sender.sendto(one, own.getsockname())
        sent += 1
    if serial % 8 == 7:
        time.sleep(0.002)
# The weather may keep or lose anything, the last packets too: when nothing has come for a while, that was all.
before, quiet = -1, time.monotonic() + 2
while time.monotonic() < quiet:
    now = stream.stats.packets
    if now != before:
        before, quiet = now, time.monotonic() + 2
    time.sleep(0.05)
got = []
while not data.empty():
    got.append(data.get())
assert got and 0 < before
for one in got:
    weather.check_content(one, True)
ids = [one.chunk_id for one in got]
assert ids == sorted(set(ids))
"""


def test_netem(tmp_path):
    """In a network of its own, with the kernel's bad weather."""
    probe = "ip link set lo up && tc qdisc add dev lo root netem loss 1%"
    can = subprocess.run(["unshare", "-rn", "sh", "-c", probe], capture_output=True, text=True, check=False)
    if can.returncode != 0:
        pytest.skip(f"no netem here: {can.stderr.strip()}")
    script = NETEM.replace("TESTS", repr(os.path.dirname(__file__)))
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
