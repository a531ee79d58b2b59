"""The one place that looks whether a run's snapshots are still those that it compared, where they are at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dq.errors import RefusedError, UsageError
from dq.signoff.disk import Disk

HASHED, NOT_HERE, ANOTHER = "the same", "not looked at", "not looked at: another snapshot stands there by now"


def look_at(
    wanted: Mapping[str, str], *, files: Mapping[str, Path], varying: Mapping[str, Any], renewed: bool, disk: Disk, told: Callable[[str], None]
) -> dict[str, str]:
    """Return by side what was seen of its snapshot.

    Args:
        wanted: side to the SHA-256 that was attested.
        files: side to file, of those that must be it.
        varying: what run.json says of where they lay; nobody signed that, so it is only where one looks.
        renewed: whether another snapshot may stand there by now.
        disk: what was read of the disk already.
        told: called with each snapshot that is looked at next.

    Raises:
        RefusedError: a file is not the one that was attested.
        UsageError: a named one is of no side of this run.
    """
    for side in files:
        if side not in wanted:
            raise UsageError(f"--{side.replace('_', '-')}: this run has no such snapshot")
    seen: dict[str, str] = {}
    for side, digest in wanted.items():
        told(f"{side} snapshot")
        seen[side] = _seen(side, digest, named=files.get(side), told=_place(varying, side), renewed=renewed, disk=disk)
    return seen


def _seen(side: str, digest: str, *, named: Path | None, told: Path | None, renewed: bool, disk: Disk) -> str:
    path = named or told
    if path is None or (named is None and not path.exists()):
        return NOT_HERE
    if named is None and renewed and disk.told_by_manifest(path) not in (None, digest):  # one that is ours and whose file is not is no other
        return ANOTHER
    if disk.sha256(path) != digest:
        raise RefusedError(f"{side} snapshot {path}: is not the file that was compared: its SHA-256 is another")
    wal = path.with_name(f"{path.name}.wal")
    if wal.exists() or wal.is_symlink():
        raise RefusedError(f"{side} snapshot {path}: {wal.name} stands beside it and would change what is read")
    return HASHED


def _place(varying: Mapping[str, Any], side: str) -> Path | None:
    snapshots = varying.get("snapshots")
    item = snapshots.get(side) if isinstance(snapshots, dict) else None
    path = item.get("path") if isinstance(item, dict) else None
    return Path(path) if isinstance(path, str) and path else None
