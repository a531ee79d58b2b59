"""The one place for an entity's first two layers of views: the contract's SQL as it is, and the same in canonical types.

Layers of an entity e (the third one is made in `sides`):
    raw_source.e   -> own_source.e  -> source.e     crosswalk applied, batch chosen, erased and absorbed set apart
    raw_target.e   -> own_target.e  -> target.e     native rows set apart (claims.e), the baseline subtracted from aggregates
    raw_baseline.e -> own_baseline.e
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from dq.compare import clocks
from dq.compare.conform import Domain, canonical, currency_columns, fits_minor, minor_columns, wall_clocks
from dq.compare.currencies import by_number
from dq.compare.minor import is_short
from dq.compare.offsets import FEWEST, Span
from dq.compare.offsets import offsets as find_offsets
from dq.compare.select import Select
from dq.contract.models import Entity, Side
from dq.engine import Engine
from dq.errors import EngineError
from dq.sql import Query, literal, path, quote

ID, CREATED, CHANGED = "dq.id", "dq.created", "dq.changed"  # outputs that the engine adds to a merged target's SQL

Unsound = tuple[str, str, str, int]  # column, zone, gap or overlap, rows
FEW = 20_000  # rows of a table; a view over no larger ones is kept as a table: to read it a dozen times takes longer than to write it

Offsets = Mapping[tuple[str, str], tuple[Span, ...]]  # column, zone


@dataclass(frozen=True, slots=True)
class _Suspect:
    """The wall clocks of a column that a zone never showed, or showed twice."""

    column: str
    zone: str
    kind: str  # gap or overlap
    claim: str  # that a row has one
    wall: str  # the expression of it
    days: frozenset[date]  # on which they lie


@dataclass(frozen=True, slots=True)
class Raw:
    """One side's SQL as a view: its output types, and what stands in the columns that decide a conversion."""

    types: Mapping[str, str]
    domain: Domain
    unknown_zones: int = 0  # rows with a wall clock and a zone that nobody knows
    unfit: tuple[tuple[str, int], ...] = ()  # column and rows whose minor units do not fit its type
    unsound: tuple[Unsound, ...] = ()


def snapshot(side: str) -> str:
    """Return the catalogue that a side's snapshot is attached as."""
    return f"{side}_snapshot"


def make_schemas(engine: Engine) -> None:
    """Create the schemas that the views and evidence live in."""
    for schema in ("source", "target", "baseline", "scope", "maps", "before", "claims", "evidence"):
        engine.execute(Query(f"CREATE SCHEMA {quote(schema)}", step="schemas"))
    for layer in ("raw", "own"):
        for side in ("source", "target", "baseline", "export"):
            engine.execute(Query(f"CREATE SCHEMA {quote(f'{layer}_{side}')}", step="schemas"))


def make_raw(engine: Engine, select: Select, *, entity: Entity, side: str) -> Mapping[str, str]:
    """Create raw_<side>.e and return its output types; the engine's error where a table or column is missing."""
    view = path(f"raw_{side}", entity.name)
    engine.execute(Query(f"CREATE VIEW {view} AS {raw_sql(engine, select, entity=entity, side=side)}", step=f"{entity.name}: {side} SQL"))
    return dict(engine.columns(Query(f"SELECT * FROM {view}", step=f"{entity.name}: {side} SQL")))


def raw_sql(engine: Engine, select: Select, *, entity: Entity, side: str) -> str:
    """Return one side's SQL, pointed at its snapshot; of a merged target with what tells its own rows apart."""
    extra: dict[str, tuple[str, str]] = {}
    if entity.merge is not None and side != "source":
        alias = select.alias_of(entity.merge.table) or entity.merge.table
        extra = {ID: (alias, entity.merge.id), CREATED: (alias, entity.merge.created_at), CHANGED: (alias, entity.merge.changed_at)}
    return select.pointed_at(engine, snapshot(side), extra=extra)


def look_up(engine: Engine, *, entity: Entity, side: str, types: Mapping[str, str], minor_units: Mapping[str, int]) -> Raw:
    """Look up which zones, currencies and ranges stand in the raw columns, so that the view converts with constants."""
    reading: Side = "source" if side == "source" else "target"
    zones, offsets, unknown, unsound = _zones(engine, entity, side=side, types=types)
    letters: set[str] = set()
    for column, numeric in currency_columns(entity, reading):
        sql = f"SELECT DISTINCT {quote(column)} FROM {_raw(entity, side)} WHERE {quote(column)} IS NOT NULL"
        found = [row[0] for row in engine.execute(Query(sql, step=f"{entity.name}: {side} currencies"))]
        letters |= {by_number()[value] for value in found if value in by_number()} if numeric else set(found)
    domain = Domain(zones, tuple(sorted(letters)), offsets=offsets)
    minors = _minor_units(engine, entity, reading, side=side, types=types, domain=domain, minor_units=minor_units)
    unfit = [(name, rows) for name, rows, _, _ in minors if rows]
    short = {name for name, _, low, high in minors if is_short(low, high)}
    fine = frozenset(column.name for column in minor_columns(entity, reading)) - {name for name, _ in unfit}
    return Raw(types, replace(domain, fitting=fine, short=fine & short), unknown, tuple(unfit), unsound)


def _minor_units(
    engine: Engine, entity: Entity, reading: Side, *, side: str, types: Mapping[str, str], domain: Domain, minor_units: Mapping[str, int]
) -> list[tuple[str, int, int | None, int | None]]:
    """Return of each column in minor units how many rows do not fit its type, and its least and greatest value: all from one scan."""
    names, counts = [], []
    for minor in minor_columns(entity, reading):
        fits, value = fits_minor(minor, reading, entity=entity, raw=types, domain=domain, minor_units=minor_units), f"r.{quote(minor.name)}"
        names.append(minor.name)
        counts.append(f"count(*) FILTER (NOT ({fits})), min({value}), max({value})")
    if not names:
        return []
    row = engine.one(Query(f"SELECT {', '.join(counts)} FROM {_raw(entity, side)} AS r", step=f"{entity.name}: {side} minor units"))
    return [(name, int(row[3 * index]), row[3 * index + 1], row[3 * index + 2]) for index, name in enumerate(names)]


