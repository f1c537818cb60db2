# SPDX-License-Identifier: BSD-3-Clause
"""The send streams that block."""

import gc
import socket
import threading
import weakref

import numpy as np
import pytest

import heapwire
import heapwire.recv
from heapwire import send
from things import Thing, heap_of, udp_receiver


def test_an_empty_heap_is_one_packet_with_one_byte():
    (packet,) = send.PacketGenerator(send.Heap(), 0x123, 1472)
    pointers = ["8000010000000123", "8000020000000001", "8000030000000000", "8000040000000001", "0" * 16]
    assert packet.hex() == "5304030500000005" + "".join(pointers) + "00"


def test_a_short_value_travels_in_the_pointer_and_is_live():
    value = np.array([0xABCD], ">u2")
    heap = heap_of((0x1234, value, True))
    assert bytes.fromhex("801234000000abcd") in next(send.PacketGenerator(heap, 1, 1472))
    value[0] = 0x0102
    assert bytes.fromhex("8012340000000102") in next(send.PacketGenerator(heap, 1, 1472))


def test_a_heap_may_change_when_its_packets_are_made():
    heap = heap_of((0x1000, bytes(3000)))
    packets = send.PacketGenerator(heap, 1, 1472)
    next(packets)
    with pytest.raises(RuntimeError):
        heap.add_start()
    assert len(list(packets)) == 2
    heap.add_start()
    assert next(packets, None) is None


def test_packets_that_are_too_small_are_refused(pool):
    with pytest.raises(ValueError):
        send.PacketGenerator(send.Heap(), 1, 55)
    with pytest.raises(TypeError):
        send.PacketGenerator(send.Heap(), 1, -1)
    stream = send.BytesStream(pool, send.StreamConfig(max_packet_size=40))
    with pytest.raises(ValueError):
        stream.send_heap(send.Heap())
    many = heap_of(*((i + 0x1000, b"x" * 9) for i in range(10)))
    many.repeat_pointers = True
    assert many.repeat_pointers
    with pytest.raises(ValueError):
        send.PacketGenerator(many, 1, 96)
    with pytest.raises(ValueError):
        send.BytesStream(pool, send.StreamConfig(max_packet_size=96)).send_heap(many)


def test_heap_refuses_what_it_cannot_hold():
    heap = send.Heap()
    with pytest.raises(AttributeError):
        heap.add_item(object())
    with pytest.raises(TypeError):
        heap.add_item(Thing(0x1000, "no buffer"))
    with pytest.raises(ValueError):
        heap.add_item(Thing(1 << 23, b"x"))
    with pytest.raises(ValueError):
        heap.add_item(Thing(-1, b"x"))
    with pytest.raises(ValueError):
        heap.add_item(Thing(0x1000, np.zeros((4, 4))[:, 1]))
    with pytest.raises(BufferError):
        heap.add_item(Thing(0x1000, memoryview(b"abcdef")[::2]))
    raw = heapwire._core.RawDescriptor()
    raw.id = 1 << 23

    class Described:
        def to_raw(self, flavour):
            assert flavour == heap.flavour
            return raw

    with pytest.raises(ValueError):
        heap.add_descriptor(Described())
    raw.id = 0x1000
    heap.add_descriptor(Described())


def test_a_heap_keeps_exports_open_as_long_as_it_lives():
    data = bytearray(100)
    heap = heap_of((0x1000, data))
    with pytest.raises(BufferError):
        data.append(1)
    del heap
    gc.collect()
    data.append(1)


def test_references():
    heap = send.Heap()
    reference = send.HeapReference(heap, cnt=5, substream_index=1, rate=2.0)
    assert reference.heap is heap
    assert (reference.cnt, reference.substream_index, reference.rate) == (5, 1, 2.0)
    reference.cnt = -1
    assert reference.cnt == -1
    references = send.HeapReferenceList([reference] * 3)
    assert len(references) == 3
    assert len(references[::2]) == 2
    for wrong in (lambda: references[0], lambda: list(references), lambda: send.HeapReferenceList([1])):
        with pytest.raises(TypeError):
            wrong()
    for wrong in (lambda: send.HeapReference(None), lambda: send.HeapReference(heap, 1)):
        with pytest.raises(TypeError):
            wrong()


def test_bytes_stream_and_what_send_heap_answers(pool):
    stream = send.BytesStream(pool)
    assert stream.num_substreams == 1
    data = bytes(range(256)) * 20
    heap = heap_of((0x1000, data))
    assert stream.send_heap(heap, cnt=7) == len(stream.getvalue())
    assert stream.getvalue() == b"".join(send.PacketGenerator(heap, 7, 1472))
    receiver = heapwire.recv.Stream(pool)
    receiver.add_buffer_reader(stream.getvalue())
    got = receiver.get()
    assert got.cnt == 7
    assert [bytes(item) for item in got.get_items()] == [data]


