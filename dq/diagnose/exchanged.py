"""The one place that recognises values that belong to another row or column: exchanged, shifted by a row, one for many, one for another."""

from __future__ import annotations

from dq.compare.rows import key_names, tables
from dq.contract.models import Column
from dq.diagnose.population import Subject
from dq.engine import Engine
from dq.sql import Query, literal, path, quote

_SEVERAL = 3  # cells of which it is no chance that they have something in common
_SURE = 4  # so many times as often as chance alone would do it


def add_labels_across_rows(engine: Engine, subject: Subject, *, place: int, column: Column, table: str) -> None:
    """Add the labels that only other cells and rows can tell.

    Args:
        engine: the engine.
        subject: the entity; its population stands.
        place: the column's place among the compared ones.
        column: the column, no enumeration.
        table: the column's cells (k_0 …, labels, source_value, target_value).
    """
    if column.type.name == "JSON":
        return
    step = subject.step
    cells, bare = engine.one(Query(f"SELECT count(*), count(*) FILTER (source_value IS NOT NULL AND target_value IS NOT NULL) FROM {table}", step=step))
    if bare:
        _of_another_column(engine, subject, place=place, table=table)
    if bare > 1:
        _swapped(engine, subject, column, cells=int(bare), table=table)
    if cells >= _SEVERAL:
        _alike(engine, subject, column, table=table)
    (unexplained,) = engine.one(Query(f"SELECT count(*) FROM {table} WHERE {_is_bare()}", step=step))
    if unexplained >= _SEVERAL:
        _shifted(engine, subject, column, table=table)


def _is_bare() -> str:
    """Return the claim that nothing explains a cell but what explains any difference."""
    return "list_aggregate(list_transform(labels, l -> split_part(l, ':', 1) NOT IN ('offset', 'difference', 'one value', 'recoded')), 'bool_or') IS NOT TRUE"


def _of_another_column(engine: Engine, subject: Subject, *, place: int, table: str) -> None:
    """Label cells that hold what the source has in another column of the row."""
    entity = subject.entity
    column = entity.compared[place]
    alike = [
        (other, one.name)
        for other, one in enumerate(entity.compared)
        if other != place and (one.type.sql, one.through) == (column.type.sql, column.through) and one.type.name not in ("BOOLEAN", "ENUM")
    ]
    for other, name in alike:
        on = " AND ".join(f"o.{key} = m.{key}" for key in key_names(entity))
        held = f"SELECT 1 FROM {tables(entity).cells} AS o WHERE o.c = {other} AND {on} AND o.source_value = m.target_value AND o.source_value <> ''"
        _add(engine, subject, literal(f"column:{name}"), f"EXISTS ({held})", table=table)


def _swapped(engine: Engine, subject: Subject, column: Column, *, cells: int, table: str) -> None:
    """Label cells that got each other's values, unless there are so few values that this happens by chance."""
    step = subject.step
    pairs = f"""
        SELECT DISTINCT a.source_value, a.target_value FROM {table} AS a
        JOIN {table} AS b ON a.source_value = b.target_value AND a.target_value = b.source_value"""
    claim = f"(m.source_value, m.target_value) IN ({pairs})"
    (swapped,) = engine.one(Query(f"SELECT count(*) FROM {table} AS m WHERE {claim}", step=step))
    if not swapped:
        return
    (values,) = engine.one(Query(f"SELECT count(DISTINCT {quote(column.name)}) FROM {path('source', subject.entity.name)}", step=step))
    if swapped * values * values >= _SURE * cells * cells:
        _add(engine, subject, "'swapped'", claim, table=table)


def _alike(engine: Engine, subject: Subject, column: Column, *, table: str) -> None:
    """Label cells that got one and the same value, and cells of a value that became one other in every row of the source that has it."""
    sql = f"""
        SELECT target_value FROM {table} WHERE target_value <> '' GROUP BY 1
        HAVING count(*) >= {_SEVERAL} AND (count(DISTINCT source_value) > 1 OR count(source_value) = 0) ORDER BY count(*) DESC, 1 LIMIT 1"""
    for (value,) in engine.execute(Query(sql, step=subject.step)):
        engine.execute(Query(f"UPDATE {table} SET labels = list_append(labels, 'one value') WHERE target_value = $1", (value,), subject.step))
    recoded = f"""
        SELECT source_value FROM {table} WHERE source_value <> '' AND target_value <> '' GROUP BY 1
        HAVING count(*) >= {_SEVERAL} AND count(DISTINCT target_value) = 1"""
    value = f"CAST(s.{quote(column.name)} AS VARCHAR)"
    everywhere = f"""
        SELECT {value} FROM {path("source", subject.entity.name)} AS s WHERE {value} IN ({recoded}) GROUP BY 1
        HAVING count(*) = (SELECT count(*) FROM {table} AS a WHERE a.source_value = {value})"""
    if engine.execute(Query(f"{recoded} LIMIT 1", step=subject.step)):
        _add(engine, subject, "'recoded'", f"m.source_value IN ({everywhere})", table=table)


def _shifted(engine: Engine, subject: Subject, column: Column, *, table: str) -> None:
    """Label cells that hold the value of the row before or after, in the order of the source's own ids or of the key."""
    if not subject.is_worth_a_scan:
        return  # keys that are off by one are so in many rows
    entity = subject.entity
    keys, name = key_names(entity), quote(column.name)
    listed = ", ".join(f"s.{quote(one)} AS {key}" for one, key in zip(entity.key, keys, strict=True))
    orders = ["id"] if subject.is_placed and (entity.own_id is not None or len(keys) == 1) else []
    orders += ["k_0"] if len(keys) == 1 else []
    for order in dict.fromkeys(orders):
        joined = f"JOIN {subject.table} AS p USING ({', '.join(keys)})" if order == "id" else ""
        place = "p.id" if order == "id" else "s.k_0"
        sql = f"""
            CREATE OR REPLACE TEMP TABLE placed AS
            SELECT {", ".join(f"s.{key}" for key in keys)}, {place} AS x, s.v
            FROM (SELECT {listed}, CAST(s.{name} AS VARCHAR) AS v FROM {path("source", entity.name)} AS s) AS s {joined}"""
        engine.execute(Query(sql, step=subject.step))
        for sign, which in ((">", "previous"), ("<", "next")):
            neighbour = f"""
                SELECT {", ".join(f"c.{key}" for key in keys)}
                FROM (SELECT m.*, o.x FROM {table} AS m JOIN placed AS o USING ({", ".join(keys)}) WHERE {_is_bare()}) AS c
                ASOF JOIN placed AS n ON c.x {sign} n.x WHERE n.v IS NOT DISTINCT FROM c.target_value"""
            _add(engine, subject, f"'neighbour:{which}'", f"({', '.join(f'm.{key}' for key in keys)}) IN ({neighbour})", table=table)
    engine.execute(Query("DROP TABLE IF EXISTS placed", step=subject.step))


def _add(engine: Engine, subject: Subject, label: str, claim: str, *, table: str) -> None:
    sql = f"UPDATE {table} AS m SET labels = list_append(labels, {label}) WHERE {claim} AND NOT list_contains(labels, {label})"
    engine.execute(Query(sql, step=subject.step))
