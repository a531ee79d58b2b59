"""The one place that looks whether a batch has room in the target: whether its ids and keys stand there before it has come, and whether its values fit.

A key that the target's own row has had would afterwards stand there twice, and both rows would be told by their ids. So it is asked before. A value that is too
long or too large for its column would be cut, wrapped or refused on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dq.compare.narrow import Ids, Narrow
from dq.compare.scope import Scope
from dq.compare.sides import is_absorbed
from dq.compare.views import ID, snapshot
from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


@dataclass(frozen=True, slots=True)
class Unfit:
    """The rows of a batch whose value a column of the target cannot hold."""

    place: str  # the column and its type, as the target's store names it: `vouchers.title varchar(64)`
    rows: int


@dataclass(frozen=True, slots=True)
class Room:
    """The source rows of a batch, and those of them for which there is no room."""

    looked_at: int
    ids: int = 0  # the crosswalk maps it to an id that stands in the target
    keys: int = 0  # its key stands there, and not its id
    unfit: int = 0  # a value does not fit into its column
    twice: int = 0  # of these: the id or the key stands there as well
    short: int = 0  # so many new ids more than are left would be needed
    narrow: Mapping[str, Unfit] = field(default_factory=dict)  # by column; a row may be of several
    held: int = 0  # columns with a limit that the values were held against

    @property
    def broken(self) -> int:
        """All of them; a row that gets no id may be one of the others."""
        return min(self.looked_at, self.ids + self.keys + self.unfit - self.twice + self.short)


def takes_room(entity: Entity) -> bool:
    """Return whether a row of an entity comes with its owner's batch, under an id or a key that can be looked for before it has come."""
    return entity.owner is not None and entity.merge is not None and not entity.aggregate and (entity.own_id is not None or _has_plain_key(entity))


def look_for_room(engine: Engine, entity: Entity, *, batch: int, scope: Scope, narrow: Sequence[Narrow] = (), ids: Ids | None = None) -> Room:
    """Count the rows of a batch that has not moved, those whose id or key stands in the target, and those with a value that does not fit.

    A row that a declared merge absorbs has none of its own there.

    Args:
        engine: the engine; own_source.e and own_target.e stand, and scope.accounts.
        entity: an entity that takes room.
        batch: the batch that is to start.
        scope: the crosswalk, as far as it is known.
        narrow: the target's columns that cannot hold everything.
        ids: where new rows get their ids; None: there is no end of them.
    """
    own, there = entity.own_id, path("own_target", entity.name)
    is_mapped = own is not None and entity.name in scope.crosswalks
    joined = f"LEFT JOIN {path('maps', entity.name)} AS m ON m.source_id = r.{quote(own.name)}" if own is not None and is_mapped else ""
    kept = f"AND NOT {is_absorbed(own)}" if own is not None and own.through in scope.absorbed else ""
    keys = ", ".join(f"r.{quote(name)}" for name in entity.key)
    same = " AND ".join(f"t.{quote(name)} = c.{quote(name)}" for name in entity.key) if _has_plain_key(entity) else "false"
    narrow = [*narrow, *([Narrow(own.name, ids.place, f"coalesce(m.target_id > {ids.high}, false)")] if own is not None and is_mapped and ids else [])]
    claims = "".join(f', bool_or({item.claim}) AS "dq.unfit {number}"' for number, item in enumerate(narrow))
    unfit = [f'l."dq.unfit {number}"' for number in range(len(narrow))]
    any_ = " OR ".join(unfit) or "false"
    sql = f"""
        WITH coming AS (
            SELECT {keys}, {"m.target_id" if is_mapped else "NULL"} AS "dq.coming"{claims}
            FROM {path("own_source", entity.name)} AS r
            JOIN scope.accounts AS a ON a.account_id = r.{quote(str(entity.owner))} AND a.batch = $1 AND NOT a.erased_ever
            {joined}
            WHERE true {kept}
            GROUP BY ALL),
        looked AS (
            SELECT c.*, {f'EXISTS (SELECT 1 FROM {there} AS t WHERE t.{quote(ID)} = c."dq.coming")' if is_mapped else "false"} AS "dq.id_taken",
                   {f"EXISTS (SELECT 1 FROM {there} AS t WHERE {same})" if _has_plain_key(entity) else "false"} AS "dq.key_taken"
            FROM coming AS c)
        SELECT count(*), count(*) FILTER (l."dq.id_taken"), count(*) FILTER (l."dq.key_taken" AND NOT l."dq.id_taken"),
               count(*) FILTER ({any_}), count(*) FILTER (({any_}) AND (l."dq.id_taken" OR l."dq.key_taken")),
               count(*) FILTER (l."dq.coming" IS NULL){"".join(f", count(*) FILTER ({claim})" for claim in unfit)}
        FROM looked AS l"""
    looked_at, taken, had, unfitting, twice, new, *each = map(int, engine.one(Query(sql, (batch,), f"{entity.name}.room")))
    return Room(
        looked_at,
        taken,
        had,
        unfitting,
        twice,
        short=_short(engine, entity, ids, new=new) if ids is not None and new else 0,
        narrow={item.column: Unfit(item.place, rows) for item, rows in zip(narrow, each, strict=True) if rows},
        held=len(narrow),
    )


def _short(engine: Engine, entity: Entity, ids: Ids, *, new: int) -> int:
    """Return how many ids more than are left after the highest one so many new rows would need."""
    there = path(snapshot("target"), "main", ids.table)
    (highest,) = engine.one(Query(f"SELECT coalesce(max({quote(ids.column)}), 0) FROM {there}", step=f"{entity.name}.room: ids"))
    return max(0, new - max(0, ids.high - int(highest)))


def _has_plain_key(entity: Entity) -> bool:
    """Whether a row's key is the same on both sides, whatever the crosswalk says."""
    return all(column.through is None for column in entity.keys)
