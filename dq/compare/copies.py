"""The one place that says when two rows are one row twice: everything that a person would know it by is the same, whatever its ids.

A row that is moved again under another id and key looks like the target's own new row. What gives it away is that it is the same person's, of the
same moment, or with what may stand once (an IMEI), and the same in every other respect.
"""

from __future__ import annotations

from dq.compare.sides import identifying, is_mapped, mapped, maps, target_ids
from dq.compare.views import ID
from dq.compare.withdrawn import has_withdrawn, withdrawn_rows
from dq.contract.models import Column, Entity
from dq.engine import Engine
from dq.sql import Query, path, quote

_THEIRS = quote("dq.theirs")  # of a fresh row: it is somebody's whom the crosswalk knows


def telling(entity: Entity) -> tuple[Column, ...]:
    """Return the columns that tell a row but for its ids; none where they do not suffice: it takes an owner and a mark, see `_marks`.

    What the migration may change by a declared rule, and JSON, which is equal by meaning, tell nothing. A row whose key says whose it is cannot be
    theirs again under another key.
    """
    is_owners = entity.owner in entity.key and (entity.own_id is None or entity.own_id.name != entity.owner)
    tells = entity.owner is not None and not is_owners and not entity.aggregate and bool(_marks(entity))
    return _further(entity) if tells else ()


def _further(entity: Entity) -> tuple[Column, ...]:
    """Return the columns beside the ids whose values must be the same."""
    own = identifying(entity)
    return tuple(column for column in entity.columns if column not in own and not column.rules and column.type.name != "JSON")


def _marks(entity: Entity) -> tuple[tuple[str, ...], ...]:
    """Return what no two rows of a person have alike, by columns: an instant, and what a claim says stands once."""
    columns = {column.name: column for column in _further(entity)}
    once = (tuple(claim.unique) for claim in entity.invariant if claim.unique is not None and columns.keys() >= set(claim.unique))
    return (*((name,) for name, column in columns.items() if column.type.name == "INSTANT"), *once)


def alike(entity: Entity, one: str, other: str) -> str:
    """Return the claim that two rows, by their aliases, are the same but for their ids."""
    columns = telling(entity)
    same = [f"{one}.{quote(column.name)} IS NOT DISTINCT FROM {other}.{quote(column.name)}" for column in columns]
    return " AND ".join((*same, _marked(entity, one)))


def take_out_copies(engine: Engine, entity: Entity, *, placed: bool) -> None:
    """Say of the rows in `unclaimed` (id, origin) that look new but are a row of the source again that they are extra.

    Args:
        engine: the engine; own_source.e and own_target.e stand.
        entity: the entity.
        placed: scope.accounts says who was erased, and who is yet to move.
    """
    if not telling(entity):
        return
    step = f"{entity.name}: moved twice"
    columns = ", ".join(f"r.{quote(column.name)}" for column in telling(entity))
    owner = entity.column(str(entity.owner))
    theirs = f"r.{quote(owner.name)} IN ({target_ids(owner.through)})" if owner.through and owner in telling(entity) else "true"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE fresh AS
        SELECT r.{quote(ID)} AS id, {columns}, {theirs} AS {_THEIRS} FROM {path("own_target", entity.name)} AS r
        WHERE r.{quote(ID)} IN (SELECT id FROM unclaimed WHERE origin = 'new') AND {_marked(entity, "r")}"""
    engine.execute(Query(sql, step=step))
    fresh, moved = engine.one(Query(f"SELECT count(*), count(*) FILTER ({_THEIRS}) FROM fresh", step=step))
    if moved:  # else the source need not be read again
        columns = ", ".join(f"{mapped(column)} AS {quote(column.name)}" for column in telling(entity))
        known = [is_mapped(column) for column in identifying(entity) if column.through]  # of the others the crosswalk's check tells, and nobody again
        rows = f"SELECT {columns} FROM {path('own_source', entity.name)} AS r {' '.join(maps(entity))} WHERE {' AND '.join(known) or 'true'}"
        _take_out(engine, f"SELECT f.id FROM fresh AS f SEMI JOIN ({rows}) AS s ON f.{_THEIRS} AND {alike(entity, 'f', 's')}", step=step)
    if fresh and has_withdrawn(entity):
        _take_out(engine, _alike_unmapped(entity, withdrawn_rows(entity)), step=step)
    if fresh and placed:
        not_moved = f"JOIN scope.accounts AS a ON a.account_id = r.{quote(owner.name)} AND (a.erased_ever OR (a.placed AND NOT a.moved))"
        _take_out(engine, _alike_unmapped(entity, path("own_source", entity.name), not_moved), step=step)
    engine.execute(Query("DROP TABLE fresh", step=step))


def _take_out(engine: Engine, ids: str, *, step: str) -> None:
    engine.execute(Query(f"UPDATE unclaimed SET origin = 'extra' WHERE id IN ({ids})", step=step))


def _alike_unmapped(entity: Entity, rows: str, joins: str = "") -> str:
    """Return the ids of fresh rows that are the same as rows of the source that are not to be moved.

    Nothing has to map their ids, and one that nothing maps tells nothing. What is equal comes first and alone, and only rows for which it is: a join
    that also says `OR` holds each row against each (a million accounts: 15 seconds an entity).
    """
    columns = [f"{mapped(column)} AS {quote(column.name)}" for column in telling(entity)]
    columns += [f"{is_mapped(column)} OR r.{quote(column.name)} IS NULL AS {_known(column)}" for column in telling(entity) if column.through]
    plain = [f"g.{quote(column.name)} IS NOT DISTINCT FROM r.{quote(column.name)}" for column in telling(entity) if not column.through]
    some = f"SELECT r.* FROM {rows} AS r SEMI JOIN fresh AS g ON {' AND '.join(plain)}" if plain else f"FROM {rows}"
    equal = [(column, f"f.{quote(column.name)} IS NOT DISTINCT FROM s.{quote(column.name)}") for column in telling(entity)]
    ids = [f"(NOT s.{_known(column)} OR {same})" for column, same in equal if column.through]
    return f"""
        SELECT f.id FROM fresh AS f
        JOIN (SELECT DISTINCT {", ".join(columns)} FROM ({some}) AS r {joins} {" ".join(maps(entity, only=telling(entity)))}) AS s
        ON {" AND ".join(same for column, same in equal if not column.through)}
        WHERE {" AND ".join((*ids, _marked(entity, "f")))}"""


def _known(column: Column) -> str:
    return quote(f"dq.known.{column.name}")


def _marked(entity: Entity, alias: str) -> str:
    """Return the claim that a row has a mark."""
    whole = (" AND ".join(f"{alias}.{quote(name)} IS NOT NULL" for name in names) for names in _marks(entity))
    return f"({' OR '.join(whole)})"
