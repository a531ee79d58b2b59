"""The one place that holds the stores' tables, columns and types against the pinned ones, and the SQL's output against the contract's types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

from dq.compare.conform import INSTANT, raw_type
from dq.compare.parser import read_ahead
from dq.compare.select import Select, read_select
from dq.compare.views import CHANGED, CREATED, make_raw, snapshot
from dq.contract.models import SIDES, Contract, Entity, Reading, Side
from dq.engine import Engine
from dq.errors import ContractError, EngineError, near_miss
from dq.sql import Query

PERSON = "person"  # on every row of an export: whose file it stands in
Catalogue = Mapping[str, Mapping[str, Mapping[str, str]]]  # side to table to column to type
Keys = Mapping[str, Mapping[str, tuple[str, ...]]]  # side to table to its primary key
Sizes = Mapping[str, Mapping[str, int]]  # side to table to its rows


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entity whose raw views stand; `problems` says what is not as pinned or declared, and then nothing is compared."""

    entity: Entity
    selects: Mapping[str, Select]  # source, target
    types: Mapping[str, Mapping[str, str]]  # side to raw column to type
    driving_columns: Mapping[str, tuple[str, ...]]  # side to columns of the driving table
    driving_keys: Mapping[str, tuple[str, ...]]  # side to its primary key
    problems: tuple[str, ...]
    pinned: bool  # the stores' tables, columns and types are held against what was pinned


def read_selects(engine: Engine, contract: Contract) -> dict[str, dict[str, Select]]:
    """Read every SELECT of the contract (entity to side) and hold its output names against the columns. Raises ContractError."""
    found: dict[str, dict[str, Select]] = {}
    read_ahead(engine, contract.sql.values())
    for entity in contract.entities:
        found[entity.name] = {}
        for side in SIDES:
            select = read_select(engine, contract.sql[side, entity.name], file=f"sql/{side}/{entity.name}.sql")
            _check_outputs(select, entity, side="source" if side == "source" else "target")
            found[entity.name][side] = select
        if entity.exported:
            found[entity.name]["export"] = _read_export(engine, contract, entity)
        merge = entity.merge
        if merge is not None and found[entity.name]["target"].alias_of(merge.table) is None:
            tables = [table for table, _ in found[entity.name]["target"].tables]
            message = f"the target's SQL does not read '{merge.table}'{near_miss(merge.table, tables)}"
            raise ContractError(message, file=entity.file, key="merge.table")
    return found


def read_catalogue(engine: Engine, sides: Sequence[str]) -> Catalogue:
    """Return tables, columns and types of the attached snapshots."""
    found: dict[str, dict[str, dict[str, str]]] = {snapshot(side): {} for side in sides}
    sql = """
        SELECT database_name, table_name, column_name, data_type FROM duckdb_columns()
        WHERE list_contains($1, database_name) AND schema_name = 'main' ORDER BY table_name, column_index"""
    for alias, table, column, type_ in engine.execute(Query(sql, (list(found),), "catalogue")):
        found[alias].setdefault(table, {})[column] = type_
    return {side: found[snapshot(side)] for side in sides}


def together(catalogue: Catalogue, left: Catalogue) -> Catalogue:
    """Return what was taken and what was left, as the stores have it."""
    return {
        side: {table: {**tables.get(table, {}), **left.get(side, {}).get(table, {})} for table in dict.fromkeys((*tables, *left.get(side, {})))}
        for side, tables in catalogue.items()
    }


def prepare(
    engine: Engine, entity: Entity, *, selects: Mapping[str, Select], catalogue: Catalogue, left: Catalogue, pinned: Catalogue | None, keys: Keys
) -> Prepared:
    """Make an entity's raw views and say what is not as pinned or declared.

    Args:
        engine: the engine.
        entity: the entity.
        selects: side to its SQL.
        catalogue: what the snapshots hold.
        left: what the stores have and the snapshots do not.
        pinned: what was pinned of the stores; None where nothing was.
        keys: the tables' primary keys.
    """
    stores = together(catalogue, left)
    sides = ["source", "target", *(["baseline"] if entity.merge is not None and "baseline" in catalogue else [])]
    problems: list[str] = []
    types: dict[str, Mapping[str, str]] = {}
    for side in sides:
        select = selects["source" if side == "source" else "target"]
        there = [*_tables(select, stores[side], side=side), *_untaken(select, stores[side], left.get(side, {}), side=side)]
        problems += there
        if pinned is not None:
            tables = {table for table, _ in select.tables} & set(stores[side])
            problems += differences(side, {table: stores[side][table] for table in tables}, pinned.get(_pinned_side(side), {}), only=tables)
        if there:
            continue
        try:
            types[side] = make_raw(engine, select, entity=entity, side=side)
        except EngineError as error:
            problems.append(f"{side}: {error}")
            continue
        problems += [f"{side}: no column '{name}'" for name in select.unknown(catalogue[side])]
        problems += type_problems(entity, types[side], side=side)
    driving: dict[str, tuple[str, ...]] = {side: tuple(catalogue[side].get(selects[side].driving[0], {})) for side in SIDES}
    driving_keys: dict[str, tuple[str, ...]] = {side: keys.get(side, {}).get(selects[side].driving[0], ()) for side in SIDES}
    return Prepared(entity, selects, types, driving, driving_keys, tuple(dict.fromkeys(problems)), pinned is not None)


