# SPDX-License-Identifier: BSD-3-Clause
"""The core knows nothing of Python: its library neither needs nor offers a Python symbol.

usage: symbols.py LIBRARY
"""
import re
import subprocess
import sys

from house import finish

PYTHON = re.compile(r"^(_?Py[A-Z_]|.*pybind11)")


def symbols(library: str) -> list[str]:
    """Names of the library, both needed and offered; an archive has no dynamic table, a shared object may be stripped."""
    dynamic = ["-D"] if ".so" in library or library.endswith(".dylib") else []
    table = subprocess.run(["nm", *dynamic, library], capture_output=True, text=True, check=True).stdout
    return [line.split()[-1] for line in table.splitlines() if len(line.split()) >= 2]


if __name__ == "__main__":
    names = symbols(sys.argv[1])
    found = sorted({f"{sys.argv[1]}: {name}" for name in names if PYTHON.match(name)})
    if not any("heapwire" in name for name in names):
        found.append(f"{sys.argv[1]}: has no heapwire symbol: is this the library?")
    finish(found, f"{len(names)} symbols, none of Python")
