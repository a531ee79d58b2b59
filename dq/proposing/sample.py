"""The one place that joins a sample of two tables by a key that they may have in common, and fetches what can be read of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dq.compare.views import snapshot
from dq.engine import Engine
from dq.proposing.facts import SPACE, Column, overlap
from dq.proposing.reach import OWN, Reach, Spot
from dq.sql import Query, literal, path, quote

ROWS = 2000  # of a sample, at most
_LOOKED_AT = 40_000  # rows of the source that are joined, about
_SOME = 0.02  # of the distinct values: less is chance
Value = Any  # as the engine gives it; instants and wall clocks are microseconds


@dataclass(frozen=True, slots=True)
class Map:
    """A table of the crosswalk's snapshot that maps ids."""

    name: str
    source: Column
    target: Column

    @property
    def path(self) -> str:
        """The table in the engine, quoted."""
        return path(snapshot("crosswalk"), "main", self.name)


@dataclass(frozen=True, slots=True)
class Part:
    """A column of the source's table, the target's that it may be, and the map between them, if any."""

    source: str
    target: str
    through: Map | None = None


Key = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """What stands in a column, row by row of the sample; `through` where ids are mapped already."""

    spot: Spot
    values: tuple[Value, ...]
    through: Map | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of two tables joined by a key; of the source's rows that were looked at, `matched` found a row."""

    source: tuple[Values, ...]
    target: tuple[Values, ...]
    rows: int
    looked_at: int
    matched: int

    @property
    def share(self) -> float:
        """Which share of the source's rows found one."""
        return self.matched / self.looked_at if self.looked_at else 0.0


def draw(engine: Engine, source: Reach, target: Reach, key: Key, *, maps: Sequence[Map]) -> Sample:
    """Return a sample of joined rows: the same rows whenever it is drawn."""
    kept = min(SPACE, SPACE * _LOOKED_AT // max(1, source.table.rows))
    listed = ", ".join(f"s.{quote(part.source)}" for part in key)
    looked = f"(SELECT * FROM {source.table.path} AS s WHERE hash({listed}) <= {kept - 1})"
    mapped = " ".join(f"JOIN {part.through.path} AS m{n} ON m{n}.source_id = s.{quote(part.source)}" for n, part in enumerate(key) if part.through is not None)
    on = " AND ".join(f"t.{quote(part.target)} = {f'm{n}.target_id' if part.through is not None else f's.{quote(part.source)}'}" for n, part in enumerate(key))
    joined = f"FROM {looked} AS s {mapped} JOIN {target.table.path} AS t ON {on}"
    counts = f"SELECT (SELECT count(*) FROM {looked}), (SELECT count(*) {joined})"
    step = f"joining {source.table.name} and {target.table.name}"
    looked_at, matched = engine.one(Query(counts, step=step))
    outputs = [_expression("s", spot) for spot in source.spots] + [_expression("t", spot) for spot in target.spots]
    sql = f"SELECT {', '.join(outputs)} {joined} {_joins('s', source)} {_joins('t', target)} ORDER BY hash({listed}), {listed} LIMIT {ROWS}"
    rows = engine.execute(Query(sql, step=step)) if matched else []
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(outputs)
    ours = [Values(spot, columns[number]) for number, spot in enumerate(source.spots)]
    theirs = [Values(spot, columns[len(ours) + number]) for number, spot in enumerate(target.spots)]
    return Sample((*ours, *_mapped(engine, ours, theirs, maps)), tuple(theirs), len(rows), int(looked_at), int(matched))


def fits(one: Column, other: Column) -> bool:
    """Say whether some of two columns' values are the same."""
    return one.kind == other.kind and max(overlap(one, other)) >= _SOME


def _mapped(engine: Engine, ours: Sequence[Values], theirs: Sequence[Values], maps: Sequence[Map]) -> list[Values]:
    """Return the source's columns of ids once more, mapped, for every map that may be theirs."""
    found: list[Values] = []
    for item in ours:
        for each in maps:
            if item.spot.column.type != each.source.type or not fits(item.spot.column, each.source):
                continue
            if not any(other.spot.column.type == each.target.type and fits(other.spot.column, each.target) for other in theirs):
                continue
            ids = sorted({value for value in item.values if value is not None})
            known = _targets(engine, each, ids)
            if known:
                found.append(Values(item.spot, tuple(None if value is None else known.get(value, _UNMAPPED) for value in item.values), each))
    return found


_UNMAPPED = object()  # equal to nothing else


def _targets(engine: Engine, each: Map, ids: list[Value]) -> Mapping[Value, Value]:
    sql = f"SELECT m.source_id, m.target_id FROM {each.path} AS m JOIN (SELECT unnest($1::{each.source.type}[]) AS id) AS i ON i.id = m.source_id"
    return dict(engine.execute(Query(sql, (ids,), f"crosswalk {each.name}"))) if ids else {}


def _expression(side: str, spot: Spot) -> str:
    value = f"{_alias(side, spot.alias)}.{quote(spot.column.name)}"
    if spot.column.kind in ("clock", "instant"):
        return f"CASE WHEN isfinite({value}) THEN epoch_us({value}) END"
    return value if spot.column.kind in ("integer", "decimal", "text") else f"CAST({value} AS VARCHAR)"


def _joins(side: str, found: Reach) -> str:
    texts = []
    for join in found.joins:
        alias = quote(_alias(side, join.alias))
        on = [f"{alias}.{quote(here)} = {quote(_alias(side, other))}.{quote(there)}" for other, there, here in join.on]
        on += [f"{alias}.{quote(join.fixed[0])} = {literal(join.fixed[1])}"] if join.fixed is not None else []
        texts.append(f"LEFT JOIN {join.table.path} AS {alias} ON {' AND '.join(on)}")
    return " ".join(texts)


def _alias(side: str, alias: str) -> str:
    return side if alias == OWN else f"{side}_{alias}"
