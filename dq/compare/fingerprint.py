"""The one place for fingerprints: two mixed lanes a bucket, in one scan a side; counts and sums by slice come from the same scan, or from one right after it.

`hash(a, b, ...)` combines its columns weakly under a sum, so the row's hash is hashed again. Of its 64 bits each lane adds up a half, exactly: that several
changed rows cancel in both is as rare as that a changed row has the hash that it had. Lanes of a second hash would guard against the former alone, for a fifth
of the scan.
Source: FACTS "Fingerprints".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dq.compare.conform import is_conformed
from dq.compare.sums import Beside, keep_sums
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

BUCKETS = 4096
_HASH_BITS, _BUCKET_BITS = 64, 12
_ARRAY = 3_000_000  # rows from which on buckets are added up in an array and not in a hash table: it takes 25 ms however few they are
_SAMPLED = 10_000  # rows of a sample
_RANGES = 16  # that are tested one by one, where it saves conforming the other rows


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What the two scans showed: rows a side, and the buckets whose fingerprints differ."""

    source_rows: int
    target_rows: int
    unmapped: int  # source rows in scope with an id that the crosswalk does not map
    differing: tuple[int, ...]  # bucket numbers, ascending
    same_counts: bool  # every bucket holds as many rows on both sides


def bucket(entity: Entity, names: Sequence[str] = ()) -> str:
    """Return the row's bucket, 0 to BUCKETS - 1, as an expression over the key, or over what holds it: the first bits of its hash."""
    return f"CAST({key_hash(entity, names)} >> {_HASH_BITS - _BUCKET_BITS} AS USMALLINT)"


def grouped_by(entity: Entity, names: Sequence[str] = (), *, rows: int) -> str:
    """Return the row's bucket as what about `rows` rows are grouped by; of many the engine adds up an array, which it has for the narrowest integers only."""
    number = bucket(entity, names)
    return number if rows >= _ARRAY else f"CAST({number} AS UINTEGER)"


def in_buckets(entity: Entity, buckets: Sequence[int], *, joined: bool = True) -> str:
    """Return the claim that a row is in one of some buckets.

    Args:
        entity: the entity.
        buckets: their numbers.
        joined: the rows are joined to something, or converted, so that it pays to test the bare hash range by range (see `within`).
    """
    if len(buckets) > (_RANGES if joined and is_conformed(entity) else 1):
        return f"{bucket(entity)} IN ({', '.join(str(number) for number in buckets)})"
    return " OR ".join(within(entity, number, BUCKETS) for number in buckets) or "false"


def met(entity: Entity, buckets: Sequence[int]) -> str:
    """Return what follows a relation's name and leaves its rows of some buckets: a join, which takes a fifth less than `IN` where rows are only read."""
    if len(buckets) == 1:
        return f"WHERE {in_buckets(entity, buckets)}"
    name = quote("dq.bucket")
    rows = ", ".join(f"(CAST({number} AS USMALLINT))" for number in buckets)
    return f"JOIN (VALUES {rows}) AS {quote('dq.buckets')}({name}) ON {bucket(entity)} = {name}"


