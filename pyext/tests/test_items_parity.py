# SPDX-License-Identifier: BSD-3-Clause
"""The same cases on the incumbent and on ours: descriptors, bytes on the wire, decoded values, errors."""

import numpy as np
import pytest

from items_support import fingerprint, load, pack, receive

OURS, THEIRS = "heapwire", "spead2"


@pytest.fixture(scope="module")
def both():
    return load(OURS), load(THEIRS)


def fields(*pairs):
    return {"format": list(pairs)}


RECORD = np.dtype([("a", "<u2"), ("b", ">f8"), ("c", "S3"), ("d", [("x", "?"), ("y", "<i4", (2,))])])
VALUES = {
    "u8": ((), fields(("u", 8)), 200),
    "u8 too large": ((), fields(("u", 8)), 300),
    "u8 negative": ((), fields(("u", 8)), -1),
    "i16": ((), fields(("i", 16)), -2),
    "u24": ((), fields(("u", 24)), 0x123456),
    "u24 cuts": ((), fields(("u", 24)), 0x12345678),
    "u24 float": ((), fields(("u", 24)), 3.7),
    "u24 numpy": ((), fields(("u", 24)), np.int64(77)),
    "u24 list": ((), fields(("u", 24)), [1]),
    "u40": ((), fields(("u", 40)), 0x123456789A),
    "u48": ((), fields(("u", 48)), 0x123456789ABC),
    "u48 of 0-d array": ((), fields(("u", 48)), np.array(0x123456789ABC, ">u8")),
    "u56": ((), fields(("u", 56)), 1),
    "u64": ((), fields(("u", 64)), (1 << 64) - 1),
    "u12": ((), fields(("u", 12)), 0xABC),
    "u12 float": ((), fields(("u", 12)), 3.7),
    "u12 text": ((), fields(("u", 12)), "x"),
    "u12 negative": ((), fields(("u", 12)), -1),
    "u12 too large": ((), fields(("u", 12)), 4096),
    "i12": ((), fields(("i", 12)), -3),
    "u12 array": ((3,), fields(("u", 12)), [0xABC, 0xDEF, 0x123]),
    "u4 variable": ((None,), fields(("u", 4)), [1, 2, 3]),
    "i7 matrix": ((2, None), fields(("i", 7)), [[-64, 63, 1], [0, -1, 5]]),
    "u100": ((2,), fields(("u", 100)), [1 << 99, 3]),
    "i100": ((2,), fields(("i", 100)), [-1, -(1 << 99)]),
    "b1": ((3,), fields(("b", 1)), [1, 0, 1]),
    "b8": ((), fields(("b", 8)), True),
    "b12": ((2,), fields(("b", 12)), [True, 7]),
    "f32": ((), fields(("f", 32)), 1.5),
    "f64 array": ((None,), fields(("f", 64)), [1.5, -2.5]),
    "c8": ((), fields(("c", 8)), b"x"),
    "text": ((None,), fields(("c", 8)), "hello"),
    "text with nul": ((None,), fields(("c", 8)), "a\0b"),
    "fixed text": ((5,), fields(("c", 8)), "hello"),
    "text too short": ((5,), fields(("c", 8)), "hell"),
    "text not ASCII": ((None,), fields(("c", 8)), "\xe9"),
    "bytes as text": ((None,), fields(("c", 8)), b"abc"),
    "characters 2-d": ((2, 2), fields(("c", 8)), [[b"a", b"b"], [b"c", b"d"]]),
    "digits": ((None,), fields(("u", 8)), "12"),
    "record of bits": ((), fields(("u", 4), ("b", 1), ("i", 3), ("c", 8), ("f", 32)), (5, 1, -1, "A", 1.5)),
    "records of bits": ((2,), fields(("u", 4), ("i", 4)), [(5, -1), (15, 7)]),
    "record out of range": ((), fields(("u", 4), ("i", 4)), (16, 0)),
    "record too short": ((), fields(("u", 4), ("i", 4)), (1,)),
    "native record": ((2,), fields(("u", 8), ("f", 32)), [(1, 2.5), (3, 4.5)]),
    "native record scalar": ((), fields(("u", 8), ("f", 32)), (1, 2.5)),
    "dtype scalar": ((), {"dtype": "<f8"}, 2.5),
    "dtype scalar big": ((), {"dtype": ">f8"}, 2.5),
    "numpy scalar": ((), {"dtype": ">c16"}, np.complex128(1 - 2j)),
    "float16": ((3,), {"dtype": "<f2"}, [1, 2, 3]),
    "float16 scalar": ((), {"dtype": ">f2"}, 1.5),
    "cut to int": ((), {"dtype": "<i4"}, 3.9),
    "bool to int": ((), {"dtype": "<i4"}, True),
    "int to bool": ((), {"dtype": "?"}, 2),
    "int to float": ((), {"dtype": "<f4"}, 3),
    "overflow": ((), {"dtype": "<i2"}, 40000),
    "overflow u64": ((), {"dtype": "<u8"}, 1 << 64),
    "nonsense": ((), {"dtype": "<f4"}, "x"),
    "big-endian array": ((2, 3), {"dtype": ">u4"}, np.arange(6).reshape(2, 3)),
    "complex array": ((2,), {"dtype": ">c8"}, [1 + 2j, 3 - 4j]),
    "fortran": ((2, 3), {"dtype": "<i2", "order": "F"}, [[1, 2, 3], [4, 5, 6]]),
    "fortran big": ((2, 3), {"dtype": ">i2", "order": "F"}, [[1, 2, 3], [4, 5, 6]]),
    "bytes": ((2,), {"dtype": "S5"}, [b"ab", b"abcdefg"]),
    "bytes scalar": ((), {"dtype": "S5"}, b"ab"),
    "text array": ((2,), {"dtype": "<U3"}, ["ab", "xyz"]),
    "text scalar": ((), {"dtype": ">U3"}, "ab"),
    "void": ((2,), {"dtype": "V4"}, [b"abcd", b"efgh"]),
    "record": ((2,), {"dtype": RECORD}, np.zeros(2, RECORD)),
    "record scalar": ((), {"dtype": RECORD}, (1, 2.5, b"abc", (True, [3, 4]))),
    "wrong shape": ((3,), {"dtype": "<i4"}, [1, 2]),
    "list for a scalar": ((), {"dtype": "<i4"}, [5]),
    "known and unknown": ((2, None, 3), fields(("u", 8)), np.arange(12).reshape(2, 2, 3)),
    "wrong known": ((2, None, 3), fields(("u", 8)), np.arange(12).reshape(2, 3, 2)),
}


