# SPDX-License-Identifier: BSD-3-Clause
"""Items on their own: lifetimes, versions, live memory, overriding, where we do better than the incumbent."""

import copy
import gc
import logging
import pickle
import threading
import weakref

import numpy as np
import pytest

import heapwire
import heapwire.recv
import heapwire.send
from items_support import pack, receive, round_trip, wire
from packets import packet


def item(shape=(), value=None, **how):
    return heapwire.Item(0x1000, "n", "d", shape, value=value, **how)


def test_a_received_array_is_a_writable_view_that_keeps_the_heap_alive():
    (heap,) = receive(heapwire, pack(heapwire, item((4,), np.arange(4, dtype="<i4"), dtype="<i4")))
    group = heapwire.ItemGroup()
    group.update(heap)
    value = group["n"].value
    gone = weakref.ref(heap)
    del heap
    assert gone() is not None
    value[0] = 77
    assert value.tolist() == [77, 1, 2, 3] and not value.flags.owndata
    del value, group
    gc.collect()
    assert gone() is None


def test_a_view_may_be_misaligned():
    group = round_trip(
        heapwire,
        heapwire.Item(0x1001, "pad", "", (9,), dtype="u1", value=np.zeros(9, "u1")),
        heapwire.Item(0x1002, "n", "", (3,), dtype="<f8", value=np.arange(3.0)),
    )
    assert group["n"].value.sum() == 3.0 and group["n"].value.flags.writeable


def test_versions_count_as_the_reference_says():
    one = item(value=1, dtype="<i4")
    assert one.version == 1
    one.value = 2
    assert one.version == 2
    one.version += 5
    assert one.version == 7
    assert round_trip(heapwire, one)["n"].version == 3


def test_none_is_no_value():
    one = item(dtype="<i4")
    assert one.value is None
    with pytest.raises(ValueError):
        one.value = None
    with pytest.raises(ValueError, match="n"):
        one.to_buffer()


def test_value_is_a_keyword():
    with pytest.raises(TypeError):
        heapwire.Item(1, "n", "d", (), "i4", "C", None, 5)


def test_an_array_of_the_right_type_is_its_own_buffer():
    array = np.zeros((2, 3), "<f4")
    assert item((2, 3), array, dtype="<f4").to_buffer() is array
    columns = np.asfortranarray(array)
    assert np.shares_memory(item((2, 3), columns, dtype="<f4", order="F").to_buffer(), columns)


@pytest.mark.parametrize("bits", (8, 16, 24, 32, 40, 48, 56))
def test_a_word_is_sent_as_it_is_when_the_packet_is_made(bits):
    word = np.array(1, ">u8")
    heap = heapwire.send.Heap()
    heap.add_item(item((), word, format=[("u", bits)]))
    word[()] = 5
    (back,) = receive(heapwire, wire(heapwire, heap))
    assert int.from_bytes(bytes(memoryview(back.get_items()[0])), "big") == 5


def test_negative_numbers_of_odd_width():
    assert round_trip(heapwire, item((), -5, format=[("i", 24)]))["n"].value == -5


def test_an_empty_immediate_is_an_empty_array():
    assert round_trip(heapwire, item((0,), [], dtype="<i4"))["n"].value.shape == (0,)


def test_times_can_be_sent():
    value = np.array(["2020-01-01", "2021-01-01"], "<M8[s]")
    assert (round_trip(heapwire, item((2,), value, dtype="<M8[s]"))["n"].value == value).all()


def test_an_assigned_attribute_counts_at_once():
    one = item((2,), [1, 2], dtype="<i4")
    assert len(memoryview(one.to_buffer()).cast("B")) == 8
    one.dtype = np.dtype("<i2")
    assert len(memoryview(one.to_buffer()).cast("B")) == 4
    one.shape = (3,)
    with pytest.raises(ValueError):
        one.to_buffer()


def test_a_subclass_may_override_what_is_sent():
    class Loud(heapwire.Item):
        def to_buffer(self):
            return b"loud"

    group = heapwire.send.ItemGroup()
    group._add_item(Loud(0x1000, "n", "", (None,), format=[("c", 8)], value="quiet"))
    (heap,) = receive(heapwire, wire(heapwire, group.get_heap()))
    assert heapwire.ItemGroup().update(heap)["n"].value == "loud"


