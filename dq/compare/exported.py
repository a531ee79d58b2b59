"""The one place that holds what persons downloaded of their data against what was migrated for them.

Of each entity with sql/export/<e>.sql: source."<e>.export" is what was moved for the persons who have a file, of whatever batch, in the target's
ids; target."<e>.export" is what stands in their files, the target's own rows set apart. Both are compared as every entity is. An account page
need not show everything: the columns compared are those that the SQL returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dq.compare import fingerprint
from dq.compare.evidence import Harm
from dq.compare.harm import harms
from dq.compare.keys import count_keys
from dq.compare.localise import localise
from dq.compare.schema import PERSON, Catalogue, differences, type_problems
from dq.compare.scope import Scope
from dq.compare.select import Select
from dq.compare.sides import UNMAPPED, less_own, own_joins, source_view, through
from dq.compare.views import ID, look_up, make_own, make_raw, snapshot
from dq.contract.models import Contract, Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

PERSONS, FILE = "persons", "file"  # the export's own words: the table of files, and a file's place by name
SIDE = "export"
_SCOPE = "scope.exported"
_COMPARED = f"(SELECT id FROM {_SCOPE} WHERE compared)"
_ROWS, _OWN = "export_rows", "export_own"


@dataclass(frozen=True, slots=True)
class People:
    """Who has a file."""

    compared: int  # of the run's batches
    elsewhere: int  # of other batches
    strangers: tuple[int, ...]  # places of files whose persons are in no batch


@dataclass(frozen=True, slots=True)
class Exported:
    """What was measured of an entity in the export; only `problems` where it is not as pinned or declared."""

    problems: tuple[str, ...] = ()
    source_rows: int = 0
    export_rows: int = 0
    native: int = 0  # rows of the files that the target had of its own
    harm: Harm = field(default_factory=Harm)
    agrees: bool = True
    left_out: tuple[str, ...] = ()  # columns that the export does not have
    entity: Entity | None = None  # under the name that its evidence has


def export_entity(entity: Entity, select: Select) -> Entity:
    """Return the entity as the export has it: under a name of its own, of the columns that the SQL returns, read as the contract says of an export."""
    names = set(select.outputs)
    columns = tuple(column.model_copy(update={"target": column.export}) for column in entity.columns if column.name in names)
    money = entity.money if entity.money is not None and {entity.money.amount, entity.money.currency or entity.money.amount} <= names else None
    slices = tuple(name for name in entity.slices if name in names)
    bare: dict[str, object] = {"merge": None, "aggregate": {}, "excluded": (), "sums": (), "counts": (), "invariant": (), "fit": (), "exported": False}
    return entity.model_copy(update={"name": f"{entity.name}.{SIDE}", "columns": columns, "money": money, "slices": slices, **bare})


def look_at_people(engine: Engine, contract: Contract, *, scope: Scope, catalogue: Catalogue) -> People | str:
    """Create scope.exported (id, place, compared): who has a file; or say why it cannot be told.

    Args:
        engine: the engine; maps and scope stand.
        contract: names the crosswalk of accounts.
        scope: what the run looks at.
        catalogue: what the snapshots hold.
    """
    accounts = str(contract.migration.accounts)
    found, wanted = catalogue[SIDE].get(PERSONS, {}), catalogue["crosswalk"].get(accounts, {}).get("target_id")
    if accounts not in scope.crosswalks or wanted is None:
        return f"crosswalk.{accounts} cannot be used"
    if PERSON not in found or FILE not in found:
        return f"export: no table '{PERSONS}' with '{PERSON}' and '{FILE}'"
    if found[PERSON] != wanted:
        return f"export: '{PERSONS}.{PERSON}' is {found[PERSON]}, the ids of '{accounts}' are {wanted}"
    claims = {"all": ("true", "true"), "unerased": ("true", "true"), "batched": ("a.in_scope OR a.erased", "a.placed")}
    compared, known = claims[scope.accounts]
    places = "LEFT JOIN scope.accounts AS a ON a.account_id = m.source_id" if scope.batched else ""
    maps = f"SELECT m.target_id AS id, bool_or({compared}) AS compared, bool_or({known}) AS known FROM {path('maps', accounts)} AS m {places} GROUP BY 1"
    sql = f"""
        CREATE OR REPLACE TABLE {_SCOPE} AS
        SELECT p.{PERSON} AS id, p.{FILE} AS place, coalesce(m.compared, false) AS compared, coalesce(m.known, false) AS known
        FROM {path(snapshot(SIDE), "main", PERSONS)} AS p LEFT JOIN ({maps}) AS m ON m.id = p.{PERSON}"""
    engine.execute(Query(sql, step="export: persons"))
    sql = f"SELECT count(*), count(DISTINCT id), count(*) FILTER (compared), list(place ORDER BY place) FILTER (NOT known) FROM {_SCOPE}"
    rows, persons, here, strangers = engine.one(Query(sql, step="export: persons"))
    if rows != persons:
        return "export: a person is NULL, or has two files"
    return People(int(here), int(rows) - int(here) - len(strangers or ()), tuple(strangers or ()))


def compare_export(
    engine: Engine, entity: Entity, *, select: Select, scope: Scope, catalogue: Catalogue, pinned: Catalogue | None, minor_units: Mapping[str, int]
) -> Exported:
    """Compare an entity's rows in the persons' files with what was moved for them.

    Args:
        engine: the engine; the entity's views and claims stand, and scope.exported.
        entity: an entity with an SQL for the export.
        select: that SQL.
        scope: what the run looks at.
        catalogue: what the snapshots hold.
        pinned: what was pinned of the stores.
        minor_units: the contract's own exceptions to ISO 4217.
    """
    copy = export_entity(entity, select)
    there, tables = catalogue[SIDE], [table for table, _ in select.tables]
    missing = tuple(f"export: table '{table}' is missing" for table in tables if table not in there)
    problems = missing or tuple(
        differences(SIDE, {table: there[table] for table in tables}, pinned.get(SIDE, {}), only=set(tables)) if pinned is not None else ()
    )
    unknown = () if missing else tuple(f"export: no column '{name}'" for name in select.unknown(there))
    if missing or unknown:
        return Exported(problems=(*problems, *unknown))
    types = make_raw(engine, select, entity=copy, side=SIDE)
    problems += tuple(type_problems(copy, types, side=SIDE))
    if problems:
        return Exported(problems=problems)
    raw = look_up(engine, entity=copy, side=SIDE, types=types, minor_units=minor_units)
    make_own(engine, raw, entity=copy, side=SIDE, minor_units=minor_units)
    problems = (
        *([f"{raw.unknown_zones:,} rows of the export have a wall clock and a zone that nobody knows"] if raw.unknown_zones else []),
        *(f"{rows:,} rows of the export have a {name} that its type cannot hold" for name, rows in raw.unfit),
        *_lost(engine, select, copy),
    )
    if problems:
        return Exported(problems=problems)
    _make_source(engine, entity, copy, scope=scope)
    native = _make_target(engine, entity, copy)
    return replace(_compared(engine, copy), native=native, left_out=tuple(column.name for column in entity.columns if column.name not in select.outputs))


def _lost(engine: Engine, select: Select, copy: Entity) -> list[str]:
    """Say where the SQL does not make one row of each row of its driving table."""
    table = select.driving[0]
    sql = f"""
        SELECT (SELECT count(*) FROM {path(snapshot(SIDE), "main", table)}), (SELECT count(*) FROM {path(f"raw_{SIDE}", copy.name)})"""
    there, made = engine.one(Query(sql, step=f"{copy.name}: base rows"))
    return [] if there == made else [f"export: the SQL makes {made:,} rows of the {there:,} in '{table}'"]


def _make_source(engine: Engine, entity: Entity, copy: Entity, *, scope: Scope) -> None:
    """Create source."<e>.export": what was moved for the persons with a file, whatever batch it came with."""
    whole, some = through(entity), through(copy)
    names = [column.name for column in whole]
    bits = " + ".join(f"CASE WHEN s.{quote(UNMAPPED)} & {1 << names.index(column.name)} <> 0 THEN {1 << index} ELSE 0 END" for index, column in enumerate(some))
    columns = ", ".join(f"s.{quote(column.name)}" for column in copy.columns)
    view = source_view(entity, accounts=scope.accounts, absorbed=scope.absorbed, moved=True)
    sql = f"""
        CREATE OR REPLACE TABLE {path("source", copy.name)} AS
        SELECT {columns}, CAST({bits or "0"} AS BIGINT) AS {quote(UNMAPPED)}
        FROM ({view}) AS s SEMI JOIN {_COMPARED} AS p ON p.id = s.{quote(str(entity.owner))}"""
    engine.execute(Query(sql, step=f"{copy.name}: source"))


def _make_target(engine: Engine, entity: Entity, copy: Entity) -> int:
    """Create target."<e>.export": what the persons' files say, but for the target's own rows; return how many of those stand there.

    A row is the target's own where a row of the target has its key, its id and its owner that nobody moved, or that stood there before (a profile
    to which another gave way); where no row that was moved for the persons has its key; and where no other row of the files has it. What it says
    is not compared: its owner may have changed it since.
    """
    step = f"{copy.name}: export"
    owner = quote(str(entity.owner))
    keys = [quote(name) for name in entity.key]
    own = "false"
    if entity.merge is not None:
        claimed = f"SELECT 1 FROM {path('claims', entity.name)} AS c WHERE c.id = t.{quote(ID)}"
        before = f"SELECT 1 FROM {path('own_baseline', entity.name)} AS b WHERE b.{quote(ID)} = t.{quote(ID)}"
        moved = f"SELECT 1 FROM {path('source', copy.name)} AS s WHERE {' AND '.join(f's.{key} = t.{key}' for key in keys)}"
        sql = f"""
            CREATE OR REPLACE TEMP TABLE {_OWN} AS
            SELECT {", ".join(f"t.{quote(column.name)}" for column in copy.columns)} FROM {path("own_target", entity.name)} AS t
            SEMI JOIN {_COMPARED} AS p ON p.id = t.{owner} WHERE (NOT EXISTS ({claimed}) OR EXISTS ({before})) AND NOT EXISTS ({moved})"""
        engine.execute(Query(sql, step=step))
        shown = [quote(column.name) for column in copy.columns if column.through == entity.name]  # the row's own id, where the export has it
        ids = dict.fromkeys((*keys, owner, *shown))
        same = " AND ".join(f"o.{name} = r.{name}" for name in ids)
        own = f"count(*) OVER (PARTITION BY {', '.join(f'r.{key}' for key in keys)}) = 1 AND EXISTS (SELECT 1 FROM {_OWN} AS o WHERE {same})"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE {_ROWS} AS
        SELECT r.*, {own} AS {quote("dq.own")}
        FROM {path(f"own_{SIDE}", copy.name)} AS r SEMI JOIN {_COMPARED} AS p ON p.id = r.{owner}"""
    engine.execute(Query(sql, step=step))
    less = entity.aggregate if entity.merge is not None else {}
    columns = ", ".join(f"{less_own(entity, column) if column.name in less else f'r.{quote(column.name)}'} AS {quote(column.name)}" for column in copy.columns)
    before = own_joins(entity) if less else ""
    sql = f"CREATE OR REPLACE TABLE {path('target', copy.name)} AS SELECT {columns} FROM {_ROWS} AS r {before} WHERE NOT r.{quote('dq.own')}"
    engine.execute(Query(sql, step=step))
    (native,) = engine.one(Query(f"SELECT count(*) FROM {_ROWS} WHERE {quote('dq.own')}", step=step))
    for table in (_ROWS, _OWN):
        engine.execute(Query(f"DROP TABLE IF EXISTS {table}", step=step))
    return int(native)


def _compared(engine: Engine, copy: Entity) -> Exported:
    prints = fingerprint.take(engine, copy, unmapped=UNMAPPED if through(copy) else None)
    keys = count_keys(engine, path("source", copy.name), [(column.name, column.type.sql) for column in copy.keys], step=copy.name)
    localised = localise(engine, copy, prints=prints, source_keys=keys)
    harm = harms(engine, copy, tables=localised.tables)[""]
    return Exported(entity=copy, source_rows=prints.source_rows, export_rows=prints.target_rows, harm=harm, agrees=localised.agrees)