def attempt(function, *args):
    try:
        return ("ok", function(*args))
    except Exception as error:
        kinds = (OverflowError, UnicodeError, ValueError, TypeError, AttributeError, KeyError)
        return ("raised", next(kind.__name__ for kind in kinds if isinstance(error, kind)))


@pytest.mark.parametrize("bits", (40, 48))
@pytest.mark.parametrize("case", VALUES)
def test_the_same_bytes_and_values(both, case, bits):
    shape, how, value = VALUES[case]

    def send(lib):
        item = lib.Item(0x1000, "n", "d", shape, value=value, **how)
        return memoryview(item.to_buffer()).tobytes(), pack(lib, item, flavour=lib.Flavour(4, 64, bits))

    ours, theirs = (attempt(send, lib) for lib in both)
    assert ours == theirs
    if ours[0] == "raised":
        return

    def read(lib, order):
        group = lib.ItemGroup()
        (heap,) = receive(lib, ours[1][1])
        group.update(heap, new_order=order)
        return fingerprint(group["n"].value)

    for order in ("=", "|", "<", ">"):
        ours_read, theirs_read = (attempt(read, lib, order) for lib in both)
        assert ours_read == theirs_read, order


DESCRIPTORS = {
    "two unknown": ((None, None), fields(("u", 8))),
    "both": ((2,), {"dtype": "f4", **fields(("u", 8))}),
    "neither": ((2,), {}),
    "objects": ((2,), {"dtype": "O"}),
    "no size": ((2,), {"dtype": "S0"}),
    "unknown with dtype": ((None,), {"dtype": "f4"}),
    "order with format": ((2,), {"order": "F", **fields(("u", 8))}),
    "order": ((2,), {"dtype": "f4", "order": "K"}),
    "no fields": ((2,), {"format": []}),
    "zero length": ((2,), fields(("u", 0))),
    "negative": ((2,), fields(("u", -3))),
    "f16": ((2,), fields(("f", 16))),
    "c16": ((2,), fields(("c", 16))),
    "code 0": ((2,), fields(("0", 8))),
    "two codes": ((2,), fields(("uu", 8))),
    "length a string": ((2,), {"format": [("u", "8")]}),
    "no pairs": ((2,), {"format": [5]}),
    "not a list": ((2,), {"format": 5}),
    "tuple": ((2,), {"format": (("c", 8),)}),
    "shape a number": (5, {"dtype": "f4"}),
    "no dtype": ((), {"dtype": "nonsense"}),
    "good": ((2, None, 3), fields(("u", 4), ("i", 5))),
    "good dtype": ([2, 3], {"dtype": "f4,i2", "order": "F"}),
}