def test_a_subclass_may_override_how_it_is_read():
    class Doubling(heapwire.Item):
        def set_from_raw(self, raw_item, new_order="="):
            super().set_from_raw(raw_item, new_order)
            self.value = self.value * 2

    group = heapwire.ItemGroup()
    group._add_item(Doubling(0x1000, "n", "d", (), dtype="<i4"))
    (heap,) = receive(heapwire, pack(heapwire, item((), 21, dtype="<i4")))
    assert group.update(heap)["n"].value == 42


def test_anything_with_the_three_members_can_be_added():
    class Duck:
        id = 0x1234

        def to_buffer(self):
            return bytearray(b"quack...")

        def allow_immediate(self):
            return False

    heap = heapwire.send.Heap()
    heap.add_item(Duck())
    (back,) = receive(heapwire, wire(heapwire, heap))
    assert bytes(memoryview(back.get_items()[0])) == b"quack..."


def test_a_generator_fills_whatever_has_the_methods():
    seen = []

    class Pot:
        def add_item(self, one):
            seen.append(("item", one.id))

        def add_descriptor(self, one):
            seen.append(("descriptor", one.id))

    group = heapwire.send.ItemGroup()
    group.add_item(0x2000, "a", "", (), dtype="i4", value=1)
    pot = Pot()
    assert group.add_to_heap(pot) is pot
    assert seen == [("descriptor", 0x2000), ("item", 0x2000)]


def test_an_overridden_add_to_heap_is_used():
    class Ending(heapwire.send.ItemGroup):
        def add_to_heap(self, heap, descriptors="all", data="all", extra=None):
            super().add_to_heap(heap, descriptors, data)
            if extra:
                heap.add_end()
            return heap

    (heap,) = receive(heapwire, wire(heapwire, Ending().get_heap(extra=True)))
    assert heap.is_end_of_stream()


def test_modes_are_checked():
    group = heapwire.send.ItemGroup()
    for bad in ({"data": "new"}, {"descriptors": ""}):
        with pytest.raises(ValueError):
            group.get_heap(**bad)
    with pytest.raises(TypeError):
        group.get_heap(nonsense=1)


def test_a_group_refuses_other_things():
    group = heapwire.ItemGroup()
    with pytest.raises(TypeError):
        group["a"] = 1
    with pytest.raises(TypeError):
        del group["a"]
    with pytest.raises(KeyError):
        group["a"]
    with pytest.raises(KeyError):
        list(group)
    with pytest.raises(AttributeError):
        group.update(object())


def test_replacement_and_unknown_items_are_logged(caplog):
    group = heapwire.ItemGroup()
    with caplog.at_level(logging.INFO, "heapwire"):
        group.add_item(0x1000, "a", "", (), dtype="i4")
        group.add_item(0x1000, "b", "", (), dtype="i4")
        (heap,) = receive(heapwire, packet(1, b"abcdefgh", items=[(0x1234, 0, False)]))
        assert group.update(heap) == {}
    said = [(r.levelname, r.getMessage()) for r in caplog.records]
    assert any(level == "INFO" and "0x1000" in text and "a" in text for level, text in said)
    assert any(level == "WARNING" and "0x1234" in text for level, text in said)


def test_too_few_bytes_name_the_item():
    (heap,) = receive(heapwire, packet(1, b"abc", items=[(0x1000, 0, False)]))
    group = heapwire.ItemGroup()
    group.add_item(0x1000, "short one", "", (2,), dtype="<i4")
    with pytest.raises(ValueError, match="short one"):
        group.update(heap)


def test_repeated_descriptors_leave_the_item_alone():
    data = pack(heapwire, item((2,), [1, 2], dtype="<i4"))
    group = heapwire.ItemGroup()
    group.update(receive(heapwire, data)[0])
    first = group["n"]
    group.update(receive(heapwire, data)[0])
    assert group["n"] is first and first.version == 5
    first.description = "changed by hand"
    group.update(receive(heapwire, data)[0])
    assert group["n"] is not first and group["n"].version == 8


def test_cycles_through_a_group_are_collected():
    group = heapwire.send.ItemGroup()
    group.add_item(0x1000, "a", "", (), dtype="i4")
    group["a"].value = [group]
    gone = weakref.ref(group)
    del group
    gc.collect()
    assert gone() is None


