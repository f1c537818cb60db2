# SPDX-License-Identifier: BSD-3-Clause
"""The same with asyncio on both sides: several sends under way, a receiver with a time limit."""

import asyncio
import socket

import numpy as np
import spead2
import spead2.recv
import spead2.recv.asyncio
import spead2.send
import spead2.send.asyncio

HEAPS = 20


async def send(address):
    config = spead2.send.StreamConfig(max_heaps=HEAPS + 1, rate=10e6)
    stream = spead2.send.asyncio.UdpStream(spead2.ThreadPool(), [address], config)
    stream.set_cnt_sequence(100, 3)
    group = spead2.send.ItemGroup()
    group.add_item(None, "ramp", "", (500,), dtype=">f4")
    sends = []
    for i in range(HEAPS):
        group["ramp"].value = np.arange(500, dtype=">f4") + i
        sends.append(stream.async_send_heap(group.get_heap()))
    sizes = await asyncio.gather(*sends)
    await stream.async_send_heap(group.get_end())
    await stream.async_flush()
    return len(sizes), len(set(sizes[1:])), sizes[0] > sizes[1]


async def receive(stream):
    group = spead2.ItemGroup()
    while True:
        try:
            heap = await asyncio.wait_for(stream.get(), 20)
        except spead2.Stopped:
            return
        group.update(heap)
        ramp = group["ramp"].value
        print(heap.cnt, ramp.dtype == np.float32, float(ramp[0]), float(ramp[-1]))


async def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        stream = spead2.recv.asyncio.Stream(
            spead2.ThreadPool(), spead2.recv.StreamConfig(), spead2.recv.RingStreamConfig(heaps=HEAPS)
        )
        stream.add_udp_reader(sock)
        _, sizes = await asyncio.gather(receive(stream), send(sock.getsockname()))
    print("sizes", *sizes)
    try:
        await stream.get()
    except spead2.Stopped as error:
        print("stopped", len(error.args))


asyncio.run(main())
