"""The one place that finds which rows and cells differ, and proves that it found them all.

Source: DESIGN, laws 5 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from dq.compare.cells import count_equal_after, keep_values, pick_keys
from dq.compare.equality import differs, rule_of
from dq.compare.fingerprint import Fingerprints, grouped_by, lanes
from dq.compare.keys import Uniqueness
from dq.compare.parts import Rows, can_be_ordered, everything, forget, in_key_order, pick
from dq.compare.repeated import repeated_buckets, set_repeated_apart
from dq.compare.rows import (
    HASH,
    WORD,
    Tables,
    bits,
    drop_hashes,
    fact_names,
    facts,
    key_names,
    make_tables,
    mask_names,
    mask_type,
    on_key,
    status,
    words,
)
from dq.compare.words import Words, few_words
from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

KEPT = 129  # rows of the target that are kept of those that were fetched


@dataclass(frozen=True, slots=True)
class Localised:
    """Where the found rows are, and whether what is left without them has the same fingerprints on both sides."""

    tables: Tables
    agrees: bool
    in_order: bool = False  # the rows stand in the order of their keys, each key once
    fetched: int = 0  # rows of target.e, no two of one key, that stand in evidence."<e>.fetched"


def localise(engine: Engine, entity: Entity, *, prints: Fingerprints, source_keys: Uniqueness, values: bool = True, by_map: bool = False) -> Localised:
    """Put every row that differs, is missing, extra or repeated into the evidence tables.

    Equal buckets carry the source's proof of unique keys to the target; where the source's keys are not unique, the buckets of its
    repeated keys are looked at too. A quick way that leaves something over is followed by the thorough one.

    Args:
        engine: the engine.
        entity: the entity; its fingerprints stand.
        prints: what they showed.
        source_keys: whether the source's keys are unique.
        values: keep the values of the cells that differ.
        by_map: source.e is a view through the crosswalks (see `make_source`).
    """
    tables = make_tables(engine, entity)
    buckets = sorted({*prints.differing, *(() if source_keys.holds else repeated_buckets(engine, entity))})
    if not buckets:
        return Localised(tables, agrees=True)
    for thorough in (False, True):
        if thorough:
            make_tables(engine, entity)
        some = pick(engine, entity, prints=prints, buckets=buckets, source_keys=source_keys, thorough=thorough, by_map=by_map)
        in_place = some is None and source_keys.holds and not thorough
        in_order = in_place and can_be_ordered(entity)
        if in_place:
            _join_in_place(engine, entity, prints=prints, source_keys=source_keys, tables=tables)
        else:
            for rows in everything(entity, prints, source_keys=source_keys) if some is None else (some,):
                _join(engine, entity, rows=rows, tables=tables)
        if values:
            many = pick_keys(engine, entity, tables=tables, in_order=in_order)
            source, target = (path(side, entity.name) if some is None else f"some_{side}" for side in ("source", "target"))
            keep_values(engine, entity, tables=tables, source=source, target=target, many=many)
        fetched = _keep_fetched(engine, entity) if values and some is not None else 0
        _drop(engine, entity)
        if _agrees(engine, entity, tables=tables, rows=prints.source_rows if some is None else 0):
            if in_place:
                drop_hashes(engine, entity)
            return Localised(tables, agrees=True, in_order=in_order, fetched=fetched)
    return Localised(tables, agrees=False)


def _join(engine: Engine, entity: Entity, *, rows: Rows, tables: Tables) -> None:
    """Join rows of both sides, those with repeated keys set apart, and add what differs to the evidence."""
    _fetch(engine, entity, rows=rows)
    set_repeated_apart(engine, entity, tables=tables)
    _record(engine, entity, tables=tables, source="some_source", target="some_target")


def _join_in_place(engine: Engine, entity: Entity, *, prints: Fingerprints, source_keys: Uniqueness, tables: Tables) -> None:
    """Do as `_join` does with all rows, without a copy of them and where it can be in the order of the keys; the source's keys are unique.

    A key that the target repeats shows afterwards: a partner that was counted twice, or one key in two extra rows (`_agrees`).
    """
    few = few_words(engine, entity, rows=max(prints.source_rows, prints.target_rows))
    make_tables(engine, entity, words=few)
    in_order = can_be_ordered(entity)
    parts = (
        in_key_order(engine, entity, prints, source_keys=source_keys, words=few) if in_order else everything(entity, prints, source_keys=source_keys, words=few)
    )
    for rows in parts:
        _record(engine, entity, tables=tables, source=f"({rows['source']})", target=f"({rows['target']})", few=few, in_order=in_order)


def _fetch(engine: Engine, entity: Entity, *, rows: Rows) -> None:
    """Copy rows into some_source and some_target, where they do not stand there already; the target's first, which was read last."""
    for side in (name for name in ("target", "source") if name in rows):
        sql = f"CREATE OR REPLACE TEMP TABLE some_{side} AS {rows[side]}"
        engine.execute(Query(sql, step=f"{entity.name}: fetch {side}"))


