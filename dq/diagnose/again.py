"""The one place that recognises what became of a whole batch or of one row: rolled back, moved twice, or moved under another id.

A cause of these is said only where it reproduces the rows: every row of the batch is gone; every further row is one of the source's again, whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from dq.compare.copies import alike, telling
from dq.compare.rows import key_names, tables
from dq.compare.scope import Scope
from dq.compare.sides import identifying, mapped, maps, scope_of
from dq.contract.models import Column, Entity
from dq.diagnose.population import Subject
from dq.diagnose.rows import account_for
from dq.engine import Engine
from dq.record import Cause
from dq.sql import Query, path, quote
from dq.words import counted

_FEW = 2  # rows that are a batch's; of one it would be too much to say that the batch is gone


def causes_of_batches(engine: Engine, subject: Subject) -> Iterator[Cause]:
    """Yield the causes of rows that are gone with their batch, and of rows that stand twice; their rows are accounted for."""
    entity, evidence, scope = subject.entity, subject.evidence, subject.scope
    keys = ", ".join(f"{name} {column.type.sql}" for name, column in zip(key_names(entity), entity.keys, strict=True))
    engine.execute(Query(f"CREATE OR REPLACE TEMP TABLE again ({keys}, further BIGINT)", step=_step(entity)))
    statuses = evidence.harms[""].statuses
    whole = _alike_but_own_id(entity)
    if statuses.get("missing") or (entity.aggregate and statuses.get("changed")):
        yield from _rolled_back(engine, entity, scope=scope)
    if statuses.get("duplicate") and whole:
        yield from _twice_by_key(engine, entity, whole=whole, scope=scope)
    if statuses.get("extra") and telling(entity):
        yield from _under_another_id(engine, entity, scope=scope)
    engine.execute(Query("DROP TABLE again", step=_step(entity)))


def _rolled_back(engine: Engine, entity: Entity, *, scope: Scope | None) -> Iterator[Cause]:
    names = ", ".join(key_names(entity))
    gone = "status = 'missing'"
    if entity.money and entity.money.amount in entity.aggregate:  # who had points before keeps the row, and what was moved into it is gone
        gone += " OR (status = 'changed' AND coalesce(amount_target, 0) = 0 AND amount_source <> 0)"
    engine.execute(Query(f"INSERT INTO again SELECT {names}, 1 FROM {tables(entity).rows} WHERE {gone}", step=_step(entity)))
    held = " that held anything" if entity.aggregate else ""
    batches = _whole_batches(engine, entity, scope=scope)
    if batches:
        listed = ", ".join(key_names(entity))
        of_batches = f'SELECT {listed} FROM ({_by_batch(entity, scope)}) WHERE "dq.batch" IN ({", ".join(str(batch) for batch, _ in batches)})'
        account_for(engine, entity, f"SELECT {listed} FROM again SEMI JOIN ({of_batches}) USING ({listed})")
    for batch, rows in batches:
        yield _cause(entity, "rolled back", f"all {rows:,} rows of batch {batch}{held} are missing: rolled back, or never moved", rows=rows, check="rows")
    engine.execute(Query("DELETE FROM again", step=_step(entity)))


def _twice_by_key(engine: Engine, entity: Entity, *, whole: str, scope: Scope | None) -> Iterator[Cause]:
    """Yield rows that stand again under the same key: one in the source, several in the target, all of them like it."""
    names = [quote(name) for name in entity.key]
    listed = ", ".join(f"{key} AS {name}" for key, name in zip(key_names(entity), names, strict=True))
    repeated = f"SELECT DISTINCT {listed} FROM {tables(entity).rows} WHERE status = 'duplicate'"
    on = " AND ".join(f"s.{name} = t.{name}" for name in names)
    sql = f"""
        INSERT INTO again
        SELECT {", ".join(f"s.{name}" for name in names)}, count(*) - 1
        FROM (SELECT r.*, count(*) OVER (PARTITION BY {", ".join(f"r.{name}" for name in names)}) AS "dq.times"
              FROM {path("source", entity.name)} AS r SEMI JOIN ({repeated}) AS d USING ({", ".join(names)})) AS s
        JOIN (SELECT r.* FROM {path("target", entity.name)} AS r SEMI JOIN ({repeated}) AS d USING ({", ".join(names)})) AS t ON {on}
        WHERE s."dq.times" = 1
        GROUP BY {", ".join(f"s.{name}" for name in names)} HAVING count(*) > 1 AND bool_and({whole})"""
    engine.execute(Query(sql, step=_step(entity)))
    account_for(engine, entity, f"SELECT {', '.join(key_names(entity))} FROM again")
    yield from _twice(engine, entity, "again under the same key", scope=scope, check="keys")


def _under_another_id(engine: Engine, entity: Entity, *, scope: Scope | None) -> Iterator[Cause]:
    """Yield rows that are in the target only and are a row of the source but for their ids, be that one there as well or not."""
    names = [quote(name) for name in entity.key]
    on = {alias: " AND ".join(f"e.{key} = {alias}.{name}" for key, name in zip(key_names(entity), names, strict=True)) for alias in ("r", "s")}
    rows = tables(entity).rows
    sql = f"""
        CREATE OR REPLACE TEMP TABLE elsewhere AS
        SELECT {", ".join(f"s.{name} AS {key}" for key, name in zip(key_names(entity), names, strict=True))}, x.place,
               {", ".join(f"x.{name} AS t{key}" for key, name in zip(key_names(entity), names, strict=True))},
               NOT EXISTS (SELECT 1 FROM {rows} AS e WHERE e.status = 'missing' AND {on["s"]}) AS there
        FROM (SELECT r.*, row_number() OVER () AS place FROM {path("target", entity.name)} AS r SEMI JOIN {rows} AS e ON e.status = 'extra' AND {on["r"]}) AS x
        JOIN {path("source", entity.name)} AS s ON {alike(entity, "s", "x")}"""
    engine.execute(Query(sql, step=_step(entity)))
    keys = ", ".join(key_names(entity))
    # of several alike it is the first by key; one that is missing came under another id, and did not come twice
    theirs = ", ".join(f"t{key}" for key in key_names(entity))
    first = f"SELECT {keys}, {theirs}, place, there FROM elsewhere QUALIFY row_number() OVER (PARTITION BY place ORDER BY there, {keys}) = 1"
    engine.execute(Query(f"INSERT INTO again SELECT {keys}, count(*) FROM ({first}) WHERE there GROUP BY {keys}", step=_step(entity)))
    account_for(engine, entity, f"SELECT {theirs} FROM ({first})")
    account_for(engine, entity, f"SELECT {keys} FROM ({first}) WHERE NOT there")
    yield from _twice(engine, entity, "again under another id", scope=scope, check="rows")
    (moved,) = engine.one(Query(f"SELECT count(*) FROM ({first}) WHERE NOT there", step=_step(entity)))
    if moved:
        sentence = f"{counted(moved, 'row')} {'is' if moved == 1 else 'are'} missing and {'stands' if moved == 1 else 'stand'} under another id"
        yield _cause(entity, "another id", sentence, rows=int(moved), check="rows")
    engine.execute(Query("DROP TABLE elsewhere", step=_step(entity)))


def _twice(engine: Engine, entity: Entity, how: str, *, scope: Scope | None, check: str) -> Iterator[Cause]:
    """Yield what `again` holds, as one cause; it is emptied."""
    (rows,) = engine.one(Query("SELECT coalesce(sum(further), 0) FROM again", step=_step(entity)))
    if rows:
        batches = [f"all {number:,} rows of batch {batch}" for batch, number in _whole_batches(engine, entity, scope=scope)]
        sentence = f"{counted(int(rows), 'row')} {'was' if rows == 1 else 'were'} moved twice: {', '.join((*batches, how))}"
        yield _cause(entity, "moved twice", sentence, rows=int(rows), check=check)
    engine.execute(Query("DELETE FROM again", step=_step(entity)))


def _whole_batches(engine: Engine, entity: Entity, *, scope: Scope | None) -> list[tuple[int, int]]:
    """Return the compared batches of which every row's key stands in `again`, with their rows; of sums, the persons of that batch alone who have any."""
    if scope is None or not scope.batched or entity.owner is None:
        return []
    sql = f"""
        SELECT r."dq.batch", count(*) FROM ({_by_batch(entity, scope)}) AS r
        LEFT JOIN (SELECT *, true AS there FROM again) AS g USING ({", ".join(key_names(entity))})
        WHERE r."dq.batch" IN (SELECT unnest($1)) GROUP BY 1 HAVING bool_and(g.there IS TRUE) AND count(*) >= {_FEW} ORDER BY 1"""
    return [(int(batch), int(number)) for batch, number in engine.execute(Query(sql, (list(scope.batches),), _step(entity)))]