def _zones(engine: Engine, entity: Entity, *, side: str, types: Mapping[str, str]) -> tuple[tuple[str, ...], Offsets, int, tuple[Unsound, ...]]:
    """Return the zones that are known, their offsets, the rows with another zone, and the wall clocks that are unsound in theirs."""
    reading: Side = "source" if side == "source" else "target"
    known: set[str] = set()
    offsets: dict[tuple[str, str], tuple[Span, ...]] = {}
    unknown = 0
    suspects: list[_Suspect] = []
    for column, walls in wall_clocks(entity, reading, raw=types):
        zone = quote(column) if column in types else literal(column)
        used = " OR ".join(f"{quote(name)} IS NOT NULL" for name, _ in walls)
        spans = ", ".join(
            f"{bound}({wall}) FILTER (isfinite({wall}) AND {wall} BETWEEN {_EARLIEST} AND {_LATEST})" for _, wall in walls for bound in ("min", "max")
        )
        sql = f"SELECT {zone}, count(*) FILTER ({used}), {spans} FROM {_raw(entity, side)} GROUP BY 1"
        for name, rows, *bounds in engine.execute(Query(sql, step=f"{entity.name}: {side} zones")):
            if name is None or not _is_zone(engine, name):
                unknown += rows
                continue
            known.add(name)
            for index, (wall_name, wall) in enumerate(walls):
                low, high = bounds[2 * index : 2 * index + 2]
                if low is not None and rows >= FEWEST:
                    offsets[wall_name, name] = find_offsets(engine, name, low, high)
                suspects += _suspects(f"{zone} = {literal(name)}", zone=name, wall=(wall_name, wall), low=low, high=high)
    return tuple(sorted(known)), offsets, unknown, _count_unsound(engine, entity, side=side, suspects=suspects)


def _suspects(where: str, *, zone: str, wall: tuple[str, str], low: datetime | None, high: datetime | None) -> Iterator[_Suspect]:
    """Yield the claims that a column's wall clock lies in a gap or in an overlap of its zone."""
    if low is None or high is None:
        return
    name, expression = wall
    for kind in ("gap", "overlap"):
        spans = [span for span in clocks.unsound(zone, low, high) if span.kind == kind]
        if spans:
            claims = " OR ".join(f"({expression} >= TIMESTAMP '{span.begin}' AND {expression} < TIMESTAMP '{span.end}')" for span in spans)
            days = frozenset(day for span in spans for day in span.days)
            yield _Suspect(name, zone, kind, f"{where} AND ({claims})", expression, days)


def _count_unsound(engine: Engine, entity: Entity, *, side: str, suspects: Sequence[_Suspect]) -> tuple[Unsound, ...]:
    """Count the rows of every claim in one scan, of which only the days that any is about are looked at; those that hold for none are left out."""
    if not suspects:
        return ()
    counts = ", ".join(f"count(*) FILTER ({one.claim})" for one in suspects)
    days: dict[str, set[date]] = {}
    for one in suspects:
        days.setdefault(one.wall, set()).update(one.days)
    listed = {wall: ", ".join(f"DATE '{day}'" for day in sorted(found)) for wall, found in days.items()}
    there = " OR ".join(f"CAST({wall} AS DATE) IN ({found})" for wall, found in listed.items())
    rows = engine.one(Query(f"SELECT {counts} FROM {_raw(entity, side)} WHERE {there}", step=f"{entity.name}: {side} clocks"))
    return tuple((one.column, one.zone, one.kind, int(count)) for one, count in zip(suspects, rows, strict=True) if count)


_EARLIEST, _LATEST = "TIMESTAMP '1970-01-01'", "TIMESTAMP '2100-01-01'"


def _raw(entity: Entity, side: str) -> str:
    return path(f"raw_{side}", entity.name)


def make_own(engine: Engine, raw: Raw, *, entity: Entity, side: str, minor_units: Mapping[str, int], kept: bool = False, name: str | None = None) -> None:
    """Create own_<side>.e, or of another name: canonical types, ids as the store has them; a table where it is kept, else a view."""
    name = name or entity.name
    reading: Side = "source" if side == "source" else "target"
    columns = [
        f"{canonical(column, reading, entity=entity, raw=raw.types, domain=raw.domain, minor_units=minor_units)} AS {quote(column.name)}"
        for column in entity.columns
    ]
    columns += [f"r.{quote(extra)}" for extra in (ID, CREATED, CHANGED) if extra in raw.types]
    sql = f"CREATE {'TABLE' if kept else 'VIEW'} {path(f'own_{side}', name)} AS SELECT {', '.join(columns)} FROM {path(f'raw_{side}', name)} AS r"
    engine.execute(Query(sql, step=f"{entity.name}: {side} types"))


_ZONES: set[str] = set()  # that are known, as it was asked; there are some hundreds


def _is_zone(engine: Engine, name: str) -> bool:
    """Say whether a zone is in the database, and the engine knows it; it knows more, such as PST, and listing them all takes a tenth of a second."""
    if name in _ZONES:
        return True
    if clocks.spelt(name) is None:
        return False
    try:
        engine.execute(Query("SELECT timezone($1, TIMESTAMP '2000-01-01')", (name,), "zones"))
    except EngineError:
        return False
    _ZONES.add(name)
    return True