def _keep_fetched(engine: Engine, entity: Entity) -> int:
    """Keep the first of the target's rows that were fetched, for who wants a few without another scan; return how many."""
    names, keys = (", ".join(quote(name) for name in listed) for listed in ([column.name for column in entity.columns], entity.key))
    sql = f"CREATE OR REPLACE TABLE {path('evidence', f'{entity.name}.fetched')} AS SELECT {names} FROM some_target ORDER BY {keys} LIMIT {KEPT}"
    return int(engine.one(Query(sql, step=f"{entity.name}: keep fetched rows"))[0])


def _drop(engine: Engine, entity: Entity) -> None:
    for side in ("source", "target"):
        engine.execute(Query(f"DROP TABLE IF EXISTS some_{side}", step=f"{entity.name}: fetch {side}"))
    forget(engine, entity)


def _record(engine: Engine, entity: Entity, *, tables: Tables, source: str, target: str, few: Words = MappingProxyType({}), in_order: bool = False) -> None:
    """Join two relations of rows, some texts told by their words, and add what differs to the evidence.

    Rows whose hashes differ although no value does are left out, so that both ways do not agree.
    """
    names = [*key_names(entity), *fact_names(entity)]
    values = [*(f"coalesce(s.{quote(name)}, t.{quote(name)})" for name in entity.key), *facts(entity, ("s", "t"), words=few)]
    alone = f"s.{HASH} IS NULL OR t.{HASH} IS NULL"
    masks = [
        f"CAST(CASE WHEN {alone} THEN 0 ELSE {mask} END AS {mask_type(entity)}) AS {name}"
        for name, mask in zip(mask_names(entity), _masks(entity), strict=True)
    ]
    zeros = " AND ".join(f"{name} = 0" for name in mask_names(entity))
    unlike = " OR ".join((alone, *(differs(column) for column in entity.compared)))
    sql = f"""
        INSERT INTO {tables.rows} BY NAME
        SELECT *,
               CASE WHEN target_hash IS NULL THEN {status("missing")} WHEN source_hash IS NULL THEN {status("extra")}
                    WHEN {zeros} THEN {status("excused")} ELSE {status("changed")} END AS status
        FROM (SELECT {", ".join(f"{value} AS {name}" for name, value in zip(names, values, strict=True))},
                     s.{HASH} AS source_hash, t.{HASH} AS target_hash, {", ".join(masks)}
              FROM {source} AS s FULL JOIN {target} AS t ON {on_key(entity)}
              WHERE s.{HASH} IS DISTINCT FROM t.{HASH} AND ({unlike}))
        {f"ORDER BY {', '.join(key_names(entity))}" if in_order else ""}"""
    engine.execute(Query(sql, step=f"{entity.name}: compare rows"))
    count_equal_after(engine, entity, tables=tables, source=source, target=target)


def _masks(entity: Entity) -> list[str]:
    masks = ["0"] * words(entity)
    for place, _, bit, column in bits(entity):
        masks[place // WORD] += f" + CASE WHEN {_broken(column, entity)} THEN {bit} ELSE 0 END"
    return masks


def _broken(column: Column, entity: Entity) -> str:
    rule = rule_of(column, entity=entity)
    return differs(column) if rule is None else f"{differs(column)} AND ({rule}) IS NULL"


def _agrees(engine: Engine, entity: Entity, *, tables: Tables, rows: int = 0) -> bool:
    """Take the found rows, about so many where they are many, out of both sides' fingerprints: is what is left the same? (law 6).

    It would not show that the target repeats a key in rows that are extra; so it is asked, too.
    """
    step = f"{entity.name}: both ways agree"
    keys = key_names(entity)
    found = ", ".join(
        f"count({side}_hash) AS {side}_n, {lanes(f'{side}_hash', prefix=side, there=f'{side}_hash IS NOT NULL')}" for side in ("source", "target")
    )
    left = " AND ".join(
        f"coalesce(f.source_{lane}, 0) - coalesce(r.source_{lane}, 0) = coalesce(f.target_{lane}, 0) - coalesce(r.target_{lane}, 0)" for lane in ("n", "1", "2")
    )
    sql = f"""
        SELECT count(*) FROM {path("evidence", f"{entity.name}.fingerprints")} AS f
        LEFT JOIN (SELECT {grouped_by(entity, keys, rows=rows)} AS b, {found} FROM {tables.rows} GROUP BY 1) AS r ON r.b = f.b
        WHERE NOT ({left})"""
    if engine.one(Query(sql, step=step)) != (0,):
        return False
    null = " OR ".join(f"{key} IS NULL" for key in keys)
    sql = f"""
        SELECT count(*) FROM (SELECT {", ".join(keys)} FROM {tables.rows} WHERE status = 'extra' GROUP BY ALL HAVING count(*) > 1 OR bool_or({null}))"""
    return engine.one(Query(sql, step=step)) == (0,)
