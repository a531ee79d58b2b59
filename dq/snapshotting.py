"""The one place that takes a snapshot from beginning to end: address, label, what is taken, and the reader for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from dq.batch_filter import filter_of
from dq.contract import read_contract
from dq.contract.models import Contract
from dq.contract.stores import ExportStore
from dq.errors import UsageError, near_miss
from dq.needed import needed_columns
from dq.stores.address import Address, read_address
from dq.stores.catalogue import Reader
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.live import Choice, Pace, Told, seal_store
from dq.stores.manifest import Manifest
from dq.stores.seal import MEMORIES, Label

SIDES = ("source", "target", "baseline", "crosswalk", "export")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a snapshot is to be, as its caller says."""

    migration: str | None = None  # its name, before there is a contract
    batch: int | None = None
    region: str | None = None
    moment: datetime | None = None  # None: the store's own clock, or now for a file
    to: Path | None = None  # None: where the contract looks for it
    tables: tuple[str, ...] = ()  # none: those that the contract reads
    everything: bool = False  # every table and column
    rows_per_second: int | None = None
    jobs: int = 1  # tables at once
    statement_timeout: int | None = None  # seconds
    force: bool = False
    memory: tuple[str, ...] = MEMORIES  # what the engine may use, ascending: the next where rows are too large
    threads: int | None = None


def take_snapshot(folder: Path, side: str, store: str, *, wanted: Wanted, told: Told = lambda *_: None) -> tuple[Path, Manifest]:
    """Seal a store as a side's snapshot; return its file and manifest.

    Args:
        folder: the contract's; it need not be there where the migration is named.
        side: source, target, baseline, crosswalk or export.
        store: where the store is, as `read_address` takes it.
        wanted: what is asked for.
        told: called with each table's progress.

    Raises:
        UsageError: what is asked for does not exist or does not fit (exit 2).
        SnapshotError: the store could not be read (exit 3).
    """
    if side not in SIDES:
        raise UsageError(f"there is no side '{side}'{near_miss(side, SIDES)}")
    if wanted.migration is not None:
        return _before_contract(side, read_address(store), store, wanted=wanted, told=told)
    contract = read_contract(folder)
    address = read_address(store)
    if side == "export" and address.kind != "folder":
        raise UsageError(f"--from: {address.shown} is no folder of one JSON file a person")
    label = _label(contract, side, wanted=wanted, of_file=address.kind == "file")
    target = wanted.to or dict(contract.migration.stores.present())[side].snapshot
    if address.kind == "file":
        for option, given in (("--table", wanted.tables), ("--rows-per-second", wanted.rows_per_second), ("--statement-timeout", wanted.statement_timeout)):
            if given:
                raise UsageError(f"{option}: a DuckDB file is taken whole, and at once")
        return target, seal_duckdb(Path(store), target, label=label, force=wanted.force, memory=wanted.memory, threads=wanted.threads)
    choice = _choice(contract, side, address, wanted=wanted)
    pinned = (contract.pinned or {}).get("target" if side == "baseline" else side, {})
    reader = reader_of(address, pinned=pinned, timeout=wanted.statement_timeout)
    export = contract.migration.stores.export
    if side == "export" and export is not None:
        reader = persons_reader(address, store=export, pinned=pinned)
    pace = Pace(wanted.rows_per_second, wanted.jobs)
    return target, seal_store(
        reader, target, label=label, choice=choice, pace=pace, told=told, force=wanted.force, memory=wanted.memory, threads=wanted.threads
    )


