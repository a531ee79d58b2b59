"""The one place that asks at a gate whether the target has room for the batch that is to start; of one that has moved nobody asks."""

from __future__ import annotations

from dq.asking import Question
from dq.compare.evidence import Crash
from dq.compare.room import Room, look_for_room, takes_room
from dq.contract.models import Entity
from dq.engine import Engine
from dq.ground import Attempt, Ground
from dq.judgement.room import judge_room
from dq.record import Check


def judge_rooms(engine: Engine, ground: Ground, question: Question, *, attempt: Attempt) -> tuple[Check, ...]:
    """Judge every `<entity>.room` of the batch that is to start."""
    batch = question.batch
    if batch is None:
        return ()
    entities = entities_with_room(question)
    return tuple(judge_room(entity, _room(engine, ground, entity, batch=batch, attempt=attempt), batch=batch) for entity in entities)


def entities_with_room(question: Question) -> tuple[Entity, ...]:
    """Return the entities that are asked about room: none where the batch has moved, so that its own rows stand there."""
    if question.command != "gate" or question.batch is None or question.batch in question.asked.moved:
        return ()
    return tuple(entity for entity in question.contract.entities if takes_room(entity))


def _room(engine: Engine, ground: Ground, entity: Entity, *, batch: int, attempt: Attempt) -> Room | Crash:
    reason = ground.unread(entity) or ground.blocks(entity) or (None if ground.scope.batched else "the crosswalk does not say who is of which batch")
    return Crash(reason) if reason else attempt(f"{entity.name}.room", look_for_room, engine, entity, batch=batch, scope=ground.scope)