@pytest.mark.parametrize("case", DESCRIPTORS)
def test_the_same_descriptors(both, case):
    shape, how = DESCRIPTORS[case]

    def look(lib):
        d = lib.Descriptor(1, "n", "d", shape, **how)
        facts = (d.id, d.name, d.description, d.shape, d.dtype, d.order, d.format, d.itemsize_bits)
        methods = (d.is_variable_size(), d.allow_immediate(), d.dynamic_shape(13), d.compatible_shape((2, 9, 3)))
        raw = d.to_raw(lib.Flavour(4, 64, 48, 7))
        return facts + methods + (raw.numpy_header, raw.shape, raw.format)

    ours, theirs = (attempt(look, lib) for lib in both)
    assert ours == theirs


HEADERS = [
    b"xx",
    b"{}",
    b"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}",
    b"{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}",
    b"{'descr': '<f4', 'fortran_order': 1, 'shape': (2, 3)}",
    b"{'descr': '<f4', 'fortran_order': False, 'shape': [2, 3]}",
    b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
    b"{'descr': '|O', 'fortran_order': False, 'shape': ()}",
    b"{'descr': '|V0', 'fortran_order': False, 'shape': ()}",
    b"{'descr': '<M8[s]', 'fortran_order': False, 'shape': ()}",
    b"{'descr': '<U3', 'fortran_order': False, 'shape': ()}",
    b"{'descr': [('a', '<f4'), ('b', '<i2', (2,))], 'fortran_order': False, 'shape': ()}",
    b"{'descr': [('a', [('b', '<f4')])], 'fortran_order': False, 'shape': ()}",
    b"{'descr': [('a', '|O')], 'fortran_order': False, 'shape': ()}",
    b"__import__('os').abort()",
    b"",
]


@pytest.mark.parametrize("bugs", (0, 4))
@pytest.mark.parametrize("header", HEADERS)
def test_the_same_from_numpy_headers(both, header, bugs):
    def read(lib):
        raw = (lib._core if lib.__name__ == OURS else lib._spead2).RawDescriptor()
        raw.id, raw.name, raw.numpy_header = 0x1000, b"n", header
        d = lib.Descriptor.from_raw(raw, lib.Flavour(4, 64, 40, bugs))
        return d.shape, d.dtype, d.order, d.format, d.name, d.description

    ours, theirs = (attempt(read, lib) for lib in both)
    assert ours == theirs


def test_the_same_heaps_from_a_generator(both):
    """Descriptor and data modes, frequencies, replaced items: byte for byte."""

    def story(lib, frequency):
        group = lib.send.ItemGroup(frequency, lib.Flavour(4, 64, 48))
        group.add_item(None, "a", "", (2,), dtype="<i4", value=np.array([1, 2], "<i4"))
        group.add_item(0x2000, "b", "", (), format=[("u", 40)])
        out = []

        def step(*args, **kwargs):
            out.append(b"".join(lib.send.PacketGenerator(group.get_heap(*args, **kwargs), len(out) + 1, 1472)))

        step()
        step()
        group["b"].value = 7
        step()
        step("none", "all")
        step(descriptors="all", data="none")
        group.add_item(None, "a", "other", (), dtype=">f8", value=2.5)
        step("none")
        step()
        step()
        group["a"].version += 1
        for _ in range(5):
            step()
        return out

    for frequency in (None, 1, 3):
        ours, theirs = (story(lib, frequency) for lib in both)
        assert ours == theirs


def test_the_same_merging(both):
    def story(lib):
        group = lib.ItemGroup()
        out = []
        first = group.add_item(None, "a", "d", (), dtype="<i4", value=1)
        again = group.add_item(0x1000, "a", "d", (), dtype="<i4", value=2)
        out.append((again is first, group["a"] is first, first.value, first.version, again.version))
        group.add_item(0x1000, "a", "d", (), dtype="<i4")
        out.append((first.value, first.version))
        other = group.add_item(None, "a", "d", (), dtype="<f4")
        out.append((other.id, other.version, len(group), list(group.ids()), list(group.keys())))
        group.add_item(0x1000, "b", "d", (), dtype="<i4")
        last = group.add_item(0x1000, "a", "", (), dtype="<i4")
        out.append((last.version, list(group.ids()), list(group.keys()), 0x1000 in group, "b" in group))
        out.append((np.int64(0x1000) in group, group[np.uint16(0x1000)] is last, bool(group)))
        return out

    ours, theirs = (story(lib) for lib in both)
    assert ours == theirs