def test_many_threads_on_one_group():
    tx = heapwire.send.ItemGroup()
    tx.add_item(0x1000, "a", "", (4,), dtype=">i4", value=np.arange(4))
    tx.add_item(0x1001, "b", "", (), dtype="<f8", value=1.5)
    (heap,) = receive(heapwire, wire(heapwire, tx.get_heap()))
    group = heapwire.send.ItemGroup()
    failures = []

    def work(number):
        try:
            for i in range(200):
                group.update(heap)
                group.add_item(None, f"own {number}", str(i), (), dtype="i4", value=i)
                group.get_heap("all", "all")
                group["a"].value = np.arange(4)
                list(group.values())
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert group["a"].value.tolist() == [0, 1, 2, 3] and len(group) == 6


def test_thousands_of_items_cost_thousands_of_steps_and_not_their_square():
    """Nobody measures: with a copy of the group for each item this takes minutes, and the limit of every test ends it."""
    count = 12000
    heap = heapwire.send.Heap()
    group = heapwire.ItemGroup()
    for i in range(count):
        group.add_item(None if i % 2 else 0x2000 + i, f"i{i}", "", (), format=[("u", 8)])
        heap.add_descriptor(heapwire.Descriptor(0x2000 + i, f"i{i}", "", (), format=[("u", 8)]))
    assert len(group) == count and group["i1"].id == 0x1000 and group["i3"].id == 0x1001
    (received,) = receive(heapwire, wire(heapwire, heap))
    group = heapwire.ItemGroup()
    assert group.update(received) == {}
    assert list(group.ids()) == [0x2000 + i for i in range(count)]
    for i in range(count):
        group.add_item(0x2000 + i, f"j{i}", "", (), format=[("u", 8)])
    assert list(group.keys()) == [f"j{i}" for i in range(count)]


class Loud(int):
    """A key that runs code of ours, which changes the group."""

    __slots__ = ()
    __hash__ = int.__hash__
    during = None

    def __eq__(self, other):
        if Loud.during:
            action, Loud.during = Loud.during, None
            action()
        return int(self) == other


@pytest.mark.parametrize("kind", [int, np.int64, Loud], ids=lambda kind: kind.__name__)
def test_a_group_is_what_its_rules_say(kind):
    random = np.random.default_rng(5)
    group, model, views = heapwire.ItemGroup(), [], []
    for step in range(3000):
        id, name = kind(0x1000 + random.integers(60)), f"n{random.integers(60)}"
        item = group.add_item(id, name, str(step), (), dtype="u1")
        model = [(i, n, old) for i, n, old in model if i != id and n != name] + [(id, name, item)]
        if random.integers(8) == 0:
            views.append((group.keys(), [n for _, n, _ in model]))
            views.append((group.ids(), [i for i, _, _ in model]))
            views.append((group.values(), [old for _, _, old in model]))
            views.append((group.items(), [(n, old) for _, n, old in model]))
        assert len(group) == len(model) and group[id] is group[name] is item
        if random.integers(8) == 0:
            assert [(i.id, i.name, i) for i in group.values()] == model
            absent = next(i for i in range(0x1000, 0x2000) if i not in [i for i, _, _ in model])
            chosen = group.add_item(None, "chosen", str(step), (), dtype="u1")
            model = [one for one in model if one[1] != "chosen"] + [(absent, "chosen", chosen)]
            assert chosen.id == absent
    assert len(views) > 100 and all(list(view) == was for view, was in views)


def test_a_key_may_change_the_group_while_it_is_added():
    group = heapwire.ItemGroup()
    group.add_item(Loud(5), "first", "", (), dtype="u1")
    Loud.during = lambda: group.add_item(0x3000, "inside", "", (), dtype="u1")
    group.add_item(5, "second", "", (), dtype="u1")
    assert Loud.during is None
    assert sorted(group.keys()) == ["inside", "second"] and group[5].name == "second"


def test_what_goes_may_change_the_group():
    group = heapwire.ItemGroup()

    class Last(heapwire.Item):
        def __del__(self):
            group.add_item(0x3000, "last words", "", (), dtype="u1")

    group._add_item(Last(0x1000, "a", "", (), dtype="u1"))
    group.add_item(0x1000, "b", "", (), dtype="u1")
    gc.collect()
    assert sorted(group.keys()) == ["b", "last words"]


def test_items_can_be_copied_and_pickled():
    one = item((2,), [1, 2], dtype="<i4")
    one.note = "mine"
    one.value = [3, 4]
    for other in (copy.copy(one), pickle.loads(pickle.dumps(one))):
        assert (other.name, other.value, other.version, other.note) == ("n", [3, 4], 2, "mine")
        other.value = [5, 6]
        assert one.value == [3, 4]
