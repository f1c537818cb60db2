# SPDX-License-Identifier: BSD-3-Clause
"""Who may use whom: the arrows of docs/explanation/architecture.md, held by a test.

usage: layers.py ROOT
"""
import re
import sys
from pathlib import Path

from house import files, finish

BASE = {"base"}
STORES = BASE | {"memory", "queue"}
MAY_USE = {
    "base": set(),
    "memory": BASE,
    "queue": BASE,
    "wire": BASE,
    "host": BASE | {"queue"},
    "heap": STORES | {"wire"},
    "recv": STORES | {"wire", "heap"},
    "send": STORES | {"wire", "heap"},
    "transport": STORES | {"wire", "heap", "recv", "send"},
}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
PYTHON_NAME = re.compile(r"\b_?Py(?:[A-Z]\w*)?_[A-Z]\w*|\bPyObject\b|\bpybind11\b")
CONDITION = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif)\b(.*)")
# A platform is a file chosen by the build, not an #if. What stays: the machine, the compiler, a sanitizer, the
# versions of what we build on, and whether there is libpcap (for programs that offer it).
MAY_BE_ASKED = re.compile(
    r"^(defined|__cplusplus|__x86_64__|__i386__|__aarch64__|__ARM_FEATURE_SVE|__AVX\w*__|__SSE2__|__clang__|__GNUC__|__clang_major__"
    r"|__SANITIZE_\w+|__has_feature|__has_include|__has_attribute|\w+_sanitizer|NDEBUG|BOOST_VERSION"
    r"|BOOST_ASIO_HAS_\w+|LINUX_VERSION_CODE|KERNEL_VERSION|HEAPWIRE_HAS_PCAP)$")


def room_of(name: Path) -> str | None:
    """The room whose rules hold for a file."""
    parts = name.parts
    if parts[:3] == ("libcore", "include", "heapwire") and len(parts) > 4:
        return parts[3]
    if parts[:2] == ("libcore", "src") and len(parts) > 3:
        return parts[2]
    if parts[0] == "libcore-tests" and len(parts) > 2 and parts[1] in MAY_USE:
        return parts[1]
    return None


def check_include(name: Path, quote: str, used: str, public: Path) -> str | None:
    """Why this file may not have this #include."""
    room = room_of(name)
    in_core = name.parts[0] == "libcore"
    if in_core and re.match(r"Python\.h$|pybind11/|nanobind/", used):
        return "the core does not know Python"
    if in_core and used.startswith("boost/asio") and room != "transport":
        return "only transport uses Asio"
    if used.startswith("heapwire/"):
        parts = used.split("/")
        if not (public / used).exists() and used != "heapwire/base/version.h":
            return f"{used} is not a public header"
        if room and len(parts) > 2 and parts[1] != room and parts[1] not in MAY_USE[room]:
            return f"{room} may not use {parts[1]}"
        return None
    if name.parts[:2] == ("libcore", "include") and quote == '"':
        return f"a public header includes {used}, which is not one"
    if ".." in used.split("/") or "libcore/" in used or used.startswith("src/"):
        return f"{used} reaches into another house"
    return None


def check_conditions(name: Path, lines: list[str]) -> list[str]:
    found = []
    for number, line in enumerate(lines, 1):
        asked = CONDITION.match(line)
        if not asked:
            continue
        words = re.findall(r"[A-Za-z_]\w*", asked[2].split("//")[0])
        following = lines[number] if number < len(lines) else ""
        supplies = asked[1] == "ifndef" and words and re.match(rf"\s*#\s*define\s+{words[0]}\b", following)
        if not supplies:
            found += [f"{name}:{number}: #{asked[1]} {w}: choose a file in meson.build instead"
                      for w in words if not MAY_BE_ASKED.match(w)]
    return found


def faults(root: Path) -> list[str]:
    public = root / "libcore" / "include"
    found = []
    for path in files(root):
        name = path.relative_to(root)
        if path.suffix not in {".h", ".cpp"} or name.parts[0] not in {"libcore", "libcore-tests", "pyext", "tools"}:
            continue
        room = room_of(name)
        if room and room not in MAY_USE:
            found.append(f"{name}: there is no room {room}")
            continue
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            used = INCLUDE.match(line)
            why = check_include(name, used[1], used[2], public) if used else None
            if why:
                found.append(f"{name}:{number}: {why}")
            if name.parts[0] == "libcore" and PYTHON_NAME.search(line.split("//")[0]):
                found.append(f"{name}:{number}: the core does not know Python")
        if name.parts[0] in {"libcore", "tools"}:
            found += check_conditions(name, lines)
    return found


if __name__ == "__main__":
    finish(faults(Path(sys.argv[1]).resolve()), "the arrows hold")
