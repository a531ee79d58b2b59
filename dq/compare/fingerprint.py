"""The one place for fingerprints: two mixed lanes a bucket, in one scan a side.

`hash(a, b, ...)` combines its columns weakly under a sum, so every lane hashes the row's hash again; two lanes guard the sum.
Source: FACTS "Fingerprints".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

BUCKETS = 4096


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What the two scans showed: rows a side, and the buckets whose fingerprints differ."""

    source_rows: int
    target_rows: int
    unmapped: int  # source rows in scope with an id that the crosswalk does not map
    differing: tuple[int, ...]  # bucket numbers, ascending

    @property
    def equal(self) -> bool:
        """Both sides hold the same rows."""
        return not self.differing


def bucket(entity: Entity, alias: str = "") -> str:
    """Return the row's bucket, 0 to BUCKETS - 1, as an expression."""
    return f"CAST({key_hash(entity, alias)} & {BUCKETS - 1} AS USMALLINT)"


def key_hash(entity: Entity, alias: str = "") -> str:
    """Return the hash of the key, mixed again where it has several columns."""
    names = _names(entity.key, alias)
    return f"hash({names})" if len(entity.key) == 1 else f"hash(hash({names}))"


def row_hash(entity: Entity, alias: str = "") -> str:
    """Return the hash of all canonical columns, in the contract's order."""
    return f"hash({_names([column.name for column in entity.columns], alias)})"


def lanes(row: str = "h") -> str:
    """Return the two lanes over an expression that holds row hashes, as select items."""
    return f"CAST(sum(hash({row})) AS HUGEINT) AS lane_1, CAST(sum(hash({row}, 1)) AS HUGEINT) AS lane_2"


def take(engine: Engine, entity: Entity, *, unmapped: str | None) -> Fingerprints:
    """Scan each side once and return which buckets differ; the fingerprints stay in evidence."<entity>.fingerprints".

    Args:
        engine: the engine.
        entity: the entity; source.e and target.e exist.
        unmapped: the column of source.e that says which ids have no mapping, or None where nothing is mapped.
    """
    for side in ("source", "target"):
        extra = f", count(*) FILTER ({quote(unmapped)} > 0) AS unmapped" if unmapped and side == "source" else ", 0 AS unmapped"
        inner = f", {quote(unmapped)}" if unmapped and side == "source" else ""
        sql = f"""
            CREATE OR REPLACE TEMP TABLE {side}_fingerprints AS
            SELECT b, count(*) AS n, {lanes()}{extra}
            FROM (SELECT {bucket(entity)} AS b, {row_hash(entity)} AS h{inner} FROM {path(side, entity.name)})
            GROUP BY b"""
        engine.execute(Query(sql, step=f"{entity.name}: fingerprint {side}"))
    sql = f"""
        CREATE OR REPLACE TABLE {path("evidence", f"{entity.name}.fingerprints")} AS
        SELECT coalesce(s.b, t.b) AS b, s.n AS source_n, t.n AS target_n, s.lane_1 AS source_1, t.lane_1 AS target_1,
               s.lane_2 AS source_2, t.lane_2 AS target_2, s.unmapped,
               (s.n, s.lane_1, s.lane_2) IS DISTINCT FROM (t.n, t.lane_1, t.lane_2) AS differs
        FROM source_fingerprints AS s FULL JOIN target_fingerprints AS t ON s.b = t.b"""
    engine.execute(Query(sql, step=f"{entity.name}: compare fingerprints"))
    for side in ("source", "target"):
        engine.execute(Query(f"DROP TABLE {side}_fingerprints", step=f"{entity.name}: compare fingerprints"))
    table = path("evidence", f"{entity.name}.fingerprints")
    sql = f"""
        SELECT coalesce(sum(source_n), 0), coalesce(sum(target_n), 0), coalesce(sum(unmapped), 0),
               coalesce(list(b ORDER BY b) FILTER (differs), [])
        FROM {table}"""
    source_rows, target_rows, missing, differing = engine.one(Query(sql, step=f"{entity.name}: compare fingerprints"))
    return Fingerprints(int(source_rows), int(target_rows), int(missing), tuple(differing))


def _names(names: Sequence[str], alias: str) -> str:
    prefix = f"{alias}." if alias else ""
    return ", ".join(f"{prefix}{quote(name)}" for name in names)
