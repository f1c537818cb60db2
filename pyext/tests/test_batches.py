# SPDX-License-Identifier: BSD-3-Clause
"""Stream.batches: heaps as tables of numpy columns."""

import asyncio

import numpy as np
import pytest

import heapwire
import heapwire.recv.asyncio
import heapwire.send
from packets import packet


def wire(groups_and_values, descriptors="first"):
    """A heap for each assignment of values to a group's items."""
    stream = heapwire.send.BytesStream(heapwire.ThreadPool())
    for group, values in groups_and_values:
        for name, value in values.items():
            group[name].value = value
        stream.send_heap(group.get_heap(descriptors=descriptors if descriptors == "all" else "stale"))
    return stream.getvalue()


def telescope():
    group = heapwire.send.ItemGroup()
    group.add_item(0x1600, "timestamp", "", (), format=[("u", 40)])
    group.add_item(0x1001, "gain", "", (), dtype=">f4")
    group.add_item(0x1002, "samples", "", (3, 2), dtype=np.int16)
    group.add_item(0x1003, "fortran", "", (2, 3), dtype=">u2", order="F")
    return group


def values(n):
    samples = np.arange(6, dtype=np.int16).reshape(3, 2) + n
    return {"timestamp": n, "gain": n / 4, "samples": samples, "fortran": samples.reshape(2, 3).astype(">u2")}


def batches(buffer, heaps, ring=4):
    stream = heapwire.recv.Stream(heapwire.ThreadPool(), ring_config=heapwire.recv.RingStreamConfig(heaps=ring))
    stream.add_buffer_reader(buffer)
    return list(stream.batches(heaps))


@pytest.mark.parametrize("descriptors", ["first", "all"])
@pytest.mark.parametrize("ring", [1, 64])
def test_columns_have_the_types_and_shapes_of_the_descriptors(descriptors, ring):
    group = telescope()
    got = batches(wire([(group, values(n)) for n in range(10)], descriptors), 4, ring)
    assert [batch.heaps for batch in got] == [4, 4, 2]
    assert list(got[0]) == ["timestamp", "gain", "samples", "fortran"] and len(got[0]) == 4
    n = 0
    for batch in got:
        assert batch.cnt.tolist() == list(range(n + 1, n + 1 + batch.heaps))
        assert batch["gain"].dtype == np.float32 and batch["gain"].shape == (batch.heaps,)
        assert batch["samples"].dtype == np.int16 and batch["samples"].shape == (batch.heaps, 3, 2)
        assert batch["fortran"].dtype == np.uint16 and batch["fortran"].flags.writeable
        for row in range(batch.heaps):
            want = values(n)
            assert batch["timestamp"][row] == n and batch["gain"][row] == n / 4
            assert (batch["samples"][row] == want["samples"]).all() and (batch["fortran"][row] == want["fortran"]).all()
            n += 1
        assert not any(mask.any() for mask in batch.missing.values())


def test_what_is_missing_says_so():
    group, other = telescope(), heapwire.send.ItemGroup()
    other.add_item(0x1600, "timestamp", "", (), format=[("u", 40)])
    (batch,) = batches(wire([(group, values(1)), (other, {"timestamp": 5}), (group, values(2))]), 10)
    assert batch["timestamp"].tolist() == [1, 5, 2]
    assert batch.missing["samples"].tolist() == batch.missing["gain"].tolist()
    assert batch.missing["gain"].tolist()[1] and batch["samples"][1].tolist() == [[0, 0]] * 3
    assert not batch.missing["timestamp"].any()


def test_values_of_the_wrong_length_are_missing():
    good = wire([(telescope(), values(1))])
    bad = packet(9, b"12345", items=[(0x1600, 7, True), (0x1002, 0, False)])
    (batch,) = batches(good + bad, 10)
    assert batch["timestamp"].tolist() == [1, 7] and batch.missing["samples"].tolist() == [False, True]


