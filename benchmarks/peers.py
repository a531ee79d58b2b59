"""The one place for the peer that is measured: lake-sift, in a virtual environment of its own, so that it brings its own versions of everything."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).with_name(".peers")
LAKE_SIFT = "lake-sift==0.6.0"


def lake_sift(*, tell: Callable[[str], None] = print) -> Path | None:
    """Return the program, installing it first where it is not there; None where it cannot be installed."""
    program = FOLDER / "bin" / "lake-sift"
    if program.exists():
        return program
    tell(f"installing {LAKE_SIFT}, once")
    venv.create(FOLDER, with_pip=True, clear=True)
    done = subprocess.run(
        [FOLDER / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", LAKE_SIFT], capture_output=True, text=True, check=False
    )
    if done.returncode == 0 and program.exists():
        return program
    tell(f"{LAKE_SIFT} could not be installed, so nothing is compared with it: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return None


def versions(program: Path) -> str:
    """Return which versions the peer runs on."""
    python = program.with_name("python")
    code = "import duckdb, lakesift; print(f'lake-sift {lakesift.__version__} on DuckDB {duckdb.__version__}')"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip() if python.exists() else sys.version
