# SPDX-License-Identifier: BSD-3-Clause
"""What lies behind the package and programs use all the same: streams with callbacks, bits by hand. On both."""

import importlib
import logging
import resource
import select

import pytest

from boundary.children import run
from items_support import load


@pytest.fixture(params=["heapwire", "spead2"])
def both(request):
    """A package, and its extension module."""
    logging.getLogger(request.param).setLevel(logging.CRITICAL)
    yield load(request.param), importlib.import_module(
        "heapwire._core" if request.param == "heapwire" else "spead2._spead2"
    )
    logging.getLogger(request.param).setLevel(logging.NOTSET)


def readable(stream):
    poll = select.poll()
    poll.register(stream.fd, select.POLLIN)
    return bool(poll.poll(0))


def test_callbacks_of_a_program_with_many_descriptors():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if 0 <= most < 1200:
        pytest.skip(f"{most} descriptors are allowed here, and 1200 needed")
    run(
        """
        import os, resource
        from heapwire import _core, send
        resource.setrlimit(resource.RLIMIT_NOFILE, (1200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        held = [os.dup(0) for _ in range(1100)]
        stream = _core.send.InprocStreamAsyncio(heapwire.ThreadPool(), [heapwire.InprocQueue()])
        assert stream.fd >= 1024, stream.fd
        done = []
        stream.async_send_heap(send.Heap(), lambda error, size: done.append(error))
        stream.process_callbacks()
        assert done == [None], done
        """
    )


def test_callbacks(both):
    package, core = both
    queue, calls = package.InprocQueue(), []

    def callback(error, size):
        calls.append((type(error), getattr(error, "errno", None), size))

    stream = core.send.InprocStreamAsyncio(package.ThreadPool(), [queue])
    assert isinstance(stream, package.send.Stream) and stream.queues[0] is queue
    heap = package.send.Heap()
    assert stream.async_send_heap(heap, callback) is True
    assert stream.async_send_heap(heap, callback=callback, cnt=5) is True
    stream.flush()
    assert readable(stream) and calls == []
    stream.process_callbacks()
    sent = (type(None), None, 49)
    assert calls == [sent, sent] and not readable(stream)
    assert stream.async_send_heap(heap, callback, 1 << 60) is False
    assert stream.async_send_heap(heap, callback, substream_index=3) is False
    assert stream.async_send_heaps([], callback, package.send.GroupMode.SERIAL) is False
    while len(calls) < 5:
        stream.process_callbacks()
    assert calls[2:] == [(OSError, 22, 0)] * 3
    pair = [package.send.HeapReference(heap)] * 2
    assert stream.async_send_heaps(pair, callback, package.send.GroupMode.ROUND_ROBIN) is True
    stream.process_callbacks()  # waits for it
    assert calls[5:] == [(type(None), None, 98)]
    queue.stop()
    assert stream.async_send_heap(heap, callback) is True
    stream.process_callbacks()
    assert calls[6:] == [(OSError, 125, 0)]


def test_udp_with_callbacks(both):
    package, core = both
    calls = []
    stream = core.send.UdpStreamAsyncio(package.ThreadPool(), [("127.0.0.1", 9)])
    for _ in range(3):
        assert stream.async_send_heap(package.send.Heap(), lambda *what: calls.append(what))
        stream.process_callbacks()
    assert len(calls) == 3 and stream.num_substreams == 1


def test_bits_are_written(both):
    package, _ = both
    array = bytearray(4)
    writer = package.Item._write_bits(array)
    writer.send(None)
    for pair in ((5, 4), (0xABC, 12), (1, 3)):
        assert writer.send(pair) is None
    assert array == b"\x5a\xbc\0\0"
    writer.close()
    assert array == b"\x5a\xbc\x20\0"
    for bad in ((16, 4), (-1, 4)):
        writer = package.Item._write_bits(bytearray(4))
        writer.send(None)
        with pytest.raises(ValueError, match="out of range"):
            writer.send(bad)
    array = bytearray(12)
    writer = package.Item._write_bits(array)
    writer.send(None)
    writer.send((1 << 70, 80))
    assert array == b"\0\x40" + bytes(10)


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_bits_are_read(both, make):
    package, _ = both
    reader = package.Item._read_bits(make(b"\xab\xcd\x12\x34\x56"))
    reader.send(None)
    assert [reader.send(bits) for bits in (4, 12, 0, 3, 20)] == [10, 0xBCD, 0, 0, 0x123456 >> 1 & 0xFFFFF]
    assert reader.send(1) == 0
    with pytest.raises(StopIteration):
        reader.send(1)


def test_free_ids_begin_there(both):
    package, _ = both
    group = package.ItemGroup()
    assert group.add_item(None, "x", "", (), dtype="u1").id == package._UNRESERVED_ID == 0x1000
