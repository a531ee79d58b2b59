"""The one place that turns evidence into findings: one record a broken row, one more a cell whose values are kept, in a fixed order.

Columns of `restricted/findings.parquet`: entity, row (its ordinal in the entity), check, status, key (texts in key order), columns (those
that differ), column, source, target. A record with a `column` is a cell; of a column's cells the first 100,000 by key are kept.
Source: DECISIONS "Findings"; DESIGN, law 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dq.compare.exported import Exported
from dq.compare.natives import Natives
from dq.compare.rows import STATUSES, bits, drop_facts, key_names, mask_names, mask_type, tables
from dq.contract.models import Entity
from dq.engine import Engine, file_literal
from dq.measuring import EntityFacts, Facts
from dq.sql import Query, literal, path, quote

_WORDS = path("evidence", "words")  # the type of entities, checks, statuses and names of columns
_MASKS = 64  # different masks up to which a row's own is looked for among them
_DISTINCT = 1000  # values of a row group past which no dictionary is tried: keys have none
OTHERS = path("evidence", "other_findings")  # all that are no compared rows, as they are written


@dataclass(frozen=True, slots=True)
class Numbered:
    """Entities whose broken rows are numbered in evidence."<e>.numbered" (row, k_0 …, status, mask_0 …, names), by their part's number.

    `names` holds for each of these entities the lists of columns that differ together; a row's `names` is the place of its list, from 1.
    """

    parts: tuple[tuple[int, Entity], ...]
    names: Mapping[int, Sequence[Sequence[str]]]
    count: int  # of parts, those without a broken row as well
    in_order: frozenset[int] = frozenset()  # parts whose evidence is in the order of the numbers already


def number_findings(engine: Engine, facts: Facts) -> Numbered:
    """Number every finding: crosswalks by name, then entities in the contract's order; in each, rows by key, then other claims."""
    sql = f"""
        CREATE TABLE {OTHERS} (part INTEGER, entity VARCHAR, "row" BIGINT, "check" VARCHAR, status VARCHAR, key VARCHAR[], columns VARCHAR[],
                               "column" VARCHAR, source VARCHAR, target VARCHAR)"""
    engine.execute(Query(sql, step="findings"))
    crosswalks = sorted(facts.crosswalks)
    for part, name in enumerate(crosswalks):
        ids = f"SELECT DISTINCT problem AS status, [id] AS key, length(id) AS size FROM evidence.crosswalk WHERE crosswalk = {literal(name)}"
        _add(engine, ids, part=part, entity=f"crosswalk.{name}", check=f"crosswalk.{name}", order="status, size, key", after=0)
    parts: list[tuple[int, Entity]] = []
    in_order: set[int] = set()
    names: dict[int, Sequence[Sequence[str]]] = {}
    for part, item in enumerate(facts.entities, start=len(crosswalks)):
        after = 0
        if item.evidence is not None and item.evidence.harms[""].keys:
            numbered = _number_in_order(engine, item.entity) if item.evidence.in_order else None
            in_order |= {part} if numbered else set()
            after, names[part] = numbered or _number_rows(engine, item.entity)
            parts.append((part, item.entity))
        _number_claims(engine, item, part=part, after=after)
    return Numbered(tuple(parts), names, len(crosswalks) + len(facts.entities), frozenset(in_order))


def write_findings(engine: Engine, numbered: Numbered, file: Path) -> int:
    """Write all findings as Parquet with mode 0600 and return how many records there are; the engine may write there.

    Every part is sorted by itself, while its records are narrow, and they are written one after the other. The evidence of broken rows goes.
    """
    entities = dict(numbered.parts)
    for part, entity in entities.items():  # their facts have been reckoned, and may be as many as the entity has rows
        if part in numbered.in_order:
            drop_facts(engine, entity)
        else:
            engine.execute(Query(f"DROP TABLE {tables(entity).rows}", step="writing findings"))
    _make_words(engine, list(entities.values()))
    selects: list[str] = []
    for part in range(numbered.count):
        if part in entities:
            selects.append(_records(entities[part], names=numbered.names[part]))
        selects.append(_other_records(part))
    sql = f"""
        COPY ({" UNION ALL ".join(f"({select})" for select in selects)})
        TO {file_literal(file)} (FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT {_DISTINCT})"""
    file.touch(mode=0o600)
    (records,) = engine.one(Query(sql, step="writing findings"))
    file.chmod(0o600)
    return int(records)


def _number_in_order(engine: Engine, entity: Entity) -> tuple[int, Sequence[Sequence[str]]] | None:
    """Do as `_number_rows` does where the evidence stands in order: a row's place in it is its number; None where not every row is a finding."""
    rows, step = tables(entity).rows, f"{entity.name}: numbering findings"
    if len(mask_names(entity)) > 1:
        return None
    (mask,) = mask_names(entity)
    found = engine.execute(Query(f"SELECT {mask}, count(*), bool_or(status = 'excused') FROM {rows} GROUP BY 1 ORDER BY 1 LIMIT {_MASKS + 1}", step=step))
    if len(found) > _MASKS or any(excused for _, _, excused in found):
        return None
    masks = f"CAST([{', '.join(str(value) for value, _, _ in found)}] AS {mask_type(entity)}[])"
    sql = f"""
        CREATE VIEW {path("evidence", f"{entity.name}.numbered")} AS
        SELECT rowid + 1 AS {quote("row")}, {", ".join(key_names(entity))}, status, {mask}, list_position({masks}, {mask}) AS names FROM {rows}"""
    engine.execute(Query(sql, step=step))
    return sum(count for _, count, _ in found), [[column.name for _, _, bit, column in bits(entity) if value & bit] for value, _, _ in found]


