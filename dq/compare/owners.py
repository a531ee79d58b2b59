"""The one place that counts an entity's source rows by what the crosswalk says of their owner: one scan answers whoever asks.

Source: DECISIONS "Batches", "Crosswalk".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dq.contract.models import Entity
from dq.engine import Engine
from dq.sql import Query, path, quote


@dataclass(frozen=True, slots=True)
class OwnedRows:
    """Source rows whose owner is known, by their owner."""

    unplaced: int = 0  # of owners whom no batch lists, or lists without its number
    erased: int = 0  # of owners who were erased and are this run's
    of_batch: tuple[tuple[int, int], ...] = ()  # (batch, rows) of owners who were not erased; of several batches, the first


def count_owned(engine: Engine, entity: Entity) -> OwnedRows:
    """Count the source rows of an entity by their owner; nobody's rows are in none of the counts.

    Args:
        engine: the engine; scope.accounts and own_source.e stand.
        entity: an entity with an owner.
    """
    own, owner, step = path("own_source", entity.name), quote(str(entity.owner)), f"{entity.name}: rows by owner"
    # an inner join, for what it groups by has known bounds: twice as fast; who is not found is what is left of all
    sql = f"""
        SELECT a.batch, a.placed, a.erased, a.erased_ever, count(*)
        FROM {own} AS r JOIN scope.accounts AS a ON a.account_id = r.{owner}
        GROUP BY ALL"""
    found = engine.execute(Query(sql, step=step))
    (unplaced,) = engine.one(Query(f"SELECT count({owner}) FROM {own}", step=step))
    erased, of_batch = 0, Counter[int]()
    for batch, is_placed, is_erased, is_erased_ever, rows in found:
        unplaced -= rows if is_placed else 0
        erased += rows if is_erased else 0
        if batch is not None and not is_erased_ever:
            of_batch[batch] += rows
    return OwnedRows(int(unplaced), erased, tuple(sorted(of_batch.items())))
