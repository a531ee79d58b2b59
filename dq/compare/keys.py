"""The one place that shows, exactly, that keys are unique.

Source: FACTS "Key uniqueness": a bitmap for dense integers is six times faster than counting distinct values. That each row's key is greater than the
one before it, as a table written in the order of its keys is read, takes a quarter of the bitmap, and says it of texts and of several columns, too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dq.compare.conform import INTEGERS
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

LONGEST = 10**9  # bits of a bitmap; Source: DuckDB's documentation, bitstring_agg: "the range is too large" from there on
_SPARSEST = 4  # the bitmap is used while max - min is below this many times the rows
_MANY = 100_000  # rows from which on it pays to see whether they are read in the order of their keys
_FIRST = 10_000  # of these, the rows that are looked at before all of them are


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """Rows, rows with a NULL in the key, and distinct keys among the others; `proof` says how it was shown."""

    rows: int
    nulls: int
    distinct: int
    proof: str

    @property
    def holds(self) -> bool:
        """No key stands twice and none is NULL."""
        return self.nulls == 0 and self.distinct == self.rows


def count_keys(engine: Engine, relation: str, columns: Sequence[tuple[str, str]], *, step: str, rows: int = 0) -> Uniqueness:
    """Count the distinct keys of a relation, exactly.

    Args:
        engine: the engine.
        relation: a quoted table or view.
        columns: (name, SQL type) of the key's columns.
        step: for errors and profiles.
        rows: how many it has, or about as many, where somebody knows.
    """
    names = [quote(name) for name, _ in columns]
    if rows >= _MANY and _ascend(engine, f"(FROM {relation} LIMIT {_FIRST})", names, step=step) is not None:
        ascending = _ascend(engine, relation, names, step=step)
        if ascending is not None:
            return Uniqueness(ascending, 0, ascending, "ascending")
    if len(columns) == 1 and columns[0][1] in INTEGERS:
        found = _bitmap(engine, relation, names[0], step=step)
        if found is not None:
            return found
    whole = " AND ".join(f"{name} IS NOT NULL" for name in names)
    if len(names) == 1:
        sql = f"SELECT count(*), count(*) FILTER (NOT ({whole})), count(DISTINCT {names[0]}) FROM {relation}"
        rows, nulls, distinct = engine.one(Query(sql, step=f"{step}: distinct keys"))
        return Uniqueness(int(rows), int(nulls), int(distinct), "counted distinct")
    sql = f"""
        SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (NOT ({whole})), 0), count(*) FILTER ({whole})
        FROM (SELECT {", ".join(names)}, count(*) AS n FROM {relation} GROUP BY ALL)"""
    rows, nulls, distinct = engine.one(Query(sql, step=f"{step}: distinct keys"))
    return Uniqueness(int(rows), int(nulls), int(distinct), "counted distinct")


def count_source_keys(engine: Engine, entity: Entity, *, rows: int, one_to_one: Collection[str]) -> Uniqueness:
    """Count the distinct keys of source.e, on the rows in own ids where that says it too: they need no crosswalk and no batch.

    Each row of source.e is one row of own_source.e, its ids mapped; through a one-to-one crosswalk distinct ids stay distinct.

    Args:
        engine: the engine.
        entity: the entity; source.e and own_source.e stand.
        rows: how many rows source.e has.
        one_to_one: the crosswalks that were shown to be it.
    """
    columns = [(column.name, column.type.sql) for column in entity.keys]
    mapped = {column.through for column in entity.keys if column.through}
    if not entity.aggregate and mapped <= set(one_to_one):
        own = count_keys(engine, path("own_source", entity.name), columns, step=f"{entity.name}: keys", rows=rows)
        if own.holds:
            return Uniqueness(rows, 0, rows, own.proof)
        if own.rows == rows and not mapped:
            return own
    return count_keys(engine, path("source", entity.name), columns, step=f"{entity.name}: keys")


def _ascend(engine: Engine, relation: str, names: Sequence[str], *, step: str) -> int | None:
    """Count the rows of a relation if each but the first has a key above that of the row before it, and none has a NULL in it; else return None.

    Above is a strict order, so that no two rows of such a chain have the same key, in whatever order they are read. That it is one chain is asked, too:
    of several, each would have a first row, which is above none.
    """
    places = range(len(names))
    above = f"k{places[-1]} > p{places[-1]}"
    for place in reversed(places[:-1]):
        above = f"k{place} > p{place} OR (k{place} = p{place} AND ({above}))"
    filled = [f"{one}{place} IS NOT NULL" for place in places[1:] for one in "kp"]  # of the first column the order itself says it
    read = ", ".join(f"{name} AS k{place}, lag({name}) OVER () AS p{place}" for place, name in enumerate(names))
    sql = f"SELECT count(*), count(*) FILTER ({' AND '.join((*filled, f'({above})'))}) FROM (SELECT {read} FROM {relation})"
    rows, later = engine.one(Query(sql, step=f"{step}: in order"))
    return int(rows) if rows > 1 and later == rows - 1 else None


def _bitmap(engine: Engine, relation: str, name: str, *, step: str) -> Uniqueness | None:
    sql = f"SELECT count(*), count({name}), min({name}), max({name}) FROM {relation}"
    rows, filled, low, high = engine.one(Query(sql, step=f"{step}: key range"))
    if filled == 0:
        return Uniqueness(int(rows), int(rows), 0, "bitmap")
    if high - low >= min(_SPARSEST * filled, LONGEST):
        return None
    sql = f"SELECT bit_count(bitstring_agg({name}, {low}, {high})) FROM {relation}"
    (distinct,) = engine.one(Query(sql, step=f"{step}: key bitmap"))
    return Uniqueness(int(rows), int(rows - filled), int(distinct), "bitmap")
