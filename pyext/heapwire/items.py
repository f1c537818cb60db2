# SPDX-License-Identifier: BSD-3-Clause
"""Descriptors, items and groups of items.

What happens for each heap is in the extension; here is what happens when a descriptor is made or changes.
"""

import ast
import logging
import numbers

import numpy as np

from heapwire import _core

_logger = logging.getLogger("heapwire")
_FORMATS = {
    **{("u", 8 * n): f">u{n}" for n in (1, 2, 4, 8)},
    **{("i", 8 * n): f">i{n}" for n in (1, 2, 4, 8)},
    ("f", 32): ">f4",
    ("f", 64): ">f8",
    ("b", 8): "?",
    ("c", 8): "S1",
}
# Of the state in the extension, for copies and pickles.
_ATTRIBUTES = ("id", "name", "description", "shape", "dtype", "order", "format", "_value", "_version")
_MAX_FIELD_BITS = 1 << 32
_MAX_FIELDS = 4096


def _field_type(code, bits):
    if bits == 0:
        raise ValueError("format: a field of zero length (bug_compat mismatch?)")
    if bits < 0:
        raise ValueError(f"format: a field of negative length {bits}")
    if isinstance(bits, float):
        raise TypeError(f"format: a length of {bits!r}: an int is needed")
    known = _FORMATS.get((code, bits))
    if known is None and code not in ("u", "i", "b"):
        raise ValueError(f"illegal format ({code}, {bits})")
    if bits > _MAX_FIELD_BITS:
        raise ValueError(f"format: a field of {bits} bits is too long")
    return known or "O"


def _layout(descriptor):
    """What the extension has to know; see make_plan in item_plan.h."""
    d = descriptor
    dtype = d._parse_format(d.format) if d.dtype is None else np.dtype(d.dtype)
    text = len(d.shape) == 1 and d.format == [("c", 8)]
    return (d.shape, d.dtype, d.order, d.format, dtype, dtype.newbyteorder("="), dtype.hasobject, text)


