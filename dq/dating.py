"""The one place that asks what time makes of a run: the freeze, the deadline, how far the migration is, a baseline that is too late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dq.asking import Question
from dq.attempts import Attempts
from dq.compare.crosswalk import count_moved_before
from dq.compare.owners import OwnedRows
from dq.countdown import is_proven, make_calendar
from dq.engine import Engine
from dq.ground import Ground
from dq.judgement.calendar import judge_deadline, judge_freeze
from dq.measuring import measure_freeze, measure_progress
from dq.record import Calendar, Check
from dq.recording import complete
from dq.words import counted, listed


def dated(
    engine: Engine, ground: Ground, question: Question, *, checks: Sequence[Check], compared: Mapping[str, OwnedRows], attempt: Attempts
) -> tuple[list[Check], Calendar | None]:
    """Return all checks in the order declared, the deadline's with them, and how far the migration is."""
    migration, asked = question.contract.migration, question.asked
    progress = attempt("calendar.progress", measure_progress, engine, ground, asked=asked, as_of=question.as_of, compared=compared)
    so_far = complete(checks, question)
    calendar = make_calendar(migration, progress, as_of=question.as_of, compared=asked.batches, moved=asked.moved, checks=so_far)
    if migration.deadline is not None:
        deadline = judge_deadline(migration, calendar, progress=progress, as_of=question.as_of, is_proven=is_proven(so_far))
        so_far = complete([*checks, deadline], question)
    return [*so_far], calendar


def judge_freezes(engine: Engine, ground: Ground, question: Question, *, attempt: Attempts) -> tuple[Check, ...]:
    """Judge every `<entity>.freeze` where nothing is compared."""
    found = ((entity, measure_freeze(engine, ground, entity, asked=question.asked, attempt=attempt)) for entity in question.contract.entities if entity.created)
    return tuple(judge_freeze(entity, late, migration=question.contract.migration, seen={}) for entity, late in found)


def why_too_late(engine: Engine, ground: Ground) -> str | None:
    """Return why the baseline is no state of before the first batch, or None."""
    readable = [entity for entity in ground.contract.entities if ground.unread(entity) is None]
    found = {entity.name: count_moved_before(engine, entity=entity, scope=ground.scope) for entity in readable}
    rows = sum(found.values())
    names = listed([name for name, count in found.items() if count]) if rows else ""
    return f"{counted(rows, 'row')} that moved {'stands' if rows == 1 else 'stand'} in it ({names}): it was taken after the first batch" if rows else None