def _number_rows(engine: Engine, entity: Entity) -> tuple[int, Sequence[Sequence[str]]]:
    """Number the broken rows by key; return how many there are, and which columns differ together.

    They are written in that order, so a row's place in the table is its number.
    """
    keys, masks = ", ".join(key_names(entity)), ", ".join(mask_names(entity))
    rows, step = tables(entity).rows, f"{entity.name}: numbering findings"
    (repeated,) = engine.one(Query(f"SELECT count(*) FROM {rows} WHERE status = 'duplicate'", step=step))
    order = f"{keys}, status, source_hash, target_hash" if repeated else keys  # else a key stands in one row
    sql = f"""
        CREATE OR REPLACE TEMP TABLE masks AS
        SELECT {masks}, CAST(row_number() OVER (ORDER BY {masks}) AS UINTEGER) AS names
        FROM (SELECT DISTINCT {masks} FROM {rows} WHERE status <> 'excused')"""
    engine.execute(Query(sql, step=step))
    sql = f"""
        CREATE TABLE {path("evidence", f"{entity.name}.ordered")} AS
        SELECT {keys}, status, {masks}, names
        FROM {rows} JOIN masks USING ({masks}) WHERE status <> 'excused' ORDER BY {order}"""
    engine.execute(Query(sql, step=step))
    sql = f"""
        CREATE VIEW {path("evidence", f"{entity.name}.numbered")} AS
        SELECT rowid + 1 AS {quote("row")}, * FROM {path("evidence", f"{entity.name}.ordered")}"""
    engine.execute(Query(sql, step=step))
    found = engine.execute(Query(f"SELECT {masks} FROM masks ORDER BY names", step=step))
    engine.execute(Query("DROP TABLE masks", step=step))
    (count,) = engine.one(Query(f"SELECT count(*) FROM {path('evidence', f'{entity.name}.ordered')}", step=step))
    words = {name: place for place, name in enumerate(mask_names(entity))}
    return int(count), [[column.name for _, mask, bit, column in bits(entity) if row[words[mask]] & bit] for row in found]


def _number_claims(engine: Engine, item: EntityFacts, *, part: int, after: int) -> None:
    """Number what is no compared row: base rows lost, invariants broken, rows after the freeze, native rows harmed."""
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
    if getattr(item.freeze, "broken", 0):
        table = path("evidence", f"{entity.name}.freeze")
        claims.append((f"{entity.name}.freeze", f"SELECT status, {_key_texts(entity)} AS key, {keys} FROM {table}", f"{keys}, status"))
    for check_id, persons in item.persons.items():
        if getattr(persons, "unequal", 0):
            unequal = f"SELECT 'unequal' AS status, [CAST(person AS VARCHAR)] AS key, person FROM {path('evidence', check_id)}"
            claims.append((check_id, unequal, "person"))
    if isinstance(item.natives, Natives) and item.natives.harmed:
        table = path("evidence", f"{entity.name}.natives")
        claims.append((f"{entity.name}.natives", f"SELECT status, [CAST(id AS VARCHAR)] AS key, id FROM {table} WHERE status <> 'alive'", "id"))
    if isinstance(item.exported, Exported) and item.exported.entity is not None and item.exported.harm.keys:
        after += _add_export(engine, item.exported.entity, part=part, entity=entity.name, after=after)
    for check, found_rows, order in claims:
        after += _add(engine, found_rows, part=part, entity=entity.name, check=check, order=order, after=after)


def _add(engine: Engine, rows: str, *, part: int, entity: str, check: str, order: str, after: int) -> int:
    """Number findings behind the `after` ones that the entity has already; return how many."""
    sql = f"""
        INSERT INTO {OTHERS}
        SELECT {part}, $1, {after} + row_number() OVER (ORDER BY {order}), $2, status, key, [], NULL, NULL, NULL FROM ({rows})"""
    (added,) = engine.one(Query(sql, (entity, check), f"{check}: numbering findings"))
    return int(added)


