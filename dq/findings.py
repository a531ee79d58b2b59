"""The one place that turns evidence into findings: one record a broken row, one more a cell whose values are kept, in a fixed order.

Columns of `restricted/findings.parquet`: entity, row (its ordinal in the entity), check, status, key (texts in key order), columns (those
that differ), column, source, target. A record with a `column` is a cell; of a column's cells the first 100,000 by key are kept.
Source: DECISIONS "Findings"; DESIGN, law 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dq.compare.rows import bits, key_names, tables, words
from dq.contract.models import Entity
from dq.engine import Engine
from dq.measuring import EntityFacts, Facts
from dq.sql import Query, literal, path, quote

OTHERS = path("evidence", "other_findings")  # part, entity, row, check, status, key: all that are no compared rows


@dataclass(frozen=True, slots=True)
class Numbered:
    """Entities whose broken rows are numbered in evidence."<e>.numbered" (row, k_0 …, status, mask_0 …), by their part's number."""

    parts: tuple[tuple[int, Entity], ...]


def number_findings(engine: Engine, facts: Facts) -> Numbered:
    """Number every finding: crosswalks by name, then entities in the contract's order; in each, rows by key, then other claims."""
    sql = f'CREATE TABLE {OTHERS} (part INTEGER, entity VARCHAR, "row" BIGINT, "check" VARCHAR, status VARCHAR, key VARCHAR[])'
    engine.execute(Query(sql, step="findings"))
    crosswalks = sorted(facts.crosswalks)
    for part, name in enumerate(crosswalks):
        ids = f"SELECT DISTINCT problem AS status, [id] AS key, length(id) AS size FROM evidence.crosswalk WHERE crosswalk = {literal(name)}"
        _add(engine, ids, part=part, entity=f"crosswalk.{name}", check=f"crosswalk.{name}", order="status, size, key", after=0)
    parts: list[tuple[int, Entity]] = []
    for part, item in enumerate(facts.entities, start=len(crosswalks)):
        after = 0
        if item.evidence is not None and item.evidence.harms[""].keys:
            after = _number_rows(engine, item.entity)
            parts.append((part, item.entity))
        _number_claims(engine, item, part=part, after=after)
    return Numbered(tuple(parts))


def write_findings(engine: Engine, numbered: Numbered, file: Path) -> int:
    """Write all findings as Parquet with mode 0600 and return how many records there are; the engine may write there."""
    nothing = (
        'CAST([] AS VARCHAR[]) AS columns, CAST(NULL AS VARCHAR) AS "column", CAST(NULL AS VARCHAR) AS source, CAST(NULL AS VARCHAR) AS target, -1 AS place'
    )
    selects = [f"SELECT *, {nothing} FROM {OTHERS}"]
    for part, entity in numbered.parts:
        selects += [_row_records(entity, part=part), _cell_records(entity, part=part)]
    columns = 'entity, "row", "check", status, key, columns, "column", source, target'
    sql = f"""
        COPY (SELECT {columns} FROM ({" UNION ALL BY NAME ".join(selects)}) ORDER BY part, "row", place)
        TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)"""
    file.touch(mode=0o600)
    (records,) = engine.one(Query(sql, step="writing findings"))
    file.chmod(0o600)
    return int(records)


def _number_rows(engine: Engine, entity: Entity) -> int:
    keys = ", ".join(key_names(entity))
    masks = ", ".join(f"mask_{word}" for word in range(words(entity)))
    table = path("evidence", f"{entity.name}.numbered")
    sql = f"""
        CREATE TABLE {table} AS
        SELECT row_number() OVER (ORDER BY {keys}, status, source_hash, target_hash) AS "row", {keys}, status, {masks}
        FROM {tables(entity).rows} WHERE status <> 'excused'"""
    engine.execute(Query(sql, step=f"{entity.name}: numbering findings"))
    return int(engine.one(Query(f"SELECT count(*) FROM {table}", step=f"{entity.name}: numbering findings"))[0])


