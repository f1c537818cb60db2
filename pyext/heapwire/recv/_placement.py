# SPDX-License-Identifier: BSD-3-Clause
"""Ways to say where heaps go that need no compiled code, or no capsules."""

import ctypes

from heapwire import _core

__all__ = ["ItemValue", "LinearPlacement", "PlaceCallback"]

_WORD = (1 << 64) - 1


def _integer(name, value, low=0, high=_WORD):
    value = value.__index__()
    if not low <= value <= high:
        raise ValueError(f"{name}: is {value}; must be from {low} to {high}")
    return value


class _Expression:
    """A constant and terms; each term is (item, subtract, shift, mask, divide, modulo, scale)."""

    __slots__ = ("_base", "_terms")

    def __init__(self, base, terms):
        self._base = base
        self._terms = terms

    def __add__(self, other):
        other = _expression(other)
        if other is None:
            return NotImplemented
        return _Expression(_integer("constant", self._base + other._base), self._terms + other._terms)

    __radd__ = __add__

    def __mul__(self, factor):
        if not hasattr(factor, "__index__"):
            return NotImplemented
        factor = _integer("factor", factor)
        terms = tuple((*term[:6], _integer("factor", term[6] * factor)) for term in self._terms)
        return _Expression(_integer("constant", self._base * factor), terms)

    __rmul__ = __mul__

    def __repr__(self):
        parts = [_show(term) for term in self._terms]
        if self._base or not parts:
            parts.append(str(self._base))
        return " + ".join(parts)


def _show(term):
    item, subtract, shift, mask, divide, modulo, scale = term
    text = f"ItemValue({item:#x})"
    for used, added in (
        (subtract, f" - {subtract}"),
        (shift, f" >> {shift}"),
        (mask != _WORD, f" & {mask:#x}"),
        (divide != 1, f" // {divide}"),
        (modulo, f" % {modulo}"),
    ):
        if used:
            text = f"({text}{added})"
    return text if scale == 1 else f"{text} * {scale}"


def _expression(value):
    if isinstance(value, _Expression):
        return value
    if hasattr(value, "__index__"):
        return _Expression(_integer("constant", value), ())
    return None


class ItemValue(_Expression):
    """The value of an immediate item of a heap's first packet, to be reckoned with.

    ``-``, ``>>``, ``&``, ``//`` and ``%`` take integers and must come in this order, each at most once, before ``*`` and ``+``. A
    heap whose value is missing, or less than what is subtracted, is rejected. It does not change: any number of threads may share
    one.
    """

    __slots__ = ("_done",)
    _ORDER = ("-", ">>", "&", "//", "%")

    def __init__(self, item):
        """``item``: its ID; 1 to 4 are the heap's number, its length, and the packet's offset and length."""
        super().__init__(0, ((_integer("item", item), 0, 0, _WORD, 1, 0, 1),))
        self._done = 0

    def _then(self, operation, name, value, low, high=_WORD):
        if not hasattr(value, "__index__"):
            return NotImplemented
        place = self._ORDER.index(operation)
        if place < self._done:
            raise ValueError(f"{self!r} {operation} {value}: operations must come in the order {' '.join(self._ORDER)}")
        term = list(self._terms[0])
        term[place + 1] = _integer(name, value, low, high)
        made = ItemValue(term[0])
        made._terms = (tuple(term),)
        made._done = place + 1
        return made

    def __sub__(self, value):
        return self._then("-", "subtracted", value, 0)

    def __rshift__(self, value):
        return self._then(">>", "shift", value, 0, 63)

    def __and__(self, value):
        return self._then("&", "mask", value, 0)

    def __floordiv__(self, value):
        return self._then("//", "divisor", value, 1)

    def __mod__(self, value):
        return self._then("%", "modulus", value, 1)


class LinearPlacement(_core.recv._LinearRule):
    """The built-in placement, for :attr:`ChunkStreamConfig.place`: integers, :class:`ItemValue`, and sums of these.

    The items that are needed are found by themselves; they need not stand in ``ChunkStreamConfig.items``. With ``heap_size`` heaps
    of another length are rejected. Values of the items in ``extra`` go to ``Chunk.extra`` as 64-bit integers: those of the heap
    with index i to row i, -1 where they are missing. It does not change: any number of threads and streams may share one.
    """

    def __init__(self, chunk_id, heap_index, heap_offset, *, heap_size=0, extra=()):
        """``chunk_id``: number of the chunk. ``heap_index``: which byte of ``present``. ``heap_offset``: byte of ``data``.

        ``heap_size``: bytes of a heap, 0 for any. ``extra``: IDs. :exc:`TypeError` for what is neither an integer nor of
        :class:`ItemValue`; :exc:`ValueError` for what is negative or too large.
        """
        parts = []
        for name, value in (("chunk_id", chunk_id), ("heap_index", heap_index), ("heap_offset", heap_offset)):
            expression = _expression(value)
            if expression is None:
                raise TypeError(f"{name}: an integer or an expression of ItemValue is needed, not {value!r}")
            parts.append((expression._base, expression._terms))
        extra = [_integer("extra", item) for item in extra]
        super().__init__(*parts, _integer("heap_size", heap_size), extra)
        self._text = (
            f"LinearPlacement(chunk_id={chunk_id!r}, heap_index={heap_index!r}, heap_offset={heap_offset!r}, "
            f"heap_size={heap_size}, extra={extra})"
        )

    def __repr__(self):
        return self._text


def _address(function):
    if isinstance(function, int):
        return function
    if isinstance(function, ctypes._CFuncPtr):
        return ctypes.cast(function, ctypes.c_void_p).value or 0
    if isinstance(getattr(function, "address", None), int):  # numba.cfunc
        return function.address
    if type(function).__module__ == "_cffi_backend":
        import _cffi_backend

        return int(_cffi_backend.cast(_cffi_backend.new_primitive_type("uintptr_t"), function))
    raise TypeError(
        f"function: {function!r} has no address; needed is an int, or a function of ctypes, cffi or numba.cfunc"
    )


class PlaceCallback(tuple):
    """A compiled function for :attr:`ChunkStreamConfig.place`, made of its address.

    ``function`` is an address, a function of ctypes or cffi, or what ``numba.cfunc`` makes. It is called as
    ``void f(chunk_place_data *heap, size_t size)``; with ``batch`` as ``void f(chunk_place_data *heaps, size_t count, size_t size)``.
    With ``context``, an address or a ctypes pointer, it gets that as its last argument. It must not call Python: a ctypes callback
    into Python is none. Both objects are kept; what an address points to is yours to keep. It does not change, and any number of
    threads may share one; streams on different threads that have it call the function at the same time.
    """

    __slots__ = ()

    def __new__(cls, function, context=None, *, batch=False):
        if context is None:
            where = 0
        else:
            where = context if isinstance(context, int) else ctypes.cast(context, ctypes.c_void_p).value or 0
        capsule = _core.recv._place_capsule(_address(function), where, context is not None, batch)
        return super().__new__(cls, (capsule, function, context))
