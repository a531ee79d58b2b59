"""The one place that makes parts of a run lie, crash or stay away, as patches that hold while it is made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Any
from unittest.mock import ANY, patch

import dq.compare.crosswalk
import dq.compare.invariants
import dq.compare.localise
import dq.compare.natives
import dq.publishing
import dq.recording
from dq.compare.exported import SIDE
from dq.compare.localise import Localised
from dq.compare.rows import make_tables
from dq.contract.models import Column
from dq.sql import Query, path, quote

SEED = "sabotage"
"""Chooses what spoilt runs plant."""

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


def finding_nothing_in_files() -> Callable[..., Localised]:
    """Return a comparison that finds nothing in what persons downloaded, whatever differs there."""
    real = dq.compare.localise.localise

    def call(engine: Any, entity: Any, **asked: Any) -> Localised:
        return Localised(make_tables(engine, entity), agrees=True) if entity.name.endswith(f".{SIDE}") else real(engine, entity, **asked)

    return call


def everything_planted(*, everywhere: bool = False, **spoilt: Any) -> Spoil:
    """Return what replaces functions, while every canary operator is used wherever it does something: one of them must notice.

    Args:
        everywhere: ask of every entity, too, what a run asks of one of them: as rows of the target's own, in persons' files, what is claimed.
        spoilt: place of a function, `__` for a dot, to what stands there instead.
    """

    def spoil() -> AbstractContextManager[Any]:
        stack = ExitStack()
        stack.enter_context(patch("dq.canaries.planting._EACH", 99))
        if everywhere:
            stack.enter_context(patch("dq.measuring.whose_natives", lambda *_: ANY))
            stack.enter_context(patch("dq.measuring.whose_export", lambda *_: ANY))
        for place, instead in spoilt.items():
            stack.enter_context(patch(f"dq.{place.replace('__', '.')}", instead))
        return stack

    return spoil


def seeded() -> AbstractContextManager[Any]:
    """Return what makes a run plant the same corruptions whatever its id: which of them a spoilt comparison misses depends on the rows they meet."""
    real = dq.publishing.ask

    def ask(*args: Any, **kwargs: Any) -> Any:
        question = real(*args, **kwargs)
        return replace(question, asked=replace(question.asked, seed=SEED))

    return patch("dq.publishing.ask", ask)


def comparing(folded: Callable[[Column, str], str | None]) -> Spoil:
    """Return a comparison that takes two values for the same where they are after some folding; None: as it is."""

    def differs(column: Column) -> str:
        source, target = (f"{side}.{quote(column.name)}" for side in "st")
        one, other = folded(column, source) or source, folded(column, target) or target
        return f"{one} IS DISTINCT FROM {other}"

    return everything_planted(compare__localise__differs=differs)


def is_text(column: Column) -> bool:
    """Say whether a column is text to the engine."""
    return column.type.sql == "VARCHAR"


def is_number(column: Column) -> bool:
    """Say whether a column can be added up."""
    return column.type.name in ("INTEGER", "BIGINT", "HUGEINT", "DECIMAL")


def xored(entity: Any) -> str:
    """Return a hash of a row that forgets which column a value stands in."""
    hashes = [f"hash({quote(column.name)})" for column in entity.columns]
    whole = hashes[0]
    for one in hashes[1:]:
        whole = f"xor({whole}, {one})"
    return whole


def wrapped_at_32_bits(column: Column) -> str:
    """Return what is added up of a column by one who has 32 bits."""
    return f"(CAST({quote(column.name)} AS DECIMAL(38,{column.type.scale})) % CAST({2**32} * 0.1 ** {column.type.scale} AS DECIMAL(38,{column.type.scale})))"


def forgetting(function: Callable[..., Any], *, table: Callable[..., str], where: str, when: Callable[..., bool] = lambda *_: True) -> Callable[..., Any]:
    """Return a look at an entity that forgets some of what it found, for some calls."""

    def call(engine: Any, entity: Any, *args: Any, **kwargs: Any) -> Any:
        found = function(engine, entity, *args, **kwargs)
        if entity.name.startswith("canary.") and entity.compared and when(*args):  # of a bare key nothing changes but the key, by the draw
            engine.execute(Query(f"DELETE FROM {path('evidence', f'{entity.name}.{table(*args)}')} WHERE {where}"))
        return found

    return call


NATIVES = forgetting(dq.compare.natives.check_natives, table=lambda *_: "natives", where="status = 'changed'")
LEDGER, HOLDS, UNIQUE = (
    forgetting(
        dq.compare.invariants.check_invariant,
        table=lambda claim: f"invariant.{claim.name}",
        where="in_target AND NOT in_source",
        when=lambda claim, form=form: getattr(claim, form) is not None,
    )
    for form in ("equals", "holds", "unique")
)
