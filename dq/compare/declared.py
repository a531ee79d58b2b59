"""The one place that checks what the crosswalk's snapshot declares beside its maps: batches, merges and erasures.

A declaration excuses rows from the comparison, so each is itself a claim that must hold.
Source: DECISIONS "Crosswalk", "Batches".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dq.compare.blanks import says_something
from dq.compare.conform import INTEGERS
from dq.compare.scope import Scope
from dq.compare.views import ID, snapshot
from dq.contract.migration import Batch
from dq.contract.models import Contract, Entity
from dq.engine import Engine
from dq.sql import Query, literal, path, quote

SHAPES: Mapping[str, Mapping[str, str | None]] = {  # table to column to type; None: any
    "batches": {"account_id": None, "batch": "INTEGER", "region": "VARCHAR"},
    "merges": {"crosswalk": "VARCHAR", "source_id": None, "target_id": None, "kept": "VARCHAR"},
    "erasures": {"account_id": None, "reference": "VARCHAR"},
}


def map_shape(contract: Contract, name: str) -> Mapping[str, str | None]:
    """Return the shape of a map: its ids are of the type of the columns that go through it."""
    types = {column.type.sql for entity in contract.entities for column in entity.columns if column.through == name}
    type_ = types.pop() if len(types) == 1 else None
    return {"source_id": type_, "target_id": type_}


def misshapen(name: str, found: Mapping[str, Mapping[str, str]], *, wanted: Mapping[str, str | None]) -> str | None:
    """Return why a table of the crosswalk's snapshot cannot be used, or None."""
    if name not in found:
        return f"the crosswalk's snapshot has no table '{name}'"
    for column, type_ in wanted.items():
        if column not in found[name]:
            return f"its table has no column '{column}'"
        there = found[name][column]
        if type_ not in (None, there) and not (type_ in INTEGERS and there in INTEGERS):  # their widths do not matter: only equality does
            return f"its column '{column}' is {there}, not {type_}"
    return None


def look_at_batches(engine: Engine, contract: Contract) -> int:
    """Record accounts without a batch, in several, in one that nobody knows or of another region, and batches without an account; return the rows."""
    table = path(snapshot("crosswalk"), "main", "batches")
    regions = " ".join(f"WHEN {batch.number} THEN {literal(batch.region)}" for batch in contract.migration.batches)
    known = ", ".join(str(batch.number) for batch in contract.migration.batches)
    problems = {
        "null": "account_id IS NULL OR batch IS NULL",
        "unknown batch": f"batch NOT IN ({known})",
        "wrong region": f"region IS DISTINCT FROM CASE batch {regions} END AND batch IN ({known})",
    }
    for problem, where in problems.items():
        _record(engine, "batches", problem, f"SELECT coalesce(CAST(account_id AS VARCHAR), 'NULL') FROM {table} WHERE {where}")
    _record(engine, "batches", "overlap", "SELECT CAST(account_id AS VARCHAR) FROM scope.accounts WHERE listed > 1")
    numbers = f"(SELECT unnest([{known}]) AS number)"
    _record(engine, "batches", "no account", f"SELECT CAST(n.number AS VARCHAR) FROM {numbers} AS n ANTI JOIN {table} AS b ON b.batch = n.number")
    return _rows(engine, table)


def record_strangers(engine: Engine, *, home: Entity) -> None:
    """Record accounts that batches list and the source does not have; an erased one may be gone.

    Args:
        engine: the engine; own_source.e stands.
        home: the entity whose rows are the accounts.
    """
    if home.own_id is None:
        return
    own = f"SELECT {quote(home.own_id.name)} AS account_id FROM {path('own_source', home.name)}"
    ids = f"""
        SELECT DISTINCT CAST(b.account_id AS VARCHAR)
        FROM {path(snapshot("crosswalk"), "main", "batches")} AS b
        JOIN scope.accounts AS a ON a.account_id = b.account_id AND NOT a.erased_ever
        ANTI JOIN ({own}) AS s ON s.account_id = b.account_id
        WHERE b.batch IS NOT NULL"""
    _record(engine, "batches", "not in the source", ids)


def record_outside(engine: Engine, entity: Entity, *, batches: Sequence[Batch]) -> None:
    """Record accounts in whose batch's region one of their rows is not; each once, and nobody who was erased.

    Args:
        engine: the engine; own_source.e stands.
        entity: where it says which column has a row's region, its rows are held against it.
        batches: the contract's.
    """
    if entity.region is None:
        return
    regions = " ".join(f"WHEN {batch.number} THEN {literal(batch.region)}" for batch in batches)
    known = ", ".join(str(batch.number) for batch in batches)
    ids = f"""
        SELECT DISTINCT CAST(b.account_id AS VARCHAR)
        FROM {path("own_source", entity.name)} AS r
        JOIN {path(snapshot("crosswalk"), "main", "batches")} AS b ON b.account_id = r.{quote(str(entity.owner))}
        JOIN scope.accounts AS a ON a.account_id = b.account_id AND NOT a.erased_ever
        WHERE r.{quote(entity.region)} IS DISTINCT FROM CASE b.batch {regions} END AND b.batch IN ({known})"""
    _record(engine, "batches", "outside the region", ids)


