# SPDX-License-Identifier: BSD-3-Clause
"""Chunk streams and groups, on both packages."""

import collections.abc

import pytest

from chunks_support import both, check, chunk, config, counted, heap, heaps, lib, place_with, ring_stream  # noqa: F401
from packets import packet, stop


@both
def test_heaps_come_to_their_places(lib):
    stream, data = ring_stream(lib)
    assert stream.data_ringbuffer is data and stream.free_ringbuffer is not data
    stream.add_buffer_reader(heaps([0, 2, 1, 5, 4]) + stop(99))
    first, second = data
    check(first, 0, [0, 1, 2])
    check(second, 1, [0, 1])
    stats = counted(stream, "heaps", 5)
    assert stats["too_old_heaps"] == 0
    assert list(stats)[9:] == ["too_old_heaps", "rejected_heaps"] and len(stats) == 11


@both
def test_the_same_objects_come_back_and_know_their_stream(lib):
    class Mine(lib.recv.Chunk):
        pass

    stream, data = ring_stream(lib, count=2, rings=(lib.recv.ChunkRingbuffer(2), lib.recv.ChunkRingbuffer(2)),
                               stream=lib.recv.StreamConfig(stream_id=77))
    given = []
    for number in range(2):
        one = chunk(lib, Mine)
        one.number = number
        given.append(one)
        stream.add_free_chunk(one)
    assert given[0].data is None
    stream.add_buffer_reader(heaps(range(8)))
    got = list(data)
    assert [a is b for a, b in zip(got, given)] == [True, True]
    assert [one.number for one in got] == [0, 1] and all(type(one) is Mine for one in got)
    assert [one.stream_id for one in got] == [77, 77]


@both
@pytest.mark.parametrize(
    "chunks, delivered",
    [([2], [1, 2]), ([1], [0, 1]), ([0, 2], [0, 1, 2]), ([0, 10], [0, 9, 10]), ([5, 5, 6], [4, 5, 6])],
)
def test_the_window(lib, chunks, delivered):
    stream, data = ring_stream(lib)
    stream.add_buffer_reader(heaps(4 * number + row for row, number in enumerate(chunks)))
    assert [one.chunk_id for one in data] == delivered


@both
def test_what_comes_too_late_is_counted(lib):
    stream, data = ring_stream(lib, max_chunks=1)
    stream.add_buffer_reader(heaps([0, 4, 1, 5]))
    first, second = data
    check(first, 0, [0])
    check(second, 1, [0, 1])
    counted(stream, "too_old_heaps", 1)


@both
def test_the_configuration_shows_what_chunks_need(lib):
    own = lib.recv.StreamConfig(max_heaps=7)
    assert own.add_stat("mine") == 9
    stream, _ = ring_stream(lib, stream=own)
    shown = stream.config
    assert shown.max_heaps == 7 and not shown.allow_unsized_heaps
    assert [one.name for one in shown.stats][9:] == ["mine", "too_old_heaps", "rejected_heaps"]
    assert shown.get_stat_index("rejected_heaps") == 11
    for name in ("get", "fd", "ringbuffer", "ring_config", "__next__"):
        assert not hasattr(stream, name)
    assert stream.DEFAULT_UDP_MAX_SIZE == 9200


@both
def test_a_callback_counts_and_keeps_extra_data(lib):
    own = lib.recv.StreamConfig()
    index = own.add_stat("placed")
    stream, data = ring_stream(lib, stream=own, extra=True, place=place_with(stat=index), max_heap_extra=8)
    stream.add_buffer_reader(heaps([1, 3]) + stop())
    (got,) = data
    assert got.extra.tolist() == [-7, 1, -7, 3]
    counted(stream, "placed", 2)


@both
def test_flags_of_packets(lib):
    def part(serial, offset):
        return packet(serial + 1, bytes([serial]) * 8, length=16, offset=offset, items=[(0x1600, serial, True), (0x1000, 0, False)])

    where = config(lib, place_with(per_chunk=2))
    where.enable_packet_presence(8)
    data, free = lib.recv.ChunkRingbuffer(4), lib.recv.ChunkRingbuffer(4)
    stream = lib.recv.ChunkRingStream(
        lib.ThreadPool(), lib.recv.StreamConfig(allow_out_of_order=True), where, data, free
    )
    for _ in range(4):
        stream.add_free_chunk(chunk(lib, per_chunk=2, flags=2))
    # The flag of a packet is heap_index + offset / 8: this callback counts heaps by ones, so they overlap.
    stream.add_buffer_reader(part(0, 8) + part(1, 8))
    (got,) = data
    assert list(got.present) == [0, 1, 1, 0]
    assert bytes(got.data[0]) == bytes(8) + bytes(8) and bytes(got.data[1])[8:] == bytes([1]) * 8


@both
def test_streams_share_rings(lib):
    data, free = lib.recv.ChunkRingbuffer(8), lib.recv.ChunkRingbuffer(8)
    streams = [
        ring_stream(lib, stream=lib.recv.StreamConfig(stream_id=number), rings=(data, free))[0] for number in (5, 6)
    ]
    for _ in range(8):
        streams[0].add_free_chunk(chunk(lib))
    for number, stream in enumerate(streams):
        stream.add_buffer_reader(heaps(range(4 * number, 4 * number + 4)))
    got = {(one.stream_id, one.chunk_id): one for one in data}  # it ends when both have
    assert {key for key, one in got.items() if any(one.present)} == {(5, 0), (6, 1)}
    check(got[5, 0], 0, range(4))
    check(got[6, 1], 1, range(4))


