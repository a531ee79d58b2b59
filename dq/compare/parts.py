"""The one place that chooses which rows to join once fingerprints differ, as a SELECT a side.

Few buckets differ: only their rows. Many do: a narrow join, of hashes alone where no row seems missing or extra, else of keys with their
hashes, says which keys, and only those rows are fetched.
Most rows differ: everything, in parts, so that memory stays bounded; of keys that can be told so, in ranges of the key, one after the other.
Source: DESIGN, law 5; FACTS "1 % of rows changed".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from dq.compare.conform import is_conformed
from dq.compare.fingerprint import BUCKETS, Fingerprints, in_buckets, met, row_hash, sample, within
from dq.compare.keys import Uniqueness
from dq.compare.rows import HASH, key_names, on_key
from dq.compare.sides import UNMAPPED, has_mapped_key, pick_mapped, picked_rows
from dq.compare.words import Words, told
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, literal, path, quote

FEW = BUCKETS // 8  # buckets
PART = 3_500_000  # rows a side
_SMALL = 625_000  # rows a side that are joined without further thought
_PROBED = 500  # rows joined, or about as many, to see how much of what differs really does; their hashes draw them
_MOST = 0.25  # the share of rows from which on everything is joined
_UNRANGED = ("BLOB", "BOOLEAN", "JSON")  # keys that are not cut into ranges
_DIFFERING = "differing"  # the table of source rows, and keys of the target, that a narrow join leaves
Rows = Mapping[str, str]  # side to a SELECT of all its columns and the row's hash; one that is not named stands in some_<side> already


def pick(engine: Engine, entity: Entity, *, prints: Fingerprints, buckets: Sequence[int], source_keys: Uniqueness, thorough: bool, by_map: bool) -> Rows | None:
    """Return some rows of each side, which hold every difference in some buckets; None where most rows differ.

    Args:
        engine: the engine.
        entity: the entity.
        prints: its fingerprints.
        buckets: the buckets to look at, ascending.
        source_keys: whether the source's keys are unique.
        thorough: leave no row of the buckets out, not even an equal one.
        by_map: the source's rows can be found through the map of their key.
    """
    if len(buckets) <= FEW:
        return _in_buckets(engine, entity, buckets=buckets, source_keys=source_keys, by_map=by_map)
    if max(prints.source_rows, prints.target_rows) <= _SMALL:
        return rows_where(entity, "true", source_keys=source_keys)
    if thorough or _share(engine, entity, bucket=buckets[0], rows=prints.source_rows) >= _MOST:
        return None
    if prints.same_counts and source_keys.holds:
        return _only_changed(engine, entity)
    return _differing(engine, entity, source_keys=source_keys)


def everything(entity: Entity, prints: Fingerprints, *, source_keys: Uniqueness, words: Words = MappingProxyType({})) -> Iterator[Rows]:
    """Yield all rows of both sides in parts, each row in one, equal keys in the same; some texts told by their words."""
    count = -(-max(prints.source_rows, prints.target_rows) // PART)
    for part in range(count):
        yield rows_where(entity, within(entity, part, count), source_keys=source_keys, words=words)


def in_key_order(engine: Engine, entity: Entity, prints: Fingerprints, *, source_keys: Uniqueness, words: Words) -> Iterator[Rows]:
    """Yield all rows of both sides in parts, each row in one, equal keys in the same, the lower keys first and NULL last.

    Rows often lie in the order of their keys, and then a range of keys is read without the others.

    Args:
        engine: the engine.
        entity: the entity; `can_be_ordered`.
        prints: its fingerprints.
        source_keys: whether the source's keys are unique.
        words: the texts to be told by their words.
    """
    (column,) = entity.keys
    key, step = quote(column.name), f"{entity.name}: parts"
    rows = max(prints.source_rows, prints.target_rows)
    count = -(-rows // PART)
    drawn = " UNION ALL ".join(f"SELECT {key} FROM {path(side, entity.name)} WHERE {sample(entity, rows=rows)}" for side in ("source", "target"))
    cuts = ", ".join(f"CAST(quantile_disc({key}, {part} / {count}) AS VARCHAR)" for part in range(1, count))
    found = engine.one(Query(f"SELECT {cuts} FROM ({drawn})", step=step)) if cuts else ()
    # how large a part is depends on the cuts, and nothing else
    values = [f"CAST({literal(cut)} AS {column.type.sql})" for cut in dict.fromkeys(found) if cut is not None and "\0" not in cut]
    lower, upper = ["true", *(f"{key} >= {value}" for value in values)], [*(f"{key} < {value}" for value in values), f"{key} IS NOT NULL"]
    for low, high in zip(lower, upper, strict=True):
        yield rows_where(entity, f"{low} AND {high}", source_keys=source_keys, words=words)
    yield rows_where(entity, f"{key} IS NULL", source_keys=source_keys, words=words)


def can_be_ordered(entity: Entity) -> bool:
    """Return whether the key can be cut into ranges: it is one column, of a type whose texts can be read back."""
    return len(entity.key) == 1 and entity.keys[0].type.name not in _UNRANGED


def rows_where(entity: Entity, condition: str, *, source_keys: Uniqueness, words: Words = MappingProxyType({})) -> Rows:
    """Return the rows of each side that meet a condition; where the source has no NULL key it says so, and crosswalks are read before they are joined."""
    filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in entity.key)
    source = condition if source_keys.nulls else f"({condition}) AND {filled}"
    return {"source": _rows(entity, "source", source, words=words), "target": _rows(entity, "target", condition, words=words)}


def forget(engine: Engine, entity: Entity) -> None:
    """Drop what the rows were read from."""
    engine.execute(Query(f"DROP TABLE IF EXISTS {_DIFFERING}", step=f"{entity.name}: differing rows"))


def _in_buckets(engine: Engine, entity: Entity, *, buckets: Sequence[int], source_keys: Uniqueness, by_map: bool) -> Rows:
    """Return the rows of some buckets; a mapped key is looked for in its map, which is narrow, before a row is read."""
    rows = rows_where(entity, in_buckets(entity, buckets), source_keys=source_keys)
    for side in ("source", "target"):
        if not is_conformed(entity) or (side == "target" and entity.merge is None):
            rows = {**rows, side: _selected(entity, side, f"{path(side, entity.name)} {met(entity, buckets)}")}
    if by_map and has_mapped_key(entity) and not source_keys.nulls:
        pick_mapped(engine, entity, where=in_buckets(entity, buckets, joined=False))
        rows = {**rows, "source": _selected(entity, "source", picked_rows(entity))}
    return rows


def _rows(entity: Entity, side: str, condition: str, *, words: Words = MappingProxyType({})) -> str:
    return f"{_selected(entity, side, path(side, entity.name), words=words)} WHERE ({condition})"


def _selected(entity: Entity, side: str, relation: str, *, words: Words = MappingProxyType({})) -> str:
    few = {quote(name): value for name, value in told(entity, words).items()}
    columns = [f"{few[name]} AS {name}" if name in few else name for name in _columns(entity, side)]
    return f"SELECT {', '.join(columns)}, {row_hash(entity)} AS {HASH} FROM {relation}"


def _columns(entity: Entity, side: str) -> list[str]:
    return [quote(column.name) for column in entity.columns] + ([quote(UNMAPPED)] if side == "source" else [])


def _share(engine: Engine, entity: Entity, *, bucket: int, rows: int) -> float:
    """Return which share of the rows differs in a bucket, or in a part of it that holds enough of them; the source has `rows` rows."""
    parts = max(1, rows // (BUCKETS * _PROBED))
    sides = {side: f"{_narrow(entity, side)} WHERE {within(entity, bucket * parts, BUCKETS * parts)}" for side in ("source", "target")}
    sql = f"""
        SELECT count(*), count(*) FILTER (s.{HASH} IS DISTINCT FROM t.{HASH})
        FROM ({sides["source"]}) AS s FULL JOIN ({sides["target"]}) AS t ON {on_key(entity)}"""
    there, different = engine.one(Query(sql, step=f"{entity.name}: probe"))
    return float(different) / float(there or 1)


def _only_changed(engine: Engine, entity: Entity) -> Rows:
    """Leave the source rows whose hash no target row has in some_source, and read the target's by their keys.

    It sees no extra row; but no bucket counts more rows in the target, so that one would hide behind a missing one of the same bucket.
    That, and one hash of two rows, is left over by `localise`, which then goes the thorough way.
    """
    sql = f"""
        CREATE OR REPLACE TEMP TABLE some_source AS
        SELECT s.* FROM ({_rows(entity, "source", "true")}) AS s ANTI JOIN (SELECT {row_hash(entity)} AS {HASH} FROM {path("target", entity.name)}) AS t
        ON s.{HASH} = t.{HASH}"""
    engine.execute(Query(sql, step=f"{entity.name}: differing rows"))
    key = _together([quote(name) for name in entity.key])
    return {"target": _rows(entity, "target", f"{key} IN (SELECT {key} FROM some_source)")}


def _differing(engine: Engine, entity: Entity, *, source_keys: Uniqueness) -> Rows:
    """Join both sides by key and row hash; the source's rows come along, the target's few are read again by their keys."""
    names, keys, step = [quote(name) for name in entity.key], key_names(entity), f"{entity.name}: differing rows"
    carried = [f"s.{name}" for name in (*_columns(entity, "source"), HASH)]
    either = [f"coalesce(s.{name}, t.{name}) AS {key}" for name, key in zip(names, keys, strict=True)]
    sql = f"""
        CREATE OR REPLACE TEMP TABLE {_DIFFERING} AS
        SELECT {", ".join((*either, *carried))}
        FROM ({_rows(entity, "source", "true")}) AS s FULL JOIN ({_narrow(entity, "target")}) AS t ON {on_key(entity)}
        WHERE s.{HASH} IS DISTINCT FROM t.{HASH}"""
    engine.execute(Query(sql, step=step))
    nulls = " OR ".join(f"{name} IS NULL" for name in names)
    rows = rows_where(entity, f"{nulls} OR {_found(entity)}", source_keys=source_keys)
    # a source row that met two of the target's stands there twice
    sql = f"SELECT count(*), count(DISTINCT {_together(keys)}) FROM {_DIFFERING} WHERE {HASH} IS NOT NULL"
    there, distinct = engine.one(Query(sql, step=step))
    return {**rows, "source": _kept(entity)} if source_keys.holds and there == distinct else rows


def _found(entity: Entity) -> str:
    """Return the claim that a row's key was left by a narrow join."""
    return f"{_together([quote(name) for name in entity.key])} IN (SELECT {_together(key_names(entity))} FROM {_DIFFERING})"


def _kept(entity: Entity) -> str:
    """Return the source rows that a narrow join left."""
    return f"SELECT {', '.join((*_columns(entity, 'source'), HASH))} FROM {_DIFFERING} WHERE {HASH} IS NOT NULL"


def _together(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _narrow(entity: Entity, side: str) -> str:
    names = ", ".join(quote(name) for name in entity.key)
    return f"SELECT {names}, {row_hash(entity)} AS {HASH} FROM {path(side, entity.name)}"
