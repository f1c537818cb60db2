# SPDX-License-Identifier: BSD-3-Clause
"""Heaps from item groups."""

from heapwire import Flavour
from heapwire import ItemGroup as _ItemGroup
from heapwire._core.send import Heap, _HeapFiller


class HeapGenerator:
    """Makes heaps that tell receivers what they do not know yet.

    Descriptors are repeated when ``descriptor_frequency`` heaps have gone by. Heaps are made on one thread at a time, because
    what is due depends on the heap before; two threads at once do no harm, but who knows what their heaps have.
    """

    def __init__(self, item_group, descriptor_frequency=None, flavour=Flavour()):  # noqa: B008 - it is immutable
        """``item_group``: whose items are sent. ``descriptor_frequency``: None sends each descriptor once. ``flavour``: of the heaps."""
        self._item_group = item_group
        self._flavour = flavour
        self._filler = _HeapFiller(descriptor_frequency, flavour)

    def add_to_heap(self, heap, descriptors="stale", data="stale"):
        """Add descriptors and values to a heap, and return it.

        Of each ``"stale"`` (what receivers do not have yet; values by :attr:`Item.version`), ``"all"`` or ``"none"``.
        :exc:`ValueError` for another word.
        """
        self._filler.fill(self._item_group, heap, descriptors, data)
        return heap

    def get_heap(self, descriptors="stale", data="stale"):
        """A new heap; the arguments are those of :meth:`add_to_heap`."""
        return self._filler.new_heap(self._item_group, descriptors, data)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.add_to_heap is not HeapGenerator.add_to_heap and cls.get_heap is HeapGenerator.get_heap:
            cls.get_heap = _get_heap_by_method

    def get_start(self):
        """A heap that says that the stream begins."""
        heap = Heap(self._flavour)
        heap.add_start()
        return heap

    def get_end(self):
        """A heap that says that the stream ends: receivers stop."""
        heap = Heap(self._flavour)
        heap.add_end()
        return heap


def _get_heap_by_method(self, *args, **kwargs):
    """A new heap; the arguments are those of ``add_to_heap``."""
    return self.add_to_heap(Heap(self._flavour), *args, **kwargs)


class ItemGroup(_ItemGroup, HeapGenerator):
    """An item group that makes its own heaps.

    As a group any number of threads may use it at once; as a :class:`HeapGenerator` one at a time.
    """

    def __init__(self, descriptor_frequency=None, flavour=Flavour()):  # noqa: B008 - it is immutable
        """``descriptor_frequency``: after so many heaps a descriptor is repeated; None sends each once. ``flavour``: of the heaps."""
        _ItemGroup.__init__(self)
        HeapGenerator.__init__(self, self, descriptor_frequency, flavour)


for _class in (HeapGenerator, ItemGroup):
    _class.__module__ = "heapwire.send"
del _class
