"""The one place that says when two rows are one row twice: everything that a person would know it by is the same, whatever its ids.

A row that is moved again under another id and key looks like the target's own new row. What gives it away is that it is the same person's, of the
same moment and the same in every other respect.
"""

from __future__ import annotations

from dq.compare.sides import identifying, is_mapped, mapped, maps
from dq.compare.views import ID
from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


def telling(entity: Entity) -> tuple[Column, ...]:
    """Return the columns that tell a row but for its ids; none where they do not suffice: it takes an owner and an instant.

    What the migration may change by a declared rule, and JSON, which is equal by meaning, tell nothing.
    """
    own = identifying(entity)
    columns = tuple(column for column in entity.columns if column not in own and not column.rules and column.type.name != "JSON")
    return columns if entity.owner is not None and not entity.aggregate and any(column.type.name == "INSTANT" for column in columns) else ()


def alike(entity: Entity, one: str, other: str) -> str:
    """Return the claim that two rows, by their aliases, are the same but for their ids."""
    columns = telling(entity)
    same = [f"{one}.{quote(column.name)} IS NOT DISTINCT FROM {other}.{quote(column.name)}" for column in columns]
    return " AND ".join((*same, _dated(entity, one)))


def take_out_copies(engine: Engine, entity: Entity) -> None:
    """Say of the rows in `unclaimed` (id, origin) that look new but are a row of the source again that they are extra."""
    if not telling(entity):
        return
    step = f"{entity.name}: moved twice"
    columns = ", ".join(f"r.{quote(column.name)}" for column in telling(entity))
    owner = entity.column(str(entity.owner))
    whose = f" AND r.{quote(owner.name)} IN (SELECT target_id FROM {path('maps', owner.through)})" if owner.through and owner in telling(entity) else ""
    sql = f"""
        CREATE OR REPLACE TEMP TABLE fresh AS
        SELECT r.{quote(ID)} AS id, {columns} FROM {path("own_target", entity.name)} AS r
        WHERE r.{quote(ID)} IN (SELECT id FROM unclaimed WHERE origin = 'new') AND {_dated(entity, "r")}{whose}"""
    engine.execute(Query(sql, step=step))
    if engine.one(Query("SELECT count(*) FROM fresh", step=step)) != (0,):  # else the source need not be read again
        columns = ", ".join(f"{mapped(column)} AS {quote(column.name)}" for column in telling(entity))
        known = [is_mapped(column) for column in identifying(entity) if column.through]  # of the others the crosswalk's check tells, and nobody again
        rows = f"SELECT {columns} FROM {path('own_source', entity.name)} AS r {' '.join(maps(entity))} WHERE {' AND '.join(known) or 'true'}"
        sql = f"UPDATE unclaimed SET origin = 'extra' WHERE id IN (SELECT f.id FROM fresh AS f SEMI JOIN ({rows}) AS s ON {alike(entity, 'f', 's')})"
        engine.execute(Query(sql, step=step))
    engine.execute(Query("DROP TABLE fresh", step=step))


def _dated(entity: Entity, alias: str) -> str:
    """Return the claim that a row has a moment at all."""
    return f"({' OR '.join(f'{alias}.{quote(column.name)} IS NOT NULL' for column in telling(entity) if column.type.name == 'INSTANT')})"
