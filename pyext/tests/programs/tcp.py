# SPDX-License-Identifier: BSD-3-Clause
"""Over TCP nothing is lost and the end of the connection ends the stream. Values of many types."""

import logging
import socket

import numpy as np
import spead2
import spead2.recv
import spead2.send

logging.disable()

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
rx = spead2.recv.Stream(spead2.ThreadPool())
rx.add_tcp_reader(listener)
tx = spead2.send.TcpStream(spead2.ThreadPool(), [listener.getsockname()])
listener.close()

group = spead2.send.ItemGroup()
point = np.dtype([("x", "<f4"), ("y", "<f4"), ("flag", "?")])
group.add_item(0x1001, "text", "variable", (None,), format=[("c", 8)], value="pulsar")
group.add_item(0x1002, "gain", "complex", (2, 3), dtype="<c8", value=np.arange(6).reshape(2, 3) * (1 + 2j))
group.add_item(0x1003, "points", "structured", (4,), dtype=point, value=np.zeros(4, point))
group.add_item(0x1004, "columns", "Fortran order", (3, 2), dtype="<u2", order="F", value=[[1, 2], [3, 4], [5, 6]])
group.add_item(0x1005, "nibbles", "odd widths", (5,), format=[("u", 4)], value=[1, 15, 0, 7, 8])
group.add_item(0x1006, "pairs", "fields", (2,), format=[("u", 12), ("i", 4)], value=[(4095, -8), (1, 7)])
group.add_item(0x1007, "answer", "immediate", (), format=[("i", 32)], value=-42)
group.add_item(0x1008, "matrix", "variable", (None, 4), format=[("f", 64)], value=np.eye(4)[:2])
tx.send_heap(group.get_heap())
group["text"].value = "a much longer text than before"
group["matrix"].value = np.ones((7, 4))
tx.send_heap(group.get_heap())
for i in range(3):
    tx.send_heap(group.get_heap(descriptors="none", data="all"), cnt=1000 + i)
try:
    tx.send_heap(group.get_heap(), substream_index=1)
except OSError as error:
    print(type(error).__name__, error.errno)
del tx

received = spead2.ItemGroup()
for heap in rx:
    changed = received.update(heap)
    print("heap", heap.cnt, len(heap.get_items()), [d.id for d in heap.get_descriptors()])
    for name, item in changed.items():
        value = item.value
        kind = f"{value.dtype.descr} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
        print(" ", name, kind, value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value)
print(received["columns"].order, received["nibbles"].format, received["pairs"].itemsize_bits)
