"""The one place that chooses which rows to join once fingerprints differ, as conditions over a side's rows.

Few buckets differ: only their rows. Many do: a narrow join of key and row hash says which keys, and only those rows are fetched.
Most rows differ: everything, in parts, so that memory stays bounded.
Source: DESIGN, law 5; FACTS "1 % of rows changed".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dq.compare.fingerprint import BUCKETS, Fingerprints, in_buckets, row_hash, within
from dq.compare.rows import HASH, on_key
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

FEW = BUCKETS // 8  # buckets
PART = 2_500_000  # rows a side
_SMALL = PART // 4  # rows a side that are joined without further thought
_PROBED = 8  # buckets joined to see how much of what differs really does
_MOST = 0.25  # the share of rows from which on everything is joined
_KEYS = "differing_keys"


def pick(engine: Engine, entity: Entity, *, prints: Fingerprints, buckets: Sequence[int], thorough: bool) -> str | None:
    """Return a condition that some rows meet, which hold every difference in some buckets; None where most rows differ.

    Args:
        engine: the engine.
        entity: the entity.
        prints: its fingerprints.
        buckets: the buckets to look at, ascending.
        thorough: leave no row of the buckets out, not even an equal one.
    """
    if len(buckets) <= FEW:
        return in_buckets(entity, buckets)
    if max(prints.source_rows, prints.target_rows) <= _SMALL:
        return "true"
    if thorough or _share(engine, entity, buckets=buckets[:: len(buckets) // _PROBED]) >= _MOST:
        return None
    return _differing_keys(engine, entity)


def everything(entity: Entity, prints: Fingerprints) -> Iterator[str]:
    """Yield conditions that divide all rows of a side into parts, each row in one, equal keys in the same."""
    count = 1
    while max(prints.source_rows, prints.target_rows) > PART * count:
        count *= 2
    for part in range(count):
        yield within(entity, part, count)


def forget(engine: Engine, entity: Entity) -> None:
    """Drop what a condition needed."""
    engine.execute(Query(f"DROP TABLE IF EXISTS {_KEYS}", step=f"{entity.name}: differing keys"))


def _share(engine: Engine, entity: Entity, *, buckets: Sequence[int]) -> float:
    """Return which share of the rows in some buckets differs."""
    sides = {side: f"{_narrow(entity, side)} WHERE {in_buckets(entity, buckets)}" for side in ("source", "target")}
    sql = f"""
        SELECT count(*), count(*) FILTER (s.{HASH} IS DISTINCT FROM t.{HASH})
        FROM ({sides["source"]}) AS s FULL JOIN ({sides["target"]}) AS t ON {on_key(entity)}"""
    rows, different = engine.one(Query(sql, step=f"{entity.name}: probe"))
    return float(different) / float(rows or 1)


def _differing_keys(engine: Engine, entity: Entity) -> str:
    names = [quote(name) for name in entity.key]
    keys = ", ".join(f"coalesce(s.{name}, t.{name}) AS {name}" for name in names)
    sql = f"""
        CREATE OR REPLACE TEMP TABLE {_KEYS} AS
        SELECT {keys}
        FROM ({_narrow(entity, "source")}) AS s FULL JOIN ({_narrow(entity, "target")}) AS t ON {on_key(entity)}
        WHERE s.{HASH} IS DISTINCT FROM t.{HASH}"""
    engine.execute(Query(sql, step=f"{entity.name}: differing keys"))
    nulls = " OR ".join(f"{name} IS NULL" for name in names)
    key = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return f"({nulls} OR {key} IN (SELECT {key} FROM {_KEYS}))"


def _narrow(entity: Entity, side: str) -> str:
    names = ", ".join(quote(name) for name in entity.key)
    return f"SELECT {names}, {row_hash(entity)} AS {HASH} FROM {path(side, entity.name)}"
