# SPDX-License-Identifier: BSD-3-Clause
"""What an item can be, when descriptors are sent, and what a receiver sees; through memory, without a network."""

import numpy as np

import heapwire
import heapwire.recv
import heapwire.send

POINT = np.dtype([("azimuth", ">f8"), ("elevation", ">f8")])


def describe(group: heapwire.send.ItemGroup) -> None:
    """Add items of several kinds; an ID of None takes the first free one."""
    group.add_item(None, "voltage", "complex voltages", (2, 512), dtype=np.complex64)
    group.add_item(None, "pointing", "where we look", (), dtype=POINT)
    group.add_item(None, "flags", "odd widths", (8,), format=[("u", 3), ("b", 1)])
    group.add_item(None, "observer", "a text of any length", (None,), format=[("c", 8)])
    group.add_item(0x3000, "timestamp", "travels in the item pointer itself", (), format=[("u", 40)])


def main() -> None:
    pool = heapwire.ThreadPool()
    group = heapwire.send.ItemGroup(flavour=heapwire.Flavour(4, 64, 48))
    describe(group)
    group["voltage"].value = np.arange(1024).reshape(2, 512) * (1 + 1j)
    group["pointing"].value = np.array((1.5, 0.5), POINT)
    group["flags"].value = [(number, number % 2 == 0) for number in range(8)]
    group["observer"].value = "Jocelyn Bell"
    group["timestamp"].value = 1967

    stream = heapwire.send.BytesStream(pool)
    everything = stream.send_heap(group.get_heap())  # descriptors and values, for nobody knows them yet
    group["timestamp"].value += 1
    news = stream.send_heap(group.get_heap())  # only what changed
    again = stream.send_heap(group.get_heap(descriptors="all", data="none"))  # for those who came late
    stream.send_heap(group.get_end())
    print(f"bytes of the heaps: {everything}, {news}, {again}")
    assert news < again < everything

    receiver = heapwire.recv.Stream(pool, ring_config=heapwire.recv.RingStreamConfig(heaps=8))
    receiver.add_buffer_reader(stream.getvalue())
    known = heapwire.ItemGroup()
    changes = [sorted(known.update(heap)) for heap in receiver]
    assert changes == [["flags", "observer", "pointing", "timestamp", "voltage"], ["timestamp"], []], changes
    assert known["voltage"].value[1, 511] == 1023 + 1023j
    assert known["pointing"].value["azimuth"] == 1.5
    assert known["flags"].value[4].item() == (4, True)
    for name in sorted(known.keys()):
        item = known[name]
        print(f"{item.id:#x} {name}: {item.description}; version {item.version}")
    print(known["observer"].value, known["timestamp"].value)


if __name__ == "__main__":
    main()
