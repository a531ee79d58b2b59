"""The one place where a run proves that it can fail: a copy of a few rows is corrupted in known ways, and all must be found.

What is planted is told by a comparison of the two copies in plain Python, row by row, which shares nothing with the engine.
Source: DESIGN, law 10; DECISIONS "Operators and checks".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dq.compare import fingerprint
from dq.compare.fingerprint import in_buckets
from dq.compare.harm import count_broken
from dq.compare.keys import count_keys
from dq.compare.localise import localise
from dq.compare.rows import Tables, bits, key_names, mask_names
from dq.compare.sides import UNMAPPED, through
from dq.contract.models import Column, Entity
from dq.engine import Engine, Row
from dq.sql import Query, literal, path, quote

ROWS = 200  # rows of a slice
_FEW = 4  # with fewer rows than that, each kind of corruption has a pass of its own
_PLACE = quote("dq.place")  # a row's number in the slice
_ZERO = "'\\x00'::BLOB"
KINDS = ("missing", "repeated", "extra", "changed")
Finding = tuple[tuple[str | None, ...], str, tuple[str, ...]]  # key, status, columns


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """How many broken rows were planted, and what the comparison missed of them or saw beside them."""

    planted: int
    missed: int
    invented: int


def release(engine: Engine, entity: Entity) -> CanaryResult:
    """Corrupt a copy of some of an entity's rows and compare; source.e, target.e and evidence."e.fingerprints" stand.

    Returns:
        planted = 0 where neither side has a row with a usable key.
    """
    copy = entity.model_copy(update={"name": f"canary.{entity.name}"})
    rows = _copy_slice(engine, entity, copy=copy)
    passes = [KINDS] if rows >= _FEW else [(kind,) for kind in KINDS]
    planted = missed = invented = 0
    for kinds in passes if rows else ():
        _corrupt(engine, copy, kinds=kinds, rows=rows)
        expected = _planted(engine, copy)
        found = _found(engine, copy)
        planted += len(expected)
        missed += len(expected - found)
        invented += len(found - expected)
    for side in ("source", "target"):
        engine.execute(Query(f"DROP TABLE IF EXISTS {path(side, copy.name)}", step=copy.name))
    return CanaryResult(planted, missed, invented)


def _copy_slice(engine: Engine, entity: Entity, *, copy: Entity) -> int:
    """Make source."canary.e" of a few rows of the side that has any; return how many."""
    prints = path("evidence", f"{entity.name}.fingerprints")
    buckets: list[int] = []
    side = "target"
    for side in ("target", "source"):
        sql = f"SELECT b, {side}_n FROM {prints} WHERE {side}_n > 0 ORDER BY b LIMIT {ROWS}"
        total = 0
        for number, count in engine.execute(Query(sql, step=copy.name)):
            buckets.append(number)
            total += count
            if total >= ROWS:
                break
        if buckets:
            break
    names = ", ".join(quote(column.name) for column in entity.columns)
    keys = ", ".join(quote(name) for name in entity.key)
    filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in entity.key)
    some = f"SELECT {names} FROM {path(side, entity.name)} WHERE ({in_buckets(entity, buckets)}) AND {filled}"
    found = 0
    # one row more than are wanted, and the slice is whole only where none of them repeats a key: otherwise all are looked at
    for rows in (f"({some} ORDER BY {keys} LIMIT {ROWS + 1})", f"({some})"):
        sql = f"""
            CREATE OR REPLACE TABLE {path("source", copy.name)} AS
            SELECT {names}, CAST(0 AS BIGINT) AS {quote(UNMAPPED)}
            FROM {rows} QUALIFY count(*) OVER (PARTITION BY {keys}) = 1
            ORDER BY {keys} LIMIT {ROWS}"""
        engine.execute(Query(sql, step=copy.name))
        (found,) = engine.one(Query(f"SELECT count(*) FROM {path('source', copy.name)}", step=copy.name))
        if found == ROWS:
            break
    return int(found)


def _corrupt(engine: Engine, copy: Entity, *, kinds: Sequence[str], rows: int) -> None:
    """Make target."canary.e": row 1 missing, row 2 repeated, row 1 again under a new key, each column changed in one row, ids swapped."""
    keys = ", ".join(quote(name) for name in copy.key)
    places = range(3, rows + 1) if rows >= _FEW else range(1, rows + 1)
    items = []
    for index, column in enumerate(copy.columns):
        name = item = quote(column.name)
        if "changed" in kinds and column.name not in copy.key:
            rest = _swapped(name, places) if column.through else name
            item = f"CASE WHEN {_PLACE} = {places[index % len(places)]} THEN {_other(column)} ELSE {rest} END"
        items.append(f"CAST({item} AS {column.type.sql}) AS {name}")
    sql = f"""
        CREATE OR REPLACE TABLE {path("target", copy.name)} AS
        WITH numbered AS (SELECT *, row_number() OVER (ORDER BY {keys}) AS {_PLACE} FROM {path("source", copy.name)})
        SELECT {", ".join(items)} FROM numbered WHERE {f"{_PLACE} <> 1" if "missing" in kinds else "true"}"""
    names = ", ".join(quote(column.name) for column in copy.columns)
    if "repeated" in kinds:
        sql += f" UNION ALL SELECT {names} FROM numbered WHERE {_PLACE} = {min(2, rows)}"
    if "extra" in kinds:
        first = copy.keys[0]
        renamed = ", ".join(f"CAST({_beyond(first)} AS {first.type.sql})" if column == first else quote(column.name) for column in copy.columns)
        sql += f" UNION ALL SELECT {renamed} FROM numbered WHERE {_PLACE} = 1"
    engine.execute(Query(sql, step=copy.name))


def _swapped(name: str, places: Sequence[int]) -> str:
    """Let the last two rows exchange a value: sums and counts stay as they were."""
    one, other = places[-1], places[max(0, len(places) - 2)]
    its, others = (f"max({name}) FILTER ({_PLACE} = {place}) OVER ()" for place in (one, other))
    return f"CASE {_PLACE} WHEN {one} THEN {others} WHEN {other} THEN {its} ELSE {name} END"


def _other(column: Column) -> str:
    """Return an expression that differs from the column's value as little as its type and tolerance allow, and is never NULL."""
    name = quote(column.name)
    if column.type.name in ("INTEGER", "BIGINT", "HUGEINT", "DECIMAL"):
        unit = f"CAST({literal(_unit(column))} AS {column.type.sql})"
        return f"CASE WHEN {name} IS NULL THEN 0 WHEN {name} > 0 THEN {name} - {unit} ELSE {name} + {unit} END"
    constants = {
        "BOOLEAN": ("false", "true"),
        "DATE": ("DATE '2000-01-02'", "DATE '2000-01-01'"),
        "JSON": ("CAST('[1]' AS JSON)", "CAST('[0]' AS JSON)"),
        "UUID": ("CAST('00000000-0000-4000-8000-000000000001' AS UUID)", "CAST('00000000-0000-4000-8000-000000000000' AS UUID)"),
    }
    if column.type.name in constants:
        second, first = constants[column.type.name]
        return f"CASE WHEN {name} = {first} THEN {second} ELSE {first} END"
    if column.type.name == "INSTANT":
        seven = "INTERVAL 7 HOUR"
        return (
            f"CASE WHEN {name} > TIMESTAMPTZ '2000-01-01 00:00:00+00' AND isfinite({name}) THEN {name} - {seven} ELSE TIMESTAMPTZ '1999-12-31 17:00:00+00' END"
        )
    if column.type.name == "BLOB":
        return f"coalesce({name}, ''::BLOB) || {_ZERO}"
    return f"CASE WHEN {name} IS NULL THEN '' ELSE {name} || '~' END"


