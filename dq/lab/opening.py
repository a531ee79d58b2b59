"""The one place where a notebook gets its run: by name, from the nearest folder of runs above where the notebook lies."""

from __future__ import annotations

from pathlib import Path

from dq.errors import UsageError
from dq.folder import REPORT, read_record
from dq.past import LATEST, find_run, run_folders
from dq.result import Run

HOW = "make one with `dq run`, or see the demo: `make gate BROKEN=1` in the repository, `dq demo` elsewhere"


def open_run(name: str = LATEST, *, runs: Path | str | None = None) -> Run:
    """Return a recorded run.

    Args:
        name: an id or its beginning, a run's folder, or 'latest'.
        runs: where run folders are kept; None: in the nearest `runs` or `dq-demo/runs`, here or above, that holds one.

    Raises:
        UsageError: there is no run, or none of that name.
    """
    if (Path(name) / REPORT).is_file():
        folder = Path(name)
    else:
        kept = Path(runs) if runs is not None else _nearest(Path.cwd())
        if kept is None or not run_folders(kept):
            raise UsageError(f"there is no run yet: {HOW}")
        folder = find_run(name, runs=kept)
    return Run(folder, read_record(folder))


def _nearest(folder: Path) -> Path | None:
    places = (place / runs for place in (folder, *folder.parents) for runs in ("runs", "dq-demo/runs"))
    return next((place for place in places if place.is_dir() and run_folders(place)), None)