def _number_claims(engine: Engine, item: EntityFacts, *, part: int, after: int) -> None:
    """Number what is no compared row: base rows lost, invariants broken, native rows harmed."""
    entity = item.entity
    if item.evidence is None:
        return
    keys = ", ".join(key_names(entity))
    claims = [(f"{entity.name}.rows", f"SELECT problem AS status, key, side FROM {path('evidence', f'{entity.name}.base')}", "side, status, key")]
    for name, found in item.invariants.items():
        if getattr(found, "keys", 0):
            status = "CASE WHEN in_source AND in_target THEN 'pre-existing' WHEN in_source THEN 'source only' ELSE 'broken' END AS status"
            table = path("evidence", f"{entity.name}.invariant.{name}")
            claims.append((f"{entity.name}.invariant.{name}", f"SELECT {status}, {_key_texts(entity)} AS key, {keys} FROM {table}", f"{keys}, status"))
    if getattr(item.natives, "missing", 0) or getattr(item.natives, "changed", 0):
        table = path("evidence", f"{entity.name}.natives")
        claims.append((f"{entity.name}.natives", f"SELECT status, [CAST(id AS VARCHAR)] AS key, id FROM {table} WHERE status <> 'alive'", "id"))
    for check, found_rows, order in claims:
        after += _add(engine, found_rows, part=part, entity=entity.name, check=check, order=order, after=after)


def _add(engine: Engine, rows: str, *, part: int, entity: str, check: str, order: str, after: int) -> int:
    """Number findings behind the `after` ones that the entity has already; return how many."""
    sql = f"""
        INSERT INTO {OTHERS}
        SELECT {part}, $1, {after} + row_number() OVER (ORDER BY {order}), $2, status, key FROM ({rows})"""
    (added,) = engine.one(Query(sql, (entity, check), f"{check}: numbering findings"))
    return int(added)


def _key_texts(entity: Entity, alias: str = "") -> str:
    return f"[{', '.join(f'CAST({alias}{key} AS VARCHAR)' for key in key_names(entity))}]"


def _row_records(entity: Entity, *, part: int) -> str:
    """Return a record a broken row; the names of the columns that differ come from the few distinct masks."""
    masks = [f"mask_{word}" for word in range(words(entity))]
    listed = ", ".join(f"CASE WHEN {mask} & {bit} <> 0 THEN {literal(column.name)} END" for _, mask, bit, column in bits(entity)) or "NULL"
    table = path("evidence", f"{entity.name}.numbered")
    check = f"CASE status WHEN 'duplicate' THEN {literal(f'{entity.name}.keys')} WHEN 'changed' THEN NULL ELSE {literal(f'{entity.name}.rows')} END"
    return f"""
        SELECT {part} AS part, {literal(entity.name)} AS entity, n."row", {check} AS "check", n.status,
               {_key_texts(entity)} AS key, m.columns, -1 AS place
        FROM {table} AS n
        JOIN (SELECT {", ".join(masks)}, list_filter([{listed}], lambda name: name IS NOT NULL) AS columns
              FROM (SELECT DISTINCT {", ".join(masks)} FROM {table})) AS m USING ({", ".join(masks)})"""


def _cell_records(entity: Entity, *, part: int) -> str:
    """Return a record a cell whose values are kept."""
    places = list(bits(entity))
    names = " ".join(f"WHEN {place} THEN {literal(column.name)}" for place, _, _, column in places)
    checks = " ".join(f"WHEN {place} THEN {literal(f'{entity.name}.{column.kind}')}" for place, _, _, column in places)
    on = " AND ".join(f"n.{key} = c.{key}" for key in key_names(entity))
    return f"""
        SELECT {part} AS part, {literal(entity.name)} AS entity, n."row", CASE c.c {checks} END AS "check", 'changed' AS status, {_key_texts(entity, "c.")} AS key,
               [CASE c.c {names} END] AS columns, CASE c.c {names} END AS {quote("column")}, c.source_value AS source, c.target_value AS target, c.c AS place
        FROM {tables(entity).cells} AS c JOIN {path("evidence", f"{entity.name}.numbered")} AS n ON {on} AND n.status = 'changed'
        WHERE c.rule IS NULL"""
