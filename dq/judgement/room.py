"""The one place that judges `<entity>.room`: whether a batch that is to start finds no row of its ids and keys in the target, and columns that hold it."""

from __future__ import annotations

from dq.compare.evidence import Crash
from dq.compare.room import Room
from dq.contract.models import Entity
from dq.judgement.base import judged, not_proven
from dq.record import Check
from dq.words import counted, listed


def judge_room(entity: Entity, found: Room | Crash, *, batch: int) -> Check:
    """Judge `<entity>.room`: a row whose id or key stands in the target, or whose value fits no column, breaks it.

    A batch without a row is NOT PROVEN where it may not be empty.
    """
    check_id = f"{entity.name}.room"
    if isinstance(found, Crash):
        return not_proven(check_id, entity=entity.name, kind="room", reason=found.reason)
    if not found.looked_at and entity.may_be_empty is None:
        return not_proven(check_id, entity=entity.name, kind="room", reason=f"batch {batch} has no row to move")
    kinds = {"id taken": found.ids, "key taken": found.keys, "does not fit": found.unfit, "no id left": found.short}
    return judged(
        check_id,
        broken=found.broken,
        reason=None,
        entity=entity.name,
        kind="room",
        sentence=_sentence(found, batch=batch),
        looked_at=found.looked_at,
        statuses={status: count for status, count in kinds.items() if count},
        details=tuple(
            f"{column}: {counted(unfit.rows, 'row')} {'does' if unfit.rows == 1 else 'do'} not fit into {unfit.place}" for column, unfit in found.narrow.items()
        ),
    )


def _sentence(found: Room, *, batch: int) -> str:
    taken = [f"the {what} of {counted(count, 'row')}" for what, count in (("id", found.ids), ("key", found.keys)) if count]
    why = [f"the target has {' and '.join(taken)} already"] if taken else []
    if found.unfit:
        why.append(f"{counted(found.unfit, 'row')} of it {'does' if found.unfit == 1 else 'do'} not fit into the columns of {listed(list(found.narrow))}")
    if found.short:
        why.append(f"no id is left for {counted(found.short, 'row')}")
    if why:
        return f"Batch {batch} has no room: {'; '.join(why)}."
    fits = f", and its values fit into {counted(found.held, 'column')} with a limit" if found.held else ""
    return f"Batch {batch} has room: no id and no key of it stands in the target{fits} ({counted(found.looked_at, 'row')})."
