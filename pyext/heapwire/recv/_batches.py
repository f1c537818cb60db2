# SPDX-License-Identifier: BSD-3-Clause
"""Heaps by the hundred, as tables of numpy columns."""

import logging
import math
import threading
from collections.abc import Mapping

import numpy as np

from heapwire import Stopped, _core
from heapwire.items import Item, ItemGroup, _layout

_logger = logging.getLogger("heapwire")
_Filled = _core.recv._HeapBlock.Filled
_SMALL = 1 << 20  # bytes


class Batch(Mapping):
    """A table: a row for each heap, a column for each item, by name.

    ``batch["name"]`` is an array whose first axis counts the heaps; the others are the item's own. Values of varying shape, and
    those of formats that numpy does not have, are in an array of objects. Where a heap does not have the item, or not with the
    right length, the row is zero (or None), and True in ``batch.missing["name"]``. ``batch.cnt`` has the numbers of the heaps.
    A column that no heap of the batch has takes no memory, and cannot be written to, if it is larger than 1 MiB.
    ``batch.heaps`` is how many rows there are; ``len(batch)`` how many columns, as of every mapping.

    Any number of threads may read one at once; for threads that write to its arrays the rules of numpy hold.
    """

    __slots__ = {
        "_columns": None,
        "cnt": "The numbers of the heaps: an array of uint64, one for each row.",
        "missing": "A dict by item name of arrays of bool: True in the rows whose heap did not have the item.",
    }

    def __init__(self, cnt, columns, missing):
        """Streams make them: see :meth:`Stream.batches`."""
        self.cnt = cnt
        self._columns = columns
        self.missing = missing

    def __getitem__(self, name):
        return self._columns[name]

    def __iter__(self):
        return iter(self._columns)

    def __len__(self):
        return len(self._columns)

    @property
    def heaps(self):
        """How many rows there are."""
        return len(self.cnt)

    def __repr__(self):
        columns = ", ".join(f"{name}: {column.dtype}{column.shape[1:]}" for name, column in self._columns.items())
        return f"<Batch of {self.heaps} heaps; {columns}>"


class Batches:
    """An iterator of batches. What it has taken and not handed out stays with it, so that a wait may be given up.

    It is for one thread at a time; another gets a :exc:`RuntimeError`. Any number of iterators may share a stream.
    """

    def __init__(self, stream, heaps):
        """See :meth:`heapwire.recv.Stream.batches`."""
        self._rows = heaps
        self._most = max(stream.config.max_heap_size, 8)  # what is in an item pointer counts as no payload
        self._block = _core.recv._HeapBlock(stream, heaps)
        self._group = ItemGroup()
        self._announced = None  # items of the last heap's descriptors, not yet in the group
        self._busy = threading.Lock()

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return self._step(True)
        except Stopped:
            raise StopIteration from None

    def _step(self, wait):
        """Return a batch, or None if there is nothing to take just now; raise Stopped at the end."""
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("another thread waits for a batch of this iterator")
        try:
            return self._fill(wait)
        finally:
            self._busy.release()

    def _fill(self, wait):
        block = self._block
        while True:
            if self._announced is not None:
                if len(block) > 1 and any(map(self._replaces, self._announced)):
                    block.cut()
                    return self._batch()
                for item in self._announced:
                    self._group._add_item(item)
                self._announced = None
                block.descriptors_done()
                if len(block) == self._rows:
                    return self._batch()
            filled = block.fill(wait)
            if filled is _Filled.DESCRIPTORS:
                self._announced = self._items_of(*block.last_descriptors())
            elif filled is _Filled.EMPTY:
                return None
            elif filled is _Filled.FULL or len(block):
                return self._batch()
            else:
                raise Stopped("the stream has ended")

    def _items_of(self, descriptors, flavour):
        items = []
        for raw in descriptors:
            try:
                item = Item.from_raw(raw, flavour)
                self._require_possible(item)
            except (ValueError, TypeError, OverflowError) as error:
                _logger.warning("Descriptor with ID %#x is not usable: %s", raw.id, error)
            else:
                items.append(item)
        return items

    def _require_possible(self, item):
        """Raise if no heap can have it, or no array."""
        sizes = [size or 1 for size in item.shape]  # numpy multiplies what is not 0 too
        if item.itemsize_bits * math.prod(sizes) > 8 * self._most:
            raise ValueError(f"shape {item.shape} is more than max_heap_size, {self._most} bytes")
        np.broadcast_to(np.uint8(0), (1, *sizes))  # takes no memory; raises if there are too many dimensions

    def _replaces(self, item):
        """Whether it makes another column of one that is there."""
        for key in (item.id, item.name):
            if key in self._group and _identity(self._group[key]) != _identity(item):
                return True
        return False

    def _batch(self):
        try:
            return self._table()
        finally:  # even if there was no memory for it: the next call goes on behind these heaps
            self._block.begin_next()

    def _table(self):
        block = self._block
        columns, missing, odd = {}, {}, []
        for item in self._group.values():
            shape, _, order, _, dtype, native, has_objects, _ = _layout(item)
            if has_objects or None in shape:
                columns[item.name] = None  # keeps the order
                odd.append(item)
                continue
            raw, missing[item.name] = block.column(item.id, dtype.itemsize * math.prod(shape))
            columns[item.name] = (
                _nothing((len(block), *shape), native) if raw is None else _shaped(raw, shape, order, dtype, native)
            )
        cnt = block.cnts()
        if odd:
            heaps = [{raw.id: raw for raw in heap.get_items()} for heap in block.take_heaps()]
            for item in odd:
                columns[item.name], missing[item.name] = _objects(item, heaps)
        return Batch(cnt, columns, missing)


def batches(self, heaps):
    """Iterate over tables of so many heaps each; see :class:`Batch`. The last one may be shorter.

    A batch ends early before a heap that changes the type of a column. Heaps that bring no values are passed over.
    An iterator is for one thread at a time. :exc:`ValueError` for fewer than one heap.
    """
    return Batches(self, heaps)


_core.recv.Stream.batches = batches


def _identity(item):
    return (item.id, item.name, tuple(item.shape), item.dtype, item.order, item.format)


def _nothing(shape, dtype):
    """What is announced costs the peer a few bytes: only values that came may take memory in proportion."""
    if dtype.itemsize * math.prod(shape) <= _SMALL:
        return np.zeros(shape, dtype)
    return np.broadcast_to(np.zeros((), dtype), shape)


def _shaped(raw, shape, order, dtype, native):
    rows = raw.shape[0]
    column = raw.reshape(-1).view(dtype) if raw.size else np.zeros(rows * math.prod(shape), dtype)
    if order == "F":
        column = column.reshape(rows, *reversed(shape)).transpose(0, *range(len(shape), 0, -1))
    else:
        column = column.reshape(rows, *shape)
    return column if dtype == native else column.astype(native)


def _objects(item, heaps):
    column = np.empty(len(heaps), object)
    missing = np.zeros(len(heaps), bool)
    scratch = Item(item.id, item.name, item.description, item.shape, item.dtype, item.order, item.format)
    for row, raws in enumerate(heaps):
        try:
            scratch.set_from_raw(raws[item.id])
            column[row] = scratch.value
        except (KeyError, ValueError):
            missing[row] = True
    return column, missing
