# SPDX-License-Identifier: BSD-3-Clause
"""What lies behind the package and programs use all the same. On both packages."""

import pytest

from items_support import load


@pytest.fixture(params=["heapwire", "spead2"])
def package(request):
    return load(request.param)


def test_bits_are_written(package):
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
def test_bits_are_read(package, make):
    reader = package.Item._read_bits(make(b"\xab\xcd\x12\x34\x56"))
    reader.send(None)
    assert [reader.send(bits) for bits in (4, 12, 0, 3, 20)] == [10, 0xBCD, 0, 0, 0x123456 >> 1 & 0xFFFFF]
    assert reader.send(1) == 0
    with pytest.raises(StopIteration):
        reader.send(1)


def test_free_ids_begin_there(package):
    group = package.ItemGroup()
    assert group.add_item(None, "x", "", (), dtype="u1").id == package._UNRESERVED_ID == 0x1000
