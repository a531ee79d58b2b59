"""The one place that labels the cells that differ: evidence."<e>.labelled" (k_0 …, c, label, claimed, apart), a cell in one row.

`claimed`: its label explains it. `apart`: of instants, by how many microseconds they differ. Cells are labelled where their values are kept: of a
column the first 100,000 by key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dq.compare.rows import key_names, tables
from dq.contract.models import Column, Entity
from dq.diagnose.cover import choose
from dq.diagnose.exchanged import add_labels_across_rows
from dq.diagnose.labels import beforehand, is_word, labels_of
from dq.diagnose.population import Subject
from dq.diagnose.rates import add_rates
from dq.engine import Engine
from dq.sql import Query, literal, path

_MATCHED, _ZONED = "matched", "zoned"
_ZONES = 12  # of a store that are told apart
_UNLABELLED = "other"


@dataclass(frozen=True, slots=True)
class Group:
    """Cells of a column with one label, and the people they are of; `claimed`: it explains them."""

    label: str
    claimed: bool
    rows: int
    people: int
    least: int | None  # microseconds by which instants differ, with sign
    most: int | None


def make_labelled(engine: Engine, entity: Entity) -> None:
    """Create the table of labelled cells, empty."""
    typed = ", ".join(f"{key} {column.type.sql}" for key, column in zip(key_names(entity), entity.keys, strict=True))
    sql = f"CREATE OR REPLACE TABLE {labelled(entity)} ({typed}, c USMALLINT, label VARCHAR, claimed BOOLEAN, apart HUGEINT)"
    engine.execute(Query(sql, step=f"{entity.name}: causes"))


def label_cells(engine: Engine, subject: Subject) -> None:
    """Label the cells that differ; the population stands."""
    entity, differing = subject.entity, subject.evidence.harms[""].columns
    columns = [(place, column) for place, column in enumerate(entity.compared) if differing.get(column.name)]
    zones = _look_up_zones(engine, subject) if any(column.type.name == "INSTANT" for _, column in columns) else ()
    for place, column in columns:
        _label_column(engine, subject, place=place, column=column, zones=zones)
    for table in (_MATCHED, _ZONED):
        engine.execute(Query(f"DROP TABLE IF EXISTS {table}", step=subject.step))


def groups_of(engine: Engine, entity: Entity, *, place: int) -> Iterator[Group]:
    """Yield the labels of a column's cells, those of most rows first."""
    on = " AND ".join(f"r.{key} = l.{key}" for key in key_names(entity))
    sql = f"""
        SELECT l.label, l.claimed, count(*) AS n, count(DISTINCT r.owner), min(l.apart), max(l.apart)
        FROM {labelled(entity)} AS l JOIN {tables(entity).rows} AS r ON {on} AND r.status = 'changed'
        WHERE l.c = {place} GROUP BY l.label, l.claimed ORDER BY n DESC, l.label"""
    for row in engine.execute(Query(sql, step=f"{entity.name}: causes")):
        yield Group(*row)


def labelled(entity: Entity) -> str:
    """Return the quoted name of the table of labelled cells."""
    return path("evidence", f"{entity.name}.labelled")


def _label_column(engine: Engine, subject: Subject, *, place: int, column: Column, zones: tuple[str, ...]) -> None:
    entity = subject.entity
    keys = ", ".join(key_names(entity))
    is_instant = column.type.name == "INSTANT"
    of_zones = zones if is_instant and column.source.zone is not None else ()
    cast = "c.{0}_value" if column.type.sql == "VARCHAR" else f"CAST(c.{{0}}_value AS {column.type.sql})"
    labels = labels_of(column, summed=column.name in entity.aggregate, zones=of_zones)
    zoned = f"LEFT JOIN {_ZONED} AS z USING ({keys})" if of_zones else ""
    apart = "TRY(CASE WHEN isfinite(s) AND isfinite(t) THEN epoch_us(t) - epoch_us(s) END)" if is_instant else "NULL"
    cells = f"""
        (SELECT {", ".join(f"c.{key}" for key in key_names(entity))}, {cast.format("source")} AS s, {cast.format("target")} AS t,
                {"z.zone" if of_zones else "NULL"} AS z, c.source_value, c.target_value
         FROM {tables(entity).cells} AS c {zoned} WHERE c.c = {place})"""
    sql = f"""
        CREATE OR REPLACE TEMP TABLE {_MATCHED} AS
        SELECT {keys}, {labels} AS labels, {apart} AS apart, source_value, target_value FROM {beforehand(cells, column, zones=of_zones)}"""
    engine.execute(Query(sql, step=subject.step))
    if not is_word(column):
        add_labels_across_rows(engine, subject, place=place, column=column, table=_MATCHED)
        add_rates(engine, subject, column=column, table=_MATCHED)
    chosen = choose(engine, subject, column, table=_MATCHED)
    listed = f"[{', '.join(map(literal, chosen))}]"
    first = f"list_filter(CAST({listed} AS VARCHAR[]), one -> list_contains(labels, one))[1]"
    sql = f"""
        INSERT INTO {labelled(entity)}
        SELECT {keys}, {place}, coalesce(label, labels[1], {literal(_UNLABELLED)}), label IS NOT NULL, apart
        FROM (SELECT *, {first} AS label FROM {_MATCHED})"""
    engine.execute(Query(sql, step=subject.step))


def _look_up_zones(engine: Engine, subject: Subject) -> tuple[str, ...]:
    """Keep the zone of every row with an instant that differs, and return the zones of all rows; none where they are not known, or too many."""
    entity, raw = subject.entity, subject.raw
    if subject.zone is None or raw is None or not subject.is_placed or not 0 < len(raw.domain.zones) <= _ZONES:
        return ()
    places = ", ".join(str(place) for place, column in enumerate(entity.compared) if column.type.name == "INSTANT")
    keys = ", ".join(key_names(entity))
    sql = f"""
        CREATE OR REPLACE TEMP TABLE {_ZONED} AS
        SELECT {keys}, min(zone) AS zone FROM {subject.table} SEMI JOIN (SELECT {keys} FROM {tables(entity).cells} WHERE c IN ({places})) USING ({keys})
        GROUP BY {keys} HAVING min(zone) = max(zone)"""
    engine.execute(Query(sql, step=subject.step))
    return raw.domain.zones
