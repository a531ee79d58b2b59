"""The wheel as somebody else installs it: everything is in it, and `dq demo` works from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of what is under version control, so that nothing else gets into it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(target), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = target.glob("dq_parity-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own, whose other libraries are this one's; return its `bin`."""
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    there = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
    install = [sys.executable, "-m", "pip", "--python", str(place), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    # A plain path, read line by line: the .pth of an editable install in that folder is not followed, so this dq cannot be meant.
    (there / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


def _call(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8"}
    return subprocess.run(list(map(str, command)), cwd=cwd, env=env, check=False, capture_output=True, text=True, timeout=300)


def test_everything_that_is_needed_at_run_time_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "dq").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    packages = (
        ("expectations", "dq_expectations", (".py", ".toml", ".sql")),
        ("fixtures", "dq_fixtures", (".py", ".json", ".sql")),
        ("notebooks", "dq_notebooks", (".py", ".ipynb")),
    )
    for folder, package, suffixes in packages:
        files = [path for path in (ROOT / folder).rglob("*") if path.suffix in suffixes and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)]
        wanted |= {f"{package}/{path.relative_to(ROOT / folder).as_posix()}" for path in files}
    assert names == wanted


def test_nothing_in_the_wheel_is_anybodys_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert [name for name in archive.namelist() if name.endswith((".duckdb", ".parquet", ".pyc", ".manifest.json"))] == []


def test_the_installed_dq_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    found = _call(
        installed / "python", "-c", "import dq, dq_fixtures, dq_expectations; print(dq.__file__, dq_fixtures.__file__, dq_expectations.__file__)", cwd=tmp_path
    )
    assert found.stderr == ""
    assert [Path(file).is_relative_to(installed.parent) for file in found.stdout.split()] == [True, True, True]


@pytest.fixture(scope="module")
def demo(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Run `dq demo` in an empty folder."""
    folder = tmp_path_factory.mktemp("empty")
    return folder, _call(installed / "dq", "demo", "--accounts", 400, cwd=folder)


def test_the_demo_says_where_to_look(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, called = demo
    assert (called.returncode, called.stderr) == (0, "")
    looking = [line.split() for line in called.stdout.partition("\nWhere to look:\n")[2].strip().splitlines()]
    assert [" ".join(line[:2]).partition(" batch")[0] for line in looking] == ["PASSED", "GATE OPEN", "FAILED", "GATE SHUT"]
    assert [(folder / line[-1]).is_file() for line in looking] == [True] * 4
    assert [item.name for item in folder.iterdir()] == ["dq-demo"]


def test_the_demos_clean_batch_passes_and_its_broken_one_fails(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    clean, _, broken = demo[1].stdout.partition("\nWhere to look:\n")[0].partition("== broken ==")
    assert "\nPASSED batch=1 run=" in clean
    assert "\nGATE OPEN batch=2 run=" in clean
    assert "\nFAILED batch=1 run=" in broken
    assert "\nGATE SHUT batch=2 run=" in broken


def test_the_demo_is_looked_at_again_with_the_other_commands(installed: Path, demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder = demo[0] / "dq-demo"
    shown = _call(installed / "dq", "show", "--history", cwd=folder)
    rows = [line for line in shown.stdout.splitlines()[1:] if not line.startswith(" ")]  # a further amount of a run stands below it
    assert (shown.returncode, shown.stderr, len(rows)) == (0, "Page: runs/index.html\n", 4)
    again = _call(installed / "dq", "run", "--batch", 1, cwd=folder)
    assert (again.returncode, len(list((folder / "runs").glob("*/report.json")))) == (0, 4)
    checked = _call(installed / "dq", "check", cwd=folder)
    assert (checked.returncode, checked.stderr) == (0, "")