def differences(side: str, found: Mapping[str, Mapping[str, str]], pinned: Mapping[str, Mapping[str, str]], *, only: set[str] | None = None) -> Iterator[str]:
    """Yield one line for every table, column or type that is not as pinned."""
    for table in sorted({*found, *pinned} if only is None else only):
        if table not in found:
            yield f"{side}: table '{table}' is missing{near_miss(table, found)}"
        elif table not in pinned:
            yield f"{side}: table '{table}' is not pinned in stores.lock.toml{near_miss(table, pinned)}"
        else:
            for column in sorted({*found[table], *pinned[table]}):
                now, then = found[table].get(column), pinned[table].get(column)
                if now is None:
                    yield f"{side}: column '{table}.{column}' is missing{near_miss(column, found[table])}"
                elif then is None:
                    yield f"{side}: column '{table}.{column}' is not pinned in stores.lock.toml"
                elif now != then:
                    yield f"{side}: column '{table}.{column}' is {now}, pinned as {then}"


def _check_outputs(select: Select, entity: Entity, *, side: Side) -> None:
    wanted = [column.name for column in entity.columns]
    helpers = {zone for column in entity.columns if (zone := column.reading(side).zone) is not None and zone not in wanted}
    for name in select.outputs:
        if name not in wanted and name not in helpers:
            message = f"output column '{name}' is in no [columns] of {entity.file}{near_miss(name or '?', wanted)}"
            raise ContractError(message, file=select.file)
    for name in wanted:
        if name not in select.outputs:
            raise ContractError(f"no output column '{name}', which {entity.file} declares{near_miss(name, select.outputs)}", file=select.file)
    for zone in sorted(helpers - set(select.outputs)):
        if zone not in available_timezones():
            message = f"'{zone}' is neither an output column nor a zone{near_miss(zone, (*select.outputs, *available_timezones()))}"
            raise ContractError(message, file=select.file)


def _read_export(engine: Engine, contract: Contract, entity: Entity) -> Select:
    """Read the SELECT of an export: some of the entity's columns, but what says which row it is and whose. Raises ContractError."""
    select = read_select(engine, contract.sql["export", entity.name], file=f"sql/export/{entity.name}.sql")
    there = [column for column in entity.columns if column.name in select.outputs]
    needed = {*entity.key, str(entity.owner), *(zone for column in there if (zone := column.export.zone) is not None and zone not in available_timezones())}
    needed |= {column.name for column in entity.columns if column.export != Reading()}
    needed |= {column.export.minor or str(entity.money and entity.money.currency) for column in there if column.export.minor is not None}
    zones = {column.export.zone for column in there}
    known = [column.name for column in entity.columns]
    for name in select.outputs:
        if name not in known and name not in zones:
            raise ContractError(f"output column '{name}' is in no [columns] of {entity.file}{near_miss(name or '?', known)}", file=select.file)
    for name in sorted(needed - set(select.outputs)):
        raise ContractError(f"no output column '{name}', which {entity.file} needs{near_miss(name, select.outputs)}", file=select.file)
    if select.column_of(str(entity.owner), alias=select.driving[1]) != PERSON:
        raise ContractError(f"'{entity.owner}' is not '{PERSON}' of '{select.driving[0]}', which says whose file a row stands in", file=select.file)
    return select


def _tables(select: Select, found: Mapping[str, Mapping[str, str]], *, side: str) -> Iterator[str]:
    for table, _ in select.tables:
        if table not in found:
            yield f"{side}: table '{table}' is missing{near_miss(table, found)}"


def _untaken(select: Select, found: Mapping[str, Mapping[str, str]], left: Mapping[str, Mapping[str, str]], *, side: str) -> Iterator[str]:
    for table, column in dict.fromkeys((table, column) for table, column, _ in select.reads(found) if column in left.get(table, {})):
        yield f"{side}: column '{table}.{column}' was not taken from the store; seal it again"


def type_problems(entity: Entity, found: Mapping[str, str], *, side: str) -> Iterator[str]:
    """Yield one line for every output column of a side's SQL that is not of the type that the contract reads."""
    reading: Side = "source" if side == "source" else "target"
    for column in entity.columns:
        allowed = raw_type(column, reading)
        if found[column.name] not in allowed:
            wanted = allowed[0] if len(allowed) == 1 else f"{allowed[0]} or a like type"
            yield f"{side}: column '{column.name}' is {found[column.name]}, the contract reads {wanted}"
    zones = {zone for column in entity.columns if (zone := column.reading(reading).zone) in found}
    for zone in sorted(str(zone) for zone in zones):
        if found[zone] != "VARCHAR":
            yield f"{side}: the zone column '{zone}' is {found[zone]}, not VARCHAR"
    for name, wanted in ((CREATED, INSTANT), (CHANGED, INSTANT)):
        if name in found and found[name] != wanted:
            column = getattr(entity.merge, "created_at" if name == CREATED else "changed_at")
            yield f"{side}: [merge] column '{column}' is {found[name]}, not {wanted}"


def _pinned_side(side: str) -> str:
    return "target" if side == "baseline" else side
