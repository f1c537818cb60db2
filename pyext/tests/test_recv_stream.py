# SPDX-License-Identifier: BSD-3-Clause
import gc
import select
import socket
import threading
import weakref

import pytest

import heapwire
from heapwire import recv
from packets import heap, packet, stop


def test_a_buffer_is_received_and_ends_the_stream(pool):
    stream = recv.Stream(pool, ring_config=recv.RingStreamConfig(heaps=10))
    stream.add_buffer_reader(heap(5, b"payload!") + heap(6))
    first = stream.get()
    assert (first.cnt, first.flavour) == (5, heapwire.Flavour())
    (item,) = first.get_items()
    assert (item.id, item.is_immediate, bytes(item)) == (0x1000, False, b"payload!")
    assert first.get_descriptors() == []
    assert not first.is_start_of_stream() and not first.is_end_of_stream()
    assert [h.cnt for h in stream] == [6]
    with pytest.raises(heapwire.Stopped):
        stream.get()
    with pytest.raises(heapwire.Stopped):
        stream.get_nowait()
    assert list(stream) == []


def test_an_items_view_is_writable_and_outlives_everything(pool):
    stream = recv.Stream(pool)
    stream.add_buffer_reader(heap(1, b"12345678"))
    view = memoryview(stream.get().get_items()[0])
    del stream
    gc.collect()
    assert not view.readonly and view.format == "B" and view.nbytes == 8
    view[0] = 0x39
    assert bytes(view) == b"92345678"


def test_immediates_show_their_bytes(pool):
    stream = recv.Stream(pool)
    stream.add_buffer_reader(packet(1, items=[(0x1001, 0x0102030405, True)]))
    (item,) = stream.get().get_items()
    assert item.is_immediate and item.immediate_value == 0x0102030405 and bytes(item) == b"\1\2\3\4\5"


def test_a_stop_item_ends_the_stream(pool):
    stream = recv.Stream(pool)
    stream.add_buffer_reader(heap(1) + stop(2) + heap(3))
    assert [h.cnt for h in stream] == [1]
    assert stream.stats["heaps"] == 1


def test_inproc_queue_is_drained_then_the_stream_ends(pool):
    queue = heapwire.InprocQueue()
    stream = recv.Stream(pool, ring_config=recv.RingStreamConfig(heaps=2))
    stream.add_inproc_reader(queue)
    with pytest.raises(heapwire.Empty):
        stream.get_nowait()
    for cnt in range(20):
        queue.add_packet(heap(cnt))
    queue.stop()
    assert [h.cnt for h in stream] == list(range(20))
    with pytest.raises(TypeError):
        stream.add_inproc_reader(None)


def test_udp_by_a_socket_of_ones_own(pool):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        address = own.getsockname()
        stream = recv.Stream(pool)
        stream.add_udp_reader(own)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(heap(77), address)
        assert stream.get().cnt == 77
    stream.stop()


def test_tcp_by_an_acceptor_of_ones_own(pool):
    with socket.socket() as acceptor:
        acceptor.bind(("127.0.0.1", 0))
        acceptor.listen()
        address = acceptor.getsockname()
        stream = recv.Stream(pool)
        stream.add_tcp_reader(acceptor)
    with socket.create_connection(address) as sender:
        sender.sendall(heap(1) + heap(2))
    assert [h.cnt for h in stream] == [1, 2]


def test_readers_check_their_arguments(pool):
    stream = recv.Stream(pool)
    with pytest.raises(TypeError):
        stream.add_udp_reader(99999)
    with pytest.raises(TypeError):
        stream.add_udp_reader(-1)
    with pytest.raises(RuntimeError):
        stream.add_udp_reader(0, bind_hostname="no.such.host.invalid")
    with pytest.raises(ValueError):
        stream.add_udp_reader("127.0.0.1", 0, interface_address="127.0.0.2")
    with pytest.raises(ValueError):
        stream.add_udp_reader("239.1.2.3", 0, interface_index=0)
    with pytest.raises(TypeError):
        stream.add_buffer_reader("text")
    with socket.socket() as stream_socket:
        with pytest.raises(TypeError):
            stream.add_udp_reader(stream_socket)
    with pytest.raises(TypeError):
        stream.add_udp_reader(stream_socket)  # closed
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RuntimeError):
            stream.add_tcp_reader(taken.getsockname()[1], bind_hostname="127.0.0.1")
    with pytest.raises(RuntimeError):
        stream.add_udp_pcap_file_reader("/no/such/file.pcap")


def test_none_is_no_argument(pool):
    for arguments in [(None,), (pool, None), (pool, recv.StreamConfig(), None)]:
        with pytest.raises(TypeError):
            recv.Stream(*arguments)
    for cls in (recv.Heap, recv.IncompleteHeap, recv.StreamStats, recv.Stream.Ringbuffer):
        with pytest.raises(TypeError):
            cls()


def test_explicit_start(pool):
    stream = recv.Stream(pool, recv.StreamConfig(explicit_start=True))
    stream.add_buffer_reader(heap(1))
    with pytest.raises(heapwire.Empty):
        stream.get_nowait()
    stream.start()
    assert [h.cnt for h in stream] == [1]
    with pytest.raises(RuntimeError):
        stream.add_buffer_reader(heap(2))
    stream.start()


