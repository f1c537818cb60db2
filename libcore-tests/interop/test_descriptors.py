# SPDX-License-Identifier: BSD-3-Clause
"""Descriptors by numpy dtype and by list of fields, with whole numbers of 10, 12, 24 and 48 bits and more: what one
side describes the other reads, and packed values are the same bits."""
import ast

import numpy
import pytest

spead2 = pytest.importorskip("spead2")

from incumbent import TheirReceiver, their_udp
from programs import OurReceiver, OurSender

FLAVOURS = [(40, 0), (48, 0), (40, 7), (48, 7)]

# name, shape, fields, value as the incumbent takes it. The element that varies is None.
FIELDS = [
    ("u10", (4,), [("u", 10)], [1, 2, 1023, 512]),
    ("i10", (4,), [("i", 10)], [-1, -512, 511, 0]),
    ("u12", (3,), [("u", 12)], [0xabc, 0xdef, 0x123]),
    ("i12", (2, 2), [("i", 12)], [[-1, -2048], [2047, 5]]),
    ("u24", (3,), [("u", 24)], [0, 0xffffff, 0x123456]),
    ("i24", (2,), [("i", 24)], [-0x800000, 0x7fffff]),
    ("u48", (2,), [("u", 48)], [0xffffffffffff, 0x123456789abc]),
    ("u48_scalar", (), [("u", 48)], 0x123456789abc),
    ("u24_scalar", (), [("u", 24)], 0x123456),
    ("i48", (None,), [("i", 48)], [-1, -(1 << 47), (1 << 47) - 1]),
    ("u12_i4", (4,), [("u", 12), ("i", 4)], [(0xabc, -1), (0, 7), (4095, -8), (1, 0)]),
    ("u4_b1_i3", (2,), [("u", 4), ("b", 1), ("i", 3)], [(5, 1, -1), (15, 0, 3)]),
    ("u8_f32", (2,), [("u", 8), ("f", 32)], [(5, 1.5), (255, -2.0)]),
    ("f64", (2,), [("f", 64)], [0.5, -1e300]),
    ("text", (None,), [("c", 8)], "hello"),
    ("u16_2d", (2, None), [("u", 16)], [[1, 2, 3], [4, 5, 65535]]),
]
DTYPES = [
    ("f4", numpy.arange(6, dtype="<f4").reshape(2, 3)),
    ("i2_big", numpy.arange(-4, 4, dtype=">i2")),
    ("u1", numpy.arange(200, dtype="u1")),
    ("c16", numpy.array([1 + 2j, -3.5j], dtype="<c16")),
    ("record", numpy.array([(1, 2.5), (3, 4.5)], dtype=[("a", "<u2"), ("b", ">f8")])),
    ("scalar", numpy.array(77, dtype="<u8")),
    ("bool", numpy.array([True, False, True])),
]


def packed(fields, value) -> bytes:
    """Most significant bit first, no gaps, zeros below the last bit: our own words, not the incumbent's."""
    if isinstance(value, str):
        return value.encode()
    flat, todo = [], [value]
    while todo:
        one = todo.pop(0)
        if isinstance(one, list):
            todo = one + todo
        else:
            flat.append(one if isinstance(one, tuple) else (one,))
    bits = ""
    for element in flat:
        for (code, width), number in zip(fields, element):
            if code == "f":
                number = int.from_bytes(numpy.array(number, f">f{width // 8}").tobytes(), "big")
            bits += format(int(number) & ((1 << width) - 1), f"0{width}b")
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def plain(value):
    """Lists and tuples of Python numbers, whatever numpy made of them."""
    return value.tolist() if isinstance(value, (numpy.ndarray, numpy.generic)) else value


def fields_group(flavour):
    group = spead2.send.ItemGroup(flavour=flavour)
    for number, (name, shape, fields, value) in enumerate(FIELDS):
        group.add_item(0x1000 + number, name, f"{name} by fields", shape, format=fields, value=value)
    return group


def dtypes_group(flavour):
    group = spead2.send.ItemGroup(flavour=flavour)
    for number, (name, value) in enumerate(DTYPES):
        group.add_item(0x1000 + number, name, f"{name} by dtype", value.shape, dtype=value.dtype, value=value)
    return group


def receive_from_them(group, bugs: int) -> dict:
    with OurReceiver("--bugs", bugs) as receiver:
        stream = their_udp(receiver.ports)
        stream.send_heap(group.get_heap())
        stream.send_heap(group.get_end())
        [heap] = receiver.heaps()
    return heap


def bytes_of(heap: dict, item_id: int, length: int) -> bytes:
    """Immediates are padded in front."""
    [found] = [item for item in heap["items"] if item["id"] == item_id]
    return bytes.fromhex(found["hex"])[-length:]


def header_of(value: numpy.ndarray, swapped: bool = False) -> str:
    """A numpy header as the .npy format describes it."""
    dtype = value.dtype.newbyteorder("S") if swapped else value.dtype
    descr = numpy.lib.format.dtype_to_descr(dtype)
    return repr({"descr": descr, "fortran_order": False, "shape": value.shape})


