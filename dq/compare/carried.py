"""The one place for what a batch's rows in the target are, as one digest an entity, so that a later gate sees by one scan that they still are.

The rows are those that the batch's accounts brought; where the target has none of its own (no [merge]), those of the persons who these became. A row that
changed since and says so (`since`) counts as what it was when it was moved, which the source still has. Totals of persons have no digest: they change with
every entry, and with every batch that a merged person is of.
Source: DECISIONS "Signed digests"; `dq.stores.digest` says how rows are written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from dq.compare.scope import Scope
from dq.compare.sides import source_view
from dq.compare.signed import Carried, Digest
from dq.compare.since import since_table
from dq.compare.views import ID
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote
from dq.stores.digest import part_digests, row_digest

Digests = Mapping[int | None, Mapping[str, Digest]]
"""Batch to entity to the digest of its rows; None stands for rows of no account."""


def carry(engine: Engine, entities: Iterable[Entity], *, scope: Scope, since: Collection[str] = ()) -> Digests:
    """Return the digests of what stands in the target.

    Args:
        engine: the engine; the own views and claims of the entities stand.
        entities: those that were compared.
        scope: what the run looks at.
        since: the entities of which rows changed since they were signed: claims."<e>.since" stand.
    """
    found: dict[int | None, dict[str, Digest]] = {}
    for entity in entities:
        if not entity.aggregate:
            for batch, digest in _digests(engine, entity, scope=scope, since=entity.name in since).items():
                found.setdefault(batch, {})[entity.name] = digest
    return found


def carried_by(batch: int, found: Digests) -> Carried:
    """Return what is to be signed of a batch."""
    return Carried(found.get(batch, {}), found.get(None, {}))


def _digests(engine: Engine, entity: Entity, *, scope: Scope, since: bool) -> dict[int | None, Digest]:
    step = f"{entity.name}: carried"
    types = {column.name: column.type.sql for column in entity.columns}
    there = _claimed(entity, scope=scope, since=since) if entity.merge is not None else _unclaimed(entity, scope=scope)
    sql = f'CREATE OR REPLACE TEMP TABLE carried AS SELECT "dq.batch" AS batch, {row_digest(types)} AS h FROM ({there})'
    engine.execute(Query(sql, step=step))
    counts = engine.execute(Query("SELECT batch, count(*) FROM carried GROUP BY batch ORDER BY batch NULLS FIRST", step=step))
    rows = [int(number) for _, number in counts]
    digests = part_digests(engine, "SELECT h FROM carried ORDER BY batch NULLS FIRST, h", name=entity.name, types=types, rows=rows)
    engine.execute(Query("DROP TABLE carried", step=step))
    return {batch: Digest(number, digest) for (batch, _), number, digest in zip(counts, rows, digests, strict=True)}


def _claimed(entity: Entity, *, scope: Scope, since: bool) -> str:
    """Return the rows that source rows brought, with their batch, of an entity whose target has rows of its own."""
    same = " AND ".join(f"k.{quote(name)} = e.{quote(name)}" for name in entity.key)
    columns = ", ".join(f"e.{quote(column.name)}" for column in entity.columns)
    there = f"""
        SELECT c.batch AS "dq.batch", {columns} FROM {path("own_target", entity.name)} AS e
        JOIN {path("claims", entity.name)} AS c ON c.id = e.{quote(ID)} AND c.brought"""
    if since:
        table = since_table(entity)
        moved = source_view(entity, accounts=scope.accounts, absorbed=scope.absorbed)
        there += f"""
        WHERE NOT EXISTS (SELECT 1 FROM {table} AS k WHERE {same})
        UNION ALL SELECT k.batch, {columns} FROM ({moved}) AS e JOIN {table} AS k ON {same}"""
    return there


def _unclaimed(entity: Entity, *, scope: Scope) -> str:
    """Return all rows of the target, with the batch of whose they are: an entity without [merge] has none of the target's own."""
    columns = ", ".join(f"e.{quote(column.name)}" for column in entity.columns)
    rows = f"{path('target', entity.name)} AS e"
    crosswalk = entity.column(entity.owner).through if entity.owner is not None else None
    if not scope.batched or entity.owner is None or crosswalk is None:
        return f'SELECT CAST(NULL AS BIGINT) AS "dq.batch", {columns} FROM {rows}'
    owners = f"""
        SELECT m.target_id, min(a.batch) AS batch FROM {path("maps", crosswalk)} AS m JOIN scope.accounts AS a ON a.account_id = m.source_id
        WHERE a.in_scope GROUP BY m.target_id"""
    return f'SELECT o.batch AS "dq.batch", {columns} FROM {rows} LEFT JOIN ({owners}) AS o ON o.target_id = e.{quote(entity.owner)}'