def record_unplaced(engine: Engine, entity: Entity) -> None:
    """Record owners of an entity's rows that nobody lists, each once."""
    owner = quote(str(entity.owner))
    rows_of = f"SELECT DISTINCT r.{owner} AS id FROM {path('own_source', entity.name)} AS r WHERE r.{owner} IS NOT NULL"
    _record(engine, "batches", "unplaced", f"SELECT CAST(id AS VARCHAR) FROM ({rows_of}) AS u ANTI JOIN scope.accounts AS a ON a.account_id = u.id")


def look_at_merges(engine: Engine, *, scope: Scope, homes: Mapping[str, Entity]) -> int:
    """Record merges that the crosswalk does not show, or whose surviving row is not there; return the rows."""
    table = path(snapshot("crosswalk"), "main", "merges")
    _record(
        engine,
        "merges",
        "null",
        f"SELECT coalesce(CAST(source_id AS VARCHAR), 'NULL') FROM {table} WHERE crosswalk IS NULL OR source_id IS NULL OR target_id IS NULL",
    )
    names = ", ".join(literal(name) for name in scope.crosswalks) or "''"
    _record(
        engine,
        "merges",
        "unknown crosswalk",
        f"SELECT CAST(source_id AS VARCHAR) FROM {table} WHERE crosswalk NOT IN ({names}) AND source_id IS NOT NULL AND target_id IS NOT NULL",
    )
    whole = f"SELECT CAST(d.source_id AS VARCHAR) FROM {table} AS d WHERE d.source_id IS NOT NULL AND d.target_id IS NOT NULL"  # else told as null
    for name in scope.crosswalks:
        for problem, where in _unfounded(name, homes.get(name), scope=scope) if name in scope.absorbed else ():
            _record(engine, "merges", problem, f"{whole} AND d.crosswalk = {literal(name)} AND {where}")
    return _rows(engine, table)


def look_at_erasures(engine: Engine) -> int:
    """Record erasures without account or reference; return the rows."""
    table = path(snapshot("crosswalk"), "main", "erasures")
    _record(engine, "erasures", "null", f"SELECT 'NULL' FROM {table} WHERE account_id IS NULL")
    _record(
        engine,
        "erasures",
        "no reference",
        f"SELECT CAST(account_id AS VARCHAR) FROM {table} WHERE ({says_something('reference')}) IS NOT TRUE AND account_id IS NOT NULL",
    )
    return _rows(engine, table)


def _unfounded(name: str, home: Entity | None, *, scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield (problem, claim about a merge `d`) of one crosswalk."""
    maps = path("maps", name)
    yield "not in the crosswalk", f"NOT EXISTS (SELECT 1 FROM {maps} AS m WHERE m.source_id = d.source_id AND m.target_id = d.target_id)"
    yield "kept is neither", "coalesce(d.kept, '') NOT IN ('source', 'target')"
    for unkept in _unkept(name, home, scope=scope):
        yield "without a survivor", f"d.kept = 'source' AND {unkept}"
    if home is not None and home.merge is not None:
        stood = f"EXISTS (SELECT 1 FROM {path('own_baseline', name)} AS b WHERE b.{quote(ID)} = d.target_id)"
        yield "without a survivor", f"d.kept = 'target' AND NOT {stood}"


def _unkept(name: str, home: Entity | None, *, scope: Scope) -> Iterator[str]:
    """Yield claims that no row of the source stands for a merge `d`.

    One that does is mapped to the same id, gives way to none, and moves: the contract does not exclude it, and its owner was not erased. Where what gave
    way has moved, it has moved too.
    """
    others = f"""{path("maps", name)} AS m ANTI JOIN scope.absorbed AS x ON x.crosswalk = {literal(name)} AND x.source_id = m.source_id {{}}
                 WHERE m.target_id = d.target_id AND m.source_id <> d.source_id"""
    if home is None or home.own_id is None:
        yield f"NOT EXISTS (SELECT 1 FROM {others.format('')})"
        return
    rows, own = path("own_source", name), quote(home.own_id.name)
    there = f"JOIN {rows} AS s ON s.{own} = m.source_id"
    if home.owner is None or scope.accounts == "all":
        yield f"NOT EXISTS (SELECT 1 FROM {others.format(there)})"
        return
    owner = quote(home.owner)
    staying = f"{others.format(f'{there} LEFT JOIN scope.accounts AS a ON a.account_id = s.{owner}')} AND a.erased_ever IS NOT TRUE"
    yield f"NOT EXISTS (SELECT 1 FROM {staying})"
    moved = f"SELECT 1 FROM {rows} AS g JOIN scope.accounts AS w ON w.account_id = g.{owner} AND w.moved WHERE g.{own} = d.source_id"
    yield f"EXISTS ({moved}) AND NOT EXISTS (SELECT 1 FROM {staying} AND a.moved IS NOT FALSE)"


def _record(engine: Engine, name: str, problem: str, ids: str) -> None:
    sql = f"INSERT INTO evidence.crosswalk SELECT $1, $2, * FROM ({ids})"
    engine.execute(Query(sql, (name, problem), f"crosswalk {name}: {problem}"))


def _rows(engine: Engine, table: str) -> int:
    return int(engine.one(Query(f"SELECT count(*) FROM {table}", step="crosswalk: rows"))[0])


def tables_declared(contract: Contract, there: Sequence[str]) -> tuple[str, ...]:
    """Return the declarations to check: batches where the contract has them; merges and erasures where the snapshot has them."""
    wanted = ["batches"] if contract.migration.batches else []
    return (*wanted, *(name for name in ("merges", "erasures") if name in there))
