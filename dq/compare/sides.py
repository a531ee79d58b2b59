"""The one place for an entity's two sides as they are compared: canonical types, the target's ids, only the rows in scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from dq.compare import later
from dq.compare.views import ID
from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, literal, path, quote

UNMAPPED = "dq.unmapped"  # of a source row: bit i is set when its i-th id (see `through`) is not in the crosswalk
IN_SCOPE = "dq.in_scope"
Accounts = Literal["all", "unerased", "batched"]  # whose rows are compared: everybody's; all but erased people's; as scope.accounts says


def make_source(engine: Engine, *, entity: Entity, accounts: Accounts, absorbed: Sequence[str], apart: str | None = None) -> None:
    """Create source.e, without the rows whose keys stand in the table `apart`; see `source_view`."""
    sql = _without(apart, source_view(entity, accounts=accounts, absorbed=absorbed), entity)
    engine.execute(Query(f"CREATE OR REPLACE VIEW {path('source', entity.name)} AS {sql}", step=f"{entity.name}: source"))
    if has_mapped_key(entity):
        pick_mapped(engine, entity, where="false")
        sql = _without(apart, source_view(entity, accounts=accounts, absorbed=absorbed, picked=True), entity)
        engine.execute(Query(f"CREATE OR REPLACE VIEW {picked_rows(entity)} AS {sql}", step=f"{entity.name}: source"))


def has_mapped_key(entity: Entity) -> bool:
    """Say whether a row's key is one id that a crosswalk maps, so that few keys are found in the map sooner than in the rows."""
    return len(entity.key) == 1 and entity.keys[0].through is not None and not entity.aggregate


def pick_mapped(engine: Engine, entity: Entity, *, where: str) -> None:
    """Keep the part of the key's map that `picked_rows` goes through.

    Args:
        engine: the engine.
        entity: an entity with a mapped key.
        where: a condition on the key as the target has it.
    """
    key = entity.keys[0]
    renamed = f"SELECT source_id, target_id AS {quote(key.name)} FROM {path('maps', str(key.through))}"
    sql = f"SELECT source_id, {quote(key.name)} AS target_id FROM ({renamed}) WHERE {where}"
    engine.execute(Query(f"CREATE OR REPLACE TABLE {_picked(entity)} AS {sql}", step=f"{entity.name}: picked ids"))


def picked_rows(entity: Entity) -> str:
    """Return the view of those rows of source.e whose keys `pick_mapped` keeps."""
    return path("source", f"{entity.name}.picked")


def source_view(entity: Entity, *, accounts: Accounts, absorbed: Sequence[str], picked: bool = False, moved: bool = False) -> str:
    """Return source.e: ids mapped into the target's space, rows of the batch, absorbed and erased ones set apart.

    Args:
        entity: the entity.
        accounts: whose rows are compared.
        absorbed: crosswalks with declared merges: an absorbed id has no row of its own unless the entity is aggregated.
        picked: only the rows whose keys `pick_mapped` keeps.
        moved: the rows of every batch that has moved, not only of those compared.
    """
    joins, where, whose = _joined(entity, accounts=accounts, absorbed=absorbed, picked=picked, moved=moved)
    where += [f"({is_mapped(column)} OR r.{quote(column.name)} IS NULL)" for column in entity.keys if column.through]
    columns = [f"{mapped(column)} AS {quote(column.name)}" for column in entity.columns]
    if entity.aggregate:
        columns.append(f"{f'{whose}.in_scope IS NOT FALSE' if whose else 'true'} AS {quote(IN_SCOPE)}")
    else:
        columns.append(f"{unmapped(entity)} AS {quote(UNMAPPED)}")
    sql = f"SELECT {', '.join(columns)} FROM {path('own_source', entity.name)} AS r {' '.join(joins)}"
    sql += f" WHERE {' AND '.join(where)}" if where else ""
    return _aggregated(sql, entity) if entity.aggregate else sql


def make_target(engine: Engine, *, entity: Entity, apart: str | None = None) -> None:
    """Create target.e, without the rows whose keys stand in the table `apart`; see `target_view`."""
    sql = _without(apart, target_view(entity), entity)
    engine.execute(Query(f"CREATE OR REPLACE VIEW {path('target', entity.name)} AS {sql}", step=f"{entity.name}: target"))


