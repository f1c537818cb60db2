# SPDX-License-Identifier: BSD-3-Clause
"""heapwire-send and heapwire-recv as child processes, and what they say they saw."""
import hashlib
import json
import os
import queue
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

HANG = 120  # seconds; only a hang is as slow as that
UDP, TCP = "udp://127.0.0.1:0", "tcp://127.0.0.1:0"


def tool(name: str) -> str:
    """HEAPWIRE_TOOLS names their folder; a folder without them is a mistake, not a reason to skip."""
    folder = os.environ.get("HEAPWIRE_TOOLS")
    if not folder:
        pytest.skip("HEAPWIRE_TOOLS does not say where heapwire-send and heapwire-recv are")
    path = Path(folder).resolve() / name
    assert path.is_file(), f"there is no {name} in HEAPWIRE_TOOLS={folder}"
    return str(path)


class Program:
    """A running tool. Its output is read as it comes, so that it never waits for the test."""

    def __init__(self, name: str, *words):
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen([tool(name), *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=self._errors, text=True)
        self._lines = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._reader.join(HANG)
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            try:
                pipe.close()
            except BrokenPipeError:  # what it never read is of no interest here
                pass

    def line(self) -> str | None:
        """The next line, or None at the end."""
        return self._lines.get(timeout=HANG)

    def tell(self, *heaps: dict) -> None:
        self._process.stdin.write("".join(json.dumps(heap) + "\n" for heap in heaps))
        self._process.stdin.flush()

    def finish(self) -> list[str]:
        """Waits for a good end; the lines that were not read yet."""
        self._process.stdin.close()
        status = self._process.wait(HANG)
        lines = list(iter(self.line, None))
        self._errors.seek(0)
        assert status == 0, f"status {status}: {self._errors.read()}"
        return lines


class OurReceiver(Program):
    """heapwire-recv, ready to receive."""

    def __init__(self, *options, places=(UDP,)):
        super().__init__("heapwire-recv", "--ready-line", "--dump", "--json", "--quiet", *options, *places)
        ready = [(self.line() or "").split() for _ in places]
        assert all(len(words) == 3 and words[0] == "ready" for words in ready), ready
        self.ports = [int(where.rsplit(":", 1)[1]) for _, _, where in ready]
        self.statistics = {}

    def heaps(self) -> list[dict]:
        """All heaps, once the stream has ended; `statistics` are there from then on."""
        lines = [json.loads(line) for line in self.finish()]
        self.statistics = lines.pop()["statistics"]
        assert self.statistics["kernel_drops"] == 0, "the kernel dropped packets: the test sends more than the socket holds"
        return lines


class OurSender(Program):
    """heapwire-send that is told heaps in JSON, with tell()."""

    def __init__(self, *options, to: list[str]):
        super().__init__("heapwire-send", "--from-json", "-", "--json", "--quiet", *options, *to)

    def sent(self) -> dict:
        """Its statistics, after the stop heap."""
        numbers = json.loads(self.finish()[-1])
        assert (numbers["heaps_failed"], numbers["heaps_refused"], numbers["packets_failed"]) == (0, 0, 0)
        return numbers


def our_packets(folder: Path, heaps: list[dict], *options) -> bytes:
    """What heapwire-send would put on the wire, back to back."""
    path = folder / "packets"
    with OurSender("--no-stop", *options, to=[f"file:{path}"]) as sender:
        sender.tell(*heaps)
        sender.sent()
    return path.read_bytes()


def digest(data) -> str:
    return hashlib.sha256(data).hexdigest()


def seen_by_us(heap: dict) -> dict:
    """A dumped heap as {id: number of an immediate, or SHA-256}."""
    assert heap["complete"] and heap["contiguous"], heap
    return {item["id"]: item["value"] if "value" in item
            else item.get("sha256") or digest(bytes.fromhex(item["hex"])) for item in heap["items"]}
