# SPDX-License-Identifier: BSD-3-Clause
"""Two items, ten heaps, over UDP; both sides block."""

import logging
import socket
import threading

import numpy as np
import spead2
import spead2.recv
import spead2.send

logging.basicConfig(level=logging.ERROR)


def receive(stream):
    group = spead2.ItemGroup()
    for heap in stream:
        for name, item in sorted(group.update(heap).items()):
            if name == "voltage":
                print(heap.cnt, name, item.value.dtype, item.value.shape, int(item.value.sum()))
            else:
                print(heap.cnt, name, type(item.value).__name__, item.value)
    print("the end, descriptors of", sorted(group.keys()), [hex(i) for i in sorted(group.ids())])


sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 0))
rx = spead2.recv.Stream(
    spead2.ThreadPool(2), spead2.recv.StreamConfig(max_heaps=2), spead2.recv.RingStreamConfig(heaps=16)
)
rx.add_udp_reader(sock)
receiver = threading.Thread(target=receive, args=(rx,))
receiver.start()

config = spead2.send.StreamConfig(rate=20e6, max_packet_size=1400, burst_size=8192)
tx = spead2.send.UdpStream(spead2.ThreadPool(), [sock.getsockname()], config)
group = spead2.send.ItemGroup(descriptor_frequency=4, flavour=spead2.Flavour(4, 64, 48))
group.add_item(0x1600, "timestamp", "of the first sample", shape=(), format=[("u", 48)])
group.add_item(None, "voltage", "samples by channel", shape=(16, 64), dtype=np.int16)
tx.send_heap(group.get_start())
sizes = []
for i in range(10):
    group["timestamp"].value = i * 4096
    group["voltage"].value = np.full((16, 64), i, np.int16)
    sizes.append(tx.send_heap(group.get_heap()))
tx.send_heap(group.get_end())
receiver.join()
print([size > 2048 for size in sizes], len(set(sizes)))
sock.close()
