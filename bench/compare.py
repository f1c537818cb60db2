# SPDX-License-Identifier: BSD-3-Clause
"""One table: a plain C program as the ceiling, the incumbent's wheel from Python, and heapwire, on this machine.

usage: compare.py --build FOLDER [--runs 3] [--seconds 2] [--cores 0,1] [--only TEXT] [--write]

Everything is measured in turn, as often as --runs says, and the median counts: what disturbs the machine disturbs all
columns alike. Traffic stays on loopback, or on a veth pair in network namespaces of its own, whose far end nobody reads.
"""
import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "reference" / "benchmarks.md"
COLUMNS = ("ceiling", "spead2", "heapwire")
VETH = """
set -e
unshare -n sleep 600 & far=$!
trap 'kill $far' EXIT
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link set lo up
ip link add w0 type veth peer name w1
ip link set w1 netns $far
ip addr add 192.0.2.1/24 dev w0
ip link set w0 mtu 9000 up
nsenter -t $far -n ip link set w1 mtu 9000 up
ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev w0 nud permanent
"$@"
"""


class NotHere(Exception):
    """A column cannot be measured on this machine; the text says why."""


@dataclass
class Row:
    name: str
    unit: str
    columns: dict[str, Callable[[], float]]
    results: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, column: str) -> None:
        self.results.setdefault(column, []).append(self.columns[column]())

    def median(self, column: str) -> float | None:
        return statistics.median(self.results[column]) if self.results.get(column) else None

    def ratio(self, column: str) -> str:
        own, other = self.median("heapwire"), self.median(column)
        return f"{own / other:.2f}" if own and other else ""

    def cell(self, column: str) -> str:
        middle, all_runs = self.median(column), self.results.get(column)
        if middle is None:
            return ""
        return f"{number(middle)} ({number(min(all_runs))} to {number(max(all_runs))})"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


