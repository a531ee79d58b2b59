"""The one place where a snapshot is sealed: tables written into a new file, counted and digested there, manifest beside it, then named.

Until the last step the files carry a temporary name, so that whatever breaks off leaves no snapshot; the next call clears it away.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from dq import __version__
from dq.compare.keys import count_keys
from dq.engine import VERSION, Engine, open_engine
from dq.errors import EngineError, SnapshotError, UsageError
from dq.interrupts import raise_if_ended
from dq.settings import Settings
from dq.sql import Query, quote
from dq.sql import path as sql_path
from dq.stores.digest import content_digest, table_digest
from dq.stores.manifest import ColumnSeal, Manifest, TableSeal, manifest_path, manifest_text, statement_path

OUT = "sealed"  # the alias of the new file
MEMORIES = ("160MB", "900MB")  # what the engine may use: the second where some rows are too large for the first
_TOO_SMALL = ("Out of Memory", "failed to pin", "failed to allocate")


@dataclass(frozen=True, slots=True)
class Label:
    """What a snapshot is called: whose it is, of which side, region and batch, and when it was taken."""

    migration: str
    side: str
    store: str
    region: str | None
    batch: int | None
    moment: datetime | None  # None: the store says
    kept_until: date | None = None  # the last day on which it may be kept; None: nobody says one


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the data came from, and how its tables are of one moment."""

    kind: str
    version: str
    consistency: str
    watermark: str | None = None
    notes: tuple[str, ...] = ()
    moment: datetime | None = None  # by the store's own clock
    accounts_of: int | None = None  # the batch whose accounts alone were taken


@dataclass(frozen=True, slots=True)
class Filled:
    """A table as its reader left it in the new file: what the store calls it, and how many rows the store counted."""

    name: str
    rows: int
    columns: tuple[ColumnSeal, ...]
    primary_key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()  # further unique constraints that the store declares


Fill = Callable[[Engine, str], "tuple[Origin, Sequence[Filled], Sequence[TableSeal]]"]
"""Writes tables into the engine's database of that name; returns the origin, the tables written and those not taken."""


def seal(
    target: Path,
    *,
    label: Label,
    attach: dict[str, str],
    fill: Fill,
    force: bool = False,
    memory: Sequence[str] = MEMORIES,
    threads: int | None = None,
) -> Manifest:
    """Seal a snapshot as `target` and its manifest.

    Args:
        target: the snapshot's file, `….duckdb`.
        label: what it is called.
        attach: alias to file, for readers of DuckDB files.
        fill: writes the tables; called again, with the next memory, where rows did not fit into the one before.
        force: replace a snapshot that is there.
        memory: what the engine may use before it spills, ascending.
        threads: cores; None: all.

    Raises:
        UsageError: it is there already, or cannot be written there (exit 2).
        SnapshotError: rows were lost on the way (exit 3).
        EngineError: the disk is full, or rows are too large for the memory (exit 3).
    """
    if target.suffix != ".duckdb":
        raise UsageError(f"{target}: a snapshot's name ends in .duckdb")
    if label.moment is not None and label.moment.tzinfo is None:
        raise UsageError(f"{target}: the moment it is of has no offset: {label.moment.isoformat()}")
    for there in (target, manifest_path(target)):
        if (there.exists() or there.is_symlink()) and not force:
            raise UsageError(f"{there}: is there already; --force replaces it")
    with _draft(target) as draft:
        origin, tables = _written(draft, attach=attach, fill=fill, memory=memory, threads=threads)
        manifest = _manifest(draft, label=label, origin=origin, tables=tuple(sorted(tables, key=lambda table: table.name)))
        note = draft.with_name(f"{draft.name}.manifest")
        _write(note, manifest_text(manifest), target=manifest_path(target))
        for written in (draft, note):
            written.chmod(0o600)
            _sync(written)
        raise_if_ended()  # what a driver may have swallowed
        target.unlink(missing_ok=True)  # first the old pair goes: a manifest never stands beside another's file
        manifest_path(target).unlink(missing_ok=True)
        statement_path(target).unlink(missing_ok=True)
        draft.rename(target)
        note.rename(manifest_path(target))
        _sync(target.parent)
    return manifest


