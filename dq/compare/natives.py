"""The one place that shows the surviving store unharmed: its own rows are as they were, unless they say themselves that they changed.

Source: MIGRATION "It is a merge": a native row may differ only if its own change time moved after the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

from dq.compare.views import CHANGED, ID
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


@dataclass(frozen=True, slots=True)
class Natives:
    """The target's rows of before the first batch, and what became of them."""

    looked_at: int
    missing: int
    changed: int  # they differ, and their change time does not say so
    alive: int  # they differ, and it does
    repeated: int = 0  # ids that stand more often than before: the second is nobody's


def check_natives(engine: Engine, entity: Entity, *, moment: str) -> Natives:
    """Record the native rows that are gone, silently changed or repeated in evidence."<e>.natives" (id, status).

    Rows of an aggregated entity that the migration adds to are compared there and left out here.

    Args:
        engine: the engine; the own views of target and baseline stand, and claims.e where the entity is aggregated.
        entity: an entity with [merge].
        moment: when the baseline was taken, ISO 8601 with offset.
    """
    step = f"{entity.name}.natives"
    before, now = (", ".join(f"{alias}.{quote(column.name)}" for column in entity.columns) for alias in ("b", "t"))
    added = f"ANTI JOIN {path('claims', entity.name)} AS c ON c.id = b.{quote(ID)}" if entity.aggregate else ""
    table = path("evidence", f"{entity.name}.natives")
    sql = f"""
        CREATE TABLE {table} AS
        SELECT b.{quote(ID)} AS id,
               CASE WHEN t.{quote(ID)} IS NULL THEN 'missing' WHEN t.{quote(CHANGED)} > CAST($1 AS TIMESTAMPTZ) THEN 'alive' ELSE 'changed' END AS status
        FROM {path("own_baseline", entity.name)} AS b {added}
        LEFT JOIN {path("own_target", entity.name)} AS t ON t.{quote(ID)} = b.{quote(ID)}
        WHERE t.{quote(ID)} IS NULL OR row({before}) IS DISTINCT FROM row({now})"""
    engine.execute(Query(sql, (moment,), step))
    before_rows, now_rows = (path(f"own_{side}", entity.name) for side in ("baseline", "target"))
    (rows,) = engine.one(Query(f"SELECT count(*) FROM {before_rows} AS b {added}", step=step))
    there = f"{now_rows} AS t SEMI JOIN (SELECT b.{quote(ID)} AS id FROM {before_rows} AS b {added}) AS b ON b.id = t.{quote(ID)}"
    (found,) = engine.one(Query(f"SELECT count(*) FROM {there}", step=step))
    if found > rows - engine.one(Query(f"SELECT count(*) FROM {table} WHERE status = 'missing'", step=step))[0]:
        sql = f"""
            INSERT INTO {table}
            SELECT t.id, 'repeated' FROM (SELECT t.{quote(ID)} AS id, count(*) AS n FROM {there} GROUP BY 1) AS t
            JOIN (SELECT {quote(ID)} AS id, count(*) AS n FROM {before_rows} GROUP BY 1) AS b USING (id) WHERE t.n > b.n"""
        engine.execute(Query(sql, step=step))
    counts: dict[str, int] = dict(engine.execute(Query(f"SELECT status, count(*) FROM {table} GROUP BY 1", step=step)))
    return Natives(int(rows), *(int(counts.get(status, 0)) for status in ("missing", "changed", "alive", "repeated")))
