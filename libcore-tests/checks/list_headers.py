# SPDX-License-Identifier: BSD-3-Clause
"""Prints the public headers, one a line, relative to the folder that is given."""
import sys
from pathlib import Path

root = Path(sys.argv[1])
print("\n".join(sorted(str(p.relative_to(root)) for p in root.rglob("*.h"))))
