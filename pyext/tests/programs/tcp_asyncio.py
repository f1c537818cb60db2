# SPDX-License-Identifier: BSD-3-Clause
"""An asyncio client and server over TCP, and a server that is not there."""

import asyncio
import socket

import spead2
import spead2.recv
import spead2.recv.asyncio
import spead2.send
import spead2.send.asyncio


async def send(port):
    stream = await spead2.send.asyncio.TcpStream.connect(
        spead2.ThreadPool(), [("127.0.0.1", port)], spead2.send.StreamConfig(max_packet_size=65536, max_heaps=8)
    )
    print("substreams", stream.num_substreams)
    group = spead2.send.ItemGroup()
    group.add_item(None, "block", "", (300000,), dtype="u1")
    for i in range(6):
        group["block"].value = bytearray([i]) * 300000
        print("bytes", await stream.async_send_heap(group.get_heap()) > 300000)
    await stream.async_send_heap(group.get_end())


async def receive(stream):
    group = spead2.ItemGroup()
    async for heap in stream:
        group.update(heap)
        print("block", heap.cnt, group["block"].value[[0, -1]].tolist(), group["block"].version)


async def main():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        stream = spead2.recv.asyncio.Stream(spead2.ThreadPool())
        stream.add_tcp_reader(listener)
    received = asyncio.ensure_future(receive(stream))
    await send(port)
    await received
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # nobody listens here
        try:
            await spead2.send.asyncio.TcpStream.connect(spead2.ThreadPool(), [free.getsockname()])
        except ConnectionRefusedError:
            print("refused")
    try:
        await spead2.send.asyncio.TcpStream.connect(spead2.ThreadPool(), [])
    except ValueError:
        print("one endpoint is needed")


# What both sides print is sorted, because either may be first.
lines = []
print_at_once, print = print, lambda *what: lines.append(" ".join(map(str, what)))
asyncio.run(main())
print_at_once("\n".join(sorted(lines)))