def _add_export(engine: Engine, copy: Entity, *, part: int, entity: str, after: int) -> int:
    """Number the rows of persons' files that differ, with the cells whose values are kept; return how many rows."""
    check, step = f"{entity}.export", f"{entity}.export: numbering findings"
    keys = ", ".join(key_names(copy))
    names = ", ".join(f"CASE WHEN {mask} & {bit} <> 0 THEN {literal(column.name)} END" for _, mask, bit, column in bits(copy))
    sql = f"""
        INSERT INTO {OTHERS}
        SELECT {part}, $1, {after} + row_number() OVER (ORDER BY {keys}, status), $2, status, {_key_texts(copy)},
               list_filter(CAST([{names}] AS VARCHAR[]), name -> name IS NOT NULL), NULL, NULL, NULL
        FROM {tables(copy).rows} WHERE status <> 'excused'"""
    (added,) = engine.one(Query(sql, (entity, check), step))
    column = _case("c.c", {place: column.name for place, _, _, column in bits(copy)}, of=literal)
    sql = f"""
        INSERT INTO {OTHERS}
        SELECT {part}, $1, o."row", $2, 'changed', o.key, [{column}], {column}, c.source_value, c.target_value
        FROM {tables(copy).cells} AS c JOIN {OTHERS} AS o ON o.key = {_key_texts(copy)} AND o."check" = $2 AND o.status = 'changed' AND o."column" IS NULL"""
    engine.execute(Query(sql, (entity, check), step))
    return int(added)


def _key_texts(entity: Entity) -> str:
    return f"[{', '.join(f'CAST({key} AS VARCHAR)' for key in key_names(entity))}]"


def _make_words(engine: Engine, entities: Sequence[Entity]) -> None:
    """Make the type of the few words that stand in most records: a column of it is written many times faster than text, and read as text."""
    words = {*STATUSES, *(word for entity in entities for word in (entity.name, *_checks(entity), *(column.name for column in entity.compared)))}
    sql = f'SELECT DISTINCT unnest(list_concat([entity, "check", status], columns)) FROM {OTHERS}'
    words |= {row[0] for row in engine.execute(Query(sql, step="writing findings"))}
    engine.execute(Query(f"CREATE TYPE {_WORDS} AS ENUM ({', '.join(literal(word) for word in sorted(words))})", step="writing findings"))


def _records(entity: Entity, *, names: Sequence[Sequence[str]]) -> str:
    """Return an entity's records in order: one a broken row, and after it one a cell whose values are kept."""
    keys = ", ".join(key_names(entity))
    table = path("evidence", f"{entity.name}.numbered")
    on = " AND ".join(f"n.{key} = c.{key}" for key in key_names(entity))
    ordered = f"""
        SELECT "row", {keys}, status, names, CAST(NULL AS USMALLINT) AS c, CAST(NULL AS VARCHAR) AS source, CAST(NULL AS VARCHAR) AS target
        FROM {table}
        UNION ALL
        SELECT n."row", {", ".join(f"n.{key}" for key in key_names(entity))}, n.status, n.names, c.c, c.source_value, c.target_value
        FROM {tables(entity).cells} AS c JOIN {table} AS n ON {on} AND n.status = 'changed'
        ORDER BY "row", c NULLS FIRST"""

    keys_check, rows_check = f"{entity.name}.keys", f"{entity.name}.rows"
    of_row = f"CASE status WHEN 'duplicate' THEN {_word(keys_check)} WHEN 'changed' THEN NULL ELSE {_word(rows_check)} END"
    of_cell = _case("c", {place: f"{entity.name}.{column.kind}" for place, _, _, column in bits(entity)})
    column = _case("c", {place: column.name for place, _, _, column in bits(entity)})
    listed = ", ".join(f"[{', '.join(map(literal, together))}]" for together in names)
    # nothing but projections may stand above the sort: they leave the order as it is
    return f"""
        SELECT {_word(entity.name)} AS entity, "row", CASE WHEN c IS NULL THEN {of_row} ELSE {of_cell} END AS "check",
               {_case("status", {literal(status): status for status in STATUSES})} AS status, {_key_texts(entity)} AS key,
               CASE WHEN c IS NULL THEN CAST([{listed}] AS {_WORDS}[][])[names] ELSE [{column}] END AS columns, {column} AS "column", source, target
        FROM ({ordered})"""


def _other_records(part: int) -> str:
    """Return a part's records that are no compared rows, in order: of a row in a person's file its cells after it."""
    return f"""
        SELECT CAST(o.entity AS {_WORDS}) AS entity, o."row", CAST(o."check" AS {_WORDS}) AS "check", CAST(o.status AS {_WORDS}) AS status, o.key,
               CAST(o.columns AS {_WORDS}[]) AS columns, CAST(o."column" AS {_WORDS}) AS "column", o.source, o.target
        FROM {OTHERS} AS o WHERE o.part = {part} ORDER BY o."row", o."column" NULLS FIRST"""


def _checks(entity: Entity) -> list[str]:
    return [f"{entity.name}.{kind}" for kind in ("keys", "rows", *(column.kind for column in entity.compared))]


def _case(subject: str, arms: Mapping[Any, str], *, of: Callable[[str], str] | None = None) -> str:
    whens = " ".join(f"WHEN {value} THEN {(of or _word)(word)}" for value, word in arms.items())
    return f"CASE {subject} {whens} END" if arms else f"CAST(NULL AS {_WORDS})"


def _word(text: str) -> str:
    return f"CAST({literal(text)} AS {_WORDS})"
