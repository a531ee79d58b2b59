"""The one place that asks at a gate whether the target has room for the batch that is to start; of one that has moved nobody asks."""

from __future__ import annotations

from dq.asking import Question
from dq.compare.evidence import Crash
from dq.compare.narrow import ids_of, narrow_columns
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
    return tuple(judge_room(entity, _room(engine, ground, question, entity, attempt=attempt), batch=batch) for entity in entities)


def entities_with_room(question: Question) -> tuple[Entity, ...]:
    """Return the entities that are asked about room: none where the batch has moved, so that its own rows stand there."""
    if question.command != "gate" or question.batch is None or question.batch in question.asked.moved:
        return ()
    return tuple(entity for entity in question.contract.entities if takes_room(entity))


def _room(engine: Engine, ground: Ground, question: Question, entity: Entity, *, attempt: Attempt) -> Room | Crash:
    reason = ground.unread(entity) or ground.blocks(entity) or (None if ground.scope.batched else "the crosswalk does not say who is of which batch")
    return Crash(reason) if reason else attempt(f"{entity.name}.room", _looked, engine, ground, question, entity)


def _looked(engine: Engine, ground: Ground, question: Question, entity: Entity) -> Room:
    """Look for room for the rows of an entity: whether they stand there already, and whether the target's columns can hold them."""
    target, batch = question.manifests["target"], question.batch
    units = question.contract.migration.minor_units
    narrow = narrow_columns(entity, ground.selects[entity.name]["target"], target, minor_units=units)
    return look_for_room(engine, entity, batch=batch or 0, scope=ground.scope, narrow=narrow, ids=ids_of(entity, target))
