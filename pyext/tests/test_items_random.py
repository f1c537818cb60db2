# SPDX-License-Identifier: BSD-3-Clause
"""Random items there and back, and random bytes as items and descriptors."""

import numpy as np
import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

import heapwire  # noqa: E402
import heapwire.recv  # noqa: E402
import heapwire.send  # noqa: E402
from items_support import receive, round_trip  # noqa: E402
from packets import packet  # noqa: E402

modest = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
fields = st.one_of(
    st.tuples(st.sampled_from("ui"), st.integers(1, 130)),
    st.tuples(st.just("b"), st.integers(1, 70)),
    st.tuples(st.just("f"), st.sampled_from((32, 64))),
)


def values_of(field):
    code, bits = field
    if code == "u":
        return st.integers(0, (1 << bits) - 1)
    if code == "i":
        return st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    if code == "b":
        return st.booleans()
    return st.floats(width=bits, allow_nan=False)


@modest
@given(st.data())
def test_fields_of_any_width_come_back(data):
    format = data.draw(st.lists(fields, min_size=1, max_size=4))
    count = data.draw(st.integers(1, 5))
    rows = [tuple(data.draw(values_of(field)) for field in format) for _ in range(count)]
    value = [row[0] for row in rows] if len(format) == 1 else rows
    item = heapwire.Item(0x1000, "n", "", (count,), format=format, value=value)
    assert round_trip(heapwire, item)["n"].value.tolist() == value


simple = st.sampled_from("? i1 <u2 >i4 <i8 >u8 <f2 >f4 <f8 <c8 >c16 S3 <U2 >U2 V5 <M8[s] >m8[ms]".split()).map(np.dtype)
records = st.lists(simple, min_size=1, max_size=4).map(lambda of: np.dtype([(f"field {i}", d) for i, d in enumerate(of)]))
padded = st.lists(simple, min_size=1, max_size=4).map(
    lambda of: np.dtype([(f"f{i}", d, (2,) if i else ()) for i, d in enumerate(of)], align=True)
)
kinds = st.one_of(simple, records, padded)


@modest
@given(st.data())
def test_arrays_of_any_type_come_back(data):
    dtype = data.draw(kinds)
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    order = data.draw(st.sampled_from("CF"))
    size = dtype.itemsize * int(np.prod(shape))
    raw = data.draw(st.binary(min_size=size, max_size=size))
    if dtype.kind in "UV" or dtype.names:
        raw = bytes(size)  # not every pattern of bits is a character
    value = np.frombuffer(raw, dtype).reshape(shape)
    back = round_trip(heapwire, heapwire.Item(0x1000, "n", "", shape, dtype=dtype, order=order, value=value))
    native = value.astype(back["n"].dtype.newbyteorder("="))
    assert back["n"].value.dtype == native.dtype
    assert repr(back["n"].value.tolist()) == repr(native.tolist())


descriptions = st.one_of(
    st.fixed_dictionaries({"format": st.lists(fields, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"dtype": kinds, "order": st.sampled_from("CF")}),
)


@modest
@given(descriptions, st.lists(st.integers(0, 5), max_size=3), st.booleans(), st.binary(min_size=1, max_size=80))
def test_random_bytes_are_a_value_or_a_value_error(how, shape, vary, payload):
    if vary and "format" in how:
        shape = [*shape, None]
    (heap,) = receive(heapwire, packet(1, payload, items=[(0x1000, 0, False)]))
    group = heapwire.ItemGroup()
    group.add_item(0x1000, "n", "", shape, **how)
    try:
        group.update(heap)
    except ValueError:
        return
    repr(group["n"].value)


@modest
@given(st.data())
def test_random_descriptors_are_items_or_value_errors(data):
    raw = heapwire._core.RawDescriptor()
    raw.id = data.draw(st.integers(0, 1 << 40))
    raw.name = data.draw(st.binary(max_size=4))
    pieces = ["'descr'", "'fortran_order'", "'shape'", "{", "}", ":", ",", "(", ")", "[", "]", "'<f4'", "'|O'", "True"]
    pieces += ["False", "1", "-1", "99999999999999999999", "''", "'a'", "'|V0'", "'<U3'", " ", "__import__('os')"]
    text = data.draw(st.one_of(st.lists(st.sampled_from(pieces), max_size=20).map("".join), st.text(max_size=20)))
    if data.draw(st.booleans()):
        text = f"{{'descr': {text}, 'fortran_order': False, 'shape': (2,)}}"
    raw.numpy_header = text.encode("utf-8", "surrogatepass")
    raw.shape = data.draw(st.lists(st.one_of(st.none(), st.integers(-5, 1 << 62)), max_size=4))
    raw.format = data.draw(st.lists(st.tuples(st.sampled_from("uifbc0x"), st.integers(0, 1 << 40)), max_size=4))
    try:
        heapwire.Item.from_raw(raw, heapwire.Flavour(4, 64, 40, data.draw(st.integers(0, 7))))
    except ValueError:
        pass