def within(entity: Entity, part: int, parts: int) -> str:
    """Return the claim that a row is in one of `parts` equal ranges of the key's hash; its number counts from 0.

    A range of the bare hash is tested before the row's columns are conformed and joined; any arithmetic with it, only after.
    """
    first, next_ = (number * 2**_HASH_BITS // parts for number in (part, part + 1))
    return f"({key_hash(entity)} BETWEEN {first} AND {next_ - 1})"


def sample(entity: Entity, *, rows: int) -> str:
    """Return the claim that a row is one of a few thousand, drawn by its key's hash; of `rows` rows, or about as many."""
    return within(entity, 0, max(1, rows // _SAMPLED))


def key_hash(entity: Entity, names: Sequence[str] = ()) -> str:
    """Return the hash of the key, mixed again where it has several columns."""
    listed = ", ".join(names or _names(entity.key))
    return f"hash({listed})" if len(entity.key) == 1 else f"hash(hash({listed}))"


def row_hash(entity: Entity) -> str:
    """Return the hash of all canonical columns, in the contract's order."""
    return f"hash({', '.join(_names(column.name for column in entity.columns))})"


def lanes(row: str, *, prefix: str = "lane", there: str = "") -> str:
    """Return the two lanes over an expression that holds row hashes, as select items.

    Args:
        row: the expression.
        prefix: the items are called <prefix>_1 and <prefix>_2.
        there: the claim that a row counts, where not all do.
    """
    counted = f" FILTER ({there})" if there else ""
    halves = (f"hash({row}) >> {_HASH_BITS // 2}", f"hash({row}) & {2 ** (_HASH_BITS // 2) - 1}")
    return ", ".join(f"CAST(sum(CAST({half} AS UINTEGER)){counted} AS HUGEINT) AS {prefix}_{number}" for number, half in enumerate(halves, start=1))


def take(engine: Engine, entity: Entity, *, unmapped: str | None, beside: Beside | None = None, rows: int = 0) -> Fingerprints:
    """Scan each side once and return which buckets differ; the fingerprints stay in evidence."<entity>.fingerprints".

    Args:
        engine: the engine.
        entity: the entity; source.e and target.e exist.
        unmapped: the column of source.e that says which ids have no mapping, or None where nothing is mapped.
        beside: counts and sums that are taken with them; they stay in evidence."<entity>.sums" until `forget_sums`.
        rows: about how many rows a side has, where somebody knows.
    """
    beside = beside or Beside()
    together = beside if beside.together else Beside()
    for side in ("source", "target"):
        marked = unmapped if side == "source" else None
        inputs = [f"{grouped_by(entity, rows=rows)} AS b", f"{row_hash(entity)} AS h", *([f"{quote(marked)} AS u"] if marked else []), *together.inputs()]
        found = [*together.aggregates(), "b", "count(*) AS n", lanes("h"), f"{'count(*) FILTER (u > 0)' if marked else '0'} AS unmapped"]
        sql = f"""
            CREATE OR REPLACE TEMP TABLE {side}_scanned AS
            SELECT {", ".join(found)} FROM (SELECT {", ".join(inputs)} FROM {path(side, entity.name)})
            GROUP BY {together.grouping()}"""
        engine.execute(Query(sql, step=f"{entity.name}: fingerprint {side}"))
        keep_sums(engine, entity, beside, side=side)  # now, while what it reads is in memory
    table, step = path("evidence", f"{entity.name}.fingerprints"), f"{entity.name}: compare fingerprints"
    sides = {side: f"(SELECT * FROM {side}_scanned WHERE level = {together.level(None)})" for side in ("source", "target")}
    sql = f"""
        CREATE OR REPLACE TABLE {table} AS
        SELECT coalesce(s.b, t.b) AS b, s.n AS source_n, t.n AS target_n, s.lane_1 AS source_1, t.lane_1 AS target_1,
               s.lane_2 AS source_2, t.lane_2 AS target_2, s.unmapped,
               (s.n, s.lane_1, s.lane_2) IS DISTINCT FROM (t.n, t.lane_1, t.lane_2) AS differs
        FROM {sides["source"]} AS s FULL JOIN {sides["target"]} AS t ON s.b = t.b"""
    engine.execute(Query(sql, step=step))
    for side in sides:
        engine.execute(Query(f"DROP TABLE {side}_scanned", step=step))
    sql = f"""
        SELECT coalesce(sum(source_n), 0), coalesce(sum(target_n), 0), coalesce(sum(unmapped), 0),
               coalesce(list(b) FILTER (differs), []), coalesce(bool_and(source_n IS NOT DISTINCT FROM target_n), true)
        FROM {table}"""
    source_rows, target_rows, missing, differing, same_counts = engine.one(Query(sql, step=step))
    return Fingerprints(int(source_rows), int(target_rows), int(missing), tuple(sorted(differing)), same_counts)


def _names(names: Iterable[str]) -> list[str]:
    return [quote(name) for name in names]
