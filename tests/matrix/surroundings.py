"""The one place for what surrounds a run and must not be seen in it: threads, memory, folder, user, time zone, language, order of attaching."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from dq_fixtures.corruptions.picks import SNAPSHOTS
from dq_fixtures.corruptions.registry import BEFORE, CARRIED, FIRST, KEPT, LAST, NEXT, SECOND, UNCHANGED, Stage

import dq
from dq.settings import Settings

from .judging import compare
from .stages import BROKEN, CLEAN, Case, differences

Run = Callable[[Path], list[str]]


@dataclass(frozen=True, slots=True)
class Surrounding:
    """What surrounds a run, and what runs in it and says what was otherwise; `same`: every byte of the run must be the same."""

    what: str
    run: Run
    stage: Stage = FIRST
    same: bool = False


ELSEWHERE = {"TZ": "Asia/Jakarta", "LANG": "C", "LC_ALL": "C", "USER": "somebody", "LOGNAME": "somebody", "PYTHONHASHSEED": "4711"}


def _broken(base: Path, *, settings: Settings, reversed_: bool = False) -> list[str]:
    """Run the broken demo, in which most entities are clean; return what has other bytes than the same run in plain surroundings."""
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = Case(base / str(FIRST.moved), Path(work), FIRST)
        files = case.broken
        finished = case.run(dict(reversed(files.items())) if reversed_ else files, settings=settings)
        return differences(finished.folder, case.base / BROKEN)


def _threads(number: int) -> Run:
    return lambda base: _broken(base, settings=Settings("900MB", number))


def _memory(base: Path) -> list[str]:
    """Run with so little memory that it must spill."""
    return _broken(base, settings=Settings("120MB", 1))


def _as_large(base: Path) -> list[str]:
    """Run as if every table were large: no view is kept as a table."""
    with patch("dq.compare.entity.FEW", -1):
        return _broken(base, settings=Settings("500MB", 1))


def _attached_otherwise(base: Path) -> list[str]:
    """Name the snapshots in another order."""
    return _broken(base, settings=Settings("500MB", 1), reversed_=True)


def _elsewhere(base: Path) -> list[str]:
    """Run the command from another folder, as another user, with another time zone, language and hash seed."""
    found: list[str] = []
    for name, exit_status in ((CLEAN, 0), (BROKEN, 1)):
        with tempfile.TemporaryDirectory(prefix="matrix-") as work:
            case = Case(base / str(FIRST.moved), Path(work), FIRST)
            files = case.clean if name == CLEAN else case.broken
            sides = [part for side in SNAPSHOTS for part in (f"--{side}", str(files[side]))]
            command = [
                sys.executable,
                "-c",
                "from dq.cli import main; main()",
                "run",
                "--batch",
                "1",
                "--contract",
                str(case.contract),
                "--runs",
                str(case.work / "runs"),
                *sides,
            ]
            told = subprocess.run(
                command,
                cwd=work,
                env={**os.environ, **ELSEWHERE, "HOME": work, "PYTHONPATH": str(Path(dq.__file__).parents[1])},
                capture_output=True,
                text=True,
                check=False,
            )
            if told.returncode != exit_status:
                found.append(f"{name}: exit status {told.returncode} instead of {exit_status}: {told.stderr[-300:]}")
                continue
            (folder,) = (case.work / "runs").iterdir()
            found += [f"{name}: {line}" for line in differences(folder, case.base / name)]
    return found


def _again(base: Path) -> list[str]:
    """Run once more where the clean demo's run stands: the second finds the first, and its bytes."""
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = Case(base / str(FIRST.moved), Path(work), FIRST)
        first = case.work / "runs" / json.loads((case.base / CLEAN / "run.json").read_text(encoding="utf-8"))["run"]
        shutil.copytree(case.base / CLEAN, first)
        second = case.run(case.clean).folder
        if second != first or list(first.parent.iterdir()) != [first]:
            return ["two runs of the same inputs stand in two folders"]
        return differences(first, case.base / CLEAN)


def _clean(stage: Stage) -> Run:
    """Ask about the clean demo at another stage of the migration."""

    def run(base: Path) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="matrix-") as work:
            case = Case(base / str(stage.moved), Path(work), stage)
            return list(compare(case.run(case.clean), ()))

    return run


SURROUNDINGS: dict[str, Surrounding] = {
    "N00": Surrounding("the clean demo, batch 1", _clean(FIRST)),
    "N00.before": Surrounding("the clean demo before the first batch: may it start?", _clean(BEFORE), stage=BEFORE),
    "N00.next": Surrounding("the clean demo: may batch 2 start?", _clean(NEXT), stage=NEXT),
    "N00.second": Surrounding("the clean demo, batch 2", _clean(SECOND), stage=SECOND),
    "N00.carried": Surrounding("the clean demo: may batch 3 start?", _clean(CARRIED), stage=CARRIED),
    "N00.kept": Surrounding("the clean demo, held against the crosswalk of batch 1: may batch 3 start?", _clean(KEPT), stage=KEPT),
    "N00.unchanged": Surrounding("the clean demo, whose crosswalk is the very one of before: may batch 2 start?", _clean(UNCHANGED), stage=UNCHANGED),
    "N00.last": Surrounding("the clean demo, everything moved", _clean(LAST), stage=LAST),
    **{f"K20.{number}": Surrounding(f"{number} thread{'s' if number > 1 else ''}", _threads(number), same=True) for number in (1, 2, 4, 8)},
    "K20.memory": Surrounding("so little memory that it spills", _memory, same=True),
    "K20.large": Surrounding("the stores count as large: nothing is kept that can be read again", _as_large, same=True),
    "N10.order": Surrounding("the snapshots are named in another order", _attached_otherwise, same=True),
    "N10": Surrounding("another folder, user, time zone, language and hash seed", _elsewhere, same=True),
    "N10.again": Surrounding("the same run once more", _again, same=True),
}
