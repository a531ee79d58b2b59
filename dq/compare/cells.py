"""The one place that keeps both values of the cells that differ: of each column the first ones by key, the rest is in the snapshots.

Source: DECISIONS "Findings": key, status and column mask for all, both values for the first 100,000 by key; counts are always exact.
"""

from __future__ import annotations

from dq.compare.equality import EXCUSED, differs, rule_of
from dq.compare.rows import Tables, bits, key_names, on_key
from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, literal, quote

VALUES_KEPT = 100_000  # cells a column


def keep_values(engine: Engine, entity: Entity, *, tables: Tables) -> None:
    """Add the differing cells of the rows in some_source and some_target to the evidence."""
    step = f"{entity.name}: keep values"
    keys = key_names(entity)
    _count_equal_after(engine, entity, tables=tables)
    engine.execute(Query(f"CREATE OR REPLACE TEMP TABLE picked AS {_first_keys(engine, entity, tables=tables)}", step=step))
    on = " AND ".join(f"p.{key} = s.{quote(name)}" for key, name in zip(keys, entity.key, strict=True))
    sql = f"""
        CREATE OR REPLACE TEMP TABLE pairs AS
        SELECT {", ".join(f"p.{key}" for key in keys)}{"".join(f", {_cell(column, entity)} AS v_{place}" for place, _, _, column in bits(entity))}
        FROM picked AS p JOIN some_source AS s ON {on} JOIN some_target AS t ON {on_key(entity)}"""
    engine.execute(Query(sql, step=step))
    for place, _, _, _ in bits(entity):
        sql = f"""
            INSERT INTO {tables.cells}
            SELECT {", ".join(keys)}, {place}, v_{place}.s, v_{place}.t, v_{place}.rule
            FROM pairs WHERE v_{place} IS NOT NULL AND v_{place}.rule IS DISTINCT FROM {literal(EXCUSED)}"""
        engine.execute(Query(sql, step=step))
    for table in ("pairs", "picked"):
        engine.execute(Query(f"DROP TABLE {table}", step=step))


def drop_past_cap(engine: Engine, entity: Entity, *, tables: Tables, kept: int = VALUES_KEPT) -> None:
    """Leave of each column's cells the first `kept` by key."""
    step = f"{entity.name}: keep values"
    keys = ", ".join(key_names(entity))
    sql = f"SELECT c FROM {tables.cells} GROUP BY c HAVING count(*) > {kept} ORDER BY c"
    for (place,) in engine.execute(Query(sql, step=step)):
        last = f"SELECT {keys} FROM {tables.cells} WHERE c = {place} ORDER BY {keys} LIMIT 1 OFFSET {kept - 1}"
        bound = engine.one(Query(last, step=step))
        marks = ", ".join(f"${index + 1}" for index, _ in enumerate(bound))
        types = ", ".join(f"CAST({mark} AS {column.type.sql})" for mark, column in zip(marks.split(", "), entity.keys, strict=True))
        engine.execute(Query(f"DELETE FROM {tables.cells} WHERE c = {place} AND ({keys},) > ({types},)", tuple(bound), step))


def _first_keys(engine: Engine, entity: Entity, *, tables: Tables) -> str:
    """Return the keys whose values are looked at: all of them, or of each column the first ones."""
    keys = ", ".join(key_names(entity))
    paired = "status IN ('changed', 'excused')"
    (rows,) = engine.one(Query(f"SELECT count(*) FROM {tables.rows} WHERE {paired}", step=f"{entity.name}: keep values"))
    if rows <= VALUES_KEPT:
        return f"SELECT {keys} FROM {tables.rows} WHERE {paired}"
    columns = [f"(SELECT {keys} FROM {tables.rows} WHERE {mask} & {bit} <> 0 ORDER BY {keys} LIMIT {VALUES_KEPT})" for _, mask, bit, _ in bits(entity)]
    excused = f"(SELECT {keys} FROM {tables.rows} WHERE status = 'excused' ORDER BY {keys} LIMIT {VALUES_KEPT})"
    return " UNION ".join((*columns, excused))


def _cell(column: Column, entity: Entity) -> str:
    rule = rule_of(column, entity=entity) or "NULL"
    source, target = (f"CAST({side}.{quote(column.name)} AS VARCHAR)" for side in ("s", "t"))
    fields = f"'s': {source}, 't': {target}, 'rule': CAST({rule} AS VARCHAR)"
    return f"CASE WHEN {differs(column)} THEN {{{fields}}} END"


def _count_equal_after(engine: Engine, entity: Entity, *, tables: Tables) -> None:
    """Count, exactly, the cells that are equal only after a rule of their column."""
    for place, _, _, column in bits(entity):
        rule = rule_of(column, entity=entity)
        if rule is not None:
            sql = f"""
                INSERT INTO {tables.equal_after}
                SELECT {place}, rule, count(*)
                FROM (SELECT {rule} AS rule FROM some_source AS s JOIN some_target AS t ON {on_key(entity)} WHERE {differs(column)})
                WHERE rule IS NOT NULL GROUP BY rule"""
            engine.execute(Query(sql, step=f"{entity.name}: equal after a rule"))
