"""The one place that groups findings by their explanation, with the rows and people that each has.

Cells are labelled where their values are kept: of a column the first 100,000 by key; a cause of more says how many were looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dq.compare.cells import VALUES_KEPT
from dq.compare.evidence import EntityEvidence, SumPair
from dq.compare.rows import bits, key_names, tables
from dq.compare.scope import Scope
from dq.contract.models import Column, Entity
from dq.diagnose.again import causes_of_batches
from dq.diagnose.labels import label_of
from dq.diagnose.rows import causes_of_rows, money_of
from dq.diagnose.sentences import said, why
from dq.engine import Engine
from dq.record import Cause, Money
from dq.sql import Query, literal, path
from dq.words import counted

CAUSES_NAMED = 6  # of one column; the others together are one more
_SWAPS_SOUGHT = 10_000  # cells of a column; beyond that nobody reads of pairs
_ALONE = ("VARCHAR", "JSON", "BLOB", "UUID")  # types in which a difference is an explanation even if only one row has it


@dataclass(frozen=True, slots=True)
class _Group:
    label: str
    rows: int
    people: int


def label_cells(engine: Engine, entity: Entity) -> None:
    """Make evidence."<e>.labelled" (k_0 …, c, label) of the cells that differ and whose values are kept."""
    keys = ", ".join(key_names(entity))
    cells = tables(entity).cells
    step = f"{entity.name}: causes"
    typed = ", ".join(f"{key} {column.type.sql}" for key, column in zip(key_names(entity), entity.keys, strict=True))
    engine.execute(Query(f"CREATE TABLE {_labelled(entity)} ({typed}, c USMALLINT, label VARCHAR)", step=step))
    for (place,) in engine.execute(Query(f"SELECT DISTINCT c FROM {cells} ORDER BY c", step=step)):
        column = entity.compared[place]
        cast = "{0}_value" if column.type.sql == "VARCHAR" else f"CAST({{0}}_value AS {column.type.sql})"
        sql = f"""
            INSERT INTO {_labelled(entity)}
            SELECT {keys}, {place}, {label_of(column, summed=column.name in entity.aggregate)}
            FROM (SELECT {keys}, {cast.format("source")} AS s, {cast.format("target")} AS t FROM {cells} WHERE c = {place})"""
        engine.execute(Query(sql, step=step))
        _label_swaps(engine, entity, place=place, column=column)


def find_causes(engine: Engine, entity: Entity, evidence: EntityEvidence, *, counts: Sequence[SumPair], scope: Scope | None = None) -> tuple[Cause, ...]:
    """Return an entity's causes, largest first; the labelled cells stand. `scope` tells batches, where there are any."""
    found = [cause for place, _, _, column in bits(entity) for cause in _of_column(engine, entity, evidence, place=place, column=column)]
    found += causes_of_rows(engine, entity, evidence, counts=counts)
    found += causes_of_batches(engine, entity, evidence, scope=scope)
    return tuple(sorted(found, key=lambda cause: (-cause.rows, cause.sentence)))


def _of_column(engine: Engine, entity: Entity, evidence: EntityEvidence, *, place: int, column: Column) -> Iterator[Cause]:
    cells = evidence.harms[""].columns.get(column.name, 0)
    if not cells:
        return
    groups = _groups(engine, entity, place=place)
    named = [group for group in groups if group.label != "other" and (group.rows > 1 or _speaks(group.label, column))][:CAUSES_NAMED]
    looked_at = sum(group.rows for group in groups)
    past = f" ({counted(looked_at, 'row')} of {cells:,} looked at)" if cells > VALUES_KEPT else ""
    for group in named:
        reason = why(group.label)
        whole = group.rows == looked_at and cells == evidence.compared
        yield Cause(
            entity=entity.name,
            kind=group.label.partition(":")[0],
            sentence=f"{said(column.name, group.label)}{f': {reason}' if reason else ''}{past}",
            columns=(column.name,),
            checks=(f"{entity.name}.{column.kind}",),
            rows=group.rows,
            people=group.people if entity.owner else None,
            money=_at_stake(engine, entity, column, f"l.label = {literal(group.label)} AND l.c = {place}"),
            every_row=whole,
        )
    rest = [group for group in groups if group not in named]
    if rest:
        yield Cause(
            entity=entity.name,
            kind="other",
            sentence=f"{column.name} differs in no common way{past}" if sum(group.rows for group in rest) > 1 else said(column.name, rest[0].label),
            columns=(column.name,),
            checks=(f"{entity.name}.{column.kind}",),
            rows=sum(group.rows for group in rest),
            people=None if not entity.owner or len(rest) > 1 else rest[0].people,
        )


def _speaks(label: str, column: Column) -> bool:
    """Say whether a label explains a single row: a round offset does, an odd one does not."""
    kind, _, rest = label.partition(":")
    if kind in ("offset", "difference"):
        return kind == "offset" and int(rest) % 900_000_000 == 0
    return column.type.name in _ALONE or kind != "other"


def _groups(engine: Engine, entity: Entity, *, place: int) -> list[_Group]:
    on = " AND ".join(f"r.{key} = l.{key}" for key in key_names(entity))
    sql = f"""
        SELECT l.label, count(*) AS n, count(DISTINCT r.owner)
        FROM {_labelled(entity)} AS l JOIN {tables(entity).rows} AS r ON {on} AND r.status = 'changed'
        WHERE l.c = {place} GROUP BY l.label ORDER BY n DESC, l.label"""
    return [_Group(*row) for row in engine.execute(Query(sql, step=f"{entity.name}: causes"))]


def _label_swaps(engine: Engine, entity: Entity, *, place: int, column: Column) -> None:
    """Label cells that got each other's value; a word or a flag that went both ways is no exchange."""
    if column.type.name in ("ENUM", "BOOLEAN", "CURRENCY", "JSON"):
        return
    cells = f"(SELECT * FROM {tables(entity).cells} WHERE c = {place})"
    step = f"{entity.name}: causes"
    (rows,) = engine.one(Query(f"SELECT count(*) FROM {cells}", step=step))
    if not 1 < rows <= _SWAPS_SOUGHT:
        return
    same = " AND ".join(f"l.{key} = a.{key}" for key in key_names(entity))
    sql = f"""
        UPDATE {_labelled(entity)} AS l SET label = 'swapped'
        WHERE l.c = {place} AND EXISTS (
            SELECT 1 FROM {cells} AS a SEMI JOIN {cells} AS b ON a.source_value = b.target_value AND a.target_value = b.source_value
            WHERE {same})"""
    engine.execute(Query(sql, step=step))


def _at_stake(engine: Engine, entity: Entity, column: Column, where: str) -> tuple[Money, ...]:
    """Return the absolute difference of the labelled rows' amounts, where the column is the amount."""
    if entity.money is None or column.name != entity.money.amount:
        return ()
    on = " AND ".join(f"r.{key} = l.{key}" for key in key_names(entity))
    rows = f"{_labelled(entity)} AS l JOIN {tables(entity).rows} AS r ON {on} AND r.status = 'changed' WHERE {where}"
    amounts = "sum(abs(coalesce(r.amount_source, 0) - coalesce(r.amount_target, 0)))"
    return money_of(engine, entity, f"SELECT r.currency, {amounts} FROM {rows} GROUP BY 1 ORDER BY 1")


def _labelled(entity: Entity) -> str:
    return path("evidence", f"{entity.name}.labelled")
