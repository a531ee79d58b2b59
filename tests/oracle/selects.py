"""The one place that reads a contract's SELECT and runs it over Python rows: joins row by row, one condition at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.oracle.expressions import Expression, Row, Tokens, both, either, single, tokens_of

Table = Sequence[Row]
Tables = Mapping[str, Table]  # a store: table to rows, each column to value


@dataclass(frozen=True)
class Join:
    """One table that is joined: INNER, or LEFT; where its condition begins with an equality of two columns, its own and the other's."""

    table: str
    alias: str
    is_left: bool
    on: Expression
    equal: tuple[str, str] | None = None


@dataclass(frozen=True)
class Read:
    """A SELECT: what comes out, the driving table, what is joined to it, and which rows are kept."""

    outputs: tuple[tuple[str, Expression], ...]
    driving: str
    alias: str
    joins: tuple[Join, ...]
    where: Expression | None

    def alias_of(self, table: str) -> str:
        """Return the name that a table goes by here."""
        names = {join.table: join.alias for join in reversed(self.joins)} | {self.driving: self.alias}  # of two the first
        return names[table]


@dataclass(frozen=True)
class Come:
    """One row that came out: the driving row's place, the joined row (alias.column to value), the outputs."""

    place: int
    joined: Row
    outputs: dict[str, Any]


@cache
def read(sql: str) -> Read:
    """Read one SELECT."""
    tokens = Tokens(tokens_of(sql))
    tokens.need("SELECT")
    outputs = [_output(tokens)]
    while tokens.take(","):
        outputs.append(_output(tokens))
    tokens.need("FROM")
    driving, alias = _table(tokens)
    joins = []
    while tokens.peek() in ("JOIN", "LEFT", "INNER"):
        is_left = tokens.take("LEFT")
        tokens.take("INNER")
        tokens.need("JOIN")
        table, name = _table(tokens)
        tokens.need("ON")
        equal = _equal(tokens, name)
        joins.append(Join(table, name, is_left, both(tokens), equal))
    where = either(tokens) if tokens.take("WHERE") else None
    if tokens.peek():
        raise ValueError(f"not understood: {tokens.peek()}")
    return Read(tuple(outputs), driving, alias, tuple(joins), where)


def run(query: Read, store: Tables) -> list[Come]:
    """Return the rows that come out of a SELECT over a store."""
    found: list[Come] = []
    others = [_Others.of(join, store[join.table]) for join in query.joins]
    for place, driving in enumerate(store[query.driving]):
        rows: list[Row] = [_named(driving, query.alias)]
        for join, other in zip(query.joins, others, strict=True):
            rows = [joined for row in rows for joined in _joined(row, join, other)]
        kept = [row for row in rows if query.where is None or query.where(row) is True]
        found += [Come(place, row, {name: expression(row) for name, expression in query.outputs}) for row in kept]
    return found


@dataclass(frozen=True)
class _Others:
    """The rows of a joined table, by what its own column of an equality says; under None all of them, where there is no equality."""

    rows: Mapping[Any, list[Row]]
    nothing: Row  # a row of nothing but NULL

    @classmethod
    def of(cls, join: Join, table: Table) -> _Others:
        rows: dict[Any, list[Row]] = defaultdict(list)
        for row in table:
            named = _named(row, join.alias)
            rows[named[join.equal[0]] if join.equal else None].append(named)
        return cls(dict(rows), _named(dict.fromkeys(table[0] if table else ()), join.alias))


def _joined(row: Row, join: Join, others: _Others) -> list[Row]:
    candidates = others.rows.get(row[join.equal[1]] if join.equal else None, ())
    pairs: list[Row] = [{**other, **row} for other in candidates]
    found = [pair for pair in pairs if join.on(pair) is True]
    return found or ([_Bare({**others.nothing, **row})] if join.is_left else [])


class _Bare(dict[str, Any]):
    """A row that a LEFT JOIN found no partner for: what is not there is NULL."""

    def __missing__(self, key: str) -> None:
        return None


def _named(row: Row, alias: str) -> dict[str, Any]:
    """Return a row by its columns' full and bare names; in a join a bare name is whoever came first."""
    return {**{f"{alias}.{column}": value for column, value in row.items()}, **row}


def _equal(tokens: Tokens, alias: str) -> tuple[str, str] | None:
    """Return the joined table's column and the other's, where a condition begins with `its.column = other.column`."""
    one, sign, other = (*tokens.items[tokens.place : tokens.place + 3], "", "", "")[:3]
    if sign != "=" or "." not in one or "." not in other:
        return None
    mine = [name for name in (one, other) if name.startswith(f"{alias}.")]
    return (mine[0], other if mine[0] == one else one) if len(mine) == 1 else None


def _output(tokens: Tokens) -> tuple[str, Expression]:
    start = tokens.place
    expression = single(tokens)
    name = tokens.items[start].rpartition(".")[2]
    if tokens.take("AS"):
        name = tokens.next()
    return name, expression


def _table(tokens: Tokens) -> tuple[str, str]:
    table = tokens.next()
    alias = table
    if tokens.take("AS"):
        alias = tokens.next()
    return table, alias