@pytest.mark.parametrize("bits, bugs", FLAVOURS)
def test_we_read_their_fields(bits, bugs):
    heap = receive_from_them(fields_group(spead2.Flavour(4, 64, bits, bugs)), bugs)
    expected = [{"id": 0x1000 + number, "name": name, "description": f"{name} by fields", "shape": list(shape),
                 "format": [list(field) for field in fields], "numpy_header": ""}
                for number, (name, shape, fields, _) in enumerate(FIELDS)]
    assert heap["descriptors"] == expected
    for number, (name, _, fields, value) in enumerate(FIELDS):
        data = packed(fields, value)
        assert bytes_of(heap, 0x1000 + number, len(data)) == data, name


@pytest.mark.parametrize("bits, bugs", FLAVOURS)
def test_we_read_their_dtypes(bits, bugs):
    heap = receive_from_them(dtypes_group(spead2.Flavour(4, 64, bits, bugs)), bugs)
    assert [d["name"] for d in heap["descriptors"]] == [name for name, _ in DTYPES]
    for number, ((name, value), descriptor) in enumerate(zip(DTYPES, heap["descriptors"])):
        assert descriptor["id"] == 0x1000 + number
        assert ast.literal_eval(descriptor["numpy_header"]) == ast.literal_eval(header_of(value, bool(bugs & 4))), name
        assert bytes_of(heap, 0x1000 + number, value.nbytes) == value.tobytes(), name


def update_from_us(heap: dict, bits: int, bugs: int) -> spead2.ItemGroup:
    with TheirReceiver(udp=1, bug_compat=bugs) as receiver, \
            OurSender("--flavour", f"64-{bits}", "--bugs", bugs, to=[f"udp://127.0.0.1:{receiver.ports[0]}"]) as sender:
        sender.tell(heap)
        sender.sent()
        [got] = receiver.heaps()
    group = spead2.ItemGroup()
    group.update(got)
    return group


@pytest.mark.parametrize("bits, bugs", FLAVOURS)
def test_they_read_our_fields(bits, bugs):
    heap = {"items": [], "descriptors": []}
    for number, (name, shape, fields, value) in enumerate(FIELDS):
        heap["items"].append({"id": 0x1000 + number, "hex": packed(fields, value).hex()})
        heap["descriptors"].append({"id": 0x1000 + number, "name": name, "description": "ours", "shape": shape,
                                    "format": fields, "numpy_header": ""})
    group = update_from_us(heap, bits, bugs)
    assert list(group.ids()) == [0x1000 + number for number in range(len(FIELDS))]
    for number, (name, shape, fields, value) in enumerate(FIELDS):
        item = group[0x1000 + number]
        assert (item.name, item.description, item.shape, item.format) == (name, "ours", shape, fields)
        assert plain(item.value) == value, name


@pytest.mark.parametrize("bits, bugs", FLAVOURS)
def test_they_read_our_dtypes(bits, bugs):
    heap = {"items": [], "descriptors": []}
    for number, (name, value) in enumerate(DTYPES):
        heap["items"].append({"id": 0x1000 + number, "hex": value.tobytes().hex()})
        heap["descriptors"].append({"id": 0x1000 + number, "name": name, "description": "ours",
                                    "numpy_header": header_of(value, bool(bugs & 4))})
    group = update_from_us(heap, bits, bugs)
    for number, (name, value) in enumerate(DTYPES):
        item = group[0x1000 + number]
        assert (item.name, item.description, item.shape, item.dtype) == (name, "ours", value.shape, value.dtype)
        assert plain(item.value) == value.tolist(), name


def test_a_description_that_comes_late_is_used():
    """Descriptors in their own heap, data in the next: the order that heapwire-send itself uses."""
    value = numpy.arange(5, dtype="<u4")
    descriptor = {"id": 0x1234, "name": "x", "description": "", "numpy_header": header_of(value)}
    with TheirReceiver(udp=1) as receiver, OurSender(to=[f"udp://127.0.0.1:{receiver.ports[0]}"]) as sender:
        sender.tell({"descriptors": [descriptor]}, {"items": [{"id": 0x1234, "hex": value.tobytes().hex()}]})
        sender.sent()
        first, second = receiver.heaps()
    group = spead2.ItemGroup()
    assert not group.update(first)
    assert list(group.update(second)) == ["x"]
    assert group["x"].value.tolist() == value.tolist()


def test_columns_first_is_understood_both_ways():
    value = numpy.arange(6, dtype="<i4").reshape(2, 3)
    columns = value.T.tobytes()
    header = repr({"descr": "<i4", "fortran_order": True, "shape": (2, 3)})
    group = spead2.send.ItemGroup()
    group.add_item(0x1000, "x", "", value.shape, dtype=value.dtype, order="F", value=value)
    heap = receive_from_them(group, 0)
    assert ast.literal_eval(heap["descriptors"][0]["numpy_header"]) == ast.literal_eval(header)
    assert bytes_of(heap, 0x1000, value.nbytes) == columns
    ours = {"items": [{"id": 0x1000, "hex": columns.hex()}],
            "descriptors": [{"id": 0x1000, "name": "x", "description": "", "numpy_header": header}]}
    assert update_from_us(ours, 40, 0)["x"].value.tolist() == value.tolist()