def _beyond(column: Column) -> str:
    """Return a key that no row of the slice has, as an expression over all of them."""
    name = quote(column.name)
    if column.type.name in ("INTEGER", "BIGINT", "HUGEINT", "DECIMAL"):
        one = f"CAST({literal(_unit(column))} AS {column.type.sql})"
        return f"CASE WHEN max({name}) OVER () > 0 THEN min({name}) OVER () - {one} ELSE max({name}) OVER () + {one} END"
    if column.type.name == "DATE":
        return f"min({name}) OVER () - 1"
    if column.type.name == "INSTANT":
        return f"min({name}) OVER () - INTERVAL 1 DAY"
    if column.type.name == "UUID":
        return "CAST('00000000-0000-4000-8000-00000000d00d' AS UUID)"

    return f"max({name}) OVER () || {_ZERO if column.type.name == 'BLOB' else literal('~')}"


def _unit(column: Column) -> str:
    """Return the smallest difference that counts: one in the last place, more than the tolerance."""
    unit = Decimal(1).scaleb(-column.type.scale)
    return format(unit + (column.tolerance or 0), "f")


def _planted(engine: Engine, copy: Entity) -> set[Finding]:
    """Compare both copies in plain Python."""
    sides = {side: _texts(engine, copy, side=side) for side in ("source", "target")}
    width = len(copy.key)
    grouped: dict[str, dict[Row, list[Row]]] = {}
    for side, rows in sides.items():
        grouped[side] = {}
        for row in rows:
            grouped[side].setdefault(row[:width], []).append(row[width:])
    findings: set[Finding] = set()
    for key in {*grouped["source"], *grouped["target"]}:
        ours, theirs = grouped["source"].get(key, []), grouped["target"].get(key, [])
        if len(ours) > 1 or len(theirs) > 1:
            findings.add((key, "duplicate", ()))
        elif not theirs:
            findings.add((key, "missing", ()))
        elif not ours:
            findings.add((key, "extra", ()))
        else:
            columns = tuple(column.name for column, one, other in zip(copy.compared, ours[0], theirs[0], strict=True) if one != other)
            if columns:
                findings.add((key, "changed", columns))
    return findings


def _texts(engine: Engine, copy: Entity, *, side: str) -> list[Row]:
    columns = ", ".join(f"CAST({quote(column.name)} AS VARCHAR)" for column in (*copy.keys, *copy.compared))
    return engine.execute(Query(f"SELECT {columns} FROM {path(side, copy.name)}", step=copy.name))


def _found(engine: Engine, copy: Entity) -> set[Finding]:
    """Compare both copies the way a run does."""
    prints = fingerprint.take(engine, copy, unmapped=UNMAPPED if through(copy) else None)
    keys = count_keys(engine, path("source", copy.name), [(column.name, column.type.sql) for column in copy.keys], step=copy.name)
    localised = localise(engine, copy, prints=prints, source_keys=keys, values=False)
    found = _evidence(engine, copy, tables=localised.tables)
    if not localised.agrees or count_broken(engine, copy, tables=localised.tables) != len(found):
        return set()
    return found


def _evidence(engine: Engine, copy: Entity, *, tables: Tables) -> set[Finding]:
    keys = ", ".join(f"CAST({key} AS VARCHAR)" for key in key_names(copy))
    masks = ", ".join(mask_names(copy))
    rows = engine.execute(Query(f"SELECT {keys}, status, {masks} FROM {tables.rows}", step=copy.name))
    width = len(copy.key)
    columns = [(int(mask.removeprefix("mask_")), bit, column.name) for _, mask, bit, column in bits(copy)]
    return {(row[:width], row[width], tuple(name for word, bit, name in columns if row[width + 1 + word] & bit)) for row in rows}