def _written(draft: Path, *, attach: dict[str, str], fill: Fill, memory: Sequence[str], threads: int | None) -> tuple[Origin, Sequence[TableSeal]]:
    """Write the new file, from its beginning with each memory until all rows fit."""
    for size in memory:
        try:
            with _engine(attach, draft, Settings(size, threads)) as engine:
                origin, filled, rest = fill(engine, OUT)
                tables = (*(_sealed(engine, table) for table in filled), *rest)
                engine.execute(Query(f"CHECKPOINT {OUT}", step="sealing"))
                engine.execute(Query(f"DETACH {OUT}", step="sealing"))
                return origin, tables
        except EngineError as error:
            if not any(words in str(error) for words in _TOO_SMALL):
                raise
            if size == memory[-1]:
                raise EngineError(f"{error}; --memory gives it more than {size}", sql=error.sql) from error
        _clear(draft)
    raise AssertionError


def _sealed(engine: Engine, table: Filled) -> TableSeal:
    """Count and digest a table in the new file, and prove its keys. Raises SnapshotError where rows are missing."""
    relation = sql_path(OUT, "main", table.name)
    (rows,) = engine.one(Query(f"SELECT count(*) FROM {relation}", step=f"counting {table.name}"))
    if rows != table.rows:
        raise SnapshotError(f"table '{table.name}': the store counted {table.rows:,} rows, {rows:,} arrived")
    types = {column.name: column.type for column in table.columns if column.taken}
    proven = []
    for key in dict.fromkeys((table.primary_key, *table.unique)):
        if key and all(name in types for name in key):
            found = count_keys(engine, relation, [(name, types[name]) for name in key], step=f"keys of {table.name}", rows=rows)
            proven += [key] if found.holds else []
    return TableSeal(
        name=table.name,
        rows=rows,
        primary_key=table.primary_key,
        unique=tuple(proven),
        content=table_digest(engine, relation, name=table.name, types=types, rows=rows),
        columns=table.columns,
    )


def _manifest(draft: Path, *, label: Label, origin: Origin, tables: tuple[TableSeal, ...]) -> Manifest:
    moment = label.moment or origin.moment
    if moment is None:
        raise UsageError("nobody says when the store was so; --moment does")
    return Manifest(
        migration=label.migration,
        side=label.side,
        store=label.store,
        kind=origin.kind,
        version=origin.version,
        region=label.region,
        batch=label.batch,
        accounts_of=origin.accounts_of,
        moment=moment.isoformat(),
        consistency=origin.consistency,
        watermark=origin.watermark,
        kept_until=label.kept_until,
        notes=origin.notes,
        tables=tables,
        content=content_digest((table.name, table.content or "") for table in tables if table.taken),
        file_sha256=_file_digest(draft),
        file_bytes=draft.stat().st_size,
        dq=__version__,
        duckdb=VERSION,
    )


def _file_digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """Yield a temporary name beside the target that only one call at a time has; clear away what an earlier one left."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(target.with_name(f".{target.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"{target.parent}: cannot be written to ({(error.strerror or 'no reason given').lower()})") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.path.samestat(os.fstat(lock), target.with_name(f".{target.name}.lock").stat())
        except OSError:
            ours = False
        if not ours:  # taken, or unlinked by the call that had it
            raise UsageError(f"{target}: another call is sealing it right now")
        draft = target.with_name(f".{target.name}.part")
        _clear(draft)
        try:
            yield draft
        finally:
            _clear(draft)
            target.with_name(f".{target.name}.lock").unlink(missing_ok=True)
    finally:
        os.close(lock)


def _clear(draft: Path) -> None:
    for left in draft.parent.glob(f"{draft.name}*"):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


@contextmanager
def _engine(attach: dict[str, str], draft: Path, settings: Settings) -> Iterator[Engine]:
    folder = draft.with_name(f"{draft.name}.spill")
    old = os.umask(0o077)
    try:
        folder.mkdir()
        engine = open_engine(attach, writable={OUT: str(draft)}, settings=Settings(settings.memory, settings.threads, folder, in_order=False))
    finally:
        os.umask(old)
    try:
        yield engine
    finally:
        engine.close()


def _write(note: Path, text: str, *, target: Path) -> None:
    try:
        note.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SnapshotError(f"{target}: cannot be written ({(error.strerror or 'no reason given').lower()}); nothing was sealed") from None


def _sync(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def create_table(engine: Engine, name: str, columns: Sequence[tuple[str, str]]) -> None:
    """Create an empty table in the new file; no keys: what the store declares stands in the manifest, proven there."""
    listed = ", ".join(f"{quote(column)} {type_}" for column, type_ in columns)
    engine.execute(Query(f"CREATE TABLE {sql_path(OUT, 'main', name)} ({listed})", step=f"table {name}"))