def run(command: list, seconds: float) -> str:
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60 + 30 * seconds, check=False)
    except FileNotFoundError as error:
        raise NotHere(str(error)) from error
    if done.returncode != 0:
        raise NotHere(f"{Path(words[0]).name} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


class Programs:
    """Each method starts one program for the time that was asked for, and takes one number from what it prints."""

    def __init__(self, args):
        self.build, self.seconds, self.cores = Path(args.build).resolve(), args.seconds, args.cores

    def ceiling(self, packet: int) -> float:
        command = [self.build / "bench/ceiling", packet, self.seconds, "both", *self.cores.split(",")]
        return json.loads(run(command, self.seconds))["received_gbps"]

    def heapwire_udp(self, packet: int, heap: int, what: str) -> float:
        many = 64 if heap < 65536 else 8
        command = [self.build / "bench/udp_bench", "--packet", packet, "--heap", heap, "--seconds", self.seconds,
                   "--cores", self.cores, "--in-flight", many, "--ring", many]
        return json.loads(run(command, self.seconds).splitlines()[-1])[what]

    def incumbent(self, mode: str, packet: int, heap: int, what: str) -> float:
        return json.loads(run(self.incumbent_command(mode, packet, heap), self.seconds))[what]

    def incumbent_command(self, mode: str, packet: int, heap: int) -> list:
        return [sys.executable, HERE / "python_streams.py", mode, "--packet", packet, "--heap", heap,
                "--seconds", self.seconds, "--cores", self.cores, "--to", "192.0.2.2:9"]

    def heapwire_decode(self, name: str, pattern: str) -> float:
        text = run([self.build / "bench/decode_bench", self.seconds, name], self.seconds)
        [line] = [line for line in text.splitlines() if line.split()[:2] == ["ring", name]]
        return float(re.search(pattern, line)[1])

    def ring(self) -> dict[str, float]:
        text = run([self.build / "bench/ring_bench", int(500_000 * self.seconds)], self.seconds)
        return {f"{kind}, {batch} at once": float(rate)
                for kind, batch, rate in re.findall(r"^(\w+) +batch (\d+) +([\d.]+) M", text, re.M)}

    def in_veth(self, command: list) -> str:
        unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
        return run([*unshare, "sh", "-c", VETH, "sh", *command], self.seconds)

    def heapwire_send(self, packet: int, heap: int) -> float:
        send = [self.build / "tools/heapwire-send", "--heaps", 0, "--heap-size", heap, "--packet-size", packet, "--json",
                "--quiet", "--max-heaps", 8, "--cores", self.cores.split(",")[0], "udp://192.0.2.2:9"]
        # One Ctrl-C ends it well, two at once: hence only the program itself gets it.
        text = self.in_veth(["timeout", "--foreground", "--preserve-status", "--signal=INT", f"{self.seconds}s", *send])
        numbers = json.loads(text.splitlines()[-1])
        return numbers["bytes"] * 8e-9 / numbers["seconds"]

    def incumbent_send(self, packet: int, heap: int) -> float:
        return json.loads(self.in_veth(self.incumbent_command("send", packet, heap)))["sent_gbps"]


def rows_of(p: Programs) -> list[Row]:
    rows, kib, large = [], 1024, 4 << 20
    for packet in (1472, 8972):
        rows.append(Row(f"UDP over loopback, heaps of 4 MiB, packets of {packet}", "Gb/s received", {
            "ceiling": lambda packet=packet: p.ceiling(packet),
            "spead2": lambda packet=packet: p.incumbent("udp", packet, large, "received_gbps"),
            "heapwire": lambda packet=packet: p.heapwire_udp(packet, large, "received_gbps")}))
    rows.append(Row("UDP over loopback, heaps of 1 KiB", "heaps/s", {
        "spead2": lambda: p.incumbent("udp", 1472, kib, "heaps_per_s"),
        "heapwire": lambda: p.heapwire_udp(1472, kib, "heaps_per_s")}))
    for packet in (1472, 8972):
        rows.append(Row(f"Sending into a veth that nobody reads, heaps of 4 MiB, packets of {packet}", "Gb/s", {
            "spead2": lambda packet=packet: p.incumbent_send(packet, large),
            "heapwire": lambda packet=packet: p.heapwire_send(packet, large)}))
    rows.append(Row("From memory, heaps of 1 KiB", "heaps/s", {
        "spead2": lambda: p.incumbent("decode", 1472, kib, "heaps_per_s"),
        "heapwire": lambda: p.heapwire_decode("1KiB/1472", r"([\d.]+) heaps/s")}))
    for packet in (1472, 8972):
        rows.append(Row(f"From memory, heaps of 4 MiB, packets of {packet}", "Gb/s", {
            "spead2": lambda packet=packet: p.incumbent("decode", packet, large, "received_gbps"),
            "heapwire": lambda packet=packet: p.heapwire_decode(f"4MiB/{packet}", r"([\d.]+) Gb/s")}))
    return rows


def measure(rows: list[Row], programs: Programs, runs: int, with_ring: bool) -> list[Row]:
    rings, missing = {}, set()
    for turn in range(runs):
        for row in rows:
            for column in row.columns:
                if (row.name, column) in missing:
                    continue
                print(f"\r\033[Krun {turn + 1} of {runs}: {row.name}: {column}", end="", file=sys.stderr, flush=True)
                try:
                    row.measure(column)
                except NotHere as reason:
                    missing.add((row.name, column))
                    print(f"\r\033[K{row.name}: no {column}: {reason}", file=sys.stderr)
        for name, rate in (programs.ring() if with_ring else {}).items():
            ring = rings.setdefault(name, Row(f"Ring between two threads, {name}", "M items/s", {}))
            ring.results.setdefault("heapwire", []).append(rate)
    print("\r\033[K", end="", file=sys.stderr)
    return rows + list(rings.values())


def table(rows: list[Row]) -> str:
    lines = ["| what | unit | ceiling | spead2 | heapwire | heapwire : ceiling | heapwire : spead2 |",
             "|---|---|---:|---:|---:|---:|---:|"]
    lines += [f"| {row.name} | {row.unit} | " + " | ".join(row.cell(column) for column in COLUMNS) +
              f" | {row.ratio('ceiling')} | {row.ratio('spead2')} |" for row in rows]
    return "\n".join(lines)


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    found = re.search(r"model name\s*: (.*)", info)
    name = found[1] if found else platform.machine()
    return f"{os.cpu_count()} cores of {name}, {platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f} at the start"


def page(args, where: str, text: str) -> str:
    return f"""# Benchmarks

Made by `./run bench --runs {args.runs} --seconds {args.seconds:g} --write` on {where}. Each number is the median of
{args.runs} runs, with the smallest and the largest; the columns take turns.

- **ceiling**: `bench/ceiling.c`, a C program that sends and receives with the kernel's offloads, scatters and copies, and
  knows no protocol.
- **spead2**: the wheel of version 4.5.1, driven from Python (`bench/python_streams.py`). Where heaps are small, it is
  Python that takes them one by one.
- **heapwire**: the C++ library (`bench/udp_bench.cpp`, `bench/decode_bench.cpp`, `bench/ring_bench.cpp`, `heapwire-send`).

Over loopback nothing limits the sender; what the receiver cannot take is lost, and only what it took counts.

{text}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="where Meson built with -Dbenchmarks=true")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="how long each program runs each time")
    parser.add_argument("--cores", default="0,1", help="of the sender and of the receiver")
    parser.add_argument("--only", default="", help="only the rows whose name contains this")
    parser.add_argument("--write", action="store_true", help=f"replace {PAGE.relative_to(HERE.parent)}")
    args = parser.parse_args()
    if args.runs < 1 or args.seconds <= 0:
        parser.error("--runs and --seconds must be above 0")
    where, programs = machine(), Programs(args)
    rows = [row for row in rows_of(programs) if args.only in row.name]
    text = table(measure(rows, programs, args.runs, with_ring=args.only in "Ring between two threads"))
    print(f"{where}\n\n{text}")
    if args.write:
        PAGE.write_text(page(args, where, text))


if __name__ == "__main__":
    main()