def test_automatic_cnts(pool):
    queue = heapwire.InprocQueue()
    stream = send.InprocStream(pool, [queue], send.StreamConfig(max_heaps=2))
    with pytest.raises(ValueError):
        stream.set_cnt_sequence(1, 0)
    with pytest.raises(TypeError):
        stream.set_cnt_sequence(-1, 1)
    stream.set_cnt_sequence(10, 3)
    heap = heap_of((0x1000, b"12345678"))
    stream.send_heap(heap)
    stream.send_heap(heap, cnt=99)
    with pytest.raises(OSError):
        stream.send_heap(heap, substream_index=1)
    stream.send_heap(heap)
    queue.stop()
    receiver = heapwire.recv.Stream(pool)
    receiver.add_inproc_reader(queue)
    assert [h.cnt for h in receiver] == [10, 99, 13]


def test_refusals_are_oserrors_with_a_warning(pool, caplog):
    import errno
    import time

    stream = send.InprocStream(pool, [heapwire.InprocQueue()])
    heap = send.Heap()
    refused = [
        (lambda: stream.send_heap(heap, cnt=1 << 40), errno.EINVAL),
        (lambda: stream.send_heap(heap, substream_index=1), errno.EINVAL),
        (lambda: stream.send_heaps([], send.GroupMode.SERIAL), errno.EINVAL),
        (lambda: stream.send_heaps([send.HeapReference(heap)] * 5, send.GroupMode.SERIAL), errno.EAGAIN),
    ]
    for call, number in refused:
        with pytest.raises(OSError) as raised:
            call()
        assert raised.value.errno == number
        assert isinstance(raised.value, BlockingIOError) == (number == errno.EAGAIN)
    limit = time.monotonic() + 60
    while sum("not accepted" in r.getMessage() for r in caplog.records) < 4:
        assert time.monotonic() < limit
        time.sleep(0.01)
    assert all(r.levelname == "WARNING" for r in caplog.records)
    for wrong in ({"substream_index": -1}, {"cnt": 1 << 63}, {"rate": "fast"}, {"nonsense": 1}):
        with pytest.raises(TypeError):
            stream.send_heap(heap, **wrong)
    with pytest.raises(TypeError):
        stream.send_heaps([heap], send.GroupMode.SERIAL)
    with pytest.raises(TypeError):
        stream.send_heaps([send.HeapReference(heap)])
    assert stream.send_heap(heap) == 49


def test_a_stopped_queue_is_ecanceled_and_the_stream_goes_on(pool):
    import errno

    queue, other = heapwire.InprocQueue(), heapwire.InprocQueue()
    stream = send.InprocStream(pool, [queue, other])
    assert stream.queues == [queue, other]
    queue.stop()
    with pytest.raises(OSError) as raised:
        stream.send_heap(send.Heap())
    assert raised.value.errno == errno.ECANCELED
    assert stream.send_heap(send.Heap(), substream_index=1) == 49


def test_groups(pool):
    data = bytes(4000)
    for mode in send.GroupMode:
        stream = send.BytesStream(pool)
        references = [send.HeapReference(heap_of((0x1000, data)), cnt=c) for c in (1, 2, 3)]
        assert stream.send_heaps(references, mode) == len(stream.getvalue())
        cnts, wire = [], stream.getvalue()
        for start in range(len(wire) - 3):
            if wire[start : start + 4] == b"\x53\x04\x03\x05":
                cnts.append(wire[start + 15])
        turn = [1, 2, 3] * 3 if mode is send.GroupMode.ROUND_ROBIN else [1, 1, 1, 2, 2, 2, 3, 3, 3]
        assert cnts == turn
        again = send.HeapReferenceList(references)
        assert stream.send_heaps(again[1:], mode=mode) == len(stream.getvalue()) - len(wire)


def test_udp(pool):
    receiver, port = udp_receiver(pool)
    stream = send.UdpStream(pool, [("127.0.0.1", port)])
    data = np.arange(2000, dtype=">u4")  # no more at a time than the socket's buffer holds
    for cnt in (1, 2, 3):
        assert stream.send_heap(heap_of((0x1000, data))) > data.nbytes
        got = receiver.get()
        assert got.cnt == cnt
        assert bytes(got.get_items()[0]) == data.tobytes()


