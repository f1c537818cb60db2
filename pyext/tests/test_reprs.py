# SPDX-License-Identifier: BSD-3-Clause
"""What print() shows of configurations, chunks, heaps, items and statistics: one line with what they have."""

import numpy as np
import pytest

import heapwire
import heapwire.recv as recv
import heapwire.send as send


def received(pool, cut=None, **ring):
    out = send.BytesStream(pool)
    heap = send.Heap()
    item = heapwire.Item(0x1000, "a", "", (3000,), np.uint8, value=np.zeros(3000, np.uint8))
    heap.add_descriptor(item)
    heap.add_item(item)
    out.send_heap(heap, cnt=7)
    stream = recv.Stream(pool, ring_config=recv.RingStreamConfig(**ring))
    stream.add_buffer_reader(out.getvalue()[:cut])
    return stream


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (heapwire.Flavour(4, 64, 48, 2), "Flavour(version=4, item_pointer_bits=64, heap_address_bits=48, bug_compat=2)"),
        (
            send.StreamConfig(rate=1e6, max_heaps=2),
            "StreamConfig(max_packet_size=1472, rate=1000000.0, burst_size=65536, max_heaps=2, burst_rate_ratio=1.05, "
            "rate_method=<RateMethod.AUTO: 2>)",
        ),
        (
            recv.RingStreamConfig(heaps=9),
            "RingStreamConfig(heaps=9, contiguous_only=True, incomplete_keep_payload_ranges=False)",
        ),
        (
            recv.ChunkStreamConfig(items=[5]).enable_packet_presence(64),
            "ChunkStreamConfig(items=[5], max_chunks=2, place=None, max_heap_extra=0, max_jump=1024, "
            "packet_presence_payload_size=64)",
        ),
        (
            recv.ChunkStreamGroupConfig(max_chunks=3),
            "ChunkStreamGroupConfig(max_chunks=3, eviction_mode=<EvictionMode.LOSSY: 0>)",
        ),
        (
            recv.Chunk(chunk_id=4, data=np.zeros((100, 200), np.int8), present=bytearray(1)),
            "Chunk(chunk_id=4, stream_id=0, data=<int8 array of shape (100, 200)>, present=bytearray(b'\\x00'), extra=None)",
        ),
        (heapwire.Item(0x1000, "a", "", (2,), "f4", value=[1, 2]), "Item(0x1000, 'a', shape=(2,), dtype=float32, version=1)"),
        (
            recv.LinearPlacement(recv.ItemValue(0x1600) // 16, 1, 0, heap_size=8),
            "LinearPlacement(chunk_id=(ItemValue(0x1600) // 16), heap_index=1, heap_offset=0, heap_size=8, extra=[])",
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_on_one_line(what, text):
    assert repr(what) == text


def test_receive_configuration_tells_every_setting():
    config = recv.StreamConfig(max_heaps=9, stream_id=3)
    text = repr(config)
    assert text.startswith("StreamConfig(max_heaps=9, substreams=1, ") and "stream_id=3" in text and "\n" not in text
    settings = {name for name in dir(config) if not name.startswith("_") and name.islower()}
    settings -= {"stats", "add_stat", "next_stat_index", "get_stat_index"}
    assert all(f"{name}=" in text for name in settings)


def test_a_derived_class_has_its_own_name():
    class Mine(recv.Chunk):
        pass

    assert repr(Mine()) == "Mine(chunk_id=-1, stream_id=0, data=None, present=None, extra=None)"


def test_heaps(pool):
    assert repr(received(pool).get()) == "<Heap 7: 1 items, 1 descriptors>"
    came = received(pool, cut=1472, contiguous_only=False).get()
    assert repr(came) == f"<IncompleteHeap 7: {came.received_length} of {came.heap_length} bytes>"


def test_statistics(pool):
    stream = received(pool)
    stream.get()
    stats = stream.stats
    assert repr(stats) == f"StreamStats({', '.join(f'{name}={value}' for name, value in stats.items())})"