class Descriptor(_core._ItemState):
    """What an item is: its ID, name, type and shape.

    Give either ``dtype`` or ``format``, a list of ``(code, bits)``. One dimension may be ``None``: it varies.
    Any number of threads may read and assign attributes at once.
    """

    def __init__(self, id, name, description, shape, dtype=None, order="C", format=None):
        """``id``: from 0x1000 on by convention. ``name`` and ``description``: ASCII. ``shape``: lengths, ``()`` for a scalar.

        ``dtype``: what :class:`numpy.dtype` takes. ``order``: ``"C"`` or ``"F"``. ``format``: codes are u, i, f, b, c, and a field
        may have any number of bits. :exc:`ValueError` for a type that cannot be sent.
        """
        shape = tuple(shape)
        unknown = sum(size is None for size in shape)
        if unknown > 1:
            raise ValueError("shape: only one dimension may be None")
        if dtype is not None:
            dtype = np.dtype(dtype)
            if dtype.hasobject:
                raise ValueError("dtype: Python objects cannot be sent")
            if dtype.itemsize == 0:
                raise ValueError("dtype: elements of no size cannot be sent")
            if format is not None:
                raise ValueError("only one of dtype and format can be given")
            if unknown:
                raise ValueError("shape: no dimension may be None with a dtype; use format")
        elif format is None:
            raise ValueError("one of dtype and format must be given")
        if order not in ("C", "F"):
            raise ValueError(f"order is {order!r}; must be 'C' or 'F'")
        if format is not None:
            if order != "C":
                raise ValueError("order: must be 'C' with a format")
            self._parse_format(format)
        self.id = id
        self.name = name
        self.description = description
        self.shape = shape
        self.dtype = dtype
        self.order = order
        self.format = format

    def __getstate__(self):
        return self.__dict__.copy(), {name: getattr(self, name) for name in _ATTRIBUTES}

    def __setstate__(self, state):
        self.__dict__.update(state[0])
        for name, value in state[1].items():
            if name != "_value" or value is not None:
                setattr(self, name, value)

    @classmethod
    def _parse_format(cls, format):
        types = [_field_type(code, bits) for code, bits in format]
        if not types:
            raise ValueError("empty format")
        if len(types) > _MAX_FIELDS:
            raise ValueError(f"format: {len(types)} fields are too many")
        if len(types) == 1:
            return np.dtype(types[0])
        return np.dtype([(f"f{i}", field) for i, field in enumerate(types)])

    @property
    def itemsize_bits(self):
        """Bits of one element, an int."""
        if self.dtype is not None:
            return 8 * self.dtype.itemsize
        return sum(bits for _, bits in self.format)

    def is_variable_size(self):
        """Whether a dimension varies."""
        return any(size is None for size in self.shape)

    def allow_immediate(self):
        """Whether values may travel inside an item pointer, if they are small enough."""
        return not self.is_variable_size() and (self.dtype is not None or self.itemsize_bits % 8 == 0)

    def dynamic_shape(self, max_elements):
        """The shape of a value of at most that many elements: the dimension that varies is as long as fits."""
        if not self.is_variable_size():
            return self.shape
        known = 1
        for size in self.shape:
            known *= 1 if size is None else size
        varying = max_elements // known if known else 0
        return [varying if size is None else size for size in self.shape]

    def compatible_shape(self, shape):
        """Whether a value of that shape fits; a dimension of ``None`` fits every length."""
        return len(shape) == len(self.shape) and all(
            mine is None or mine == other for mine, other in zip(self.shape, shape)
        )

    def to_raw(self, flavour):
        """The descriptor as it travels, for a heap of that :class:`Flavour`. ``UnicodeError`` if name or description is not ASCII."""
        raw = _core.RawDescriptor()
        raw.id = self.id
        raw.name = self.name.encode("ascii")
        raw.description = self.description.encode("ascii")
        raw.shape = self.shape
        if self.dtype is None:
            raw.format = self.format
            return raw
        dtype = self.dtype
        if flavour.bug_compat & _core.BUG_COMPAT_SWAP_ENDIAN:
            dtype = dtype.newbyteorder()
        header = {
            "descr": np.lib.format.dtype_to_descr(dtype),
            "fortran_order": self.order == "F",
            "shape": tuple(int(size) for size in self.shape),
        }
        raw.numpy_header = repr(header).encode("ascii")
        return raw

    @classmethod
    def from_raw(cls, raw_descriptor, flavour):
        """The descriptor that arrived in a heap of that flavour. :exc:`ValueError` if it makes no sense."""
        raw = raw_descriptor
        name = raw.name.decode("ascii")
        description = raw.description.decode("ascii")
        if not raw.numpy_header:
            return cls(raw.id, name, description, raw.shape, format=raw.format)
        shape, order, dtype = _read_header(raw.numpy_header, flavour.bug_compat)
        return cls(raw.id, name, description, shape, order=order, dtype=dtype)


def _read_header(header, bug_compat):
    """The core's grammar decides whether it is a header. What it lets pass are short literals."""
    swap = bool(bug_compat & _core.BUG_COMPAT_SWAP_ENDIAN)
    fields = ast.literal_eval(_core._check_numpy_header(header.decode("latin-1"), swap))
    try:
        dtype = np.lib.format.descr_to_dtype(fields["descr"])
    except (TypeError, ValueError, SyntaxError, RecursionError) as error:
        raise ValueError(f"numpy header: descr is no type: {error}") from error
    return fields["shape"], "F" if fields["fortran_order"] else "C", dtype


