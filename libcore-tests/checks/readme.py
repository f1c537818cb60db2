# SPDX-License-Identifier: BSD-3-Clause
"""The program in README.md is the one that is compiled and run as an example; links of the docs lead somewhere.

usage: readme.py ROOT
"""
import re
import sys
import textwrap
from pathlib import Path

from house import files, finish

LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def faults(root: Path) -> list[str]:
    source = (root / "examples" / "readme.cpp").read_text()
    program = textwrap.dedent(source.split("// [readme]\n")[1].rsplit("\n", 2)[0].split("// [/readme]")[0]).strip()
    found = [] if f"```cpp\n{program}\n```" in (root / "README.md").read_text() else \
        ["README.md: its program differs from examples/readme.cpp"]
    for path in files(root):
        if path.suffix == ".md":
            text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(), flags=re.S)
            found += [f"{path.relative_to(root)}: {target} is not there" for target in LINK.findall(text)
                      if ":" not in target and not (path.parent / target).exists()]
    return found


if __name__ == "__main__":
    finish(faults(Path(sys.argv[1]).resolve()), "the README tells the truth")
