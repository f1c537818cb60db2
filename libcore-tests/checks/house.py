# SPDX-License-Identifier: BSD-3-Clause
"""What the house checks share: the tree's own files, and how a check ends."""
import subprocess
import sys
from pathlib import Path

CODE = {".h", ".cpp", ".py"}
LEFT_OUT = {".git", ".cache", "__pycache__", "packagecache", ".pytest_cache", ".mypy_cache", ".ruff_cache"}


def files(root: Path) -> list[Path]:
    """The tracked files; without git (a tarball, a tree of another owner) all but what builds leave behind."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=False) \
        if (root / ".git").exists() and has_git() else None
    if listed and listed.returncode == 0:
        names = [root / name for name in listed.stdout.decode().split("\0") if name]
    else:
        names = [p for p in root.rglob("*") if not left_out(p.relative_to(root))]
    return sorted(p for p in names if p.is_file() and not p.is_symlink())


def has_git() -> bool:
    try:
        return subprocess.run(["git", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def left_out(name: Path) -> bool:
    first = name.parts[0]
    wraps = first == "subprojects" and len(name.parts) > 2
    return first.startswith("build") or wraps or bool(LEFT_OUT.intersection(name.parts))


def finish(found: list[str], praise: str) -> None:
    print("\n".join(found) or praise)
    sys.exit(bool(found))
