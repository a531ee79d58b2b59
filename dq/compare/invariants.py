"""The one place for claims that each side keeps on its own; a fault that is already in the source is told apart."""

from __future__ import annotations

from dq.compare.evidence import Broken
from dq.compare.select import read_condition
from dq.contract.models import Entity, Invariant
from dq.engine import Engine
from dq.sql import Query, path, quote


def check_invariant(engine: Engine, entity: Entity, invariant: Invariant) -> Broken:
    """Record the keys that break an invariant on either side in evidence."<e>.invariant.<name>" (k_0 …, in_source, in_target)."""
    step = f"{entity.name}.invariant.{invariant.name}"
    sides = {side: _breaking(engine, entity, invariant, side=side) for side in ("source", "target")}
    names = [quote(name) for name in entity.key]
    on = " AND ".join(f"s.{name} IS NOT DISTINCT FROM t.{name}" for name in names)
    keys = ", ".join(f"CASE WHEN s.here THEN s.{name} ELSE t.{name} END AS k_{index}" for index, name in enumerate(names))
    table = path("evidence", f"{entity.name}.invariant.{invariant.name}")
    sql = f"""
        CREATE TABLE {table} AS
        SELECT {keys}, coalesce(s.here, false) AS in_source, coalesce(t.here, false) AS in_target
        FROM (SELECT DISTINCT *, true AS here FROM ({sides["source"]})) AS s
        FULL JOIN (SELECT DISTINCT *, true AS here FROM ({sides["target"]})) AS t ON {on}"""
    engine.execute(Query(sql, step=step))
    sql = f"SELECT count(*), count(*) FILTER (in_source AND in_target), count(*) FILTER (in_source AND NOT in_target) FROM {table}"
    broken, both, source_only = engine.one(Query(sql, step=step))
    looked_at = sum(engine.one(Query(f"SELECT count(*) FROM {path(side, entity.name)}", step=step))[0] for side in ("source", "target"))
    return Broken(keys=int(broken), looked_at=int(looked_at), pre_existing=int(both), source_only=int(source_only))


def _breaking(engine: Engine, entity: Entity, invariant: Invariant, *, side: str) -> str:
    keys = ", ".join(f"r.{quote(name)}" for name in entity.key)
    view = path(side, entity.name)
    if invariant.holds is not None:
        known = tuple(column.name for column in entity.columns)
        claim = read_condition(engine, invariant.holds, file=entity.file, key=f"invariant.{invariant.name}", known=known, free=True)
        return f"SELECT {keys} FROM {view} AS r WHERE ({claim}) IS NOT TRUE"
    equals = invariant.equals
    if equals is None or invariant.column is None:
        message = "an invariant without a form was read"
        raise AssertionError(message)
    # A person's balance is the sum of all their entries, also of those that came with another batch; and an entry needs a balance.
    by = [quote(name) for name in equals.by]
    total = quote("dq.total")
    amount = quote(equals.sum)
    sums = f"SELECT {', '.join(by)}, sum({amount}) AS {total} FROM {path(side, f'{equals.entity}.moved')} GROUP BY ALL"
    alone = f"SELECT {', '.join(by)} FROM {path(side, equals.entity)} GROUP BY ALL HAVING sum({amount}) IS DISTINCT FROM 0"
    on_sum = " AND ".join(f"l.{name} IS NOT DISTINCT FROM r.{name}" for name in by)
    return f"""
        SELECT {keys} FROM {view} AS r LEFT JOIN ({sums}) AS l ON {on_sum}
        WHERE r.{quote(invariant.column)} IS DISTINCT FROM coalesce(l.{total}, 0)
        UNION ALL
        SELECT {", ".join(f"l.{quote(name)}" for name in entity.key)} FROM ({alone}) AS l ANTI JOIN {view} AS r ON {on_sum}"""
