"""The one place that finds which rows and cells differ, and proves that it found them all.

Source: DESIGN, laws 5 and 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dq.compare.cells import count_equal_after, keep_values, keys_picked, pick_keys
from dq.compare.equality import differs, rule_of
from dq.compare.fingerprint import Fingerprints, bucket, lanes, row_hash
from dq.compare.keys import Uniqueness
from dq.compare.parts import everything, forget, pick
from dq.compare.rows import HASH, WORD, Tables, bits, fact_names, facts, key_names, make_tables, mask_names, mask_type, on_key, status, words
from dq.compare.sides import UNMAPPED
from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

BySide = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Localised:
    """Where the found rows are, and whether what is left without them has the same fingerprints on both sides."""

    tables: Tables
    agrees: bool


def localise(engine: Engine, entity: Entity, *, prints: Fingerprints, source_keys: Uniqueness) -> Localised:
    """Put every row that differs, is missing, extra or repeated into the evidence tables.

    Equal buckets carry the source's proof of unique keys to the target; where the source's keys are not unique, the buckets of its
    repeated keys are looked at too. A quick way that leaves something over is followed by the thorough one.
    """
    tables = make_tables(engine, entity)
    buckets = sorted({*prints.differing, *(() if source_keys.holds else _repeated_buckets(engine, entity))})
    if not buckets:
        return Localised(tables, agrees=True)
    for thorough in (False, True):
        if thorough:
            make_tables(engine, entity)
        some = pick(engine, entity, prints=prints, buckets=buckets, thorough=thorough)
        for condition in everything(entity, prints) if some is None else (some,):
            join = _join_in_place if some is None and source_keys.holds and not thorough else _join
            join(engine, entity, condition=_by_side(entity, condition, source_keys), tables=tables)
        pick_keys(engine, entity, tables=tables)
        if some is None:
            _fetch(engine, entity, condition=_by_side(entity, keys_picked(entity), source_keys))
        keep_values(engine, entity, tables=tables, source="some_source", target="some_target")
        _drop(engine, entity)
        if _agrees(engine, entity, tables=tables):
            return Localised(tables, agrees=True)
    return Localised(tables, agrees=False)


def _by_side(entity: Entity, condition: str, source_keys: Uniqueness) -> BySide:
    """Return a condition for each side; where the source has no NULL key it says so, and crosswalks are read before they are joined."""
    filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in entity.key)
    return {"source": condition if source_keys.nulls else f"({condition}) AND {filled}", "target": condition}


def _repeated_buckets(engine: Engine, entity: Entity) -> tuple[int, ...]:
    names = ", ".join(quote(name) for name in entity.key)
    null = " OR ".join(f"{quote(name)} IS NULL" for name in entity.key)
    sql = f"""
        SELECT DISTINCT b FROM (
            SELECT any_value({bucket(entity)}) AS b FROM {path("source", entity.name)} GROUP BY {names} HAVING count(*) > 1 OR bool_or({null})
        )"""  # every row of a group has the same bucket
    return tuple(row[0] for row in engine.execute(Query(sql, step=f"{entity.name}: repeated keys")))


def _join(engine: Engine, entity: Entity, *, condition: BySide, tables: Tables) -> None:
    """Join the rows that a condition picks on both sides, those with repeated keys set apart, and add what differs to the evidence."""
    _fetch(engine, entity, condition=condition)
    _set_repeated_apart(engine, entity, tables=tables)
    _record(engine, entity, tables=tables, source="some_source", target="some_target")


def _join_in_place(engine: Engine, entity: Entity, *, condition: BySide, tables: Tables) -> None:
    """Do as `_join` does, without a copy of the rows; the source's keys are unique.

    A key that the target repeats shows afterwards: a partner that was counted twice, or one key in two extra rows (`_agrees`).
    """
    _record(engine, entity, tables=tables, **{side: f"({_rows(entity, side=side, condition=condition[side])})" for side in ("source", "target")})


def _fetch(engine: Engine, entity: Entity, *, condition: BySide) -> None:
    """Copy the rows that a condition picks into some_source and some_target."""
    for side in ("source", "target"):
        sql = f"CREATE OR REPLACE TEMP TABLE some_{side} AS {_rows(entity, side=side, condition=condition[side])}"
        engine.execute(Query(sql, step=f"{entity.name}: fetch {side}"))


def _drop(engine: Engine, entity: Entity) -> None:
    for side in ("source", "target"):
        engine.execute(Query(f"DROP TABLE IF EXISTS some_{side}", step=f"{entity.name}: fetch {side}"))
    forget(engine, entity)


def _rows(entity: Entity, *, side: str, condition: str) -> str:
    columns = [quote(column.name) for column in entity.columns] + ([quote(UNMAPPED)] if side == "source" else [])
    return f"SELECT {', '.join(columns)}, {row_hash(entity)} AS {HASH} FROM {path(side, entity.name)} WHERE ({condition})"


def _record(engine: Engine, entity: Entity, *, tables: Tables, source: str, target: str) -> None:
    """Join two relations of rows and add what differs to the evidence."""
    names = [*key_names(entity), *fact_names(entity)]
    values = [*(f"coalesce(s.{quote(name)}, t.{quote(name)})" for name in entity.key), *facts(entity, ("s", "t"))]
    alone = f"s.{HASH} IS NULL OR t.{HASH} IS NULL"
    masks = [
        f"CAST(CASE WHEN {alone} THEN 0 ELSE {mask} END AS {mask_type(entity)}) AS {name}"
        for name, mask in zip(mask_names(entity), _masks(entity), strict=True)
    ]
    zeros = " AND ".join(f"{name} = 0" for name in mask_names(entity))
    sql = f"""
        INSERT INTO {tables.rows} BY NAME
        SELECT *,
               CASE WHEN target_hash IS NULL THEN {status("missing")} WHEN source_hash IS NULL THEN {status("extra")}
                    WHEN {zeros} THEN {status("excused")} ELSE {status("changed")} END AS status
        FROM (SELECT {", ".join(f"{value} AS {name}" for name, value in zip(names, values, strict=True))},
                     s.{HASH} AS source_hash, t.{HASH} AS target_hash, {", ".join(masks)}
              FROM {source} AS s FULL JOIN {target} AS t ON {on_key(entity)}
              WHERE {" OR ".join((alone, *(differs(column) for column in entity.compared)))})"""
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


def _set_repeated_apart(engine: Engine, entity: Entity, *, tables: Tables) -> None:
    """Move rows whose key is NULL or stands twice on a side out of both sides, into the evidence as `duplicate`."""
    step = f"{entity.name}: repeated keys"
    names = [quote(name) for name in entity.key]
    null = " OR ".join(f"{name} IS NULL" for name in names)
    groups = " UNION ".join(f"SELECT {', '.join(names)} FROM some_{side} GROUP BY ALL HAVING count(*) > 1 OR bool_or({null})" for side in ("source", "target"))
    engine.execute(Query(f"CREATE OR REPLACE TEMP TABLE repeated AS {groups}", step=step))
    if engine.one(Query("SELECT count(*) FROM repeated", step=step)) != (0,):
        same = " AND ".join(f"r.{name} IS NOT DISTINCT FROM x.{name}" for name in names)
        fields = [*key_names(entity), *fact_names(entity)]
        for side, alias in (("source", "s"), ("target", "t")):
            picked = f"FROM some_{side} AS {alias} WHERE EXISTS (SELECT 1 FROM repeated AS r WHERE {same.replace('x.', f'{alias}.')})"
            values = [*(f"{alias}.{name}" for name in names), *facts(entity, (alias,))]
            sql = f"""
                INSERT INTO {tables.rows} BY NAME
                SELECT {", ".join(f"{value} AS {name}" for name, value in zip(fields, values, strict=True))}, {alias}.{HASH} AS {side}_hash,
                       {status("duplicate")} AS status, {", ".join(f"0 AS {name}" for name in mask_names(entity))}
                {picked}"""
            engine.execute(Query(sql, step=step))
            engine.execute(Query(f"DELETE {picked}", step=step))
    engine.execute(Query("DROP TABLE repeated", step=step))


def _agrees(engine: Engine, entity: Entity, *, tables: Tables) -> bool:
    """Take the found rows out of both sides' fingerprints: is what is left the same? (law 6).

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
        LEFT JOIN (SELECT {bucket(entity, keys)} AS b, {found} FROM {tables.rows} GROUP BY 1) AS r ON r.b = f.b
        WHERE NOT ({left})"""
    if engine.one(Query(sql, step=step)) != (0,):
        return False
    null = " OR ".join(f"{key} IS NULL" for key in keys)
    sql = f"""
        SELECT count(*) FROM (SELECT {", ".join(keys)} FROM {tables.rows} WHERE status = 'extra' GROUP BY ALL HAVING count(*) > 1 OR bool_or({null}))"""
    return engine.one(Query(sql, step=step)) == (0,)
