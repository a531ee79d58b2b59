"""The one place for masked examples: the first findings of a check by key, named by entity and ordinal, never by key or values."""

from __future__ import annotations

from dq.compare.harm import KINDS, broken_by
from dq.compare.rows import bits, key_names, words
from dq.contract.models import Entity
from dq.diagnose.sentences import said
from dq.engine import Engine
from dq.findings import OTHERS, Numbered
from dq.record import Example
from dq.sql import Query, path

SHOWN = 5  # examples a check


def find_examples(engine: Engine, numbered: Numbered) -> dict[str, tuple[Example, ...]]:
    """Return check id to its examples; findings are numbered and cells labelled."""
    found: dict[str, tuple[Example, ...]] = {}
    for _, entity in numbered.parts:
        for kind in KINDS:
            examples = _of_kind(engine, entity, kind=kind)
            if examples:
                found[f"{entity.name}.{kind}"] = examples
    sql = f"""
        SELECT "check", entity, list((status, "row", columns) ORDER BY "row")[1:{SHOWN}]
        FROM (SELECT *, row_number() OVER (PARTITION BY "check" ORDER BY part, "row") AS place FROM {OTHERS} WHERE "column" IS NULL)
        WHERE place <= {SHOWN} GROUP BY ALL ORDER BY ALL"""
    for check, entity, rows in engine.execute(Query(sql, step="examples")):
        examples = tuple(Example(row=f"{entity}#{row}", status=status, columns=tuple(columns)) for status, row, columns in rows)
        found[check] = (*found.get(check, ()), *examples)[:SHOWN]
    return found


def _of_kind(engine: Engine, entity: Entity, *, kind: str) -> tuple[Example, ...]:
    """Return the first rows that break a kind of check, with what is different in words."""
    step = f"{entity.name}.{kind}: examples"
    table = path("evidence", f"{entity.name}.numbered")
    masks = ", ".join(f"mask_{word}" for word in range(words(entity)))
    rows = engine.execute(Query(f'SELECT "row", status, {masks} FROM {table} WHERE {broken_by(entity, kind)} ORDER BY "row" LIMIT {SHOWN}', step=step))
    if not rows:
        return ()
    numbers = [row[0] for row in rows]
    on = " AND ".join(f"n.{key} = l.{key}" for key in key_names(entity))
    sql = f"""
        SELECT n."row", l.c, l.label, l.apart FROM {path("evidence", f"{entity.name}.labelled")} AS l JOIN {table} AS n ON {on} AND n.status = 'changed'
        WHERE n."row" IN (SELECT unnest($1)) ORDER BY 1, 2"""
    notes: dict[int, list[tuple[str, str]]] = {}
    for number, place, label, apart in engine.execute(Query(sql, (numbers,), step)):
        column = entity.compared[place].name
        notes.setdefault(number, []).append((column, said(column, label, span=None if apart is None else (apart, apart))))
    return tuple(_example(entity, kind, row, notes.get(row[0], [])) for row in rows)


def _example(entity: Entity, kind: str, row: tuple[int, ...], notes: list[tuple[str, str]]) -> Example:
    number, status, *masks = row
    columns = tuple(column.name for place, mask, bit, column in bits(entity) if column.kind == kind and masks[int(mask.removeprefix("mask_"))] & bit)
    note = "; ".join(words for column, words in notes if column in columns)
    return Example(row=f"{entity.name}#{number}", status=str(status), columns=columns, note=note)
