# SPDX-License-Identifier: BSD-3-Clause
"""What strangers do with the source: an archive, a wheel of the archive in a fresh environment, pyext alone.

Needs the environment in which the wheel was built (meson-python, pybind11), the folder of that build in
HEAPWIRE_WHEEL_BUILD, and git. Nothing is compiled twice that a compiler cache can remember.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "python" / "item_groups.py"

pytest.importorskip("mesonpy")
pybind11 = pytest.importorskip("pybind11")


def is_checkout():
    """Whether git knows the tree: an archive is made of what is committed."""
    ask = ["git", "-C", str(ROOT), "rev-parse", "--verify", "HEAD"]
    return shutil.which("git") and subprocess.run(ask, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not is_checkout(), reason="no git checkout"),
    pytest.mark.skipif("HEAPWIRE_WHEEL_BUILD" not in os.environ, reason="no build of the wheel is named"),
]


def run(*words, **more):
    """Run with the tools of this environment first; answer what was printed."""
    env = dict(os.environ, PATH=os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]))
    env.update(more.pop("env", {}))
    command = [str(word) for word in words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, **more)
    assert done.returncode == 0, f"{' '.join(command)}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def build():
    return (ROOT / os.environ["HEAPWIRE_WHEEL_BUILD"]).resolve()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    out = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-c", f"import mesonpy; mesonpy.build_sdist({str(out)!r})", cwd=ROOT)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """Of the archive, unpacked elsewhere."""
    out = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(out)
    (source,) = out.iterdir()
    run(
        *(sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps"),
        *("--config-settings=build-dir=build/wheel", "-w", out, source),
    )
    (made,) = out.glob("*.whl")
    return made


def test_the_archive_has_all_sources_and_no_links(sdist):
    tracked = run("git", "-C", ROOT, "ls-tree", "-rz", "--name-only", "HEAD").strip("\0").split("\0")
    with tarfile.open(sdist) as archive:
        members = {name.partition("/")[2]: member for member in archive for name in [member.name]}
    assert set(tracked) - set(members) <= {"subprojects/pyext", "meson.options"}  # links and what they led to
    assert not [name for name, member in members.items() if member.issym() or member.islnk()]
    for name in tracked:
        if name.startswith("pyext/"):
            assert f"subprojects/{name}" in members, name


def test_the_wheel_has_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        about = {Path(name).name: archive.read(name).decode() for name in names if ".dist-info/" in name}
    sources = {
        str(path.relative_to(ROOT / "pyext"))
        for path in (ROOT / "pyext" / "heapwire").rglob("*")
        if path.suffix in {".py", ".pyi", ".typed"}
    }
    inside = {name for name in names if ".dist-info/" not in name}
    (extension,) = inside - sources
    assert sources <= inside
    assert extension == "heapwire/_core" + sysconfig.get_config_var("EXT_SUFFIX")
    assert "Requires-Dist: numpy" in about["METADATA"]
    assert "Requires-Python: >=3.10" in about["METADATA"]
    assert "LICENSE" in about


def test_the_wheel_of_the_archive_serves_in_a_fresh_environment(wheel, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "fresh")
    python = tmp_path / "fresh" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", wheel)
    assert "Jocelyn Bell" in run(python, EXAMPLE, cwd=tmp_path)


def test_pyext_alone_serves_with_an_installed_core(build):
    """Its folders stay, and optimising is left out: what is compiled here is not in the cache otherwise."""
    alone = ROOT / "build" / "pyext-alone"
    shutil.rmtree(alone / "installed", ignore_errors=True)
    shutil.rmtree(alone / "package", ignore_errors=True)
    run("meson", "install", "-C", build, "--no-rebuild", "--tags=devel,runtime", "--destdir", alone / "installed")
    (found,) = (alone / "installed").rglob("heapwire.pc")
    env = {"PKG_CONFIG_PATH": os.pathsep.join([str(found.parent), pybind11.get_pkgconfig_dir()])}
    (alone / "python.ini").write_text(f"[binaries]\npython = {sys.executable!r}\n")
    if not (alone / "build" / "build.ninja").exists():
        options = ["-Dbuildtype=plain", f"-Dpython.platlibdir={alone / 'package'}"]
        run("meson", "setup", alone / "build", ROOT / "pyext", *options, "--native-file", alone / "python.ini", env=env)
    run("meson", "install", "-C", alone / "build", env=env)
    printed = run(sys.executable, EXAMPLE, cwd=alone, env={"PYTHONPATH": str(alone / "package")})
    assert "Jocelyn Bell" in printed
    where = [sys.executable, "-c", "import heapwire; print(heapwire.__file__)"]
    assert str(alone) in run(*where, cwd=alone, env={"PYTHONPATH": str(alone / "package")})