def test_odd_types_become_objects():
    group = heapwire.send.ItemGroup()
    group.add_item(0x1001, "text", "", (None,), format=[("c", 8)])
    group.add_item(0x1002, "series", "", (None,), format=[("u", 16)])
    group.add_item(0x1003, "bits", "", (4,), format=[("u", 2)])
    sent = [{"text": "a" * (n + 1), "series": list(range(n + 1)), "bits": [0, 1, 2, n]} for n in range(3)]
    (batch,) = batches(wire([(group, one) for one in sent]), 3)
    assert batch["text"].dtype == object and batch["text"].tolist() == ["a", "aa", "aaa"]
    assert [list(one) for one in batch["series"]] == [[0], [0, 1], [0, 1, 2]]
    assert [list(one) for one in batch["bits"]] == [[0, 1, 2, n] for n in range(3)]


def test_a_changed_descriptor_begins_a_new_batch():
    first, second = heapwire.send.ItemGroup(), heapwire.send.ItemGroup()
    first.add_item(0x1001, "x", "", (2,), dtype=np.int32)
    second.add_item(0x1001, "x", "", (3,), dtype=np.float64)
    buffer = wire([(first, {"x": [1, n]}) for n in range(3)] + [(second, {"x": [0.5, 1, n]}) for n in range(3)])
    one, two = batches(buffer, 5)
    assert one["x"].tolist() == [[1, 0], [1, 1], [1, 2]] and two["x"].tolist() == [[0.5, 1, n] for n in range(3)]


def test_heaps_without_values_are_no_rows():
    group = telescope()
    stream = heapwire.send.BytesStream(heapwire.ThreadPool())
    stream.send_heap(group.get_start())
    stream.send_heap(group.get_heap(descriptors="all", data="none"))
    for n in range(2):
        for name, value in values(n).items():
            group[name].value = value
        stream.send_heap(group.get_heap())
    stream.send_heap(group.get_end())
    (batch,) = batches(stream.getvalue(), 10)
    assert batch.heaps == 2 and batch["timestamp"].tolist() == [0, 1]
    assert batches(b"", 10) == []


def test_a_bad_descriptor_costs_a_column_and_no_more():
    from things import Thing

    sender = heapwire.send.BytesStream(heapwire.ThreadPool())
    group = heapwire.send.ItemGroup()
    group.add_item(0x1600, "timestamp", "", (), format=[("u", 40)])
    group["timestamp"].value = 3
    sender.send_heap(group.get_heap())
    heap = heapwire.send.Heap()
    heap.add_item(Thing(5, b"not a descriptor"))
    heap.add_item(Thing(0x1600, bytes([0, 0, 0, 0, 4]), True))
    sender.send_heap(heap)
    (batch,) = batches(sender.getvalue(), 10)
    assert batch["timestamp"].tolist() == [3, 4]


def announced(shape, max_heap_size=None, batch=4, **type):
    """The batches of a stream in which somebody announces an item that never comes, and their columns of it."""
    group = heapwire.send.ItemGroup()
    group.add_item(0x1000, "x", "", (8,), dtype="u1")
    sender = heapwire.send.BytesStream(heapwire.ThreadPool())
    heap = heapwire.send.Heap()
    heap.add_descriptor(heapwire.Descriptor(0x2000, "huge", "", shape, **(type or {"format": [("u", 8)]})))
    for n in range(9):
        group["x"].value = np.full(8, n, np.uint8)
        sender.send_heap(group.get_heap())
        if n == 0:
            sender.send_heap(heap)
    config = heapwire.recv.StreamConfig(**({"max_heap_size": max_heap_size} if max_heap_size else {}))
    stream = heapwire.recv.Stream(heapwire.ThreadPool(), config, heapwire.recv.RingStreamConfig(heaps=64))
    stream.add_buffer_reader(sender.getvalue())
    got = list(stream.batches(batch))
    assert [row for one in got for row in one["x"][:, 0].tolist()] == list(range(9))
    return [one["huge"] for one in got if "huge" in one]


