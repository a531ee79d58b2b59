"""The one place that looks whether a batch has room in the target: whether its ids and its keys stand there before it has come.

A key that the target's own row has had would afterwards stand there twice, and both rows would be told by their ids. So it is asked before.
"""

from __future__ import annotations

from dataclasses import dataclass

from dq.compare.scope import Scope
from dq.compare.sides import is_absorbed
from dq.compare.views import ID
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


@dataclass(frozen=True, slots=True)
class Room:
    """The source rows of a batch, and those of them for which there is no room."""

    looked_at: int
    ids: int = 0  # the crosswalk maps it to an id that stands in the target
    keys: int = 0  # its key stands there, and not its id

    @property
    def broken(self) -> int:
        """All of them."""
        return self.ids + self.keys


def takes_room(entity: Entity) -> bool:
    """Return whether a row of an entity comes with its owner's batch, under an id or a key that can be looked for before it has come."""
    return entity.owner is not None and entity.merge is not None and not entity.aggregate and (entity.own_id is not None or _has_plain_key(entity))


def look_for_room(engine: Engine, entity: Entity, *, batch: int, scope: Scope) -> Room:
    """Count the rows of a batch that has not moved, and those whose id or key stands in the target.

    A row that a declared merge absorbs has none of its own there.

    Args:
        engine: the engine; own_source.e and own_target.e stand, and scope.accounts.
        entity: an entity that takes room.
        batch: the batch that is to start.
        scope: the crosswalk, as far as it is known.
    """
    own, there = entity.own_id, path("own_target", entity.name)
    is_mapped = own is not None and entity.name in scope.crosswalks
    joined = f"LEFT JOIN {path('maps', entity.name)} AS m ON m.source_id = r.{quote(own.name)}" if own is not None and is_mapped else ""
    kept = f"AND NOT {is_absorbed(own)}" if own is not None and own.through in scope.absorbed else ""
    keys = ", ".join(f"r.{quote(name)}" for name in entity.key)
    same = " AND ".join(f"t.{quote(name)} = c.{quote(name)}" for name in entity.key) if _has_plain_key(entity) else "false"
    sql = f"""
        WITH coming AS (
            SELECT DISTINCT {keys}, {"m.target_id" if is_mapped else "NULL"} AS "dq.coming"
            FROM {path("own_source", entity.name)} AS r
            JOIN scope.accounts AS a ON a.account_id = r.{quote(str(entity.owner))} AND a.batch = $1 AND NOT a.erased_ever
            {joined}
            WHERE true {kept}),
        looked AS (
            SELECT {f'EXISTS (SELECT 1 FROM {there} AS t WHERE t.{quote(ID)} = c."dq.coming")' if is_mapped else "false"} AS id_taken,
                   {f"EXISTS (SELECT 1 FROM {there} AS t WHERE {same})" if _has_plain_key(entity) else "false"} AS key_taken
            FROM coming AS c)
        SELECT count(*), count(*) FILTER (id_taken), count(*) FILTER (key_taken AND NOT id_taken) FROM looked"""
    looked_at, ids, taken = engine.one(Query(sql, (batch,), f"{entity.name}.room"))
    return Room(int(looked_at), int(ids), int(taken))


def _has_plain_key(entity: Entity) -> bool:
    """Whether a row's key is the same on both sides, whatever the crosswalk says."""
    return all(column.through is None for column in entity.keys)
