"""The one place for the source's rows that the contract excludes, as canonical rows: whoever moved them all the same made no new rows of the target's own.

Source: DECISIONS "Merge": a native row newer than the baseline has a business key that is in no source row.
"""

from __future__ import annotations

from collections.abc import Mapping

from dq.compare.base import excluded_where
from dq.compare.schema import Prepared
from dq.compare.sides import mapped, maps
from dq.compare.views import ID, Raw, make_own, snapshot
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


def has_withdrawn(entity: Entity) -> bool:
    """Say whether there may be such rows, and new ones of the target's own that could be taken for them; totals of persons are none."""
    return entity.merge is not None and not entity.aggregate and any(item.side == "source" for item in entity.excluded)


def withdrawn_rows(entity: Entity) -> str:
    """Return the view of them: ids as the source has them."""
    return path("own_source", _name(entity))


def make_withdrawn(engine: Engine, prepared: Prepared, raw: Raw, *, minor_units: Mapping[str, int]) -> None:
    """Create the view: the source's SQL, with what the contract excludes in the place of its own condition."""
    entity = prepared.entity
    wheres = excluded_where(engine, entity, side="source", columns=prepared.driving_columns["source"])
    sql = prepared.selects["source"].pointed_at(engine, snapshot("source"), where=" OR ".join(f"({where})" for _, where in wheres))
    engine.execute(Query(f"CREATE VIEW {path('raw_source', _name(entity))} AS {sql}", step=f"{entity.name}: source SQL"))
    make_own(engine, raw, entity=entity, side="source", minor_units=minor_units, name=_name(entity))


def take_out_withdrawn(engine: Engine, entity: Entity) -> None:
    """Say of the rows in `unclaimed` (id, origin) that look new but have the key of such a row that they are extra."""
    step = f"{entity.name}: withdrawn and moved"
    if not has_withdrawn(entity) or entity.keys == (entity.own_id,):  # an id of its own is in the crosswalk, or it is another one
        return
    if engine.one(Query("SELECT count(*) FROM unclaimed WHERE origin = 'new'", step=step)) == (0,):
        return
    keys = ", ".join(f"{mapped(column)} AS {quote(column.name)}" for column in entity.keys)
    rows = f"SELECT {keys} FROM {withdrawn_rows(entity)} AS r {' '.join(maps(entity, only=entity.keys))}"
    on = " AND ".join(f"w.{quote(name)} = t.{quote(name)}" for name in entity.key)
    found = f"SELECT t.{quote(ID)} FROM {path('own_target', entity.name)} AS t SEMI JOIN ({rows}) AS w ON {on}"
    engine.execute(Query(f"UPDATE unclaimed SET origin = 'extra' WHERE origin = 'new' AND id IN ({found})", step=step))


def _name(entity: Entity) -> str:
    return f"{entity.name}.withdrawn"
