# SPDX-License-Identifier: BSD-3-Clause
"""The tree speaks of the project only: no paths of one machine, no mirrors, no keys.

usage: words.py ROOT
"""
import re
import sys
from pathlib import Path

from house import files, finish

# Pieces are joined so that this file does not contain what it looks for.
FORBIDDEN = [re.compile(pattern) for pattern in (
    r"(?<![\w.}])/(wo" r"rk|ro" r"ot|home/\w+|Users/\w+)/",
    r"(index-url|extra-index-url|trusted-host)\s*[= ]\s*\S*(art" r"ifactory|nex" r"us|mir" r"ror)",
    r"BEGIN (RSA |OPENSSH |EC )?PRIV" r"ATE KEY",
)]
BINARY = {".bin", ".pcap", ".pcapng", ".png"}


def faults(root: Path) -> list[str]:
    found = []
    for path in files(root):
        if path.suffix in BINARY or "corpus" in path.parts:
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            found.append(f"{path.relative_to(root)}: is not UTF-8")
            continue
        for number, line in enumerate(lines, 1):
            for pattern in FORBIDDEN:
                if pattern.search(line):
                    found.append(f"{path.relative_to(root)}:{number}: {pattern.search(line)[0]}")
    return found


if __name__ == "__main__":
    finish(faults(Path(sys.argv[1]).resolve()), "the words are our own")
