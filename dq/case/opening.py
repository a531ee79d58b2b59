"""The one place that opens again what a run compared: the same contract, the same snapshots, or one line that says which is another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dq.answering import attached
from dq.compare.views import snapshot
from dq.contract.models import Contract
from dq.contract.reading import read_contract
from dq.engine import Engine
from dq.errors import DqError, SnapshotError, UsageError
from dq.folder import FINDINGS, read_varying
from dq.record import Record
from dq.settings import Settings
from dq.signoff.exporter import vouching
from dq.stores.contents import discrepancies, look_inside
from dq.stores.identity import check_identity, moved_batches
from dq.stores.manifest import Manifest, read_manifest
from dq.stores.opening import Identity, Opened, find_snapshots, open_snapshots, snapshot_paths

_CONTRACT = Path("expectations")


@dataclass(frozen=True, slots=True)
class Where:
    """Where a run's contract and snapshots lie now, instead of where they lay when it ran."""

    contract: Path | None = None
    snapshots: Mapping[str, Path] = field(default_factory=dict)  # side to file


@dataclass(frozen=True, slots=True)
class Reopened:
    """A run and what it compared, open for reading."""

    folder: Path
    record: Record
    contract: Contract
    engine: Engine
    manifests: Mapping[str, Manifest]
    moved: tuple[int, ...]  # the batches that had moved

    @property
    def findings(self) -> Path:
        """The run's findings."""
        return self.folder / FINDINGS


@contextmanager
def reopened(folder: Path, record: Record, *, where: Where | None = None, settings: Settings | None = None) -> Iterator[Reopened]:
    """Yield an engine with the snapshots that a run compared; what was hashed when it ran, and is untouched since, is not hashed again.

    Args:
        folder: the run's.
        record: its record.
        where: where contract and snapshots lie now; by default where run.json says, then where the contract says.
        settings: the engine's; it may read the folder of the run's findings.

    Raises:
        UsageError: the contract is another than the run's, the findings are gone, or a file named in `where` is not there, broken or another (exit 2).
        SnapshotError: a snapshot is gone, does not hold, or is another than the one compared (exit 3).
    """
    where, settings = where or Where(), settings or Settings()
    varying = read_varying(folder)
    contract = contract_of(record, varying, named=where.contract)
    if record.findings and not (folder / FINDINGS).is_file():
        raise UsageError(f"{folder / FINDINGS}: is not there, so what the run found of a row cannot be told")
    paths = _paths(contract, record, varying, named=where.snapshots)
    find_snapshots(paths, on_command_line=where.snapshots)
    for side, path in paths.items():
        _check_compared(side, path, record, named=side in where.snapshots)
    known = _known(varying)
    opened = open_snapshots(paths, on_command_line=where.snapshots, known=known, vouched=vouching(contract.folder))
    try:
        manifests = {side: item.manifest for side, item in opened.items()}
        check_identity(manifests, contract=contract)
        alone = Settings(settings.memory, settings.threads, settings.temp, reads=((folder / FINDINGS).absolute(),))
        with attached(opened, settings=alone) as engine:
            _check_contents(engine, opened, known=known)
            yield Reopened(folder, record, contract, engine, manifests, moved_batches(manifests, contract=contract))
            for item in opened.values():
                item.check_unchanged()
    finally:
        for item in opened.values():
            item.close()


def contract_of(record: Record, varying: Mapping[str, Any], *, named: Path | None) -> Contract:
    """Return the contract of a run: the named one, or where it lay when the run was made. Raises UsageError where it is another."""
    told = varying.get("contract")
    there = Path(told) if isinstance(told, str) and Path(told).is_dir() else _CONTRACT
    contract = read_contract(named or there)
    if contract.digest != record.contract:
        raise UsageError(f"{contract.folder} is not the contract of run {record.run}, or has changed since; name another with --contract")
    return contract


def _paths(contract: Contract, record: Record, varying: Mapping[str, Any], *, named: Mapping[str, Path]) -> dict[str, Path]:
    """Return where each snapshot of the run lies: as named, where it was, or where the contract has it."""
    paths = snapshot_paths(contract, named)
    then = varying.get("snapshots", {})
    for side in {item.side for item in record.snapshots} & paths.keys() - named.keys():
        path = Path(str(then.get(side, {}).get("path", ""))) if isinstance(then, dict) else Path()
        if path.is_file():
            paths[side] = path
    return {side: path for side, path in paths.items() if side in {item.side for item in record.snapshots}}


def _check_compared(side: str, path: Path, record: Record, *, named: bool) -> None:
    """Hold a snapshot's manifest against the record, before anything costs time; say where the right one is if it lies beside."""
    wanted = next(item.content for item in record.snapshots if item.side == side)
    found = read_manifest(path).content
    if found == wanted:
        return
    beside = next((other for other in sorted(path.parent.glob("*.duckdb")) if other != path and _content(other) == wanted), None)
    near = f"; '{beside.name}' beside it is the one" if beside is not None else ""
    refused: type[DqError] = UsageError if named else SnapshotError
    raise refused(f"{side} snapshot {path}: its content is {found[:12]}, run {record.run} compared {wanted[:12]}{near}")


def _content(path: Path) -> str | None:
    try:
        return read_manifest(path).content
    except SnapshotError:
        return None


def _known(varying: Mapping[str, Any]) -> dict[str, Identity]:
    """Return what each file was when the run hashed it."""
    found: dict[str, Identity] = {}
    then = varying.get("snapshots", {})
    for side, item in then.items() if isinstance(then, dict) else ():
        numbers = item.get("identity") if isinstance(item, dict) else None
        if isinstance(numbers, list) and len(numbers) == 5 and all(isinstance(number, int) for number in numbers):  # noqa: PLR2004 - see Identity
            found[side] = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
    return found


def _check_contents(engine: Engine, opened: Mapping[str, Opened], *, known: Mapping[str, Identity]) -> None:
    """Look into the files that the run did not look into as they are now. Raises SnapshotError."""
    others = {side: item for side, item in opened.items() if known.get(side) != item.identity}
    inside = look_inside(engine) if others else {}
    for side, item in others.items():
        for line in discrepancies(engine, snapshot(side), item.manifest, inside=inside):
            raise SnapshotError(f"{side} snapshot {item.path}: {line}")
