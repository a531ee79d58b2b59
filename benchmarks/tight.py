"""`python -m benchmarks.tight`: `dq run` with little memory, one thread, a cold cache and a full disk: slower, never another answer.

Every row of ten million differs (ROWS says how many, if other): nothing that a run does takes more memory or disk. Whatever it is given, its record
and its findings must be the same bytes; where the disk does not hold what it spills it must say so and leave nothing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Data, build
from benchmarks.races import CONTRACTS
from benchmarks.sealed import MIGRATION, MOMENT
from benchmarks.table import tell
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.seal import Label

ROWS = 10_000_000
FULL = "a full disk"  # the one case that must not end
CASES: dict[str, tuple[str, ...]] = {
    "as it comes": (),
    "512 MB": ("--memory", "512MB"),
    "one thread": ("--threads", "1"),
    "512 MB, one thread": ("--memory", "512MB", "--threads", "1"),
    "a cold cache": (),
    FULL: ("--memory", "200MB"),
}
_DISK = "24m"  # of the small disk


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended."""

    status: int
    seconds: float
    peak_mb: float
    digests: tuple[str, ...]  # of the record and of the findings; none where there is no run folder
    said: str  # the last line on standard error


def main() -> int:
    """Run every case and return 0 where each was as it must be."""
    rows = int(os.environ.get("ROWS") or ROWS)
    source, target = _sealed(build(rows, tell=tell))
    tell(f"every one of {rows:,} rows differs")
    wanted: tuple[str, ...] = ()
    wrong = 0
    for name, flags in CASES.items():
        if name == "a cold cache":
            _forget(source, target)
        ended = _full_disk(source, target, flags) if name == FULL else _run(source, target, flags)
        wanted = wanted or ended.digests
        as_it_must = (ended.status, ended.digests) == ((3, ()) if name == FULL else (1, wanted))
        answer = f"exit 3: {ended.said}" if name == FULL else "the same bytes"
        tell(f"  {name:20} {ended.seconds:6.1f} s {ended.peak_mb:6.0f} MB  {answer if as_it_must else f'WRONG: exit {ended.status}, {ended.said}'}")
        wrong += not as_it_must
    return 1 if wrong else 0


def _sealed(data: Data) -> tuple[Path, Path]:
    """Return both snapshots, sealing them first where that has not been done."""
    folder = data.folder / "tight"
    for store, side in (("source", "source"), ("all_rows", "target")):
        if not (folder / f"{side}.duckdb").exists():
            seal_duckdb(data.store(store), folder / f"{side}.duckdb", label=Label(MIGRATION, side, side, None, None, MOMENT))
    return folder / "source.duckdb", folder / "target.duckdb"


def _forget(*files: Path) -> None:
    """Have the system forget what it holds of some files."""
    for file in files:
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _run(source: Path, target: Path, flags: Sequence[str], *, runs: Path | None = None) -> Ended:
    with tempfile.TemporaryDirectory() if runs is None else nullcontext(str(runs)) as folder:
        stores = ("--source", str(source), "--target", str(target))
        command = (str(Path(sys.executable).with_name("dq")), "run", "--contract", str(CONTRACTS / "plain"), *stores, "--runs", folder, *flags)
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = process.stderr.read().strip().splitlines() if process.stderr else []
        _, status, usage = os.wait4(process.pid, 0)
        made = [file for name in ("report.json", "restricted/findings.parquet") for file in sorted(Path(folder).glob(f"*/{name}"))]
        digests = tuple(hashlib.sha256(file.read_bytes()).hexdigest() for file in made)
        return Ended(os.waitstatus_to_exitcode(status), time.perf_counter() - started, usage.ru_maxrss * 1024 / 1e6, digests, said[-1] if said else "")


def _full_disk(source: Path, target: Path, flags: Sequence[str]) -> Ended:
    """Run on a disk that is too small for what is spilled; only root can make one."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", place], check=True)
        try:
            return _run(source, target, flags, runs=Path(place))
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)


if __name__ == "__main__":
    sys.exit(main())
