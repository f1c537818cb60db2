#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A telescope streams spectra over loopback UDP to numpy; every byte is checked, and the pulsar found again.

Then a race: how fast do heaps travel, with this package and with the incumbent, if that is installed?
"""

import argparse
import importlib.util
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import heapwire
import heapwire.recv
import heapwire.send
import numpy as np

from picture import draw, plot, write_png
from sky import CHANNELS, HEAP_BYTES, SAMPLES, Observation, Telescope, add_up

PACKET = 8972  # a jumbo frame, as on telescope networks
SLOWEST = 5e6  # bytes a second; below this a lost heap is taken for a fault
KERNEL_BUFFER = 32 << 20  # asked for; a tenth of a second or more
SO_RCVBUFFORCE = 33
RACE = Path(__file__).resolve().parents[2] / "bench" / "python_streams.py"


def send(args):
    """The far side, a process of its own: makes spectra and sends them, until time is up or somebody says stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the near side says when
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    group = heapwire.send.ItemGroup()
    group.add_item(None, "spectra", "power, channel by channel, a byte a sample", (CHANNELS, SAMPLES), dtype="u1")
    group.add_item(None, "number", "of the heap, from 0", (), format=[("u", 40)])
    config = heapwire.send.StreamConfig(max_packet_size=PACKET, rate=args.rate)
    stream = heapwire.send.UdpStream(heapwire.ThreadPool(), [("127.0.0.1", args.send_to)], config)
    telescope, end = Telescope(args.seed), time.monotonic() + args.seconds
    stream.send_heap(group.get_start())
    number = 0
    while number < args.rate * args.seconds / HEAP_BYTES and time.monotonic() < end and not stop.is_set():
        group["spectra"].value = telescope.observe(number)
        group["number"].value = number
        stream.send_heap(group.get_heap())
        number += 1
    print(number, flush=True)  # first, because the heap that ends the stream may be lost
    stream.send_heap(group.get_end())


