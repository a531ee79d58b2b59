"""The one place for the claim that the source was closed in time: no row of it, of whatever batch or of none, came to be at or after the freeze."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


@dataclass(frozen=True, slots=True)
class Late:
    """Rows of the source that were looked at, and keys of those that are not shown to be from before the freeze."""

    looked_at: int
    late: int = 0  # they came to be at or after it
    undated: int = 0  # nothing says when they came to be
    is_early: bool = False  # the source was taken before the freeze: what it took until then is not in it

    @property
    def broken(self) -> int:
        """All of them."""
        return self.late + self.undated


def check_freeze(engine: Engine, entity: Entity, *, freeze: datetime, taken: datetime | None = None) -> Late:
    """Record the keys, as the source has them, that break the freeze in evidence."<e>.freeze" (k_0 …, status).

    Every row that the contract's SQL takes is looked at: a batch that has not moved, an erased person, an owner in no batch are no excuse.

    Args:
        engine: the engine; own_source.e stands.
        entity: an entity with `created`.
        freeze: the first instant at which no row may come to be.
        taken: when the source was taken, where that is known.
    """
    step = f"{entity.name}.freeze"
    moment = f"r.{quote(str(entity.created))}"
    keys = ", ".join(f"r.{quote(name)} AS k_{place}" for place, name in enumerate(entity.key))
    rows, table = path("own_source", entity.name), path("evidence", step)
    sql = f"""
        CREATE TABLE {table} AS
        SELECT DISTINCT {keys}, CASE WHEN {moment} IS NULL THEN 'undated' ELSE 'late' END AS status
        FROM {rows} AS r WHERE ({moment} < CAST($1 AS TIMESTAMPTZ)) IS NOT TRUE"""
    engine.execute(Query(sql, (freeze.isoformat(),), step))
    counts: dict[str, int] = dict(engine.execute(Query(f"SELECT status, count(*) FROM {table} GROUP BY 1", step=step)))
    (looked_at,) = engine.one(Query(f"SELECT count(*) FROM {rows}", step=step))
    return Late(int(looked_at), int(counts.get("late", 0)), int(counts.get("undated", 0)), is_early=taken is not None and taken < freeze)
