"""The one place for what became of a batch's rows after it was signed: they say themselves that they changed, and are set apart on both sides.

A person who has moved goes on: spends a coupon, takes a review back. Such a row is no longer what was moved, and its own change time says so. What
changed and does not say so, what says that it is from after the snapshot, and what has another owner than it was moved for, stays a finding.
Source: MIGRATION "It is a merge", whose rule for native rows this is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dq.compare.signed import Signed
from dq.compare.views import CHANGED, ID
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, literal, path, quote

_BATCH = quote("dq.batch")


def make_since(engine: Engine, entity: Entity, *, signed: Sequence[Signed], until: str | None) -> int:
    """Create claims."<e>.since" (the key's columns, batch): the rows that changed since their batch was signed; return how many.

    The source is asked only where a row of the target says that it changed: where none does, there is no such table.
    A key that stands twice on a side is left out: it is a finding. So are totals of persons: entries explain them (`later`).

    Args:
        engine: the engine; source.e, target.e and claims.e stand.
        entity: the entity.
        signed: the batches that were signed; none: nothing is set apart.
        until: when the target was taken; None where nobody knows.
    """
    if not signed or entity.merge is None or entity.aggregate:
        return 0
    step, table = f"{entity.name}: changed since", since_table(entity)
    engine.execute(Query(f"CREATE OR REPLACE TEMP TABLE changed_later AS {_later(entity, signed=signed, until=until)}", step=step))
    rows = 0
    if engine.one(Query("SELECT count(*) FROM changed_later", step=step)) != (0,):
        keys = [quote(name) for name in entity.key]
        source, target = (", ".join(f"{alias}.{quote(column.name)}" for column in entity.columns) for alias in "st")
        same_owner = f"s.{quote(entity.owner)} IS NOT DISTINCT FROM t.{quote(entity.owner)}" if entity.owner is not None else "true"
        on = " AND ".join(f"s.{key} = t.{key}" for key in keys)
        sql = f"""
            CREATE OR REPLACE TABLE {table} AS
            SELECT DISTINCT {", ".join(f"s.{key}" for key in keys)}, t.{_BATCH} AS batch
            FROM changed_later AS t JOIN {path("source", entity.name)} AS s ON {on}
            WHERE {same_owner} AND row({source}) IS DISTINCT FROM row({target})"""
        engine.execute(Query(sql, step=step))
        for side in ("source", "target"):
            repeated = f"SELECT {', '.join(keys)} FROM {path(side, entity.name)} SEMI JOIN {table} USING ({', '.join(keys)}) GROUP BY ALL HAVING count(*) > 1"
            engine.execute(Query(f"DELETE FROM {table} AS k WHERE EXISTS (SELECT 1 FROM ({repeated}) AS r WHERE {_same(keys, 'r')})", step=step))
        (rows,) = engine.one(Query(f"SELECT count(*) FROM {table}", step=step))
    engine.execute(Query("DROP TABLE changed_later", step=step))
    return int(rows)


def _later(entity: Entity, *, signed: Sequence[Signed], until: str | None) -> str:
    """Return the rows of the target that say that they changed after their batch was signed, with that batch; no row of the source is read."""
    moments = ", ".join(f"({one.batch}, TIMESTAMPTZ {literal(one.moment)})" for one in signed)
    last = max(signed, key=lambda one: one.batch)
    first = min(signed, key=lambda one: datetime.fromisoformat(one.moment))  # what is no later than any is not looked at
    changed = f"t.{quote(CHANGED)}"
    moment = f"CASE WHEN c.batch IS NULL THEN TIMESTAMPTZ {literal(last.moment)} ELSE m.moment END"
    claims = [f"{changed} > TIMESTAMPTZ {literal(first.moment)}", f"{changed} > {moment}"]
    claims += [f"{changed} <= TIMESTAMPTZ {literal(until)}"] if until is not None else []
    return f"""
        SELECT {", ".join(f"t.{quote(column.name)}" for column in entity.columns)}, c.batch AS {_BATCH}
        FROM {path("own_target", entity.name)} AS t
        JOIN {path("claims", entity.name)} AS c ON c.id = t.{quote(ID)} AND c.brought
        LEFT JOIN (VALUES {moments}) AS m (batch, moment) ON m.batch = c.batch
        WHERE {" AND ".join(claims)}"""


def since_table(entity: Entity) -> str:
    """Return the name of what `make_since` makes, where any row changed."""
    return path("claims", f"{entity.name}.since")


def _same(keys: Sequence[str], alias: str) -> str:
    return " AND ".join(f"k.{key} = {alias}.{key}" for key in keys)