def open_socket():
    """Of our own, because root may have a larger buffer than the system allows to everybody."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, KERNEL_BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BUFFER)
    return sock


class Outcome:
    def __init__(self):
        self.sent = self.received = self.wrong = 0
        self.interrupted = False

    @property
    def lost(self):
        return self.sent - self.received


class Display:
    """A live line on a terminal, plain lines elsewhere."""

    def __init__(self, quiet):
        self._quiet, self._terminal = quiet, sys.stdout.isatty()
        self._start = self._shown = time.monotonic()
        self._heaps = 0

    def due(self):
        return time.monotonic() - self._shown >= 1

    def show(self, outcome, stats, last=False):
        now = time.monotonic()
        since, heaps = (self._start, 0) if last else (self._shown, self._heaps)
        rate = (outcome.received - heaps) * HEAP_BYTES * 8e-9 / max(now - since, 1e-3)
        given_up = stats.incomplete_heaps_evicted + stats.incomplete_heaps_flushed
        self._shown, self._heaps = now, outcome.received
        if self._quiet:
            return
        line = (
            f"{now - self._start:6.1f} s  {rate:.2f} Gb/s  {outcome.received} heaps, every byte checked, "
            f"{outcome.wrong} wrong; lost: {given_up} heaps, {stats.details['kernel_drops']} packets in the kernel"
        )
        live = self._terminal and not last
        print(f"\r\033[K{line}" if self._terminal else line, end="" if live else "\n", flush=True)


def receive(stream, sender, args, outcome, observation):
    """The near side: takes heaps until the stream ends, checks and folds them."""
    telescope, items, display = Telescope(args.seed), heapwire.ItemGroup(), Display(args.quiet)
    threading.Thread(target=lambda: (sender.wait(), time.sleep(2), stream.stop()), daemon=True).start()
    try:
        for heap in stream:
            new = items.update(heap)
            if "spectra" in new:
                number = int(new["number"].value)
                wrong = telescope.count_wrong(number, new["spectra"].value)
                outcome.wrong += wrong
                outcome.received += 1
                if wrong == 0:
                    observation.add(number, new["spectra"].value)
            if display.due():
                display.show(outcome, stream.stats)
                if stream.stats.incomplete_heaps_evicted:
                    break
    except KeyboardInterrupt:
        outcome.interrupted = True
    display.show(outcome, stream.stats, last=True)


def stream_once(args):
    outcome, observation = Outcome(), Observation()
    stream = heapwire.recv.Stream(
        heapwire.ThreadPool(), heapwire.recv.StreamConfig(max_heaps=2), heapwire.recv.RingStreamConfig(heaps=64)
    )
    with open_socket() as sock:
        buffer = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
        port = sock.getsockname()[1]
        stream.add_udp_reader(sock)
    print(
        f"{args.rate * 8e-9:.2f} Gb/s over UDP, 127.0.0.1, into numpy: {CHANNELS} channels, "
        f"heaps of {HEAP_BYTES // 1024} KiB, packets of {PACKET} bytes; kernel buffer {buffer // 1024} KiB"
    )
    command = [sys.executable, __file__, "--send-to", str(port)]
    command += ["--rate", str(args.rate), "--seconds", str(args.seconds), "--seed", str(args.seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
        receive(stream, sender, args, outcome, observation)
        sent, _ = sender.communicate()  # closes its input, which tells it to stop
    stream.stop()
    if sender.returncode != 0:
        sys.exit("the sending half failed")
    outcome.sent = int(sent)
    print(
        f"sent {outcome.sent} heaps, received {outcome.received}, lost {outcome.lost}, wrong bytes {outcome.wrong}",
        flush=True,
    )
    return outcome, observation


def tell(observation, png):
    panels = [observation.folded(straight) for straight in (False, True)]
    slanted, straight = profiles = [add_up(panel) for panel in panels]
    print(
        f"\nThe pulsar, folded over {observation.heaps} heaps, with the dispersion undone "
        f"(signal to noise {straight.max():.0f}; without: {slanted.max():.0f}):\n\n{plot(straight, 75, 10)}"
    )
    if png:
        write_png(draw(panels, profiles), png)
        print(f"\npicture: {png}")


def race(seconds):
    """What arrives of heaps of 4 MiB that are sent as fast as it goes, sender and receiver in one process."""
    rates = {}
    for package in ("heapwire", "spead2"):
        if importlib.util.find_spec(package) is None:
            continue
        command = [sys.executable, RACE, "udp", "--package", package]
        command += ["--packet", str(PACKET), "--seconds", str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60 + 10 * seconds, check=False)
        if done.returncode == 0:
            rates[package] = json.loads(done.stdout)["received_gbps"]
    if "heapwire" not in rates:
        return
    print(f"\nAs fast as it goes, heaps of 4 MiB: heapwire receives {rates['heapwire']:.1f} Gb/s", end="")
    if rates.get("spead2"):
        print(f", spead2 {rates['spead2']:.1f}: {rates['heapwire'] / rates['spead2']:.1f} times as much")
    else:
        print("; spead2, which it would be compared with, is not installed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=150e6, help="bytes a second (default: %(default).0f)")
    parser.add_argument("--seconds", type=float, default=15, help="how long (default: %(default)g)")
    parser.add_argument("--seed", type=int, default=1967, help="of the sky")
    parser.add_argument("--png", default="pulsar.png", help="the picture (default: %(default)s)")
    parser.add_argument("--race", type=float, default=3, help="seconds of the race, 0 for none (default: %(default)g)")
    parser.add_argument("--quiet", action="store_true", help="no live rate")
    parser.add_argument("--send-to", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.rate > 0 or not args.seconds > 0 or not args.race >= 0 or args.seed < 0:
        parser.error("--rate and --seconds must be above 0, --race and --seed at least 0")
    if args.send_to:
        return send(args)
    logging.getLogger("heapwire").setLevel(logging.ERROR)  # losses are told below
    while True:
        outcome, observation = stream_once(args)
        slower = outcome.lost and not outcome.wrong and args.rate / 2 >= SLOWEST and not outcome.interrupted
        if not slower:
            break
        args.rate /= 2
        print("this machine cannot keep up with that now; once more at half the rate")
    if outcome.received:
        tell(observation, args.png)
    if args.race and not outcome.interrupted:
        race(args.race)
    return 1 if outcome.lost or outcome.wrong or not outcome.received else 0


if __name__ == "__main__":
    sys.exit(main())
