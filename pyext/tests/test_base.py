# SPDX-License-Identifier: BSD-3-Clause
import subprocess
import sys

import pytest

import heapwire
from heapwire import _core


def test_constants_have_the_public_values():
    assert heapwire.BUG_COMPAT_PYSPEAD_0_5_2 == 7
    assert (heapwire.NULL_ID, heapwire.HEAP_CNT_ID, heapwire.STREAM_CTRL_ID) == (0, 1, 6)
    assert (heapwire.DESCRIPTOR_NAME_ID, heapwire.DESCRIPTOR_DTYPE_ID) == (0x10, 0x15)
    assert (heapwire.CTRL_STREAM_STOP, heapwire.CTRL_DESCRIPTOR_UPDATE) == (2, 3)
    assert type(heapwire.MEMCPY_NONTEMPORAL) is int


def test_flavour_defaults_and_compares():
    flavour = heapwire.Flavour()
    assert (flavour.version, flavour.item_pointer_bits, flavour.heap_address_bits, flavour.bug_compat) == (4, 64, 40, 0)
    assert flavour == heapwire.Flavour(4, 64, 40)
    assert flavour != heapwire.Flavour(4, 64, 48)
    assert flavour != heapwire.Flavour(4, 64, 40, bug_compat=2)
    assert flavour != "SPEAD"
    with pytest.raises(TypeError):
        hash(flavour)


@pytest.mark.parametrize("arguments", [(3, 64, 40), (4, 32, 40), (4, 64, 0), (4, 64, 64), (4, 64, 41)])
def test_flavour_refuses_what_does_not_exist(arguments):
    with pytest.raises(ValueError):
        heapwire.Flavour(*arguments)


def test_flavour_keeps_unknown_bugs():
    assert heapwire.Flavour(4, 64, 40, 0x80000000).bug_compat == 0x80000000
    with pytest.raises(TypeError):
        heapwire.Flavour(4, 64, 40, -1)


def test_exceptions_are_plain_ones():
    for one in (heapwire.Stopped, heapwire.Empty, heapwire.Full):
        assert one.__bases__ == (Exception,)
        assert one.__module__ == "heapwire"


def test_thread_pool_checks_its_arguments():
    with pytest.raises(ValueError):
        heapwire.ThreadPool(0)
    with pytest.raises(TypeError):
        heapwire.ThreadPool(affinity=[0])
    pool = heapwire.ThreadPool(2, [])
    pool.stop()
    pool.stop()


def test_inproc_queue_refuses_packets_after_its_stop():
    queue = heapwire.InprocQueue()
    queue.add_packet(bytearray(b"anything"))
    queue.stop()
    queue.stop()
    with pytest.raises(heapwire.Stopped) as caught:
        queue.add_packet(b"late")
    assert len(caught.value.args) == 1


def test_raw_descriptor_keeps_bytes_and_shapes():
    raw = _core.RawDescriptor()
    assert (raw.id, raw.name, raw.shape, raw.format) == (0, b"", [], [])
    raw.shape = (2, None, -1)
    assert raw.shape == [2, None, None]
    raw.format = [("u", 12), ("f", 32)]
    assert raw.format == [("u", 12), ("f", 32)]
    with pytest.raises(ValueError):
        raw.format = [("uu", 1)]
    with pytest.raises(TypeError):
        raw.name = "text"


def test_parse_range_list():
    assert heapwire.parse_range_list("2, 3-5,8") == [2, 3, 4, 5, 8]
    assert heapwire.parse_range_list("") == heapwire.parse_range_list(None) == []
    assert heapwire.parse_range_list("5-3") == []
    with pytest.raises(ValueError):
        heapwire.parse_range_list("x")


def test_memory_pools_take_both_forms(pool):
    heapwire.MemoryPool(16, 1024, 4, 2)
    heapwire.MemoryPool(16, 1024, 4, 2, allocator=heapwire.MmapAllocator(prefer_huge=True))
    heapwire.MemoryPool(pool, 16, 1024, 4, 2, 1)
    heapwire.MemoryPool(1024, 16, 1, 5)
    with pytest.raises(TypeError):
        heapwire.MemoryPool(-1, 16, 1, 1)


@pytest.mark.parametrize("room, name", [("send", "HeapGenerator"), ("recv", "stream_stat_indices")])
def test_the_first_import_may_be_of_a_subpackage_by_name(room, name):
    script = f"from heapwire import {room}; {room}.{name}; import heapwire; heapwire.RawDescriptor"
    done = subprocess.run([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.stderr.splitlines()[-1].startswith("AttributeError: module 'heapwire' has no attribute 'RawDescriptor'")


def test_a_memory_pool_keeps_its_threads():
    script = """
import gc, os, heapwire
first = heapwire.ThreadPool()
before = len(os.listdir("/proc/self/task"))
memory = heapwire.MemoryPool(heapwire.ThreadPool(2), 16, 1024, 4, 2, 1)
over = heapwire.MemoryPool(16, 1024, 4, 2, allocator=memory)
del memory
gc.collect()
assert len(os.listdir("/proc/self/task")) == before + 2
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