@pytest.mark.parametrize(
    "shape",
    [(1 << 39,), (8,) * 70, (1 << 20, 1 << 20), (0, 1 << 39, 1 << 39), (None,) + (8,) * 70, (None, 1 << 39)],
    ids=lambda shape: f"{len(shape)} dimensions, {shape[-1]}",
)
def test_a_shape_that_no_heap_can_have_is_refused(shape, caplog):
    with caplog.at_level("WARNING", "heapwire"):
        assert announced(shape) == []
    assert [record.message[:40] for record in caplog.records] == ["Descriptor with ID 0x2000 is not usable:"]


def test_a_shape_is_refused_beyond_max_heap_size(caplog):
    with caplog.at_level("WARNING", "heapwire"):
        assert announced((1001,), max_heap_size=1000) == []
        assert announced((126,), max_heap_size=1000, dtype="u8") == []
        assert announced((1001,), max_heap_size=1000, format=[("u", 4), ("u", 4)]) == []
    assert len(caplog.records) == 3 and "(1001,) is more than max_heap_size, 1000 bytes" in caplog.text
    assert [column.shape for column in announced((1000,), max_heap_size=1000)] == [(4, 1000), (4, 1000), (1, 1000)]


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_column_that_never_comes_takes_no_memory(order):
    columns = announced((1 << 14, 1 << 14), dtype=">u4", order=order)  # 4 GiB a batch
    assert [column.shape for column in columns] == [(4, 1 << 14, 1 << 14)] * 2 + [(1, 1 << 14, 1 << 14)]
    for column in columns:
        assert column.strides == (0, 0, 0) and column.dtype == np.uint32 and column[0, 5, 5] == 0
    small = announced((4, 2), dtype=">u4", order=order)
    assert all(column.flags.writeable and not column.any() for column in small)


def test_a_batch_that_fails_is_passed_over(monkeypatch):
    group = telescope()
    stream = heapwire.recv.Stream(heapwire.ThreadPool(), ring_config=heapwire.recv.RingStreamConfig(heaps=16))
    stream.add_buffer_reader(wire([(group, values(n)) for n in range(6)]))
    iterator = stream.batches(2)
    assert next(iterator)["timestamp"].tolist() == [0, 1]

    def shaped(*args):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("heapwire.recv._batches._shaped", shaped)
        with pytest.raises(MemoryError):
            next(iterator)
    assert [batch["timestamp"].tolist() for batch in iterator] == [[4, 5]]


def test_a_count_of_nothing_is_refused():
    stream = heapwire.recv.Stream(heapwire.ThreadPool())
    with pytest.raises(ValueError):
        stream.batches(0)
    with pytest.raises(TypeError):
        stream.batches(-1)


def test_batches_in_a_coroutine_lose_nothing_when_waits_time_out():
    group = telescope()
    packets = [wire([(group, values(n))]) for n in range(200)]

    async def main():
        stream = heapwire.recv.asyncio.Stream(heapwire.ThreadPool())
        queue = heapwire.InprocQueue()
        stream.add_inproc_reader(queue)
        got = []

        async def feed():
            for one in packets:
                queue.add_packet(one)
                await asyncio.sleep(0)
            queue.stop()

        async def consume():
            iterator = stream.batches(7)
            while True:
                try:
                    batch = await asyncio.wait_for(iterator.__anext__(), 0.001)
                except asyncio.TimeoutError:
                    continue
                except StopAsyncIteration:
                    return
                got.extend(batch["timestamp"].tolist())

        await asyncio.gather(feed(), consume())
        return got

    assert asyncio.run(asyncio.wait_for(main(), 100)) == list(range(200))


def test_async_for():
    async def main():
        stream = heapwire.recv.asyncio.Stream(heapwire.ThreadPool())
        stream.add_buffer_reader(wire([(telescope(), values(0))] * 5))
        return [batch.heaps async for batch in stream.batches(2)]

    assert asyncio.run(asyncio.wait_for(main(), 100)) == [2, 2, 1]
