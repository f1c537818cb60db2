# SPDX-License-Identifier: BSD-3-Clause
"""heapwire-send and heapwire-recv, started as a user starts them.

usage: tools_test.py SEND RECV [unittest arguments]
"""
import hashlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SEND, RECV = "", ""
HANG = 240  # seconds; only a hang is as slow as that
# Over UDP each test sends less than the smallest default socket buffer holds: nothing is lost, however late the receiver
# gets its core.
SMALL = ["--heap-size", "8Ki"]


def finish(program: subprocess.Popen) -> tuple[int, list[str], str]:
    try:
        out, err = program.communicate(timeout=HANG)
    finally:
        program.kill()
    return program.returncode, out.splitlines(), err


def run(*words, text: str | None = None) -> tuple[int, list[str], str]:
    done = subprocess.run([str(w) for w in words], input=text, capture_output=True, text=True, timeout=HANG, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr


class Tools(unittest.TestCase):
    def receiver(self, *options: str, places=("udp://127.0.0.1:0",)) -> tuple[subprocess.Popen, list[str]]:
        """Starts it and answers it with the endpoints to send to."""
        command = [RECV, "--ready-line", "--json", "--quiet", *options, *places]
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(program.kill)
        ready = [program.stdout.readline().split() for _ in places]
        self.assertTrue(all(len(r) == 3 and r[0] == "ready" for r in ready), ready)
        return program, [f"{kind}://{where}" for _, kind, where in ready]

    def exchange(self, send: list[str], recv: list[str], places=("udp://127.0.0.1:0",), text=None):
        """Sends and receives; answers the sender's statistics, the receiver's and the dumped heaps."""
        program, to = self.receiver(*recv, places=places)
        status, lines, errors = run(SEND, "--json", "--quiet", *send, *to, text=text)
        self.assertEqual(status, 0, errors)
        sent = json.loads(lines[-1])
        status, lines, errors = finish(program)
        self.assertEqual(status, 0, errors)
        return sent, json.loads(lines[-1]), [json.loads(line) for line in lines[:-1]]

    def expect_all_checked(self, send: list[str], recv: list[str], heaps: int, **more):
        _, got, _ = self.exchange(["--verify", "--heaps", str(heaps), *send], ["--verify", *recv], **more)
        self.assertEqual((got["checked"], got["wrong_bytes"]), (heaps, 0))
        return got

    def test_udp_carries_every_byte(self):
        got = self.expect_all_checked([*SMALL, "--items", "3", "--no-descriptors"], [], 10)
        self.assertEqual((got["heaps"], got["bytes"]), (10, 10 * 8192))
        self.assertEqual(got["statistics"]["datagrams"], got["statistics"]["packets_accepted"])

    def test_udp_over_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        self.expect_all_checked(SMALL, [], 5, places=("udp://[::1]:0",))

    def test_udp_without_offloads(self):
        self.expect_all_checked([*SMALL, "--gso", "off", "--sendmmsg", "off"], ["--gro", "off", "--recvmmsg", "off"], 10)

    def test_udp_at_a_rate(self):
        sent, _, _ = self.exchange([*SMALL, "--heaps", "10", "--rate", "1M", "--burst-size", "2000"], [])
        self.assertGreater(sent["seconds"], 0.05)  # 80 KiB at 1 MB/s; slower is the machine's affair

    def test_tcp_carries_every_byte(self):
        self.expect_all_checked(["--heap-size", "1Mi"], [], 20, places=("tcp://127.0.0.1:0",))

    def test_large_packets_and_other_flavours(self):
        self.expect_all_checked(["--heap-size", "16Ki", "--packet-size", "8972", "--flavour", "64-48"],
                                ["--pool", "16Ki", "--copy", "nontemporal"], 5)

    def test_two_substreams_into_one_stream(self):
        self.expect_all_checked([*SMALL, "--items", "2", "--no-stop"], ["--substreams", "2", "--heaps", "12"], 10,
                                places=("udp://127.0.0.1:0", "udp://127.0.0.1:0"))

    def test_a_group_sent_round_robin(self):
        self.expect_all_checked([*SMALL, "--group", "4", "--group-mode", "round-robin"], ["--max-heaps", "8"], 12)

    def test_finds_wrong_bytes(self):
        program, to = self.receiver("--verify")
        status, _, errors = run(SEND, "--quiet", "--heaps", "3", "--heap-size", "4096", *to)  # zeros, not the pattern
        self.assertEqual(status, 0, errors)
        status, lines, _ = finish(program)
        self.assertEqual(status, 1)
        self.assertEqual(json.loads(lines[-1])["wrong_heaps"], 3)

    def test_json_heaps_come_back_as_they_were_sent(self):
        heap = {"cnt": 77,
                "items": [{"id": 0x1000, "hex": "00ff10"}, {"id": 0x1001, "value": 1234}, {"id": 0x1002, "pattern": 5000}],
                "descriptors": [{"id": 0x1000, "name": "a", "description": "b", "shape": [2, None],
                                 "format": [["u", 12], ["i", 4]], "numpy_header": ""}]}
        _, _, heaps = self.exchange(["--from-json", "-"], ["--dump"], text="# a comment\n\n" + json.dumps(heap) + "\n")
        self.assertEqual([h["cnt"] for h in heaps], [77])
        items = {i["id"]: i for i in heaps[0]["items"]}
        self.assertEqual(items[0x1000]["hex"], "00ff10")
        self.assertEqual(items[0x1001]["value"], 1234)
        self.assertEqual(items[0x1002]["length"], 5000)
        self.assertNotIn("hex", items[0x1002])
        self.assertEqual(heaps[0]["descriptors"], heap["descriptors"])

    def test_sha256_is_the_one_that_everybody_knows(self):
        with tempfile.TemporaryDirectory() as folder:
            data = bytes(range(256)) * 40
            Path(folder, "data").write_bytes(data)
            line = json.dumps({"items": [{"id": 5000, "file": str(Path(folder, "data"))}]})
            _, _, heaps = self.exchange(["--from-json", "-"], ["--dump"], text=line)
        self.assertEqual(heaps[0]["items"][0]["sha256"], hashlib.sha256(data).hexdigest())

    def test_a_file_of_packets(self):
        with tempfile.TemporaryDirectory() as folder:
            where = f"file:{folder}/packets"
            self.assertEqual(run(SEND, "--quiet", "--verify", "--heaps", "5", "--heap-size", "100k", where)[0], 0)
            status, lines, errors = run(RECV, "--quiet", "--json", "--verify", where)
        self.assertEqual(status, 0, errors)
        self.assertEqual(json.loads(lines[-1])["checked"], 5)

    def test_lost_packets_are_accounted_for(self):
        sent, got, _ = self.exchange([*SMALL, "--heaps", "12", "--lose", "0.1", "--seed", "3",
                                      "--no-stop", "--no-descriptors", "--verify"],
                                     ["--verify", "--any-order", "--heaps", "1"])
        self.assertGreater(sent["weather"]["lost"], 0)
        self.assertEqual(got["wrong_bytes"], 0)

    def test_gives_up_after_a_timeout(self):
        status, _, errors = run(RECV, "--quiet", "--timeout", "0.2", "udp://127.0.0.1:0")
        self.assertEqual(status, 1)
        self.assertIn("no heap for 0.2 s", errors)

    def test_replays_a_capture_not_faster_than_asked(self):
        if "without libpcap" in run(RECV, "pcap:nowhere")[2]:
            self.skipTest("built without libpcap")
        vectors = Path(__file__).resolve().parents[2] / "libcore-tests/vectors"
        recorded = (vectors / "pcap_ethernet.pcap").read_bytes()
        with tempfile.TemporaryDirectory() as where:
            capture = Path(where) / "slow.pcap"
            frames, at = [], 24
            while at < len(recorded):
                length = int.from_bytes(recorded[at + 8:at + 12], "little")
                frames.append(recorded[at + 8:at + 16 + length])
                at += 16 + length
            # As if the frames had come over two seconds.
            times = [2_000_000 * i // (len(frames) - 1) for i in range(len(frames))]
            capture.write_bytes(recorded[:24] + b"".join(
                (t // 1_000_000).to_bytes(4, "little") + (t % 1_000_000).to_bytes(4, "little") + frame
                for t, frame in zip(times, frames)))
            heaps = []
            for speed, at_least in (("0", 0), ("4", 0.5)):
                begin = time.monotonic()
                status, lines, errors = run(RECV, "--json", "--quiet", "--speed", speed, f"pcap:{capture}")
                self.assertEqual(status, 0, errors)
                self.assertGreaterEqual(time.monotonic() - begin, at_least)
                heaps.append(json.loads(lines[-1])["heaps"])
            self.assertGreater(heaps[0], 0)
            self.assertEqual(heaps[0], heaps[1])

    def test_interrupt_stops_cleanly(self):
        program, _ = self.receiver()
        program.send_signal(2)
        status, lines, errors = finish(program)
        self.assertEqual(status, 0, errors)
        self.assertEqual(json.loads(lines[-1])["heaps"], 0)

    def test_refuses_bad_arguments_by_name(self):
        cases = [([SEND, "--heaps", "x", "udp://127.0.0.1:9"], "--heaps = 'x': a whole number"),
                 ([SEND, "--split", "odd", "udp://127.0.0.1:9"], "--split = 'odd': one of even, full, exact"),
                 ([SEND, "--flavour", "64-41", "udp://127.0.0.1:9"], "--flavour = '64-41'"),
                 ([SEND, "--packet-size", "8", "udp://127.0.0.1:9"], "max_packet_size = 8"),
                 ([SEND, "--ttl", "300", "udp://127.0.0.1:9"], "--ttl = '300': a whole number from 0 to 255"),
                 ([SEND], "no endpoint given"),
                 ([SEND, "http://x"], "endpoint = 'http://x'"),
                 ([RECV, "--ring-heaps", "0", "udp://127.0.0.1:0"], "heaps = 0"),
                 ([RECV, "--nonsense"], "--nonsense"),
                 ([SEND, "--from-json", "-", "udp://127.0.0.1:9"], "hexadecimal")]
        for command, expected in cases:
            with self.subTest(expected):
                status, _, errors = run(*command, text='{"items":[{"id":4096,"hex":"0g"}]}')
                self.assertEqual(status, 2, errors)
                self.assertIn(expected, errors)

    def test_help_and_version(self):
        for program in (SEND, RECV):
            status, lines, _ = run(program, "--help")
            self.assertEqual(status, 0)
            self.assertGreater(len(lines), 30)
            self.assertEqual(run(program, "--version")[0], 0)


if __name__ == "__main__":
    SEND, RECV = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
