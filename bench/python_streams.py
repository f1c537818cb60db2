# SPDX-License-Identifier: BSD-3-Clause
"""What streams carry in Python, by package: the same work as udp_bench and decode_bench, the same line of JSON.

usage: python_streams.py udp|decode|inproc|send [--package spead2] [--packet 1472] [--heap 4194304] [--seconds 3]
                         [--cores 0,1] [--to HOST:PORT]
"""
import argparse
import importlib
import json
import logging
import socket
import threading
import time

IN_FLIGHT = 64  # heaps handed over at once, so that Python is asked rarely


class Payload:
    """One item of so many bytes, as an item group would make it."""

    id = 0x1000

    def __init__(self, size: int):
        self._data = bytearray(b"\1" * size)

    def to_buffer(self):
        return self._data

    @staticmethod
    def allow_immediate() -> bool:
        return False


def heap_of(size: int):
    heap = package.send.Heap()
    heap.add_item(Payload(size))
    return heap


def receiver(core: int, ring: int, **config):
    return package.recv.Stream(package.ThreadPool(1, [core]), package.recv.StreamConfig(**config),
                              package.recv.RingStreamConfig(heaps=ring))


def keep_sending(stream, size: int, seconds: float) -> tuple[int, float]:
    """Sends for so long; bytes and seconds."""
    count = IN_FLIGHT if size < 1 << 20 else 8
    heaps = package.send.HeapReferenceList([package.send.HeapReference(heap_of(size)) for _ in range(count)])
    sent, begin = 0, time.perf_counter()
    while time.perf_counter() < begin + seconds:
        sent += stream.send_heaps(heaps, package.send.GroupMode.SERIAL)
    return sent, time.perf_counter() - begin


def udp_sender(args, to: tuple[str, int], core: int):
    return package.send.UdpStream(package.ThreadPool(1, [core]), [to],
                                 package.send.StreamConfig(max_packet_size=args.packet, max_heaps=IN_FLIGHT))


def packets_a_heap(args) -> int:
    return sum(1 for _ in package.send.PacketGenerator(heap_of(args.heap), 1, args.packet))


def bench_udp(args) -> dict:
    ring = 64 if args.heap < 65536 else 8
    pool = package.MemoryPool(1, args.heap + 4096, ring + 16, ring + 8)  # as udp_bench has one
    stream = receiver(args.cores[1], ring, memory_allocator=pool)
    port = free_port(stream)
    heaps = 0

    def take():
        nonlocal heaps
        for _ in stream:
            heaps += 1

    taker = threading.Thread(target=take)
    taker.start()
    sent, took = keep_sending(udp_sender(args, ("127.0.0.1", port), args.cores[0]), args.heap, args.seconds)
    time.sleep(0.3)  # what is in the socket buffer
    packets = stream.stats.packets
    stream.stop()
    taker.join()
    share = packets * args.heap / packets_a_heap(args)
    return {"sent_gbps": sent * 8e-9 / took, "received_gbps": share * 8e-9 / took, "heaps_per_s": heaps / took}


def free_port(stream) -> int:
    """Lets the kernel choose, with the receive buffer that the incumbent would ask for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, package.recv.Stream.DEFAULT_UDP_BUFFER_SIZE)
        bound.bind(("127.0.0.1", 0))
        stream.add_udp_reader(bound)
        return bound.getsockname()[1]


def bench_decode(args) -> dict:
    wire = package.send.BytesStream(package.ThreadPool(), package.send.StreamConfig(max_packet_size=args.packet))
    heap, count = heap_of(args.heap), min(512, max(1, (16 << 20) // args.heap))
    for _ in range(count):
        wire.send_heap(heap)
    data, heaps, took = wire.getvalue(), 0, 0.0
    while took < args.seconds:
        stream = receiver(args.cores[1], 64 if args.heap < 65536 else 4)  # without a pool, like decode_bench
        begin = time.perf_counter()
        stream.add_buffer_reader(data)
        for _ in stream:
            heaps += 1
        took += time.perf_counter() - begin
    return {"heaps_per_s": heaps / took, "received_gbps": heaps * args.heap * 8e-9 / took}


def bench_inproc(args) -> dict:
    queue, heaps = package.InprocQueue(), 0
    config = package.send.StreamConfig(max_packet_size=args.packet)
    sender = package.send.InprocStream(package.ThreadPool(1, [args.cores[0]]), [queue], config)
    stream = receiver(args.cores[1], 4)
    stream.add_inproc_reader(queue)
    heap, begin = heap_of(args.heap), time.perf_counter()
    while time.perf_counter() < begin + args.seconds:  # one after the other: the incumbent's queue has no bounds
        sender.send_heap(heap)
        stream.get()
        heaps += 1
    took = time.perf_counter() - begin
    return {"heaps_per_s": heaps / took, "received_gbps": heaps * args.heap * 8e-9 / took}


def bench_send(args) -> dict:
    host, port = args.to.rsplit(":", 1)
    sent, took = keep_sending(udp_sender(args, (host, int(port)), args.cores[0]), args.heap, args.seconds)
    return {"sent_gbps": sent * 8e-9 / took}


BENCHES = {"udp": bench_udp, "decode": bench_decode, "inproc": bench_inproc, "send": bench_send}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=list(BENCHES))
    parser.add_argument("--packet", type=int, default=1472)
    parser.add_argument("--heap", type=int, default=4 << 20)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--cores", type=lambda text: [int(core) for core in text.split(",")], default=[0, 1])
    parser.add_argument("--to", default="127.0.0.1:9")
    parser.add_argument("--package", default="spead2")
    args = parser.parse_args()
    global package
    package = importlib.import_module(args.package)
    for part in ("recv", "send"):
        importlib.import_module(f"{args.package}.{part}")
    logging.getLogger(args.package).setLevel(logging.ERROR)  # a line for each lost heap would be measured too
    package.ThreadPool.set_affinity(args.cores[0])  # who sends
    print(json.dumps(BENCHES[args.what](args)))


if __name__ == "__main__":
    main()