def target_view(entity: Entity) -> str:
    """Return target.e: only the rows that claims.e names; from aggregates the baseline's value is subtracted, and what came later."""
    less = entity.aggregate if entity.merge is not None else {}
    columns = [f"{less_own(entity, column) if column.name in less else f'r.{quote(column.name)}'} AS {quote(column.name)}" for column in entity.columns]
    sql = f"SELECT {', '.join(columns)} FROM {path('own_target', entity.name)} AS r"
    if entity.merge is not None:
        sql += own_joins(entity) if entity.aggregate else ""
        sql += f" WHERE r.{quote(ID)} IS NULL OR r.{quote(ID)} IN (SELECT id FROM {path('claims', entity.name)} WHERE in_scope)"
    return sql


def _without(apart: str | None, sql: str, entity: Entity) -> str:
    """Return a SELECT without the rows whose keys stand in a table; None: all of it."""
    if apart is None:
        return sql
    same = " AND ".join(f"k.{quote(name)} = e.{quote(name)}" for name in entity.key)
    return f"SELECT * FROM ({sql}) AS e WHERE NOT EXISTS (SELECT 1 FROM {apart} AS k WHERE {same})"


def make_moved(engine: Engine, *, entity: Entity, accounts: Accounts) -> None:
    """Create source."e.moved" and target."e.moved": the rows of every batch that has moved, for sums over whole persons."""
    joins, where, _ = _joined(entity, accounts=accounts, absorbed=(), moved=True)
    columns = ", ".join(f"{mapped(column)} AS {quote(column.name)}" for column in entity.columns)
    sql = f"SELECT {columns} FROM {path('own_source', entity.name)} AS r {' '.join(joins)}"
    sql += f" WHERE {' AND '.join(where)}" if where else ""
    engine.execute(Query(f"CREATE VIEW {path('source', f'{entity.name}.moved')} AS {sql}", step=f"{entity.name}: source"))
    sql = f"SELECT {', '.join(f'r.{quote(column.name)}' for column in entity.columns)} FROM {path('own_target', entity.name)} AS r"
    if entity.merge is not None:
        sql += f" WHERE r.{quote(ID)} IS NULL OR r.{quote(ID)} IN (SELECT id FROM {path('claims', entity.name)})"
    engine.execute(Query(f"CREATE VIEW {path('target', f'{entity.name}.moved')} AS {sql}", step=f"{entity.name}: target"))


def people(crosswalk: str) -> str:
    """Return the table of who an owner's id is: all that a crosswalk maps or scope.accounts places, with what both say of it."""
    return path("scope", f"people.{crosswalk}")


def _joined(
    entity: Entity, *, accounts: Accounts, absorbed: Sequence[str], picked: bool = False, moved: bool = False
) -> tuple[list[str], list[str], str | None]:
    """Return the joins to crosswalks and scope, the conditions, and the alias of who a row's owner is (None: nobody asks).

    Where the owner's id is mapped, one join to `people` answers for both: of large tables the second would take as long as the first.
    """
    owner = entity.column(entity.owner) if accounts != "all" and entity.owner is not None else None
    if owner is None or owner.through is None or (picked and owner in entity.keys):
        joins, where = scope_of(entity, accounts=accounts, absorbed=absorbed, moved=moved)
        return [*maps(entity, picked=picked), *joins], where, "a" if joins else None
    whose = _map(owner)
    _, where = scope_of(entity, accounts=accounts, absorbed=absorbed, moved=moved, whose=whose)
    others = maps(entity, picked=picked, only=[column for column in entity.columns if column != owner])
    return [*others, f"LEFT JOIN {people(owner.through)} AS {whose} ON {whose}.id = r.{quote(owner.name)}"], where, whose


def scope_of(entity: Entity, *, accounts: Accounts, absorbed: Sequence[str], moved: bool = False, whose: str = "a") -> tuple[list[str], list[str]]:
    """Return the joins and conditions that leave the source rows in scope; `r` is the row in own ids.

    Args:
        entity: the entity.
        accounts: whose rows are compared.
        absorbed: crosswalks with declared merges.
        moved: all that has moved, not only the batches compared. An aggregated entity always takes it: a balance is the person's.
        whose: the alias of what is joined.
    """
    joins: list[str] = []
    where: list[str] = []
    if accounts != "all" and entity.owner is not None:
        joins.append(f"LEFT JOIN scope.accounts AS {whose} ON {whose}.account_id = r.{quote(entity.owner)}")
        where.append(chosen(entity, "moved" if moved or entity.aggregate else "in_scope", accounts=accounts, whose=whose))  # without a batch: see `declared`
    if not entity.aggregate:
        where += [f"NOT {is_absorbed(column)}" for column in identifying(entity) if column.through in absorbed]
    return joins, where


def chosen(entity: Entity, claim: str, *, accounts: Accounts, whose: str = "a") -> str:
    """Return the claim that a row's owner is one of whom a column of scope.accounts (joined as `whose`) is true; nobody's rows are in any scope."""
    unknown = " IS NOT FALSE" if accounts == "unerased" else ""
    return f"(r.{quote(str(entity.owner))} IS NULL OR {whose}.{claim}{unknown})"


