"""The one place for exact sums a person, net and gross, on each side alone: only those that disagree are kept.

Two accounts that became one person are added up, since the rows are compared in the target's ids.
"""

from __future__ import annotations

from dataclasses import dataclass

from dq.compare.invariants import of_unmapped
from dq.compare.sides import UNMAPPED, unmapped_bits
from dq.compare.sums import summand
from dq.contract.claims import Sums
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


@dataclass(frozen=True, slots=True)
class PersonSums:
    """How many persons have a sum, and of how many it disagrees."""

    looked_at: int
    unequal: int


def compare_persons(engine: Engine, entity: Entity, item: Sums) -> PersonSums:
    """Add up a column a person on both sides; who disagrees stands in evidence."<e>.sums.<name>" (person, source_net, … target_gross).

    Whom the crosswalk does not map is told there, and not again. Sums are exact: they fail loudly past 38 digits.
    """
    step = f"{entity.name}.sums.{item.called}"
    whose, value = f"e.{quote(str(item.per))}", summand(entity.column(item.column), alias="e")
    bits = unmapped_bits(entity, [str(item.per)])
    known = f"e.{quote(UNMAPPED)} & {bits} = 0" if bits else "true"
    apart = of_unmapped(engine, entity, [str(item.per)])
    sql = f"""
        CREATE OR REPLACE TEMP TABLE persons AS
        SELECT person, sum(s) AS source_net, sum(t) AS target_net, sum(abs(s)) AS source_gross, sum(abs(t)) AS target_gross
        FROM (SELECT {whose} AS person, {value} AS s, 0 AS t FROM {path("source", entity.name)} AS e WHERE {known}
              UNION ALL
              SELECT {whose}, 0, {value} FROM {path("target", entity.name)} AS e WHERE true{apart})
        GROUP BY person"""
    engine.execute(Query(sql, step=step))
    (looked_at,) = engine.one(Query("SELECT count(*) FROM persons", step=step))
    table = path("evidence", f"{entity.name}.sums.{item.called}")
    differ = "(coalesce(source_net, 0), coalesce(source_gross, 0)) IS DISTINCT FROM (coalesce(target_net, 0), coalesce(target_gross, 0))"
    engine.execute(Query(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM persons WHERE {differ}", step=step))
    engine.execute(Query("DROP TABLE persons", step=step))
    (unequal,) = engine.one(Query(f"SELECT count(*) FROM {table}", step=step))
    return PersonSums(int(looked_at), int(unequal))
