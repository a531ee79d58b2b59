"""The one place that asks whether everything is here that a gate needs: contract, snapshots, room, tools and a clock; it changes nothing.

It looks and does not compare: whether a snapshot's bytes are what its manifest says is asked by every run, which reads them all.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dq.contract.models import Contract, Entity
from dq.contract.reading import read_contract
from dq.engine import VERSION
from dq.errors import DqError
from dq.expect.native import claim
from dq.retention import due, kept
from dq.settings import usable_cores
from dq.stores.manifest import Manifest, manifest_path, read_manifest
from dq.words import counted

State = Literal["here", "missing", "optional", "overdue"]
MEMORY = 1_500_000_000  # bytes; Source: FACTS "DuckDB": a process stays under 1.5 GB with the engine's usual limit
_ROOM = 1_000_000_000  # bytes that a run needs at least where it spills
_SIGNERS = "signers.toml"


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that was looked at: `optional` is missing, and nothing but what it is for needs it; `overdue` is here, and should not be any more."""

    what: str
    state: State
    said: str


def examine(folder: Path, *, runs: Path, now: datetime) -> tuple[Symptom, ...]:
    """Return what is here and what is not.

    Args:
        folder: the contract.
        runs: where run folders are kept.
        now: the clock.
    """
    try:
        contract: Contract | None = (found := read_contract(folder))
        said = f"{folder}: {counted(len(found.entities), 'entity')}, {counted(len(found.waivers), 'waiver')}"
        first = Symptom("contract", "here", said)
    except DqError as error:
        contract, first = None, Symptom("contract", "missing", str(error))
    of_contract = () if contract is None else (*_snapshots(contract, now=now), *_files(contract), _zones(contract))
    return (first, *of_contract, _engine(), _disk(runs, contract), _memory(), *_tools(contract), *_kept(runs, today=now.astimezone(UTC).date()))


def _snapshots(contract: Contract, *, now: datetime) -> Iterator[Symptom]:
    """Yield a line a snapshot: there, with a manifest, as large as that says, nothing beside it that would be replayed, not from the future."""
    for side, store in contract.migration.stores.present():
        path = store.snapshot
        problem, manifest = _broken(path)
        if problem is None and manifest is not None and manifest.taken_at > now:
            problem = f"it was taken at {manifest.moment}, and here it is {now.isoformat(timespec='seconds')}: a clock is wrong"
        rows = f"{manifest.rows:,} rows of {manifest.moment}" if manifest is not None else ""
        yield Symptom(f"{side} snapshot", "missing" if problem else "here", f"{path}: {problem or rows}")
        if manifest is not None and manifest.kept_until is not None and manifest.kept_until < now.astimezone(UTC).date():
            yield Symptom(f"{side} snapshot", "overdue", f"{path}: was to be kept until {manifest.kept_until.isoformat()}: delete it, or seal a newer one")


def _broken(path: Path) -> tuple[str | None, Manifest | None]:
    if path.is_symlink() or not path.is_file():
        return "no such file", None
    try:
        manifest = read_manifest(path)
    except DqError as error:
        return str(error).removeprefix(f"{path}: ").removeprefix(f"{manifest_path(path)}: "), None
    if path.stat().st_size != manifest.file_bytes:
        return f"{path.stat().st_size:,} bytes, its manifest says {manifest.file_bytes:,}", None
    if Path(f"{path}.wal").exists():
        return "a .wal stands beside it", None
    return None, manifest


def _files(contract: Contract) -> Iterator[Symptom]:
    if contract.pinned is None:
        yield Symptom("stores.lock.toml", "optional", "nothing is pinned: dq check --pin")
    else:
        tables = sum(len(tables) for tables in contract.pinned.values())
        yield Symptom("stores.lock.toml", "here", f"{counted(tables, 'table')} pinned")
    there = (contract.folder / _SIGNERS).is_file()
    yield Symptom(_SIGNERS, "here" if there else "optional", "who may sign" if there else "nobody may sign: what is waived does not count")


def _zones(contract: Contract) -> Symptom:
    zone = contract.migration.zone
    try:
        at = datetime.now(tz=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return Symptom("clock and zones", "missing", f"the zone {zone} is not known here")
    return Symptom("clock and zones", "here", f"{at.isoformat(timespec='minutes')} {zone}")


def _engine() -> Symptom:
    python = ".".join(map(str, sys.version_info[:3]))
    return Symptom("engine", "here", f"DuckDB {VERSION}, Python {python}, {counted(usable_cores(), 'core')}")


def _disk(runs: Path, contract: Contract | None) -> Symptom:
    """Say whether run folders can be written, and whether there is room for what a run may spill: as much as source and target are large."""
    place = next(path for path in (runs.absolute(), *runs.absolute().parents) if path.exists())
    sides = [store.snapshot for side, store in contract.migration.stores.present() if side in ("source", "target")] if contract is not None else []
    needed = max(_ROOM, sum(path.stat().st_size for path in sides if path.is_file()))
    free = shutil.disk_usage(place).free
    said = f"{runs}: {_megabytes(free)} free, {_megabytes(needed)} may be needed"
    if not place.is_dir() or not os.access(place, os.W_OK):
        return Symptom("disk", "missing", f"{runs}: cannot be written to")
    return Symptom("disk", "here" if free >= needed else "missing", said)


def _memory() -> Symptom:
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        found = None
    if found is None:
        return Symptom("memory", "optional", f"nobody knows how much is free; {_megabytes(MEMORY)} are needed, or a smaller --memory")
    free = int(found[1]) * 1024
    return Symptom("memory", "here" if free >= MEMORY else "missing", f"{_megabytes(free)} free, {_megabytes(MEMORY)} are needed, or a smaller --memory")


def _tools(contract: Contract | None) -> Iterator[Symptom]:
    fits = sum(_needs_gx(entity) for entity in contract.entities) if contract is not None else 0
    yield _module("great_expectations", f"answers what plain SQL does not of whether the source is fit to move ({counted(fits, 'check')})", needed=fits > 0)
    program = shutil.which("ssh-keygen")
    yield Symptom("ssh-keygen", "here" if program else "optional", "signs with keys of hardware, and verifies without dq")
    yield _module("typst", "makes a PDF (pip install 'dq-parity[pdf]')", needed=False)
    yield _module("nbclient", "executes notebooks (pip install 'dq-parity[lab]')", needed=False)


def _needs_gx(entity: Entity) -> int:
    """Return how many fits of an entity plain SQL does not answer."""
    types = {column.name: column.type.sql for column in entity.columns}
    return sum(claim(item.type, item.arguments, types) is None for item in entity.fit)


def _module(name: str, said: str, *, needed: bool) -> Symptom:
    there = find_spec(name) is not None
    return Symptom(name, "here" if there else "missing" if needed else "optional", said)


def _kept(runs: Path, *, today: date) -> Iterator[Symptom]:
    """Yield a line a run whose keys and values are past the day until which they are kept, or one that there is none."""
    there = kept(runs) if runs.is_dir() else ()
    late = due(there, today=today)
    for run in late:
        yield Symptom("keys and values", "overdue", f"{run.restricted}: kept until {run.until}, dq prune --yes deletes them")
    if there and not late:
        yield Symptom("keys and values", "here", f"restricted/ of {counted(len(there), 'run')}, none past its day")


def _megabytes(size: int) -> str:
    return f"{size // 1_000_000:,} MB"
