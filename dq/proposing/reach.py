"""The one place that finds what can be read beside a table's own columns: tables it refers to, and rows of key and value that say more of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dq.engine import Engine
from dq.proposing.facts import Column, Table, is_key, overlap
from dq.proposing.names import alike, plain, refers
from dq.sql import Query, quote

OWN = ""  # the alias of the table itself, until the SQL is written
_DEPTH = 2  # tables that lie between
_KEY_AND_VALUE = 2  # columns of rows of key and value, beside what they are about
_WORDS_OF_KEYS = 40  # different keys in rows of key and value, at most


@dataclass(frozen=True, slots=True)
class Join:
    """A table joined to the one that a SELECT drives from; each row finds at most one of its rows."""

    alias: str
    table: Table
    on: tuple[tuple[str, str, str], ...]  # (alias of the other, its column, column here)
    fixed: tuple[str, str] | None = None  # of rows of key and value: the key's column, and which key
    always: bool = False  # every row finds one

    @property
    def before(self) -> tuple[str, ...]:
        """The aliases that it is joined to."""
        return tuple(dict.fromkeys(alias for alias, _, _ in self.on))


@dataclass(frozen=True, slots=True)
class Spot:
    """A column that a row of an entity can be read from: the table's own, or one of a table that was joined."""

    alias: str
    column: Column
    join: Join | None = None
    depth: int = 0

    @property
    def name(self) -> str:
        """What it is called, as an output column."""
        return plain(self.join.fixed[1]) if self.join is not None and self.join.fixed is not None else plain(self.column.name)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a row of a table can be read from: its own columns first."""

    table: Table
    joins: tuple[Join, ...]
    spots: tuple[Spot, ...]


def reach(engine: Engine, table: Table, others: Sequence[Table]) -> Reach:
    """Return what can be read of a table's rows, tables of the same side among the others."""
    joins: list[Join] = []
    edge = [(OWN, table)]
    for depth in range(_DEPTH):
        fresh: list[Join] = []
        for alias, at in edge:
            for join in _referred(engine, alias, at, others, root=table):
                if depth == 0 or join.table.name not in {item.table.name for item in (*joins, *fresh)}:
                    fresh.append(replace(join, alias=_alias(join, {item.alias for item in (*joins, *fresh)})))
        joins += fresh
        edge = [(join.alias, join.table) for join in fresh]
    joins += _key_values(engine, table, others)
    depths = {OWN: 0}
    spots = [Spot(OWN, column) for column in table.columns]
    for join in joins:
        depths[join.alias] = 1 + max(depths[alias] for alias in join.before)
        skipped = {here for _, _, here in join.on} | ({join.fixed[0]} if join.fixed else set())
        spots += [Spot(join.alias, column, join, depths[join.alias]) for column in join.table.columns if column.name not in skipped]
    return Reach(table, tuple(joins), tuple(spots))


def needed(joins: Sequence[Join], aliases: Mapping[str, object] | set[str]) -> tuple[Join, ...]:
    """Return the joins that some aliases need, in order: also those on the way."""
    wanted = set(aliases)
    for join in reversed(joins):
        wanted |= set(join.before) if join.alias in wanted else set()
    return tuple(join for join in joins if join.alias in wanted)


def _referred(engine: Engine, alias: str, table: Table, others: Sequence[Table], *, root: Table) -> Iterator[Join]:
    """Yield a join for every column, or list of columns, that names a row of another table."""
    for column in table.columns:
        if (column.name,) in table.keys[:1] or not column.filled:
            continue
        found = [(other, key[0]) for other in others for key in other.keys if len(key) == 1 and other.name not in (table.name, root.name)]
        found = [item for item in found if refers(column.name, item[0].name, item[1]) and _contained(engine, table, column.name, item[0], item[1])]
        if not found:
            continue
        ranked = sorted(found, key=lambda item: -alike(column.name, item[0].name) - (column.name == item[1]))
        other, name = ranked[0]
        yield Join("", other, ((alias, column.name, name),), always=column.filled == table.rows)
    for other in others:
        for key in (key for key in other.keys if len(key) > 1 and other.name not in (table.name, root.name)):
            names = {column.name for column in table.columns}
            if set(key) <= names and key not in table.keys and _pairs_contained(engine, table, other, key):
                whole = all(table.column(name).filled == table.rows for name in key)
                yield Join("", other, tuple((alias, name, name) for name in key), always=whole)
                break


def _key_values(engine: Engine, table: Table, others: Sequence[Table]) -> Iterator[Join]:
    """Yield a join for every key in rows of key and value about a table's rows."""
    for other in others:
        names = [column.name for column in other.columns]
        for about in (key for key in table.keys if set(key) <= set(names) and other.name != table.name):
            rest = [column for column in other.columns if column.name not in about]
            words = [column for column in rest if column.kind == "text" and 0 < column.distinct <= _WORDS_OF_KEYS and column.filled == other.rows]
            word = min(words, key=lambda column: column.distinct, default=None)
            if len(rest) != _KEY_AND_VALUE or word is None or not is_key(engine, other, (*about, word.name)):
                continue
            sql = f"SELECT DISTINCT {quote(word.name)} FROM {other.path} ORDER BY 1"
            for number, (value,) in enumerate(engine.execute(Query(sql, step=f"keys in {other.name}")), start=1):
                yield Join(f"v{number}_{plain(value)}", other, tuple((OWN, name, name) for name in about), fixed=(word.name, value))
            break


def _contained(engine: Engine, table: Table, column: str, other: Table, key: str) -> bool:
    """Say whether every value of a column is a key of the other table."""
    ours, theirs = table.column(column), other.column(key)
    if ours.kind != theirs.kind or ours.type != theirs.type:
        return False
    bound = min(ours.bound, theirs.bound)
    if sum(value < bound for value in ours.sketch) >= 30:  # noqa: PLR2004 - as many tell it
        return overlap(ours, theirs)[0] == 1.0
    sql = f"""
        SELECT count(*) FROM (SELECT DISTINCT {quote(column)} AS v FROM {table.path} WHERE {quote(column)} IS NOT NULL) AS s
        ANTI JOIN {other.path} AS t ON t.{quote(key)} = s.v"""
    return bool(engine.one(Query(sql, step=f"references of {table.name}")) == (0,))


def _pairs_contained(engine: Engine, table: Table, other: Table, key: Sequence[str]) -> bool:
    if any(table.column(name).type != other.column(name).type for name in key):
        return False
    on = " AND ".join(f"s.{quote(name)} = t.{quote(name)}" for name in key)
    there = " AND ".join(f"s.{quote(name)} IS NOT NULL" for name in key)
    sql = f"SELECT count(*) FROM {table.path} AS s ANTI JOIN {other.path} AS t ON {on} WHERE {there}"
    return bool(engine.one(Query(sql, step=f"references of {table.name}")) == (0,))


def _alias(join: Join, taken: set[str]) -> str:
    """Return a name for a joined table that no other has."""
    name = plain(join.table.name)
    return next(item for item in (f"j_{name}", f"j_{plain(join.on[0][1])}", *(f"j_{name}_{number}" for number in range(2, 100))) if item not in taken)
