# SPDX-License-Identifier: BSD-3-Clause
"""How long a file and a function may be, one SPDX line a file, and nothing put off in a comment.

usage: sizes.py ROOT
"""
import re
import sys
from pathlib import Path

from house import CODE, files, finish

FILE_LINES = 400
FUNCTION_LINES = 60
HOUSES = {"libcore", "libcore-tests", "tools", "examples", "bench", "pyext"}
SPDX = "SPDX-License-Identifier: BSD-3-Clause"
PUT_OFF = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
# Braces stand alone (Allman), so a body opens with a line that is only a brace, below a line that closes a parameter
# list or an initialiser list.
BODY = re.compile(r"^( {0,4})\{$")
HEAD = re.compile(r"\)\s*(const|noexcept|override|final|mutable|->.*|requires.*|[\w:&]+\{.*\}|\s)*$")


def long_functions(name: Path, lines: list[str]):
    for number, line in enumerate(lines):
        opens = BODY.match(line)
        if not opens or number == 0 or not HEAD.search(lines[number - 1]):
            continue
        closing = opens[1] + "}"
        end = next((n for n in range(number, len(lines)) if lines[n].rstrip(";") == closing), number)
        if end - number - 1 > FUNCTION_LINES:
            yield f"{name}:{number}: a function of {end - number - 1} lines, the limit is {FUNCTION_LINES}"


def faults(root: Path) -> list[str]:
    found = []
    for path in files(root):
        name = path.relative_to(root)
        if name.parts[0] not in HOUSES or path.suffix not in CODE:
            continue
        lines = path.read_text().splitlines()
        if len(lines) > FILE_LINES:
            found.append(f"{name}: {len(lines)} lines, the limit is {FILE_LINES}")
        if lines and not any(SPDX in line for line in lines[:3]):
            found.append(f"{name}: says no licence in its first lines ({SPDX})")
        found += [f"{name}:{n}: {PUT_OFF.search(line)[0]}" for n, line in enumerate(lines, 1) if PUT_OFF.search(line)]
        if path.suffix != ".py":
            found += long_functions(name, lines)
    return found


if __name__ == "__main__":
    finish(faults(Path(sys.argv[1]).resolve()), "nothing is too long")
