# SPDX-License-Identifier: BSD-3-Clause
"""docs/reference/benchmarks.md: the table, the aims, and what stands in the way of those that are not met."""
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "benchmarks.md"


@dataclass
class Aim:
    row: str
    least: float  # in the row's unit; a share of the ceiling's if `of_ceiling`
    unit: str
    in_the_way: str  # found with perf; said if the aim is not met
    of_ceiling: bool = False


LOSS = ("Both threads copy: the sender spends 95% of its time in the kernel, half of it in one copy, from pieces of a header "
        "and of payload, where the plain program has one piece; the receiver a fifth in the kernel's copy and half in "
        "the copy into the heap, whose place is cold, and which the plain program does not make.")
AIMS = [
    Aim("UDP, 4 MiB heaps, packets of 1472, nothing lost", 0.85, "of the ceiling", LOSS, True),
    Aim("UDP, 4 MiB heaps, packets of 8972, nothing lost", 0.85, "of the ceiling", LOSS, True),
    Aim("UDP, 1 KiB heaps", 3e6, "heaps/s", "The machine: heapwire is near the ceiling, a plain C program that makes "
        "packets of this size and copies them once. Six tenths of the sender's time are the kernel's, most of it "
        "copying; of the receiver's, too, and the consumer shares the receiver's core here."),
    Aim("From memory to a sink, 1KiB/1472", 12e6, "heaps/s", "Of about 100 ns a heap a quarter is the copy of its "
        "bytes, which come from the second-level cache; then two atomic operations that let a heap be dropped on any "
        "thread, and the checks of the packet."),
    Aim("Ring between two threads, futex, 1 at once", 30, "M items/s", "Each push and each pop is a lock and a look for "
        "sleepers, an atomic read-modify-write each; many at once share them."),
    Aim("Sending into a veth, heaps of 5120 bytes, packets of 8972", 2e6, "heaps/s", "The kernel, in which four fifths "
        "of the sender's time pass: a fifth of it copies, the rest allocates, routes and drops. The plain program sends "
        "hardly more."),
    Aim("Sending into a veth, heaps of 16 KiB, packets of 8972", 10, "GB/s", "The kernel: its copy into packets, and its "
        "allocation of them; the sender itself makes packets of such heaps at 80 GB/s (bench/send_bench.cpp). The plain "
        "program sends no more."),
    Aim("Sending into a veth, heaps of 1 MiB, packets of 1472", 10, "GB/s", "The kernel: its copy, and its allocation, "
        "routing and dropping of packets; the sender itself makes them at 20 GB/s (bench/send_bench.cpp). It copies from "
        "a piece of header and one of payload a packet, as the ceiling's program does; the plain program has one piece "
        "for 44 packets."),
]


def aims(medians: dict[str, tuple[float | None, float | None]]) -> str:
    lines = ["| aim | reached | |", "|---|---:|---|"]
    reasons = {}
    for aim in AIMS:
        own, ceiling = medians.get(aim.row, (None, None))
        if own is None and ceiling is None:
            continue  # not measured
        reached = (own or 0) / (ceiling if aim.of_ceiling else 1)
        met = reached >= aim.least
        show = "no rate" if own is None else f"{reached:,.0f}" if reached >= 1000 else f"{reached:.2f}"
        least = f"{aim.least:,.0f}" if aim.least >= 1000 else f"{aim.least:g}"
        lines.append(f"| {aim.row}: {least} {aim.unit} | {show} | {'met' if met else 'not met'} |")
        if not met:
            reasons.setdefault(aim.in_the_way, []).append(aim.row)
    text = "\n".join(lines)
    if reasons:
        text += "\n\nWhat stands in the way, as `perf` tells:\n\n"
        text += "\n".join(f"- {'; '.join(rows)}: {reason}" for reason, rows in reasons.items())
    return text


def memory(cases: list[dict]) -> str:
    lines = ["| a million packets of this kind | allowed by the configuration, MiB | peak, MiB |", "|---|---:|---:|"]
    lines += [f"| {one['case']} | {one['allowed_mib']:.0f} | {one['peak_mib']:.1f} |" for one in cases]
    return "\n".join(lines)


def write_page(machine: str, command: str, note: str, table: str, medians: dict, cases: list[dict]) -> None:
    note = f" {note}" if note else ""
    PAGE.write_text(f"""# Benchmarks

Made by `{command}` on {machine}. Each number is the median of several runs, with the smallest and the largest; the
columns take turns, so that what disturbs the machine disturbs all of them. Ratios
say more than numbers: compare on the machine that matters to you.{note}

- **plain C**: `bench/ceiling.c plain`, a C program that sends packets from one buffer with the kernel's offloads, and looks
  at nothing that arrives.
- **ceiling**: `bench/ceiling.c both`, a C program that sends headers and payloads with the kernel's offloads and copies what
  arrives once, as a library must that hands out whole heaps; it knows no protocol. Where heaps are only sent, into a veth
  pair whose far end nobody reads, both only send packets of heapwire's size.
- **spead2 wheel**, **spead2 source**: version 4.5.1 from PyPI, as a wheel or built on this machine, driven from Python
  (`bench/python_streams.py`). Where heaps are small, it is Python that hands over and takes each. The column "source"
  is there if `build/venv-source` is a venv that has it (`pip install --no-binary spead2 spead2==4.5.1`).
- **heapwire**: the C++ library (`bench/udp_bench.cpp`, `bench/decode_bench.cpp`, `bench/ring_bench.cpp`).

Over loopback nothing limits the sender: what the receiver cannot take is lost, and only what it took counts. The rows
"nothing lost" tell the highest rate, found by halving, at which every packet of a run arrived, in the better of two tries.
All programs touch their memory before: heapwire's receiver has a `memory_pool` that is filled when it starts. Aims that are
shares of the ceiling take the higher of the first two columns.

{table}

## Aims

{aims(medians)}

## Memory

Peak resident memory of a process that is sent a million hostile packets (`bench/bounds_bench.cpp`), beyond that of an
empty one:

{memory(cases)}
""")
