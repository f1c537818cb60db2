#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the Python package costs and carries, in one table: heapwire, the incumbent, a plain C program as the ceiling.

usage: python_table.py [--build build/bench] [--rounds 5] [--seconds 2] [--only TEXT] [--write]

The same program runs on both packages by import name (python_items.py, python_send.py, python_streams.py). Columns take
turns. The best round counts, because other programs only make it slower.
"""

import argparse
import importlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import compare
import python_items
import python_send

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "reference" / "benchmarks-python.md"
PACKAGES = [name for name in ("heapwire", "spead2") if importlib.util.find_spec(name)]
ITEMS = {
    "iterate": ("Take heaps of 1 KiB from a stream, one by one", "M/s"),
    "update": ("ItemGroup.update, two items", "M/s"),
    "update_described": ("ItemGroup.update, two items with descriptors", "M/s"),
    "iterate_and_update": ("Take a heap and update, two items", "M/s"),
    "get_heap": ("get_heap() after two changes", "M/s"),
    "get_all": ("get_heap('none', 'all')", "M/s"),
}
SENDING = {
    "udp": ("send_heap of 1 KiB by UDP", "us"),
    "raw_udp": ("socket.sendto of as much, for comparison", "us"),
    "inproc_round_trip": ("send_heap and get, in process", "us"),
    "asyncio_one": ("await async_send_heap by UDP, one after the other", "us"),
    "asyncio_send": ("async_send_heap by UDP, 32 in flight", "us"),
    "asyncio_pipeline": ("asyncio in process, sent and received, 32 in flight", "us"),
}


class Table:
    """The best value of each row and column; less is better for times, more for rates."""

    def __init__(self):
        self.rows = {}

    def add(self, what, unit, column, value):
        cells = self.rows.setdefault((what, unit), {})
        better = min if unit == "us" else max
        cells[column] = better(value, cells.get(column, value))

    def text(self, columns):
        lines = [f"| what | unit | {' | '.join(columns)} | {' | '.join(f'heapwire : {c}' for c in columns[1:])} |"]
        lines.append("|---|---|" + "---:|" * (2 * len(columns) - 1))
        for (what, unit), cells in self.rows.items():
            ratios = [ratio(unit, cells.get(columns[0]), cells.get(column)) for column in columns[1:]]
            shown = [f"{cells[column]:.3g}" if column in cells else "" for column in columns]
            lines.append(f"| {what} | {unit} | {' | '.join(shown + ratios)} |")
        return "\n".join(lines)


def ratio(unit, own, other):
    """How many times as good."""
    if not own or not other:
        return ""
    return f"{other / own if unit == 'us' else own / other:.2f}"


def measure_small(table, rounds, only):
    """One heap at a time: what the interpreter is asked to do."""
    items = {name: python_items.Bench(name) for name in PACKAGES}
    senders = {name: python_send.Bench(name) for name in PACKAGES}
    for _ in range(rounds):
        for benches, rows in ((items, ITEMS), (senders, SENDING)):
            for method, (what, unit) in rows.items():
                for name in PACKAGES if only in what else ():
                    value = getattr(benches[name], method)()
                    table.add(what, unit, name, value * 1e6 if unit == "us" else value / 1e6)


def run(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=300, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}


def measure_large(table, rounds, only, seconds, build):
    """Heaps of 4 MiB: what streams carry."""
    modes = {"udp": "UDP over loopback", "inproc": "In process, one after the other", "decode": "From memory"}
    for _ in range(rounds):
        for mode, where in modes.items():
            for packet in (1472, 8972):
                what = f"{where}, 4 MiB heaps, packets of {packet}"
                program = [sys.executable, HERE / "python_streams.py", mode, "--packet", packet, "--seconds", seconds]
                commands = {name: [*program, "--package", name] for name in PACKAGES}
                if mode == "udp" and (build / "bench/ceiling").exists():
                    commands["ceiling"] = [build / "bench/ceiling", packet, seconds, "both", 0, 1]
                for column, command in commands.items() if only in what else ():
                    if got := run(*command):
                        table.add(what, "Gb/s", column, got["received_gbps"])


def page(args, where, text):
    return f"""# Benchmarks of the Python package

Made by `bench/python_table.py --rounds {args.rounds} --seconds {args.seconds:g} --write` on {where}. The best of
{args.rounds} rounds; the columns take turns.

- **heapwire** and **spead2** (the wheel of 4.5.1) run the same program, by import name: `bench/python_items.py`,
  `bench/python_send.py`, `bench/python_streams.py`.
- **ceiling**: `bench/ceiling.c`, a C program that sends and receives with the kernel's offloads, and knows no protocol.
- M/s are millions of calls a second of one thread; us are microseconds a heap by the clock, all threads included.
- The last columns say how many times as good heapwire is.

{text}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=HERE.parent / "build" / "bench", help="where the ceiling is")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each run with large heaps")
    parser.add_argument("--only", default="", help="only the rows whose name contains this")
    parser.add_argument("--write", action="store_true", help=f"replace {PAGE.relative_to(HERE.parent)}")
    args = parser.parse_args()
    if args.rounds < 1 or args.seconds <= 0:
        parser.error("--rounds and --seconds must be above 0")
    where, table = compare.machine(), Table()
    measure_small(table, args.rounds, args.only)
    measure_large(table, max(1, args.rounds // 2), args.only, args.seconds, args.build)
    columns = [*PACKAGES, "ceiling"] if any("ceiling" in cells for cells in table.rows.values()) else PACKAGES
    text = table.text(columns)
    print(f"{where}\n\n{text}")
    if args.write:
        PAGE.write_text(page(args, where, text))


if __name__ == "__main__":
    main()
