"""The one place that seals what a reader reads: chosen tables and columns, counted by the store itself in the same moment.

A store that changes its tables under the reader is read again from the start, a few times.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic, sleep

from dq.engine import Engine
from dq.errors import EngineError, SnapshotError, UsageError, near_miss
from dq.sql import Query, path
from dq.stores.at_once import Tally, at_once
from dq.stores.batches import Typed, copy
from dq.stores.catalogue import Reader, StoreColumn, StoreTable
from dq.stores.manifest import Manifest, TableSeal
from dq.stores.seal import MEMORIES, Filled, Label, Origin, seal
from dq.stores.text import load

ATTEMPTS = 3
Told = Callable[[str, int, "int | None"], None]  # table, rows so far, rows in all
Columns = Mapping[str, Collection[str]]  # table to the columns that are wanted
Chosen = tuple[StoreTable, tuple[StoreColumn, ...]]


class StoreChanged(SnapshotError):  # noqa: N818 - it says what happened, and is no mistake of anybody's
    """The store's tables were changed while they were read: start over."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is taken of a store."""

    tables: tuple[str, ...] = ()  # by name; none: all, or what `needed` says
    needed: Callable[[Sequence[StoreTable]], Columns] | None = None  # None: every column
    where: Callable[[StoreTable], str] = lambda _: ""  # a condition in the store's SQL: which rows
    notes: tuple[str, ...] = ()  # what the manifest says of the choice
    accounts_of: int | None = None  # the batch whose accounts alone `where` leaves


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a store is pressed."""

    rows_per_second: int | None = None
    jobs: int = 1  # tables that are read at once, where the store lets several readers share a moment
    started: float = field(default_factory=monotonic)

    def keep(self, rows: int) -> None:
        """Wait until so many rows may have come."""
        if self.rows_per_second is not None:
            sleep(max(0.0, self.started + rows / self.rows_per_second - monotonic()))


def seal_store(
    open_reader: Callable[[], Reader],
    target: Path,
    *,
    label: Label,
    choice: Choice | None = None,
    pace: Pace | None = None,
    told: Told = lambda *_: None,
    force: bool = False,
    memory: Sequence[str] = MEMORIES,
    threads: int | None = None,
) -> Manifest:
    """Seal a store as the snapshot `target`.

    Args:
        open_reader: connects to the store and begins its moment; called again where the store changed its tables.
        target: the snapshot's file.
        label: what it is called.
        choice: what is taken; everything by default.
        pace: how fast.
        told: called with each table's progress.
        force: replace a snapshot that is there.
        memory: what the engine may use before it spills, ascending: where rows are too large, the store is read again with the next.
        threads: cores; None: all.

    Raises:
        UsageError: a table that is asked for is not there (exit 2).
        SnapshotError: the store could not be read, or not all of it at one moment (exit 3).
    """

    def fill(engine: Engine, out: str) -> tuple[Origin, Sequence[Filled], Sequence[TableSeal]]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with _opened(open_reader) as reader:
                    return _fill(engine, out, reader, choice=choice or Choice(), pace=pace or Pace(), told=told)
            except StoreChanged:
                if attempt == ATTEMPTS:
                    raise
                for (table,) in engine.execute(Query("SELECT table_name FROM duckdb_tables() WHERE database_name = $1", (out,), "starting over")):
                    engine.execute(Query(f"DROP TABLE {path(out, 'main', table)}", step="starting over"))
        raise AssertionError

    try:
        return seal(target, label=label, attach={}, fill=fill, force=force, memory=memory, threads=threads)
    except EngineError as error:
        raise SnapshotError(f"{target}: {error}; nothing was sealed") from error


@contextmanager
def _opened(open_reader: Callable[[], Reader]) -> Iterator[Reader]:
    reader = open_reader()
    try:
        yield reader
    finally:
        reader.close()


def _fill(engine: Engine, out: str, reader: Reader, *, choice: Choice, pace: Pace, told: Told) -> tuple[Origin, Sequence[Filled], Sequence[TableSeal]]:
    chosen, left = choose(reader.catalogue, choice)
    tally = Tally(replace(pace, started=monotonic()).keep, told)  # a store that is read again is not read faster

    def take(reader: Reader, engine: Engine, item: Chosen) -> tuple[Filled, list[str]]:
        return _taken(engine, out, reader, *item, where=choice.where(item[0]), tally=tally)

    found = at_once(engine, reader, chosen, take=take, tally=tally, jobs=pace.jobs)
    notes = [*choice.notes, *(f"{table.kind} '{table.name}' was not taken" for table in left if table.kind != "table")]
    notes += [note for _, kept in found for note in kept]
    origin = reader.origin
    rest = [table.left() for table in left]
    return replace(origin, notes=(*origin.notes, *notes), accounts_of=choice.accounts_of), [filled for filled, _ in found], rest


def _taken(
    engine: Engine, out: str, reader: Reader, table: StoreTable, columns: tuple[StoreColumn, ...], *, where: str, tally: Tally
) -> tuple[Filled, list[str]]:
    """Write one table, and say which of its columns are kept as text."""
    rows = reader.count(table, where)

    def came(count: int) -> None:
        tally.came(table.name, count, rows)

    came(0)
    typed = reader.batches(table, columns) if isinstance(reader, Typed) and not where else None
    if typed is not None:
        found = copy(engine, out, table.name, columns, batches=typed, told=came)
    else:
        found = load(engine, out, table.name, columns, rows=lambda: reader.rows(table, columns, where), told=came, canonical=reader.canonical)
    if found.rows != rows:
        raise SnapshotError(f"table '{table.name}': the store counted {rows:,} rows, {found.rows:,} arrived")
    notes = [f"column '{table.name}.{column.name}' ({column.store_type}) is kept as text: {column.why}" for column in columns if column.why]
    notes += [f"column '{table.name}.{name}' is kept as text: {count:,} values are no {_type(columns, name)}" for name, count in found.kept]
    taken = {column.name: column for column in found.columns}
    seals = tuple(taken[column.name].seal() if column.name in taken else column.seal(taken=False) for column in table.columns)
    return Filled(table.name, rows, seals, table.primary_key, table.unique), notes


def _type(columns: Sequence[StoreColumn], name: str) -> str:
    return next(column.type for column in columns if column.name == name)


def choose(catalogue: Sequence[StoreTable], choice: Choice) -> tuple[list[Chosen], list[StoreTable]]:
    """Return the tables that are taken with their columns, and those that are left.

    Raises:
        UsageError: a table that is asked for is not there, or is none that can be read at one moment.
        SnapshotError: two names differ only in case, which the snapshot cannot hold apart.
    """
    there = {table.name: table for table in catalogue}
    for name in choice.tables:
        if name not in there:
            raise UsageError(f"--table: the store has no table '{name}'{near_miss(name, there)}")
        if there[name].kind != "table":
            raise UsageError(f"--table: '{name}' is a {there[name].kind}, which has no moment of its own; it is not taken")
    needed = choice.needed(catalogue) if choice.needed is not None else None
    for name in () if choice.tables else needed or ():
        if name not in there:
            raise UsageError(f"the store has no table '{name}', which the contract reads{near_miss(name, there)}")
        if there[name].kind != "table":
            raise UsageError(f"'{name}', which the contract reads, is a {there[name].kind}, which has no moment of its own; it is not taken")
    chosen: list[Chosen] = []
    left: list[StoreTable] = []
    for table in catalogue:
        wanted = table.name in choice.tables or (not choice.tables and (needed is None or table.name in needed))
        if table.kind != "table" or not wanted:
            left.append(table)
            continue
        keep = None if needed is None or table.name not in needed else {*needed[table.name], *table.primary_key}
        chosen.append((table, tuple(column for column in table.columns if keep is None or column.name in keep) or table.columns[:1]))  # its rows are counted
    _hold_apart([table.name for table, _ in chosen], what="tables")
    for table, columns in chosen:
        _hold_apart([column.name for column in columns], what=f"columns of '{table.name}'")
    return chosen, left


def _hold_apart(names: Sequence[str], *, what: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise SnapshotError(f"{what}: '{other}' and '{name}' differ only in case, and a snapshot cannot hold them apart")
