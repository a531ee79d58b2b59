"""The one place that reads a contract's SELECT and runs it over Python rows: joins by nested loops, one condition at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.oracle.expressions import Expression, Row, Tokens, both, either, single, tokens_of

Table = Sequence[Row]
Tables = Mapping[str, Table]  # a store: table to rows, each column to value


@dataclass(frozen=True)
class Join:
    """One table that is joined: INNER, or LEFT."""

    table: str
    alias: str
    is_left: bool
    on: Expression


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
        joins.append(Join(table, name, is_left, both(tokens)))
    where = either(tokens) if tokens.take("WHERE") else None
    if tokens.peek():
        raise ValueError(f"not understood: {tokens.peek()}")
    return Read(tuple(outputs), driving, alias, tuple(joins), where)


def run(query: Read, store: Tables) -> list[Come]:
    """Return the rows that come out of a SELECT over a store."""
    found: list[Come] = []
    for place, driving in enumerate(store[query.driving]):
        rows = [_named(driving, query.alias)]
        for join in query.joins:
            rows = [joined for row in rows for joined in _joined(row, join, store)]
        kept = [row for row in rows if query.where is None or query.where(row) is True]
        found += [Come(place, row, {name: expression(row) for name, expression in query.outputs}) for row in kept]
    return found


def _joined(row: Row, join: Join, store: Tables) -> list[Row]:
    pairs = [{**_named(other, join.alias), **row} for other in store[join.table]]
    found: list[Row] = [pair for pair in pairs if join.on(pair) is True]
    if found or not join.is_left:
        return found
    columns = store[join.table][0] if store[join.table] else {}
    return [_Bare({**_named(dict.fromkeys(columns), join.alias), **row})]


class _Bare(dict[str, Any]):
    """A row that a LEFT JOIN found no partner for: what is not there is NULL."""

    def __missing__(self, key: str) -> None:
        return None


def _named(row: Row, alias: str) -> dict[str, Any]:
    """Return a row by its columns' full and bare names; in a join a bare name is whoever came first."""
    return {**{f"{alias}.{column}": value for column, value in row.items()}, **row}


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
