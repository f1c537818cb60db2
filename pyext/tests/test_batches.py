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
