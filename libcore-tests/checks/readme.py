# SPDX-License-Identifier: BSD-3-Clause
"""The programs in README.md and the tutorial are those that are compiled and run as examples; links of the docs lead somewhere.

usage: readme.py ROOT
"""
import re
import sys
import textwrap
from pathlib import Path

from house import files, finish

# The blocks of a page, one after the other, are a program but for its indentation and the comment at its head.
TUTORIALS = {"docs/tutorial/first-stream.md": "examples/first_stream.cpp"}
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def squeezed(text: str) -> str:
    return "".join(text.split())


def drifted(root: Path) -> list[str]:
    found = []
    for page, program in TUTORIALS.items():
        if (root / page).exists() or (root / program).exists():
            blocks = "".join(re.findall(r"```cpp\n(.*?)```", (root / page).read_text(), re.S))
            code = re.sub(r"\A(?://.*\n)+", "", (root / program).read_text())
            if squeezed(blocks) != squeezed(code):
                found.append(f"{page}: its program differs from {program}")
    return found


def faults(root: Path) -> list[str]:
    source = (root / "examples" / "readme.cpp").read_text()
    program = textwrap.dedent(source.split("// [readme]\n")[1].rsplit("\n", 2)[0].split("// [/readme]")[0]).strip()
    found = [] if f"```cpp\n{program}\n```" in (root / "README.md").read_text() else \
        ["README.md: its program differs from examples/readme.cpp"]
    found += drifted(root)
    for path in files(root):
        if path.suffix == ".md":
            text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(), flags=re.S)
            found += [f"{path.relative_to(root)}: {target} is not there" for target in LINK.findall(text)
                      if ":" not in target and not (path.parent / target).exists()]
    return found


if __name__ == "__main__":
    finish(faults(Path(sys.argv[1]).resolve()), "the README tells the truth")
