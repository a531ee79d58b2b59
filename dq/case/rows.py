"""The one place that holds a person's rows of both sides against each other, cell by cell, by the rules that a run compares with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq.case.extract import Owned
from dq.case.person import constants
from dq.compare.equality import EXCUSED, differs, json_same, rule_of
from dq.compare.rows import on_key
from dq.compare.sides import UNMAPPED, identifying, is_absorbed, mapped, maps, source_view, target_view, through, unmapped
from dq.compare.views import ID
from dq.contract.models import Column, Entity
from dq.engine import Engine, Row
from dq.sql import Query, literal, path, quote

_PLACE, _OWNER, _ABSORBED = quote("dq.place"), quote("dq.owner"), quote("dq.absorbed")
_OWN = quote("dq.own")  # of the target: the row is no part of what was moved
_DIFFERS = "differs"
Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of the source in the target's ids; `ids` are those that it has itself, of the columns that say which row it is."""

    values: Values
    ids: Mapping[str, str]
    owner: str | None  # the source's account, or what the row belongs to, as the source has it
    absorbed: bool
    unmapped: tuple[str, ...]  # columns whose id the crosswalk does not map


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A row of the target; `id` is that of its table, where [merge] names it."""

    values: Values
    id: str | None
    own: bool  # of an aggregated entity: no part of what was moved


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of each side with the same key: places from 0; the columns that differ, and those that are equal only after a rule."""

    source: int
    target: int
    differs: tuple[str, ...]
    equal_after: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """A person's rows of an entity, both sides by key, and what matches."""

    item: Owned
    source: tuple[SourceRow, ...]
    target: tuple[TargetRow, ...]
    pairs: tuple[Pair, ...]


def hold(engine: Engine, item: Owned, *, live: Sequence[str], ids: str) -> Held:
    """Hold the rows of an entity against each other; its own views and the maps stand, of an aggregated one its claims too.

    Args:
        engine: the engine.
        item: the entity.
        live: the person's accounts that have moved.
        ids: the type of an account's id.
    """
    entity = item.entity
    source, target = (path(side, f"{entity.name}.case") for side in ("source", "target"))
    rows = _aggregated(entity) if entity.aggregate else _plain(item)
    for table, sql in zip((source, target), rows, strict=True):
        order = ", ".join(quote(name) for name in entity.key)
        numbered = f"SELECT *, row_number() OVER (ORDER BY {order}) - 1 AS {_PLACE} FROM ({sql})"
        engine.execute(Query(f"CREATE TABLE {table} AS {numbered}", step=f"{entity.name}: a person's rows"))
    moved = f"NOT s.{_ABSORBED}"
    if item.parent is None and not entity.aggregate:
        moved += f" AND s.{_OWNER} IN ({constants(live, ids)})"
    return Held(
        item,
        tuple(_source_row(entity, row) for row in _read(engine, entity, source, (f"CAST({_OWNER} AS VARCHAR)", _ABSORBED, UNMAPPED_BITS, *_own_ids(entity)))),
        tuple(_target_row(entity, row) for row in _read(engine, entity, target, (f"CAST({quote(ID)} AS VARCHAR)", _OWN))),
        tuple(_pairs(engine, entity, source=source, target=target, where=moved)),
    )


UNMAPPED_BITS = quote(UNMAPPED)


def _plain(item: Owned) -> tuple[str, str]:
    entity = item.entity
    columns = [f"{mapped(column)} AS {quote(column.name)}" for column in entity.columns]
    absorbed = " OR ".join(is_absorbed(column) for column in identifying(entity) if column.through) or "false"
    columns += [f"{unmapped(entity)} AS {UNMAPPED_BITS}", f"{absorbed} AS {_ABSORBED}"]
    columns.append(f"r.{quote(item.by)} AS {_OWNER}")
    columns += [f"CAST(r.{quote(column.name)} AS VARCHAR) AS {_own_id(column)}" for column in identifying(entity) if column.through]
    source = f"SELECT {', '.join(columns)} FROM {path('own_source', entity.name)} AS r {' '.join(maps(entity))}"
    listed = [f"r.{quote(column.name)}" for column in entity.columns]
    listed += [f"r.{quote(ID)}" if entity.merge is not None else f"NULL AS {quote(ID)}", f"false AS {_OWN}"]
    return source, f"SELECT {', '.join(listed)} FROM {path('own_target', entity.name)} AS r"


