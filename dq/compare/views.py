"""The one place for an entity's first two layers of views: the contract's SQL as it is, and the same in canonical types.

Layers of an entity e (the third one is made in `sides`):
    raw_source.e   -> own_source.e  -> source.e     crosswalk applied, batch chosen, erased and absorbed set apart
    raw_target.e   -> own_target.e  -> target.e     native rows set apart (claims.e), the baseline subtracted from aggregates
    raw_baseline.e -> own_baseline.e
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dq.compare.conform import Domain, canonical, currency_columns, zone_columns
from dq.compare.currencies import by_number
from dq.compare.select import Select
from dq.contract.models import Entity, Side
from dq.engine import Engine
from dq.errors import EngineError
from dq.sql import Query, path, quote

ID, CREATED, CHANGED = "dq.id", "dq.created", "dq.changed"  # outputs that the engine adds to a merged target's SQL


@dataclass(frozen=True, slots=True)
class Raw:
    """One side's SQL as a view: its output types, and how often a zone was unusable."""

    types: Mapping[str, str]
    domain: Domain
    bad_zones: int  # rows with a wall clock and a zone that nobody knows


def snapshot(side: str) -> str:
    """Return the catalogue that a side's snapshot is attached as."""
    return f"{side}_snapshot"


def make_schemas(engine: Engine) -> None:
    """Create the schemas that the views and evidence live in."""
    for schema in ("source", "target", "baseline", "scope", "maps", "claims", "evidence"):
        engine.execute(Query(f"CREATE SCHEMA {quote(schema)}", step="schemas"))
    for layer in ("raw", "own"):
        for side in ("source", "target", "baseline"):
            engine.execute(Query(f"CREATE SCHEMA {quote(f'{layer}_{side}')}", step="schemas"))


def make_raw(engine: Engine, select: Select, *, entity: Entity, side: str) -> Mapping[str, str]:
    """Create raw_<side>.e and return its output types; the engine's error where a table or column is missing."""
    extra: dict[str, tuple[str, str]] = {}
    if entity.merge is not None and side != "source":
        alias = select.alias_of(entity.merge.table) or entity.merge.table
        extra = {ID: (alias, entity.merge.id), CREATED: (alias, entity.merge.created_at), CHANGED: (alias, entity.merge.changed_at)}
    sql = select.pointed_at(engine, snapshot(side), extra=extra)
    view = path(f"raw_{side}", entity.name)
    engine.execute(Query(f"CREATE VIEW {view} AS {sql}", step=f"{entity.name}: {side} SQL"))
    return dict(engine.columns(Query(f"SELECT * FROM {view}", step=f"{entity.name}: {side} SQL")))


def look_up(engine: Engine, *, entity: Entity, side: str, types: Mapping[str, str]) -> Raw:
    """Look up which zones and currencies stand in the raw columns, so that the view converts with constants."""
    reading: Side = "source" if side == "source" else "target"
    view = path(f"raw_{side}", entity.name)
    zones: set[str] = set()
    bad = 0
    for zone in zone_columns(entity, reading, raw=types):
        walls = [column.name for column in entity.columns if column.reading(reading).zone == zone]
        used = " OR ".join(f"{quote(wall)} IS NOT NULL" for wall in walls)
        sql = f"SELECT {quote(zone)}, count(*) FILTER ({used}) FROM {view} GROUP BY 1"
        for name, rows in engine.execute(Query(sql, step=f"{entity.name}: {side} zones")):
            if name is not None and _is_zone(engine, name):
                zones.add(name)
            else:
                bad += rows
    letters: set[str] = set()
    for column, numeric in currency_columns(entity, reading):
        sql = f"SELECT DISTINCT {quote(column)} FROM {view} WHERE {quote(column)} IS NOT NULL"
        found = [row[0] for row in engine.execute(Query(sql, step=f"{entity.name}: {side} currencies"))]
        letters |= {by_number()[value] for value in found if value in by_number()} if numeric else set(found)
    return Raw(types, Domain(tuple(sorted(zones)), tuple(sorted(letters))), bad)


def make_own(engine: Engine, raw: Raw, *, entity: Entity, side: str, minor_units: Mapping[str, int]) -> None:
    """Create own_<side>.e: canonical types, ids as the store has them."""
    reading: Side = "source" if side == "source" else "target"
    columns = [
        f"{canonical(column, reading, entity=entity, raw=raw.types, domain=raw.domain, minor_units=minor_units)} AS {quote(column.name)}"
        for column in entity.columns
    ]
    columns += [f"r.{quote(name)}" for name in (ID, CREATED, CHANGED) if name in raw.types]
    sql = f"CREATE VIEW {path(f'own_{side}', entity.name)} AS SELECT {', '.join(columns)} FROM {path(f'raw_{side}', entity.name)} AS r"
    engine.execute(Query(sql, step=f"{entity.name}: {side} types"))


def _is_zone(engine: Engine, name: str) -> bool:
    """Say whether the engine knows a zone; listing them all takes a tenth of a second."""
    try:
        engine.execute(Query("SELECT timezone($1, TIMESTAMP '2000-01-01')", (name,), "zones"))
    except EngineError:
        return False
    return True
