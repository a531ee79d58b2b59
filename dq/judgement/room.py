"""The one place that judges `<entity>.room`: whether a batch that is to start finds no row of its ids and keys in the target."""

from __future__ import annotations

from dq.compare.evidence import Crash
from dq.compare.room import Room
from dq.contract.models import Entity
from dq.judgement.base import judged, not_proven
from dq.record import Check
from dq.words import counted


def judge_room(entity: Entity, found: Room | Crash, *, batch: int) -> Check:
    """Judge `<entity>.room`: a row whose id or key stands in the target breaks it; a batch without a row is NOT PROVEN where it may not be empty."""
    check_id = f"{entity.name}.room"
    if isinstance(found, Crash):
        return not_proven(check_id, entity=entity.name, kind="room", reason=found.reason)
    if not found.looked_at and entity.may_be_empty is None:
        return not_proven(check_id, entity=entity.name, kind="room", reason=f"batch {batch} has no row to move")
    taken = {"id taken": found.ids, "key taken": found.keys}
    said = [f"the {what} of {counted(count, 'row')}" for what, count in (("id", found.ids), ("key", found.keys)) if count]
    return judged(
        check_id,
        broken=found.broken,
        reason=None,
        entity=entity.name,
        kind="room",
        sentence=f"Batch {batch} has no room: the target has {' and '.join(said)} already."
        if said
        else f"Batch {batch} has room: no id and no key of it stands in the target ({counted(found.looked_at, 'row')}).",
        looked_at=found.looked_at,
        statuses={status: count for status, count in taken.items() if count},
    )