def test_a_stopped_stream_ignores_readers(pool):
    stream = recv.Stream(pool)
    stream.stop()
    stream.stop()
    stream.add_buffer_reader(heap(1))
    stream.add_udp_reader(0)
    assert list(stream) == []
    with pytest.raises(TypeError):
        stream.add_udp_reader(99999)


def test_incomplete_heaps_are_handed_out_when_asked_for(pool):
    wire = packet(1, b"12345678", length=24) + packet(1, b"abcdefgh", length=24, offset=16, items=[(0x1001, 5, True)])
    stream = recv.Stream(
        pool,
        recv.StreamConfig(allow_out_of_order=True),
        recv.RingStreamConfig(contiguous_only=False, incomplete_keep_payload_ranges=True),
    )
    stream.add_buffer_reader(wire)
    (got,) = stream
    assert isinstance(got, recv.IncompleteHeap)
    assert (got.heap_length, got.received_length, got.payload_ranges) == (24, 16, [(0, 8), (16, 24)])
    assert [i.id for i in got.get_items()] == [0x1001]
    assert not hasattr(got, "get_descriptors")


def test_configs_are_copies(pool):
    config = recv.StreamConfig(max_heaps=3)
    stream = recv.Stream(pool, config)
    config.max_heaps = 9
    assert stream.config.max_heaps == 3
    assert stream.config is not stream.config
    assert stream.ring_config.heaps == 4
    assert stream.ringbuffer.capacity() == 4 and stream.ringbuffer.size() == 0


def test_statistics_are_a_mapping_and_a_sequence(pool):
    stream = recv.Stream(pool, ring_config=recv.RingStreamConfig(heaps=10))
    stream.add_buffer_reader(heap(1) + heap(2))
    assert len(list(stream)) == 2
    stats = stream.stats
    assert stats["heaps"] == stats[0] == stats.heaps == 2
    assert stats["packets"] == 2 and "packets" in stats and "nothing" not in stats
    assert len(stats) == 9 and list(stats) == list(stats.keys()) and dict(stats)["heaps"] == 2
    assert dict(stats.items()) == dict(zip(stats.keys(), stats.values()))
    assert stats.get("nothing") is None and stats.get("nothing", 3) == 3
    assert stats.details["packets_accepted"] == 2
    stats["heaps"] = 5
    total = stats + stream.stats
    assert total.heaps == 7
    total += stats
    assert total[0] == 12 and stream.stats.heaps == 2
    with pytest.raises(KeyError):
        stats["nothing"]
    with pytest.raises(IndexError):
        stats[99]
    with pytest.raises(TypeError):
        stats[-1]
    other = recv.StreamConfig()
    other.add_stat("mine")
    with pytest.raises(ValueError):
        stats + recv.Stream(pool, other).stats


def test_the_descriptor_is_readable_while_something_is_queued_and_after_the_end(pool):
    queue = heapwire.InprocQueue()
    stream = recv.Stream(pool)
    stream.add_inproc_reader(queue)
    fd = stream.fd

    def readable(seconds):
        return bool(select.select([fd], [], [], seconds)[0])

    assert not readable(0)
    for cnt in range(3):
        queue.add_packet(heap(cnt))
    for cnt in range(3):
        assert readable(60)
        assert stream.get().cnt == cnt
    with pytest.raises(heapwire.Empty):
        stream.get_nowait()
    assert not readable(0)
    queue.stop()
    assert readable(60)
    with pytest.raises(heapwire.Stopped):
        stream.get_nowait()
    assert readable(0)


def test_a_descriptor_asked_for_late_is_readable_too(pool):
    stream = recv.Stream(pool)
    stream.stop()
    assert select.select([stream.fd], [], [], 60)[0]


def test_stop_releases_everybody_who_waits(pool):
    stream = recv.Stream(pool)
    outcomes = []

    def wait():
        try:
            stream.get()
        except heapwire.Stopped:
            outcomes.append("stopped")

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for t in threads:
        t.start()
    stream.stop()
    for t in threads:
        t.join(60)
    assert outcomes == ["stopped"] * 4


def test_a_buffer_is_held_until_the_stream_is_gone(pool):
    data = bytearray(heap(1))
    stream = recv.Stream(pool)
    stream.add_buffer_reader(data)
    assert len(list(stream)) == 1
    stream.stop()
    with pytest.raises(BufferError):
        data.append(0)
    watch = weakref.ref(stream)
    del stream
    assert watch() is None
    data.append(0)


def test_memory_comes_from_the_pool_that_was_given(pool):
    memory = heapwire.MemoryPool(1, 4096, 4, 4)
    stream = recv.Stream(pool, recv.StreamConfig(memory_allocator=memory), recv.RingStreamConfig(heaps=10))
    stream.add_buffer_reader(b"".join(heap(cnt, bytes([cnt]) * 100) for cnt in range(8)))
    kept = [memoryview(h.get_items()[0]) for h in stream]
    del stream, memory
    assert [bytes(v) for v in kept] == [bytes([cnt]) * 100 for cnt in range(8)]
