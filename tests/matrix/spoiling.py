"""The one place that makes parts of a run lie, crash or stay away, as patches that hold while it is made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import dq.compare.localise
import dq.recording
from dq.sql import Query

Spoil = Callable[[], AbstractContextManager[Any]]


def crashing(place: str, *, when: Callable[..., bool]) -> Spoil:
    """Return what makes a function raise for some of its calls."""
    module, _, name = place.rpartition(".")
    real = getattr(__import__(module, fromlist=[name]), name)

    def call(*args: Any, **kwargs: Any) -> Any:
        if when(*args, **kwargs):
            message = "planted"
            raise RuntimeError(message)
        return real(*args, **kwargs)

    return lambda: patch(place, call)


def about(name: str) -> Callable[..., bool]:
    """Say that a call is about an entity: the first argument after the engine, itself or prepared."""
    return lambda _engine, it, *_args, **_kwargs: getattr(it, "entity", it).name == name


def blind(when: Callable[[Any, Any], bool], claim: str) -> Callable[..., str]:
    """Return what says of some columns that they always differ, or never do."""
    real = dq.compare.localise._broken
    return lambda column, entity: claim if when(column, entity) else real(column, entity)


def judged_without(check_id: str) -> Callable[..., Any]:
    """Return a judgement that leaves one check out."""
    real = dq.recording.judge_entity
    return lambda facts, **asked: tuple(check for check in real(facts, **asked) if check.id != check_id)


def judged_with(check_id: str, *, as_: str) -> Callable[..., Any]:
    """Return a judgement that says one check again, under an id."""
    real = dq.recording.judge_entity

    def call(facts: Any, **asked: Any) -> Any:
        judged = real(facts, **asked)
        return (*judged, *(check.model_copy(update={"id": as_}) for check in judged if check.id == check_id))

    return call


def losing_one(*, of: str) -> Callable[..., None]:
    """Return a comparison that forgets the first of an entity's rows that it found."""
    real = dq.compare.localise._join

    def call(engine: Any, entity: Any, **asked: Any) -> None:
        real(engine, entity, **asked)
        tables = asked["tables"]
        if entity.name == of:
            for table in (tables.cells, tables.rows):
                engine.execute(Query(f"DELETE FROM {table} WHERE k_0 = (SELECT min(k_0) FROM {tables.rows})"))

    return call