def _by_batch(entity: Entity, scope: Scope | None) -> str:
    """Return the keys of the rows compared with their batch; of sums, of the persons of one batch alone who have any."""
    assert scope is not None  # noqa: S101 - see `_whole_batches`
    joins, where = scope_of(entity, accounts=scope.accounts, absorbed=scope.absorbed)
    keys = ", ".join(f"{mapped(column)} AS {name}" for name, column in zip(key_names(entity), entity.keys, strict=True))
    amounts = "".join(f", r.{quote(name)} AS {quote(name)}" for name in entity.aggregate)
    known = [f"{mapped(column)} IS NOT NULL" for column in entity.keys]
    rows = f"""
        SELECT {keys}, a.batch AS "dq.batch"{amounts} FROM {path("own_source", entity.name)} AS r {" ".join((*maps(entity), *joins))}
        WHERE {" AND ".join((*where, *known))}"""
    if entity.aggregate:
        held = " OR ".join(f"sum({quote(name)}) <> 0" for name in entity.aggregate)
        listed = ", ".join(key_names(entity))
        rows = f"""
            SELECT {listed}, min("dq.batch") AS "dq.batch" FROM ({rows}) GROUP BY {listed}
            HAVING min("dq.batch") = max("dq.batch") AND count("dq.batch") = count(*) AND ({held})"""
    return rows


def _alike_but_own_id(entity: Entity) -> str:
    """Return the claim that rows `s` and `t` of one key are the same; the id of its own that the second has is another, of course."""
    apart = [*identifying(entity)]
    columns: list[Column] = [column for column in entity.compared if column not in apart and not column.rules and column.type.name != "JSON"]
    return " AND ".join(f"s.{quote(column.name)} IS NOT DISTINCT FROM t.{quote(column.name)}" for column in columns)


def _cause(entity: Entity, kind: str, sentence: str, *, rows: int, check: str) -> Cause:
    return Cause(entity=entity.name, kind=kind, sentence=sentence, checks=(f"{entity.name}.{check}",), rows=rows, people=None)


def _step(entity: Entity) -> str:
    return f"{entity.name}: causes"
