#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the border between C++ and Python costs, and how quickly it reacts: numbers that tests must not assert.

    python bench/python_border.py [--write] [NAME...]

NAME: ctrl_c, hog, storm, completions, exit. All of them without. Traffic stays on loopback. --write puts the table into
docs/reference/python-border-numbers.md.
"""

import argparse
import asyncio
import ctypes
import itertools
import logging
import os
import pathlib
import platform
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time

import heapwire
import heapwire.recv
import heapwire.send.asyncio
from heapwire import send

testing = heapwire._core._testing
PAGE = pathlib.Path(__file__).parents[1] / "docs" / "reference" / "python-border-numbers.md"


def quantiles(values):
    """Median, 99th per cent, largest."""
    values = sorted(values)
    return values[len(values) // 2], values[int(0.99 * (len(values) - 1))], values[-1]


def milliseconds(values):
    return "{:.2f} / {:.2f} / {:.2f} ms".format(*(v * 1e3 for v in quantiles(values)))


# --- Ctrl-C -------------------------------------------------------------------------------------------------------


calling = False


def on_interrupt(*_):
    if calling:
        raise KeyboardInterrupt


def interrupt(call, send_signal, count=100):
    """Seconds from the signal to the exception, each time."""
    global calling
    out = []
    for number in range(count):
        sent, ended = 0.0, threading.Event()

        def later():
            nonlocal sent
            while not ended.wait(0.01 + 0.0001 * number):  # noqa: B023 - it ends within the iteration
                sent = time.monotonic()
                send_signal()
                ended.wait(0.5)  # noqa: B023 - one that came before the call is sent again

        thread = threading.Thread(target=later)
        thread.start()
        try:
            calling = True
            call()
        except KeyboardInterrupt:
            calling = False
            out.append(time.monotonic() - sent)
        ended.set()
        thread.join()
    return out


def ctrl_c():
    signal.signal(signal.SIGINT, on_interrupt)
    pool = heapwire.ThreadPool()
    stream = heapwire.recv.Stream(pool)
    stream.add_inproc_reader(heapwire.InprocQueue())
    config = send.StreamConfig(rate=1, burst_size=1, max_heaps=100)
    sender = send.InprocStream(pool, [heapwire.InprocQueue()], config)
    group = send.ItemGroup()
    group.add_item(0x1000, "data", "", (10000,), dtype="u1", value=[0] * 10000)
    heap = group.get_heap()  # several packets: the second one would be due in half an hour
    parked = threading.Thread(target=threading.Event().wait, daemon=True)
    parked.start()

    def process():
        os.kill(os.getpid(), signal.SIGINT)

    def another():
        signal.pthread_kill(parked.ident, signal.SIGINT)

    note = "median / 99 % / longest, of 100"
    yield "Ctrl-C ends `get`", milliseconds(interrupt(stream.get, process)), note
    yield "the same, another thread takes the signal", milliseconds(interrupt(stream.get, another)), note
    yield "Ctrl-C ends `send_heap`", milliseconds(interrupt(lambda: sender.send_heap(heap), process, 30)), "of 30"


# --- a hog of the GIL ---------------------------------------------------------------------------------------------

SENDER = """
import sys, time
import heapwire
from heapwire import send
port, size, rate, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
class Thing:
    id = 0x1000
    def to_buffer(self): return data
    def allow_immediate(self): return False
data = bytes(size)
stream = send.UdpStream(heapwire.ThreadPool(), [("127.0.0.1", port)],
                        send.StreamConfig(max_packet_size=8972, rate=rate, max_heaps=4))
heap = send.Heap()
heap.add_item(Thing())
end, sent = time.monotonic() + seconds, 0
heaps = send.HeapReferenceList([send.HeapReference(heap)] * 2)
while time.monotonic() < end:
    stream.send_heaps(heaps, send.GroupMode.SERIAL)
    sent += 2
