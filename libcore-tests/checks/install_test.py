# SPDX-License-Identifier: BSD-3-Clause
"""The installed library serves a stranger: static and shared, found by pkg-config and by CMake.

usage: install_test.py ROOT BUILD
BUILD is a finished build of the static library; the shared one is built beside it, in BUILD-shared.
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
COMPILER = os.environ.get("CXX", "c++").split()


def run(*words: object, **more) -> str:
    command = [str(word) for word in words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def install(build: Path, to: Path) -> Path:
    """Installs and answers the folder that corresponds to the prefix."""
    run("meson", "install", "-C", build, "--no-rebuild", "--destdir", to)
    (config,) = to.rglob("heapwireConfig.cmake")
    return next(p for p in config.parents if (p / "include" / "heapwire").is_dir())


def build_shared(root: Path, beside: Path) -> Path:
    build = beside.with_name(beside.name + "-shared")
    options = ["-Ddefault_library=shared", "-Dtests=false", "-Dtools=false", "-Dexamples=false", "-Dbenchmarks=false"]
    if not (build / "build.ninja").exists():
        run("meson", "setup", build, root, *options)
    run("ninja", "-C", build)
    return build


def by_pkg_config(prefix: Path, consumer: Path, work: Path) -> str:
    """Without --static: what the static library needs, shared, is in its public flags."""
    (found,) = prefix.rglob("heapwire.pc")
    search = dict(os.environ, PKG_CONFIG_PATH=str(found.parent))
    flags = run("pkg-config", "--cflags", "--libs", "heapwire", env=search).split()
    wrong = [f for f in flags if f.startswith(("-I", "-L")) and "heapwire" in f and not f[2:].startswith(str(prefix))]
    if wrong:
        sys.exit(f"pkg-config leads elsewhere: {wrong}")
    run(*COMPILER, "-std=c++20", "-Wall", "-Wextra", "-Werror", consumer / "consumer.cpp", *flags,
        "-o", work / "by_pkg_config")
    (library,) = {p.parent for p in prefix.rglob("libheapwire.*") if p.suffix in {".a", ".so"}}
    return run(work / "by_pkg_config", env=dict(os.environ, LD_LIBRARY_PATH=str(library)))


def by_cmake(prefix: Path, consumer: Path, work: Path) -> str:
    run("cmake", "-S", consumer, "-B", work / "cmake", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={COMPILER[-1]}")
    run("cmake", "--build", work / "cmake")
    return run(work / "cmake" / "consumer")


def main(root: Path, build: Path) -> int:
    missing = [tool for tool in ("meson", "ninja", "pkg-config", "cmake") if not shutil.which(tool)]
    if missing:
        print("skipped, not installed:", *missing)
        return SKIPPED
    consumer = root / "libcore-tests" / "checks" / "consumer"
    with tempfile.TemporaryDirectory() as folder:
        for kind, source in (("static", build), ("shared", build_shared(root, build))):
            prefix = install(source, Path(folder) / kind)
            work = Path(folder) / f"{kind}-work"
            work.mkdir()
            print(kind, "by pkg-config:", by_pkg_config(prefix, consumer, work), flush=True)
            print(kind, "by CMake:", by_cmake(prefix, consumer, work), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
