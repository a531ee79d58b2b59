"""The one place that finds which rows and cells differ, and proves that it found them all.

Source: DESIGN, laws 5 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass

from dq.compare.cells import drop_past_cap, keep_values
from dq.compare.equality import differs, rule_of
from dq.compare.fingerprint import Fingerprints, bucket, lanes, row_hash
from dq.compare.keys import Uniqueness
from dq.compare.parts import parts
from dq.compare.rows import WORD, Tables, bits, fact_names, facts, key_names, make_tables, on_key, words
from dq.compare.sides import UNMAPPED
from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


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
        for condition in parts(engine, entity, prints=prints, buckets=buckets, thorough=thorough):
            _join(engine, entity, condition=condition, tables=tables)
        drop_past_cap(engine, entity, tables=tables)
        if _agrees(engine, entity, tables=tables):
            return Localised(tables, agrees=True)
    return Localised(tables, agrees=False)


def _repeated_buckets(engine: Engine, entity: Entity) -> tuple[int, ...]:
    names = ", ".join(quote(name) for name in entity.key)
    null = " OR ".join(f"{quote(name)} IS NULL" for name in entity.key)
    sql = f"""
        SELECT DISTINCT b FROM (
            SELECT any_value({bucket(entity)}) AS b FROM {path("source", entity.name)} GROUP BY {names} HAVING count(*) > 1 OR bool_or({null})
        )"""  # every row of a group has the same bucket
    return tuple(row[0] for row in engine.execute(Query(sql, step=f"{entity.name}: repeated keys")))


def _join(engine: Engine, entity: Entity, *, condition: str, tables: Tables) -> None:
    """Join the rows that a condition picks on both sides, and add what differs to the evidence."""
    step = f"{entity.name}: compare rows"
    for side in ("source", "target"):
        columns = [quote(column.name) for column in entity.columns] + ([quote(UNMAPPED)] if side == "source" else [])
        sql = f"""
            CREATE OR REPLACE TEMP TABLE some_{side} AS
            SELECT {", ".join(columns)}, {bucket(entity)} AS b, {row_hash(entity)} AS h
            FROM {path(side, entity.name)} WHERE {condition}"""
        engine.execute(Query(sql, step=f"{entity.name}: fetch {side}"))
    _set_repeated_apart(engine, entity, tables=tables)
    masks = _masks(entity)
    zeros = " AND ".join(f"mask_{word} = 0" for word in range(len(masks)))
    names = [*key_names(entity), *fact_names(entity)]
    values = [*(f"coalesce(s.{quote(name)}, t.{quote(name)})" for name in entity.key), *facts(entity, ("s", "t"))]
    sql = f"""
        INSERT INTO {tables.rows} BY NAME
        WITH joined AS (
            SELECT {", ".join(f"{value} AS {name}" for name, value in zip(names, values, strict=True))},
                   s.h AS source_hash, t.h AS target_hash,
                   {", ".join(f"CASE WHEN s.h IS NULL OR t.h IS NULL THEN 0 ELSE {mask} END AS mask_{word}" for word, mask in enumerate(masks))},
                   {" OR ".join(differs(column) for column in entity.compared) or "false"} AS differs
            FROM some_source AS s FULL JOIN some_target AS t ON {on_key(entity)}
        )
        SELECT * EXCLUDE (differs),
               CASE WHEN target_hash IS NULL THEN 'missing' WHEN source_hash IS NULL THEN 'extra' WHEN {zeros} THEN 'excused' ELSE 'changed' END AS status
        FROM joined WHERE differs OR source_hash IS NULL OR target_hash IS NULL"""
    engine.execute(Query(sql, step=step))
    keep_values(engine, entity, tables=tables)
    for side in ("source", "target"):
        engine.execute(Query(f"DROP TABLE some_{side}", step=step))


def _masks(entity: Entity) -> list[str]:
    masks = ["CAST(0 AS BIGINT)"] * words(entity)
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
                SELECT {", ".join(f"{value} AS {name}" for name, value in zip(fields, values, strict=True))}, {alias}.h AS {side}_hash,
                       'duplicate' AS status, {", ".join(f"0 AS mask_{word}" for word in range(words(entity)))}
                {picked}"""
            engine.execute(Query(sql, step=step))
            engine.execute(Query(f"DELETE {picked}", step=step))
    engine.execute(Query("DROP TABLE repeated", step=step))


def _agrees(engine: Engine, entity: Entity, *, tables: Tables) -> bool:
    """Take the found rows out of both sides' fingerprints: is what is left the same? (law 6)."""
    step = f"{entity.name}: both ways agree"
    sides = {
        side: f"SELECT b, count(*) AS n, {lanes(f'{side}_hash')} FROM {tables.rows} WHERE {side}_hash IS NOT NULL GROUP BY b" for side in ("source", "target")
    }
    left = " AND ".join(
        f"coalesce(f.source_{lane}, 0) - coalesce(s.{column}, 0) = coalesce(f.target_{lane}, 0) - coalesce(t.{column}, 0)"
        for lane, column in (("n", "n"), ("1", "lane_1"), ("2", "lane_2"))
    )
    sql = f"""
        SELECT count(*) FROM {path("evidence", f"{entity.name}.fingerprints")} AS f
        LEFT JOIN ({sides["source"]}) AS s ON s.b = f.b LEFT JOIN ({sides["target"]}) AS t ON t.b = f.b
        WHERE NOT ({left})"""
    return engine.one(Query(sql, step=step)) == (0,)