print(sent)
"""


class Traffic:
    """Heaps over loopback from a process of its own. `rate` in bytes per second, 0: as fast as it can."""

    def __init__(self, pool, size, rate, seconds, heaps):
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            own.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        except PermissionError:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        own.bind(("127.0.0.1", 0))
        memory = heapwire.MemoryPool(1, size + 4096, heaps + 8, heaps + 8)
        config = heapwire.recv.StreamConfig(memory_allocator=memory, max_heaps=8)
        self.size = size
        self.stream = heapwire.recv.Stream(pool, config, heapwire.recv.RingStreamConfig(heaps=heaps))
        self.stream.add_udp_reader(own)
        self._process = subprocess.Popen(
            [sys.executable, "-c", SENDER, *map(str, (own.getsockname()[1], size, rate, seconds))],
            stdout=subprocess.PIPE,
            text=True,
        )
        while self.stream.stats["heaps"] == 0:
            time.sleep(0.001)

    def sent(self):
        return int(self._process.communicate()[0])


def hog():
    size, rate, seconds = 1 << 20, 10e9 / 8, 1.0
    pool = heapwire.ThreadPool()
    for name, call in [
        ("a call in C", lambda: ctypes.PyDLL(None).usleep(int(seconds * 1e6))),
        ("nobody", lambda: time.sleep(seconds)),
    ]:
        traffic = Traffic(pool, size, rate, seconds + 0.5, int(rate * (seconds + 0.7) / size))
        watch = testing.GapWatch(pool)
        time.sleep(0.1)
        watch.forget()
        before, begin = traffic.stream.stats["heaps"], time.monotonic()
        call()
        took = time.monotonic() - begin
        longest, heaps = watch.longest, traffic.stream.stats["heaps"] - before
        watch.end()
        sent = traffic.sent()
        time.sleep(0.2)
        got = traffic.stream.stats["heaps"]
        speed = heaps * size * 8 / took / 1e9
        yield (
            f"{seconds:.0f} s in which {name} holds the GIL",
            f"{sent - got} of {sent} heaps lost at {speed:.1f} Gb/s",
            f"longest time between two turns of the worker {longest * 1e3:.1f} ms",
        )
        traffic.stream.stop()


# --- a storm of log records ---------------------------------------------------------------------------------------


class Slow(logging.Handler):
    def emit(self, record):
        time.sleep(0.01)


def logger_at(level, handler):
    logger = logging.getLogger("heapwire")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(level)
    heapwire._core._set_log_receiver(heapwire._logging.deliver, level)


def storm_of(threads, count, every):
    """Nanoseconds a record; and, of the timed ones, the largest of all workers' medians, 99 per cents, maxima."""
    pools = [heapwire.ThreadPool() for _ in range(threads)]
    all_times = [testing.log_from_worker(pool, count, every) for pool in pools]
    while not all(times.done for times in all_times):
        time.sleep(0.05)
    mean = sum(times.seconds for times in all_times) / threads / count * 1e9
    return mean, *(max(column) for column in zip(*(times.summary() for times in all_times)))


def receive_rate(pool, seconds, meanwhile):
    """Gb/s of what arrives while somebody calls `meanwhile` every 10 ms."""
    size = 1 << 20
    traffic = Traffic(pool, size, 0, seconds + 1, 64)
    consumer = threading.Thread(target=lambda: [None for _ in traffic.stream])
    consumer.start()
    time.sleep(0.3)
    before, begin = traffic.stream.stats["heaps"], time.monotonic()
    while time.monotonic() < begin + seconds:
        meanwhile()
        time.sleep(0.01)
    rate = (traffic.stream.stats["heaps"] - before) * size * 8 / (time.monotonic() - begin) / 1e9
    traffic.sent()
    traffic.stream.stop()
    consumer.join()
    return rate


def storm():
    logger_at(logging.INFO, Slow())
    mean, *_ = storm_of(1, 10_000_000, 1 << 20)
    yield "a record, one worker, 10 million into a handler of 10 ms", f"{mean:.0f} ns", "mean"
    mean, *_ = storm_of(4, 250_000, 1 << 20)
    yield "a record, four workers, 250,000 each", f"{mean:.0f} ns", "mean; more workers than cores wait for a core"
    _, *steps = storm_of(4, 250_000, 16)
    yield "the same, single records", "{} / {} / {} ns".format(*steps), "median / 99 % / longest; with the clock's cost"
    produced, delivered, dropped = heapwire._core._log_counts()
    yield "records told apart", f"{produced:,} = {delivered:,} + {dropped:,} + what lies in the ring", "none is lost count of"
    pool = heapwire.ThreadPool()
    plain, stormy = [], []
    for _ in range(3):
        plain.append(receive_rate(pool, 1.5, lambda: None))
        stormy.append(receive_rate(pool, 1.5, lambda: testing.log_from_worker(pool, 1000)))
    yield (
        "UDP received while the same worker logs 100,000 records/s",
        f"{quantiles(stormy)[0]:.1f} Gb/s, without {quantiles(plain)[0]:.1f}",
        f"{quantiles(stormy)[0] / quantiles(plain)[0]:.2f} of it; medians of 3",
    )
    logger_at(logging.WARNING, logging.NullHandler())
    mean, *_ = storm_of(1, 10_000_000, 1 << 20)
    yield "a record below the level", f"{mean:.1f} ns", "mean"


