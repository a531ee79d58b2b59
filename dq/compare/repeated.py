"""The one place for keys that stand twice on a side, or are NULL: where they are, and how their rows leave the comparison.

Source: DECISIONS "Duplicate key".
"""

from __future__ import annotations

from dq.compare.fingerprint import bucket
from dq.compare.rows import HASH, Tables, fact_names, facts, key_names, mask_names, status
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


def repeated_buckets(engine: Engine, entity: Entity) -> tuple[int, ...]:
    """Return the buckets of the keys that the source repeats."""
    names = ", ".join(quote(name) for name in entity.key)
    null = " OR ".join(f"{quote(name)} IS NULL" for name in entity.key)
    sql = f"""
        SELECT DISTINCT b FROM (
            SELECT any_value({bucket(entity)}) AS b FROM {path("source", entity.name)} GROUP BY {names} HAVING count(*) > 1 OR bool_or({null})
        )"""  # every row of a group has the same bucket
    return tuple(row[0] for row in engine.execute(Query(sql, step=f"{entity.name}: repeated keys")))


def set_repeated_apart(engine: Engine, entity: Entity, *, tables: Tables) -> None:
    """Move rows of some_source and some_target whose key is NULL or stands twice on a side out of both sides, into the evidence as `duplicate`."""
    step = f"{entity.name}: repeated keys"
    names = [quote(name) for name in entity.key]
    null = " OR ".join(f"{name} IS NULL" for name in names)
    groups = " UNION ".join(f"SELECT {', '.join(names)} FROM some_{side} GROUP BY ALL HAVING count(*) > 1 OR bool_or({null})" for side in ("source", "target"))
    (found,) = engine.one(Query(f"CREATE OR REPLACE TEMP TABLE repeated AS {groups}", step=step))
    if found:
        same = " AND ".join(f"r.{name} IS NOT DISTINCT FROM x.{name}" for name in names)
        fields = [*key_names(entity), *fact_names(entity)]
        nothing = f"{status('duplicate')} AS status, {', '.join(f'0 AS {name}' for name in mask_names(entity))}"
        told: list[str] = []
        taken: list[str] = []
        for side, alias in (("source", "s"), ("target", "t")):
            picked = f"FROM some_{side} AS {alias} WHERE EXISTS (SELECT 1 FROM repeated AS r WHERE {same.replace('x.', f'{alias}.')})"
            values = zip(fields, (*(f"{alias}.{name}" for name in names), *facts(entity, (alias,))), strict=True)
            told.append(f"SELECT {', '.join(f'{value} AS {name}' for name, value in values)}, {alias}.{HASH} AS {side}_hash, {nothing} {picked}")
            taken.append(f"DELETE {picked}")
        for sql in (f"INSERT INTO {tables.rows} BY NAME {' UNION ALL BY NAME '.join(told)}", *taken):
            engine.execute(Query(sql, step=step))
    engine.execute(Query("DROP TABLE repeated", step=step))
