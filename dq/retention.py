"""The one place for how long keys and values are kept: which runs' restricted/ is to be deleted by now, and deleting it.

The record, its renderings and whatever was signed stay: they hold no personal data. A run says in its run.json when it was made and, where the
contract has `[limits] keep_days`, until which day its findings are kept; a snapshot's manifest says the same of its file (`keep_snapshot_days`), which nobody
but a person deletes.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dq.errors import UsageError
from dq.folder import FINDINGS, read_varying
from dq.past import run_folders

RESTRICTED = FINDINGS.parent.name
KEPT_UNTIL = "kept_until"  # the key of run.json


@dataclass(frozen=True, slots=True)
class Kept:
    """A run that still has its restricted/."""

    folder: Path
    made: date | None  # in UTC; None where its run.json does not say it
    until: date | None  # the last day on which it is kept; None: nobody said one
    size: int  # bytes

    @property
    def restricted(self) -> Path:
        """The folder with keys and values."""
        return self.folder / RESTRICTED


def kept(runs: Path) -> tuple[Kept, ...]:
    """Return the runs that still have their restricted/, the latest last. Raises UsageError where there is no such folder of runs."""
    if not runs.is_dir():
        raise UsageError(f"{runs}: no such folder of runs")
    return tuple(_kept(folder) for folder in run_folders(runs) if (folder / RESTRICTED).is_dir() and not (folder / RESTRICTED).is_symlink())


def due(runs: Sequence[Kept], *, today: date, before: date | None = None, newest: int | None = None) -> tuple[Kept, ...]:
    """Return the runs whose restricted/ is to be deleted.

    Args:
        runs: those that have one, the latest last.
        today: by it the day is judged that a run is kept until.
        before: those made before this day instead; one that does not say when it was made is none of them.
        newest: all but so many of the latest instead.
    """
    if newest is not None:
        return tuple(runs[: max(0, len(runs) - newest)])
    if before is not None:
        return tuple(run for run in runs if run.made is not None and run.made < before)
    return tuple(run for run in runs if run.until is not None and run.until < today)


def last_day(folder: Path) -> date | None:
    """Return the last day on which a run's keys and values are kept; None where nobody said one, or they are gone."""
    return _day(read_varying(folder).get(KEPT_UNTIL)) if (folder / RESTRICTED).is_dir() else None


def delete(run: Kept) -> None:
    """Delete the restricted/ of a run. Raises UsageError where that cannot be done."""
    try:
        shutil.rmtree(run.restricted)
    except OSError as error:
        raise UsageError(f"{run.restricted}: cannot be deleted ({(error.strerror or 'no reason given').lower()})") from None


def _kept(folder: Path) -> Kept:
    said = read_varying(folder)
    size = sum(path.stat().st_size for path in (folder / RESTRICTED).rglob("*") if path.is_file() and not path.is_symlink())
    return Kept(folder, _day(said.get("started")), _day(said.get(KEPT_UNTIL)), size)


def _day(said: Any) -> date | None:
    try:
        found = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    if found is None:
        return None
    return (found.astimezone(UTC) if found.tzinfo is not None else found).date()