# --- completions --------------------------------------------------------------------------------------------------


def post(pool, hog_too):
    """Nanoseconds of posting, while the loop takes what comes."""
    over = False

    def spin():
        while not over:
            pass

    async def main():
        nonlocal over
        posted = testing.PostedCompletions(pool, 10000, 50e-6)
        asyncio.get_running_loop().add_reader(posted.fd, posted.drain)
        while not posted.times.done:
            await asyncio.sleep(0.01)
        over = True
        asyncio.get_running_loop().remove_reader(posted.fd)
        return posted.times.summary()

    threads = [threading.Thread(target=spin) for _ in range(hog_too)]
    for t in threads:
        t.start()
    result = asyncio.run(main())
    for t in threads:
        t.join()
    return "{} / {} / {} ns".format(*result)


async def flood():
    """How late a ticker of 10 ms is while completions come as fast as they can, in seconds."""
    pool = heapwire.ThreadPool()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        config = send.StreamConfig(max_heaps=4096)
        stream = heapwire.send.asyncio.UdpStream(pool, [nobody.getsockname()], config)
        heap, late, count = send.Heap(), [], 0

        async def tick():
            while True:
                due = time.monotonic() + 0.01
                await asyncio.sleep(0.01)
                late.append(time.monotonic() - due)

        ticker = asyncio.ensure_future(tick())
        end = time.monotonic() + 3
        while time.monotonic() < end:
            count += 256
            await asyncio.gather(*(stream.async_send_heap(heap) for _ in range(256)))
        ticker.cancel()
        return late, count


def completions():
    pool = heapwire.ThreadPool()
    note = "median / 99 % / longest of 10,000"
    yield "a worker posts a completion", post(pool, 0), note
    yield "the same while a thread of Python computes", post(pool, 1), note
    late, count = asyncio.run(flood())
    yield "a ticker of 10 ms in a flood of sends is late by", milliseconds(late), f"{count / 3:,.0f} completions/s"


# --- the exit -----------------------------------------------------------------------------------------------------

ENDING = """
import logging, time
import heapwire
class Stuck(logging.Handler):
    def emit(self, record):
        time.sleep({seconds})
logging.getLogger("heapwire").addHandler(Stuck())
logging.getLogger("heapwire").setLevel(logging.INFO)
heapwire._core._set_log_receiver(heapwire._logging.deliver, logging.INFO)
pool = heapwire.ThreadPool()
for i in range(10):
    heapwire._core.log_info("x")
time.sleep(0.1)
print(time.monotonic())
"""


def exit_time(seconds):
    process = subprocess.run(
        [sys.executable, "-c", ENDING.format(seconds=seconds)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.returncode == 0
    return time.monotonic() - float(process.stdout)


def ending():
    note = "median / 99 % / longest of 10, from the last line of the program"
    yield "the end of a program", milliseconds([exit_time(0) for _ in range(10)]), note
    yield "the same behind a log handler that never returns", milliseconds([exit_time(1000) for _ in range(10)]), note


PARTS = {"ctrl_c": ctrl_c, "hog": hog, "storm": storm, "completions": completions, "exit": ending}


def write(rows):
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}, CPython {platform.python_version()}"
    text = textwrap.dedent(
        f"""\
        # Numbers of the border to Python

        Measured by `python bench/python_border.py --write` ({machine}). Tests assert none of them: a busy machine may miss
        any time. What they do assert is in [the table of tests](../../pyext/tests/boundary/README.md).

        | what | result | note |
        | --- | --- | --- |
        """
    )
    PAGE.write_text(text + "".join(f"| {' | '.join(row)} |\n" for row in rows))


def main():
    """Print the rows as they come."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(PARTS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    rows = []
    for row in itertools.chain.from_iterable(PARTS[name]() for name in arguments.names or PARTS):
        print(" | ".join(row), flush=True)
        rows.append(row)
    if arguments.write:
        write(rows)


if __name__ == "__main__":
    main()