@both
def test_a_users_stop_stops_both_rings_and_hands_out_nothing_more(lib):
    queue = lib.InprocQueue()
    stream, data = ring_stream(lib)
    stream.add_inproc_reader(queue)
    for serial in range(13):
        queue.add_packet(heap(serial))
    first = data.get()  # two more are in the window
    check(first, 0, range(4))
    stream.stop()
    stream.stop()
    rest = list(data)
    assert len(rest) <= 1
    spare = chunk(lib)
    stream.add_free_chunk(spare)  # is dropped in silence
    assert spare.data is None
    with pytest.raises(lib.Stopped):
        stream.free_ringbuffer.put(first)
    with pytest.raises(ValueError):
        stream.add_free_chunk(lib.recv.Chunk())
    with pytest.raises(TypeError):
        stream.add_free_chunk(None)


@both
def test_a_free_ring_that_is_full_says_so(lib):
    stream, _ = ring_stream(lib, count=2)
    spare = chunk(lib)
    with pytest.raises(lib.Full):
        stream.add_free_chunk(spare)
    assert spare.data is not None


@both
def test_present_is_cleared_when_a_chunk_is_free(lib):
    stream, data = ring_stream(lib, count=1, max_chunks=1)
    queue = lib.InprocQueue()
    stream.add_inproc_reader(queue)
    for serial in (0, 1, 2, 3, 5):
        queue.add_packet(heap(serial))
    one = data.get()
    check(one, 0, range(4))
    stream.add_free_chunk(one)  # the stream waits for it
    queue.stop()
    (one,) = data
    check(one, 1, [1])


def group_of(lib, members, count=8, mode="LOSSY", **more):
    kinds = lib.recv.ChunkStreamGroupConfig.EvictionMode
    data, free = lib.recv.ChunkRingbuffer(count), lib.recv.ChunkRingbuffer(count)
    group = lib.recv.ChunkStreamRingGroup(
        lib.recv.ChunkStreamGroupConfig(eviction_mode=getattr(kinds, mode), **more), data, free
    )
    for _ in range(count):
        group.add_free_chunk(chunk(lib))
    for _ in range(members):
        group.emplace_back(lib.ThreadPool(), lib.recv.StreamConfig(), config(lib, **more))
    return group, data


@both
def test_a_group_is_a_sequence_of_its_members(lib):
    group, data = group_of(lib, 3)
    first, *_, last = group
    assert isinstance(group, collections.abc.Sequence) and isinstance(first, lib.recv.ChunkStreamGroupMember)
    assert len(group) == 3 and group[0] is first and group[-1] is last and group[1:] == [group[1], last]
    assert group.index(last) == 2 and group.count(last) == 1 and list(reversed(group))[0] is last
    assert last in group and 5 not in group
    with pytest.raises(IndexError):
        group[3]
    assert group.config.max_chunks == 2 and group.data_ringbuffer is data
    with pytest.raises(ValueError):
        group.emplace_back(lib.ThreadPool(), lib.recv.StreamConfig(), config(lib, max_chunks=3))
    with pytest.raises(ValueError):
        group.emplace_back(lib.ThreadPool(), lib.recv.StreamConfig(), lib.recv.ChunkStreamConfig())
    with pytest.raises(ValueError):
        group.emplace_back(None, lib.recv.StreamConfig(), config(lib))
    with pytest.raises(TypeError):
        lib.recv.ChunkStreamRingGroup(lib.recv.ChunkStreamGroupConfig(), None, data)
    assert not group[0].config.allow_unsized_heaps


@both
@pytest.mark.parametrize("mode", ["LOSSY", "LOSSLESS"])
def test_members_fill_the_same_chunks(lib, mode):
    count = 40
    group, data = group_of(lib, 2, mode=mode, max_chunks=4)
    for member, parity in zip(group, (0, 1)):
        member.add_buffer_reader(heaps(range(parity, 4 * count, 2)))
    if mode == "LOSSLESS":
        seen = 0
        for one in data:
            check(one, seen, range(4))
            seen += 1
            group.add_free_chunk(one)
        assert seen == count
    else:  # one may give up chunks that the other is ahead of
        ids = []
        for one in data:
            ids.append(one.chunk_id)
            group.add_free_chunk(one)
        assert ids == sorted(set(ids)) and ids[-1] == count - 1
    for member in group:
        counted(member, "heaps", 2 * count)


@both
def test_a_group_that_has_begun_takes_no_more_members(lib):
    group, data = group_of(lib, 1)
    group[0].add_buffer_reader(heaps(range(4)))
    assert len(list(data)) == 1
    with pytest.raises(RuntimeError):
        group.emplace_back(lib.ThreadPool(), lib.recv.StreamConfig(), config(lib))


@both
def test_stopping_a_member_stops_the_group(lib):
    group, data = group_of(lib, 2)
    queue = lib.InprocQueue()
    group[0].add_inproc_reader(queue)
    queue.add_packet(heap(0))
    group[1].stop()
    assert list(data) == []
    group.stop()
    group.stop()


@both
def test_a_member_keeps_its_group(lib):
    group, data = group_of(lib, 1)
    member = group[0]
    del group
    member.add_buffer_reader(heaps(range(8)))
    assert [one.chunk_id for one in data] == [0, 1]
    counted(member, "heaps", 8)