def identifying(entity: Entity) -> list[Column]:
    """Return the columns that say which row it is: the key, and the id that the crosswalk of the entity's own name maps."""
    own = entity.own_id
    return [*entity.keys, *([own] if own is not None and own not in entity.keys else [])]


def is_absorbed(column: Column) -> str:
    """Return the claim that a declared merge absorbs the row's id."""
    found = f"SELECT 1 FROM scope.absorbed AS d WHERE d.crosswalk = {literal(str(column.through))} AND d.source_id = r.{quote(column.name)}"
    return f"EXISTS ({found})"


def through(entity: Entity) -> list[Column]:
    """Return the columns that go through a crosswalk."""
    return [column for column in entity.columns if column.through is not None]


def unmapped_bits(entity: Entity, names: Collection[str]) -> int:
    """Return the bits of UNMAPPED that speak of some columns."""
    return sum(1 << index for index, column in enumerate(through(entity)) if column.name in names)


def maps(entity: Entity, *, picked: bool = False, only: Collection[Column] | None = None) -> list[str]:
    """Return the joins to the crosswalks, one a column, or only those of some; the key's to what `pick_mapped` keeps of it, where that is asked for."""
    return [
        f"JOIN {_picked(entity)} AS {_map(column)} ON {_map(column)}.source_id = r.{quote(column.name)}"
        if picked and column in entity.keys
        else f"LEFT JOIN {path('maps', str(column.through))} AS {_map(column)} ON {_map(column)}.source_id = r.{quote(column.name)}"
        for column in through(entity)
        if only is None or column in only
    ]


def mapped(column: Column) -> str:
    """Return the column in the target's id space, as an expression over `r` and the joins of `maps`."""
    return f"r.{quote(column.name)}" if column.through is None else f"{_map(column)}.target_id"


def target_ids(name: str) -> str:
    """Return the query of the ids that a map leads to."""
    return f"SELECT target_id FROM {path('maps', name)} WHERE target_id IS NOT NULL"


def is_mapped(column: Column) -> str:
    """Return the claim that the crosswalk says what the row's id became."""
    return f"({_map(column)}.target_id IS NOT NULL)"


def is_known(column: Column) -> str:
    """Return the claim that the crosswalk has a row for the row's id, be it without a target."""
    return f"({_map(column)}.source_id IS NOT NULL)"


def unmapped(entity: Entity) -> str:
    """Return the bits of UNMAPPED of a row `r`, as an expression over the joins of `maps`."""
    bits = [
        f"CASE WHEN NOT {is_mapped(column)} AND r.{quote(column.name)} IS NOT NULL THEN {1 << index} ELSE 0 END" for index, column in enumerate(through(entity))
    ]
    return f"CAST({' + '.join(bits) or '0'} AS BIGINT)"


def _map(column: Column) -> str:
    return quote("m." + column.name)


def _picked(entity: Entity) -> str:
    return path("maps", f"{entity.name}.picked")


def own_joins(entity: Entity) -> str:
    """Return the joins of an aggregated row `r` of the target to what is the target's own of it: before (`b`) and since then (`l`)."""
    on = {alias: " AND ".join(f"{alias}.{quote(name)} = r.{quote(name)}" for name in entity.key) for alias in ("b", "l")}
    since = f" LEFT JOIN {later.table(entity)} AS l ON {on['l']}" if entity.later else ""
    return f" LEFT JOIN {path('own_baseline', entity.name)} AS b ON {on['b']}{since}"


def less_own(entity: Entity, column: Column) -> str:
    """Return what was added to a row `r` of the target since the baseline, but for what is the target's own; `own_joins` stand."""
    name = quote(column.name)
    since = f" - coalesce(l.{name}, 0)" if column.name in entity.later else ""
    return f"CAST(r.{name} - coalesce(b.{name}, 0){since} AS {column.type.sql})"


def _aggregated(sql: str, entity: Entity) -> str:
    picked = [
        f"CAST(sum({quote(column.name)}) AS {column.type.sql}) AS {quote(column.name)}" if column.name in entity.aggregate else quote(column.name)
        for column in entity.columns
    ]
    grouped = [quote(column.name) for column in entity.columns if column.name not in entity.aggregate]
    return f"SELECT {', '.join(picked)}, CAST(0 AS BIGINT) AS {quote(UNMAPPED)} FROM ({sql}) GROUP BY {', '.join(grouped)} HAVING bool_or({quote(IN_SCOPE)})"
