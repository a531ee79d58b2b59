"""The one place that finds a run that was recorded before: by its id, the beginning of one, its folder, or as the latest of all."""

from __future__ import annotations

from pathlib import Path

from dq.errors import UsageError, near_miss
from dq.folder import REPORT

LATEST = "latest"


def run_folders(runs: Path) -> list[Path]:
    """Return the folders of all recorded runs, the latest last; none where there is no such folder. Raises UsageError where it is a file."""
    if runs.exists() and not runs.is_dir():
        raise UsageError(f"{runs}: is no folder")
    found = [path.parent for path in runs.glob(f"*/{REPORT}") if not path.parent.name.startswith(".")]
    return sorted(found, key=lambda folder: ((folder / REPORT).stat().st_mtime_ns, folder.name))


def find_run(name: str, *, runs: Path, with_file: str | None = None) -> Path:
    """Return a run's folder by id, beginning of an id, path or 'latest'; of those with a file the latest one, where any has it. Raises UsageError."""
    if (Path(name) / REPORT).is_file():
        return Path(name)
    folders = run_folders(runs)
    if not folders:
        raise UsageError(f"{runs}: there is no run yet")
    if name == LATEST:
        having = [folder for folder in folders if with_file is not None and (folder / with_file).exists()]
        return (having or folders)[-1]
    found = [folder for folder in folders if folder.name.startswith(name)]
    if len(found) > 1:
        raise UsageError(f"'{name}' begins {len(found)} runs: {', '.join(folder.name for folder in found[:5])}")
    if not found:
        raise UsageError(f"there is no run '{name}' in {runs}{near_miss(name, [folder.name for folder in folders])}")
    return found[0]