def _aggregated(entity: Entity) -> tuple[str, str]:
    """Return the rows of an entity that is added up: what was moved, and rows of the target that are no part of it."""
    nothing = "".join(f", NULL AS {_own_id(column)}" for column in identifying(entity) if column.through)
    view = source_view(entity, accounts="all", absorbed=())
    source = f"SELECT *, false AS {_ABSORBED}, NULL AS {_OWNER}{nothing} FROM ({view})"
    columns = ", ".join(quote(column.name) for column in entity.columns)
    target = f"SELECT {columns}, NULL AS {quote(ID)}, false AS {_OWN} FROM ({target_view(entity)})"
    if entity.merge is not None:
        own = f"{path('own_target', entity.name)} AS r WHERE NOT EXISTS (SELECT 1 FROM {path('claims', entity.name)} AS c WHERE c.id = r.{quote(ID)})"
        target += f" UNION ALL SELECT {columns}, {quote(ID)}, true FROM {own}"
    return source, target


def _read(engine: Engine, entity: Entity, table: str, more: Sequence[str]) -> list[Row]:
    texts = (f"CAST({quote(column.name)} AS VARCHAR)" for column in entity.columns)
    return engine.execute(Query(f"SELECT {', '.join((*texts, *more))} FROM {table} ORDER BY {_PLACE}", step=f"{entity.name}: a person's rows"))


def _source_row(entity: Entity, row: Row) -> SourceRow:
    size = len(entity.columns)
    owner, absorbed, bits, *ids = row[size:]
    names = [column.name for column in identifying(entity) if column.through]
    lost = tuple(column.name for place, column in enumerate(through(entity)) if bits & 1 << place)
    return SourceRow(_values(entity, row), {name: str(text) for name, text in zip(names, ids, strict=True) if text is not None}, owner, bool(absorbed), lost)


def _target_row(entity: Entity, row: Row) -> TargetRow:
    found, own = row[len(entity.columns) :]
    return TargetRow(_values(entity, row), found, bool(own))


def _values(entity: Entity, row: Row) -> Values:
    return {column.name: row[place] for place, column in enumerate(entity.columns)}


def _pairs(engine: Engine, entity: Entity, *, source: str, target: str, where: str) -> list[Pair]:
    """Return which rows have the same key, and how their cells compare."""
    compared = entity.compared
    cells = ", ".join(f"CASE WHEN {differs(column)} THEN coalesce({_rule(column, entity)}, {literal(_DIFFERS)}) END" for column in compared)
    texts = ", ".join(f"CAST({alias}.{quote(column.name)} AS VARCHAR)" for column in compared if column.type.name == "JSON" for alias in ("s", "t"))
    picked = ", ".join(part for part in (f"s.{_PLACE}", f"t.{_PLACE}", cells, texts) if part)
    sql = f"SELECT {picked} FROM {source} AS s JOIN {target} AS t ON {on_key(entity)} WHERE {where} AND NOT t.{_OWN} ORDER BY 1, 2"
    found = []
    for s, t, *rest in engine.execute(Query(sql, step=f"{entity.name}: a person's cells")):
        verdicts = dict(zip((column.name for column in compared), rest, strict=False))
        documents = iter(rest[len(compared) :])
        for column in compared:
            if column.type.name == "JSON" and json_same(next(documents), next(documents)) and verdicts[column.name] is not None:
                verdicts[column.name] = "json"
        rules = {name: rule for name, rule in verdicts.items() if rule not in (None, _DIFFERS, EXCUSED)}
        found.append(Pair(int(s), int(t), tuple(name for name, rule in verdicts.items() if rule == _DIFFERS), rules))
    return found


def _rule(column: Column, entity: Entity) -> str:
    """Return the rule under which two cells are equal; JSON is compared outside the engine, which would load numpy for it."""
    return "NULL" if column.type.name == "JSON" else rule_of(column, entity=entity) or "NULL"


def _own_ids(entity: Entity) -> list[str]:
    return [_own_id(column) for column in identifying(entity) if column.through]


def _own_id(column: Column) -> str:
    return quote(f"dq.own.{column.name}")