class Item(Descriptor):
    """A descriptor with a value and a version, which counts assignments.

    Any number of threads may assign, send and receive at once: each sees the old value or the new one.
    """

    def __init__(self, id, name, description, shape, dtype=None, order="C", format=None, *, value=None):
        """The arguments are those of :class:`Descriptor`; and the first value, if there is one already."""
        super().__init__(id, name, description, shape, dtype, order, format)
        if value is not None:
            self._value = value
        self._version = 1

    value = _core._ItemState._value
    version = _core._ItemState._version

    def __repr__(self):
        kind = f"format={self.format}" if self.dtype is None else f"dtype={self.dtype}"
        return f"{type(self).__name__}({self.id:#x}, {self.name!r}, shape={tuple(self.shape)}, {kind}, version={self.version})"

    def to_buffer(self):
        """The value as it travels: an object with the buffer protocol.

        If the value is an array of the right type and layout it is that array, so later changes are sent.
        """
        return _core._to_buffer(self)

    def set_from_raw(self, raw_item, new_order="="):
        """Decode a received raw item and assign it; :exc:`ValueError` if it does not fit the descriptor.

        ``new_order``: byte order of an array, ``"="`` (this machine's) by default, ``"|"`` leaves it as it came.
        """
        _core._set_from_raw(self, raw_item, new_order)

    # The package does without these two; programs that pack bits by hand use them.

    @classmethod
    def _write_bits(cls, array):
        """Fill an array: after ``send(None)`` with ``send((value, bits))``; ``close()`` writes the last bits."""
        waiting = count = at = 0
        try:
            while True:
                value, bits = yield
                if not 0 <= value < 1 << bits:
                    raise ValueError(f"{value} is out of range for {bits} bits")
                waiting, count = waiting << bits | value, count + bits
                while count >= 8:
                    count -= 8
                    array[at] = waiting >> count
                    waiting &= (1 << count) - 1
                    at += 1
        except GeneratorExit:
            if count:
                array[at] = waiting << 8 - count

    @classmethod
    def _read_bits(cls, raw_value):
        """Take a buffer apart: after ``send(None)`` each ``send(bits)`` answers so many, and ends when they are gone."""
        whole = memoryview(raw_value).cast("B")
        at = 0
        bits = yield 0
        while at + bits <= 8 * len(whole):
            at += bits
            piece = whole[(at - bits) // 8 : -(-at // 8)]
            bits = yield int.from_bytes(piece, "big") >> -at % 8 & ((1 << bits) - 1)


class ItemGroup(_core._ItemTable):
    """Items by ID and by name.

    Any number of threads may use one at once: each sees it before or after a change, and what keys(), values() and so on
    answer stays as it was. Two updates at once apply their values in any order.
    """

    def add_item(self, *args, **kwargs):
        """Make an :class:`Item` of the arguments and add it; an ID of ``None`` becomes the first free one.

        If there is an identical descriptor its item stays and gets the new value. Otherwise items with the same ID or
        name are removed.
        """
        item = Item(*args, **kwargs)
        self._add_item(item)
        return item

    def __contains__(self, key):
        try:
            self[key]
        except KeyError:
            return False
        return True


_Heap = _core.recv.Heap


def _update(group, heap, new_order="="):
    """For what looks like a heap."""
    if type(heap) is _Heap:
        return group._update(heap, new_order)
    flavour = heap.flavour
    for raw in heap.get_descriptors():
        group._add_item(Item.from_raw(raw, flavour))
    updated = {}
    for raw in heap.get_items():
        if raw.id <= _core.STREAM_CTRL_ID:
            continue
        if raw.id not in group:
            _log_unknown(raw.id)
            continue
        item = group[raw.id]
        item.set_from_raw(raw, new_order)
        item.version += 1
        updated[item.name] = item
    return updated


def _as_array(value, dtype, order, dimensions):
    if dimensions == 1 and isinstance(value, (str, bytes)):
        value = [value[i : i + 1] for i in range(len(value))]
    return np.asarray(value, dtype=dtype, order=order)


_WORD = np.dtype(">u8")


def _pack_integer(value, size, native, name):
    """The low bytes of a 64-bit word; a view of one is sent as it is at the time."""
    if native and (value.dtype != _WORD or value.ndim):
        return None
    if isinstance(value, int):
        if not -(1 << 63) <= value < 1 << 64:
            raise OverflowError(f"Item {name}: {value} is too large for 64 bits")
        return (value & ((1 << 64) - 1)).to_bytes(8, "big")[8 - size :]
    array = np.asarray(value, dtype=_WORD)
    if array.ndim:
        raise ValueError(f"Item {name}: value has shape {array.shape}, expected ()")
    return array.reshape(1).view("u1")[8 - size :]


def _join_fields(rows, dtype, shape):
    array = np.empty(len(rows), dtype)
    array[:] = rows
    return array.reshape(shape)


def _log_replaced(name, id):
    _logger.info("Descriptor replacement for ID %#x, name %s", id, name)


def _log_unknown(id):
    _logger.warning("Item with ID %#x received but there is no descriptor", id)


_core._set_item_hooks(
    item_type=Item,
    layout=_layout,
    from_raw=Item.from_raw,
    to_raw=Descriptor.to_raw,
    as_array=_as_array,
    pack_integer=_pack_integer,
    join_fields=_join_fields,
    update=_update,
    log_replaced=_log_replaced,
    log_unknown=_log_unknown,
    integral=numbers.Integral,
)

for _class in (Descriptor, Item, ItemGroup):
    _class.__module__ = "heapwire"
del _class