def _before_contract(side: str, address: Address, store: str, *, wanted: Wanted, told: Told) -> tuple[Path, Manifest]:
    """Seal a store that no contract describes yet, all of it: what `dq init` looks at."""
    name = (wanted.migration or "").strip()
    if not name:
        raise UsageError("--migration: is empty")
    if side == "export":
        raise UsageError("--migration: an export is read as a contract says; write one first")
    if wanted.to is None:
        raise UsageError("--migration: no contract says where the snapshot lies; name a file with --to")
    if wanted.region is not None:
        raise UsageError("--region: the regions are a contract's; leave it out before there is one")
    batch = 0 if side == "baseline" and wanted.batch is None else wanted.batch
    now = datetime.now(tz=UTC).replace(microsecond=0) if address.kind == "file" else None
    label = Label(name, side, "target" if side == "baseline" else side, None, batch, wanted.moment or now)
    if address.kind == "file":
        return wanted.to, seal_duckdb(Path(store), wanted.to, label=label, force=wanted.force, memory=wanted.memory, threads=wanted.threads)
    reader = reader_of(address, timeout=wanted.statement_timeout)
    choice = Choice(wanted.tables, None, notes=("the moment was given by hand",) if wanted.moment is not None else ())
    pace = Pace(wanted.rows_per_second, wanted.jobs)
    return wanted.to, seal_store(
        reader, wanted.to, label=label, choice=choice, pace=pace, told=told, force=wanted.force, memory=wanted.memory, threads=wanted.threads
    )


def _label(contract: Contract, side: str, *, wanted: Wanted, of_file: bool) -> Label:
    migration = contract.migration
    found = dict(migration.stores.present()).get(side)
    if found is None:
        raise UsageError(f"the contract names no {side} store")
    if wanted.region is not None and wanted.region not in migration.regions:
        raise UsageError(f"--region: there is no region '{wanted.region}'{near_miss(wanted.region, migration.regions)}")
    numbers = {0, *(item.number for item in migration.batches)}
    if wanted.batch is not None and wanted.batch not in numbers:
        raise UsageError(f"--batch: there is no batch {wanted.batch} (0 to {max(numbers)})")
    batch = 0 if side == "baseline" and wanted.batch is None else wanted.batch
    moment = wanted.moment or (datetime.now(tz=UTC).replace(microsecond=0) if of_file else None)
    days = migration.limits.keep_snapshot_days
    until = datetime.now(tz=UTC).date() + timedelta(days=days) if days is not None else None
    return Label(migration.name, side, found.name, wanted.region, batch, moment, until)


def _choice(contract: Contract, side: str, address: Address, *, wanted: Wanted) -> Choice:
    """Say which tables, columns and rows are taken, and what the manifest says of that."""
    notes = ["the moment was given by hand"] if wanted.moment is not None and address.kind != "folder" else []
    needed = None if wanted.everything or side == "export" else partial(needed_columns, contract, side)
    if side != "source" or wanted.batch is None or address.kind == "folder":
        return Choice(wanted.tables, needed, notes=tuple(notes))
    rows = filter_of(contract, batch=wanted.batch, dialect=address.kind)
    notes.append(f"of {', '.join(rows.tables)} only the rows of batch {wanted.batch}'s {rows.accounts:,} accounts and those merged with them were taken")
    return Choice(wanted.tables, needed, where=rows.where, notes=tuple(notes), accounts_of=wanted.batch)


def persons_reader(address: Address, *, store: ExportStore, pinned: Mapping[str, Mapping[str, str]]) -> Callable[[], Reader]:
    """Return what opens a folder of personal-data exports."""
    from dq.stores.exports.persons import open_persons  # noqa: PLC0415 - as below

    return lambda: open_persons(address.path or Path(), person=store.person, made=store.made, types=pinned)


def reader_of(address: Address, *, pinned: Mapping[str, Mapping[str, str]] | None = None, timeout: int | None = None) -> Callable[[], Reader]:
    """Return what opens a store; a driver is only imported for its own stores.

    Args:
        address: where the store is; no DuckDB file, which is copied as it is.
        pinned: table to column to type, for exports, which have no types of their own.
        timeout: seconds that a statement of a server may take.
    """
    if address.kind == "postgresql":
        from dq.stores.postgresql.reader import open_postgresql  # noqa: PLC0415 - an optional driver

        return lambda: open_postgresql(address, statement_timeout=timeout)
    if address.kind == "mysql":
        from dq.stores.mysql.reader import open_mysql  # noqa: PLC0415 - an optional driver

        return lambda: open_mysql(address, statement_timeout=timeout)
    from dq.stores.exports.folder import open_folder  # noqa: PLC0415 - the other ways to parse are not needed elsewhere

    return lambda: open_folder(address.path or Path(), types=pinned or {})
