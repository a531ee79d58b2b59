"""The one place that chooses which rows to join once fingerprints differ, as conditions over a side's rows.

Few buckets differ: only their rows. Many do: a narrow join of key and row hash says which keys, and only those rows are fetched.
Most rows differ: everything, in parts, so that memory stays bounded.
Source: DESIGN, law 5; FACTS "1 % of rows changed".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dq.compare.fingerprint import BUCKETS, Fingerprints, bucket, key_hash, row_hash
from dq.compare.rows import on_key
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

FEW = BUCKETS // 8  # buckets
PART = 2_500_000  # rows a side
_SMALL = PART // 4  # rows a side that are joined without further thought
_PROBED = 8  # buckets joined to see how much of what differs really does
_MOST = 0.25  # the share of rows from which on everything is joined


def parts(engine: Engine, entity: Entity, *, prints: Fingerprints, buckets: Sequence[int], thorough: bool) -> Iterator[str]:
    """Yield conditions that together cover every row in some buckets, each once; rows that are equal may be left out.

    Args:
        engine: the engine.
        entity: the entity.
        prints: its fingerprints.
        buckets: the buckets to look at, ascending.
        thorough: leave no row of the buckets out.
    """
    rows = max(prints.source_rows, prints.target_rows)
    if len(buckets) <= FEW:
        yield f"{bucket(entity)} IN ({', '.join(str(number) for number in buckets)})"
    elif rows <= _SMALL:
        yield "true"
    elif not thorough and _share(engine, entity, buckets=buckets[:: len(buckets) // _PROBED]) < _MOST:
        yield from _differing_keys(engine, entity)
    else:
        count = 1
        while rows > PART * count:
            count *= 2
        for part in range(count):
            yield f"({key_hash(entity)} >> 20) & {count - 1} = {part}"


def _share(engine: Engine, entity: Entity, *, buckets: Sequence[int]) -> float:
    """Return which share of the rows in some buckets differs."""
    listed = ", ".join(str(number) for number in buckets)
    sides = {side: f"{_narrow(entity, side)} WHERE {bucket(entity)} IN ({listed})" for side in ("source", "target")}
    sql = f"""
        SELECT count(*), count(*) FILTER (s.h IS DISTINCT FROM t.h)
        FROM ({sides["source"]}) AS s FULL JOIN ({sides["target"]}) AS t ON {on_key(entity)}"""
    rows, different = engine.one(Query(sql, step=f"{entity.name}: probe"))
    return float(different) / float(rows or 1)


def _differing_keys(engine: Engine, entity: Entity) -> Iterator[str]:
    names = [quote(name) for name in entity.key]
    keys = ", ".join(f"coalesce(s.{name}, t.{name}) AS {name}" for name in names)
    sql = f"""
        CREATE OR REPLACE TEMP TABLE differing_keys AS
        SELECT {keys}
        FROM ({_narrow(entity, "source")}) AS s FULL JOIN ({_narrow(entity, "target")}) AS t ON {on_key(entity)}
        WHERE s.h IS DISTINCT FROM t.h"""
    engine.execute(Query(sql, step=f"{entity.name}: differing keys"))
    nulls = " OR ".join(f"{name} IS NULL" for name in names)
    key = names[0] if len(names) == 1 else f"({', '.join(names)})"
    yield f"({nulls} OR {key} IN (SELECT {key} FROM differing_keys))"
    engine.execute(Query("DROP TABLE differing_keys", step=f"{entity.name}: differing keys"))


def _narrow(entity: Entity, side: str) -> str:
    names = ", ".join(quote(name) for name in entity.key)
    return f"SELECT {names}, {row_hash(entity)} AS h FROM {path(side, entity.name)}"