def test_udp_substreams_and_sockets(pool):
    receivers = [udp_receiver(pool) for _ in range(2)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        stream = send.UdpStream(pool, sock, [("127.0.0.1", port) for _, port in receivers])
    assert stream.num_substreams == 2
    for index in (1, 0):
        stream.send_heap(heap_of((0x1000, b"12345678")), substream_index=index)
    assert [r.get().cnt for r, _ in receivers] == [2, 1]


@pytest.mark.parametrize(
    "arguments, error",
    [
        (dict(endpoints=[]), ValueError),
        (dict(endpoints=[("127.0.0.1", 8888), ("::1", 8888)]), ValueError),
        (dict(endpoints=[("127.0.0.1", 8888)], ttl=1), ValueError),
        (dict(endpoints=[("239.1.2.3", 8888)], ttl=300), IndexError),
        (dict(endpoints=[("239.1.2.3", 8888)], ttl=1, interface_index=1), ValueError),
        (dict(endpoints=[("ff12::1", 8888)], ttl=1, interface_address="::1"), ValueError),
        (dict(endpoints=[("127.0.0.1", 65536)]), TypeError),
        (dict(endpoints=("127.0.0.1", 8888)), TypeError),
        (dict(endpoints=[("127.0.0.1", 8888)], interface_address="198.51.100.1"), RuntimeError),
        (dict(endpoints=[("127.0.0.1", 8888)], config=None), TypeError),
    ],
)
def test_udp_refuses(pool, arguments, error):
    with pytest.raises(error) as raised:
        send.UdpStream(pool, **arguments)
    assert type(raised.value) is error


def test_udp_multicast_overloads(pool):
    for arguments in (("", ), (1,), (1, ""), (1, "127.0.0.1")):
        stream = send.UdpStream(pool, [("239.1.2.3", 8888)], send.StreamConfig(), 0, *arguments)
        assert stream.num_substreams == 1


def test_a_packet_too_large_for_udp_is_emsgsize(pool):
    import errno

    _, port = udp_receiver(pool)
    stream = send.UdpStream(pool, [("127.0.0.1", port)], send.StreamConfig(max_packet_size=100000))
    with pytest.raises(OSError) as raised:
        stream.send_heap(heap_of((0x1000, bytes(90000))))
    assert raised.value.errno == errno.EMSGSIZE
    assert stream.send_heap(send.Heap()) == 49


def tcp_receiver(pool):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    receiver = heapwire.recv.Stream(pool)
    receiver.add_tcp_reader(listener)
    port = listener.getsockname()[1]
    listener.close()
    return receiver, port


def test_tcp(pool):
    receiver, port = tcp_receiver(pool)
    stream = send.TcpStream(pool, [("127.0.0.1", port)])
    data = bytes(range(256)) * 1000
    for _ in range(3):
        stream.send_heap(heap_of((0x1000, data)))
    del stream
    assert [bytes(h.get_items()[0]) for h in receiver] == [data] * 3


def test_tcp_of_a_socket(pool):
    receiver, port = tcp_receiver(pool)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        stream = send.TcpStream(pool, sock)
    stream.send_heap(heap_of((0x1000, b"12345678")))
    del stream
    assert [h.cnt for h in receiver] == [1]


def test_tcp_refuses(pool):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(ConnectionRefusedError):
            send.TcpStream(pool, [bound.getsockname()])
    for endpoints in ([], [("127.0.0.1", 1)] * 2):
        with pytest.raises(ValueError):
            send.TcpStream(pool, endpoints)
    with pytest.raises(RuntimeError):
        send.TcpStream(pool, [("127.0.0.1", 1)], interface_address="198.51.100.1")
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(TypeError):
        send.TcpStream(pool, sock)


def test_inproc_refuses(pool):
    with pytest.raises(ValueError):
        send.InprocStream(pool, [])
    with pytest.raises(TypeError):
        send.InprocStream(pool, heapwire.InprocQueue())
    with pytest.raises(TypeError):
        send.InprocStream(None, [heapwire.InprocQueue()])
    with pytest.raises(TypeError):
        send.Stream()


def test_deleting_a_stream_waits_for_what_a_thread_sends(pool):
    """A rate that takes a while; the heap of another thread is not cut short."""
    queue = heapwire.InprocQueue()
    stream = send.InprocStream(pool, [queue], send.StreamConfig(rate=1e6, burst_size=1000))
    heap = heap_of((0x1000, bytes(100000)))
    answers = []
    thread = threading.Thread(target=lambda s: answers.append(s.send_heap(heap)), args=(stream,))
    thread.start()
    del stream
    thread.join()
    assert answers[0] > 100000


def test_a_stopped_pool_does_not_stop_send_heap():
    pool = heapwire.ThreadPool()
    queue = heapwire.InprocQueue()
    stream = send.InprocStream(pool, [queue])
    pool.stop()
    assert stream.send_heap(send.Heap()) == 49
    del stream


def test_many_threads_share_a_stream(pool):
    queue = heapwire.InprocQueue()
    stream = send.InprocStream(pool, [queue], send.StreamConfig(max_heaps=100))
    heap = heap_of((0x1000, bytes(3000)))
    errors = []

    def hammer():
        try:
            for _ in range(200):
                stream.send_heap(heap)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=hammer) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []
    queue.stop()
    receiver = heapwire.recv.Stream(pool, heapwire.recv.StreamConfig(max_heaps=16))
    receiver.add_inproc_reader(queue)
    assert sorted(h.cnt for h in receiver) == list(range(1, 1601))


def test_objects_take_weak_references(pool):
    for make in (send.Heap, send.StreamConfig, lambda: send.BytesStream(pool), lambda: send.HeapReference(send.Heap())):
        made = make()
        reference = weakref.ref(made)
        assert reference() is made
        del made
        gc.collect()
        assert reference() is None
