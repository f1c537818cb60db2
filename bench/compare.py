# SPDX-License-Identifier: BSD-3-Clause
"""One table: a plain C program as the ceiling, the incumbent from Python, and heapwire, on this machine.

usage: compare.py --build FOLDER [--runs 3] [--seconds 2] [--cores 0,1] [--only TEXT] [--keep FILE] [--write]

Everything is measured in turn, as often as --runs says, and the median counts: what disturbs the machine disturbs all
columns alike. Traffic stays on loopback, or on a veth pair in network namespaces of its own, whose far end nobody reads.
With --keep results are added to those of earlier calls, so that a long measurement can be made in short pieces.
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

from page import write_page

HERE = Path(__file__).resolve().parent
COLUMNS = ("plain C", "ceiling", "spead2 wheel", "spead2 source", "heapwire")
KIB, MIB = 1 << 10, 1 << 20
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


def without_loss(measure: Callable[[float], dict], halvings: int = 6) -> float:
    """Gb/s received with nothing lost: as fast as can be, and if that loses, the highest rate that does not, found by
    halving. A rate that loses gets a second try: one pause of a virtual machine is longer than any socket buffer."""
    got = measure(0)
    if got["lost"] <= 0:
        return got["received_gbps"]
    lossless, lossy = 0.0, got["sent_gbps"]
    for _ in range(halvings):
        rate = (lossless + lossy) / 2
        for _ in range(2):
            got = measure(rate)
            if got["lost"] <= 0:
                break
        if got["lost"] <= 0:
            lossless = max(lossless, got["received_gbps"])
        else:
            lossy = rate
        if lossless >= lossy:
            break
    return lossless


class Programs:
    """Each method starts one program for the time that was asked for, and takes one number from what it prints."""

    def __init__(self, args):
        self.build, self.seconds, self.cores = Path(args.build).resolve(), args.seconds, args.cores
        self.under = args.under.split()
        self.pythons = {"spead2 wheel": sys.executable, "spead2 source": args.source}

    def ceiling(self, packet: int, gigabits: float = 0, mode: str = "both") -> dict:
        command = [*self.under, self.build / "bench/ceiling", packet, self.seconds, mode, *self.cores.split(","),
                   gigabits]
        return json.loads(run(command, self.seconds))

    def ceiling_send(self, packet: int, mode: str) -> float:
        command = [*self.under, self.build / "bench/ceiling", packet, self.seconds, mode, *self.cores.split(","), 0,
                   "192.0.2.2:9"]
        return json.loads(self.in_veth(command))["sent_gbps"]

    def heapwire_udp(self, packet: int, heap: int, gigabits: float = 0) -> dict:
        many, ring = (256, 1024) if heap < 65536 else (8, 8)
        command = [*self.under, self.build / "bench/udp_bench", "--packet", packet, "--heap", heap,
                   "--seconds", self.seconds, "--cores", self.cores, "--in-flight", many, "--ring", ring,
                   "--rate", gigabits, *(["--pool"] if heap >= 65536 else [])]
        return json.loads(run(command, self.seconds).splitlines()[-1])

    def incumbent(self, column: str, mode: str, packet: int, heap: int, what: str) -> float:
        return json.loads(run(self.incumbent_command(column, mode, packet, heap), self.seconds))[what]

    def incumbent_command(self, column: str, mode: str, packet: int, heap: int) -> list:
        return [*self.under, self.pythons[column], HERE / "python_streams.py", mode, "--packet", packet, "--heap", heap,
                "--seconds", self.seconds, "--cores", self.cores, "--to", "192.0.2.2:9"]

    def incumbent_send(self, column: str, packet: int, heap: int) -> float:
        return json.loads(self.in_veth(self.incumbent_command(column, "send", packet, heap)))["sent_gbps"]

    def heapwire_decode(self, where: str, name: str, pattern: str) -> float:
        text = run([*self.under, self.build / "bench/decode_bench", self.seconds / 3, name], self.seconds)
        [line] = [line for line in text.splitlines() if re.match(rf"{where} +{name}  +\d", line)]
        return float(re.search(pattern, line)[1])

    def ring(self, kind: str, batch: int) -> float:
        command = [*self.under, self.build / "bench/ring_bench", int(500_000 * self.seconds), 1024, kind, batch]
        text = run(command, self.seconds)
        return float(re.search(r"([\d.]+) M items", text)[1])

    def in_veth(self, command: list) -> str:
        unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
        return run([*unshare, "sh", "-c", VETH, "sh", *command], self.seconds)

    def heapwire_send(self, packet: int, heap: int) -> float:
        many = 64 if heap < 65536 else 8
        command = [*self.under, self.build / "bench/udp_bench", "--packet", packet, "--heap", heap,
                   "--seconds", self.seconds, "--cores", self.cores, "--in-flight", many, "--to", "192.0.2.2:9"]
        return json.loads(self.in_veth(command).splitlines()[-1])["sent_gbps"]


def incumbents(measure: Callable[[str], float]) -> dict[str, Callable[[], float]]:
    return {column: lambda column=column: measure(column) for column in COLUMNS[2:4]}


def udp_rows(p: Programs) -> list[Row]:
    rows = []
    for packet in (1472, 8972):
        rows.append(Row(f"UDP, 4 MiB heaps, packets of {packet}", "Gb/s received", {
            "plain C": lambda packet=packet: p.ceiling(packet, mode="plain")["received_gbps"],
            "ceiling": lambda packet=packet: p.ceiling(packet)["received_gbps"],
            **incumbents(lambda column, packet=packet: p.incumbent(column, "udp", packet, 4 * MIB, "received_gbps")),
            "heapwire": lambda packet=packet: p.heapwire_udp(packet, 4 * MIB)["received_gbps"]}))
        rows.append(Row(f"UDP, 4 MiB heaps, packets of {packet}, nothing lost", "Gb/s received", {
            "plain C": lambda packet=packet: without_loss(lambda rate: p.ceiling(packet, rate, "plain")),
            "ceiling": lambda packet=packet: without_loss(lambda rate: p.ceiling(packet, rate)),
            "heapwire": lambda packet=packet: without_loss(lambda rate: p.heapwire_udp(packet, 4 * MIB, rate))}))
    rows.append(Row("UDP, 1 KiB heaps", "heaps/s", {
        "plain C": lambda: p.ceiling(KIB + 48, mode="plain")["received_gbps"] / 8e-9 / (KIB + 48),
        "ceiling": lambda: p.ceiling(KIB + 48)["received_gbps"] / 8e-9 / (KIB + 48),
        **incumbents(lambda column: p.incumbent(column, "udp", 1472, KIB, "heaps_per_s")),
        "heapwire": lambda: p.heapwire_udp(1472, KIB)["heaps_per_s"]}))
    return rows


def send_rows(p: Programs) -> list[Row]:
    rows = []
    # `even`: what heapwire makes of such a heap, and what the plain program is told to send.
    for name, heap, packet, even, unit, scale in (
            ("5120 bytes", 5120, 8972, 5168, "heaps/s", 1 / 8e-9 / (5120 + 48)),
            ("16 KiB", 16 * KIB, 8972, 8240, "GB/s", 1 / 8),
            ("1 MiB", MIB, 8972, 8972, "GB/s", 1 / 8), ("1 MiB", MIB, 1472, 1472, "GB/s", 1 / 8)):
        rows.append(Row(f"Sending into a veth, heaps of {name}, packets of {packet}", unit, {
            "plain C": lambda even=even, scale=scale: scale * p.ceiling_send(even, "plain"),
            "ceiling": lambda even=even, scale=scale: scale * p.ceiling_send(even, "scatter"),
            **incumbents(lambda column, heap=heap, packet=packet, scale=scale:
                         scale * p.incumbent_send(column, packet, heap)),
            "heapwire": lambda heap=heap, packet=packet, scale=scale: scale * p.heapwire_send(packet, heap)}))
    return rows


def memory_rows(p: Programs) -> list[Row]:
    rows = []
    for name, heap, packet, unit in (("1KiB/1472", KIB, 1472, "heaps/s"), ("8KiB/8972", 8 * KIB, 8972, "Gb/s"),
                                     ("4MiB/1472", 4 * MIB, 1472, "Gb/s"), ("4MiB/8972", 4 * MIB, 8972, "Gb/s")):
        what = "heaps_per_s" if unit == "heaps/s" else "received_gbps"
        for where in ("sink", "ring"):
            theirs = incumbents(lambda column, packet=packet, heap=heap, what=what:
                                p.incumbent(column, "decode", packet, heap, what)) if where == "ring" else {}
            rows.append(Row(f"From memory to a {where}, {name}", unit, {
                **theirs, "heapwire": lambda where=where, name=name, unit=unit:
                    p.heapwire_decode(where, name, rf"([\d.]+) {unit}")}))
    for kind in ("futex", "eventfd"):
        for batch in (1, 16):
            rows.append(Row(f"Ring between two threads, {kind}, {batch} at once", "M items/s", {
                "heapwire": lambda kind=kind, batch=batch: p.ring(kind, batch)}))
    return rows


def measure(rows: list[Row], runs: int) -> None:
    missing = set()
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
    print("\r\033[K", end="", file=sys.stderr)


def bounds(build: str) -> list[dict]:
    return [json.loads(line) for line in run([Path(build).resolve() / "bench/bounds_bench"], 10).splitlines()]


def table(rows: list[Row]) -> str:
    used = [column for column in COLUMNS if any(row.results.get(column) for row in rows)]
    others = [column for column in used if column != "heapwire"]
    head = ["what", "unit", *used, *(f"heapwire : {column}" for column in others)]
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "---:|" * (len(head) - 2)]
    for row in rows:
        cells = [row.name, row.unit, *(row.cell(c) for c in used), *(row.ratio(c) for c in others)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    found = re.search(r"model name\s*: (.*)", info)
    return f"{os.cpu_count()} cores of {found[1] if found else platform.machine()}, {platform.system()} {platform.release()}"


def stolen() -> tuple[int, int]:
    """CPU time that the hypervisor gave to others, and all of it, since the machine started."""
    times = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return times[7], sum(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="where Meson built with -Dbenchmarks=true")
    parser.add_argument("--source", default="", help="a Python with the incumbent built from source")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1, help="how long each program runs each time")
    parser.add_argument("--cores", default="0,1", help="of the sender and of the receiver")
    parser.add_argument("--under", default="", help="a command by which each program is run: \"chrt -f 1\" keeps "
                        "all else off its cores (with --seconds below 1: others get a share then)")
    parser.add_argument("--only", default="", help="only the rows whose name contains this")
    parser.add_argument("--keep", default="", help="a file of results to add to")
    parser.add_argument("--write", action="store_true", help="write docs/reference/benchmarks.md")
    parser.add_argument("--note", default="", help="a sentence about the machine, for the page")
    args = parser.parse_args()
    if args.runs < 0 or args.seconds <= 0:
        parser.error("--runs must not be negative, and --seconds above 0")
    programs = Programs(args)
    rows = [*udp_rows(programs), *send_rows(programs), *memory_rows(programs)]
    if not args.source:
        for row in rows:
            row.columns.pop("spead2 source", None)
    kept = Path(args.keep)
    if args.keep and kept.exists():
        earlier = json.loads(kept.read_text())
        for row in rows:
            row.results = earlier.get(row.name, {})
    before = stolen() if Path("/proc/stat").exists() else (0, 0)
    measure([row for row in rows if args.only in row.name], args.runs)
    after = stolen() if Path("/proc/stat").exists() else (0, 1)
    theft = f"The hypervisor gave {(after[0] - before[0]) / (after[1] - before[1]):.1%} of the time to others."
    if args.keep:
        kept.write_text(json.dumps({row.name: row.results for row in rows}, indent=1))
    rows = [row for row in rows if row.results]
    print(f"{machine()}\n\n{table(rows)}")
    if args.write:
        under = f" --under '{args.under}'" if args.under else ""
        command = f"./run bench --runs {args.runs} --seconds {args.seconds:g}{under} --write"
        medians = {row.name: (row.median("heapwire"), max((row.median(column) or 0 for column in COLUMNS[:2])) or None)
                   for row in rows}
        write_page(machine(), command, f"{theft} {args.note}".strip(), table(rows), medians, bounds(args.build))


if __name__ == "__main__":
    main()
