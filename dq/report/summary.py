"""The one place for the first screen: what was moved, what is proven and what is not, what was not looked at, what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from dq.record import EntityResult, Outcome, Record
from dq.report.blocks import count, counted, moneys
from dq.report.language import say
from dq.report.outline import Outline, PromiseGroup, Shown
from dq.report.retelling import retold
from dq.report.visible import clip
from dq.report.waivers import roles

_NAME: Final = 60  # characters of an entity
_TEXT: Final = 220  # of a sentence
_NAMED: Final = 8  # entities in a line
_LINES: Final = 7  # promises that are broken
_UNCHECKED: Final = 4
MEANINGS: Final = (
    (Outcome.PASSED, "It was looked at in full, and holds."),
    (Outcome.WAIVED, "It is broken, and somebody has answered for it."),
    (Outcome.FAILED, "It is broken: rows are not as promised."),
    (Outcome.NOT_PROVEN, "Nobody knows: what was needed to look at it is missing or does not hold."),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One promise that is not kept or not proven: whose rows, how much of it, and its section on the page where there is one."""

    names: str
    said: str
    section: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in a few lines for somebody who reads no further."""

    moved: tuple[str, ...]
    proven: tuple[str, ...]
    broken: Shown[Line]
    waived: Shown[Line]
    unproven: Shown[Line]
    people: str  # how many are concerned, as far as the record says it
    unchecked: Shown[str]
    steps: tuple[str, ...]


def summary(record: Record, shown: Outline) -> Summary:
    """Return the first screen of a record."""
    groups = shown.promises
    return Summary(
        moved=tuple(_moved(record)),
        proven=tuple(_proven(record, groups)),
        broken=Shown.of(tuple(_lines(groups, Outcome.FAILED)), limit=_LINES),
        waived=Shown.of(tuple(_lines(groups, Outcome.WAIVED)), limit=_LINES),
        unproven=Shown.of((*_lines(groups, Outcome.NOT_PROVEN), *_of_all(record)), limit=_LINES),
        people=_people(record.entities),
        unchecked=Shown.of(record.not_checked, limit=_UNCHECKED).map(lambda line: clip(retold(line), _TEXT)),
        steps=tuple(_steps(record)),
    )


def _moved(record: Record) -> Iterator[str]:
    calendar = record.calendar
    if calendar is not None and calendar.accounts_moved is not None and calendar.accounts_left is not None:
        moved, left = counted(calendar.accounts_moved, "account"), count(calendar.accounts_left)
        yield say("{moved} moved so far, {left} are left.", moved=moved, left=left)
    compared = [entity for entity in record.entities if entity.compared]
    if compared:
        rows = counted(sum(entity.compared for entity in compared), "row")
        entities = counted(len(compared), "entity", "entities")
        yield say("This run compared {rows} in {entities}, on both sides, in every column of the contract.", rows=rows, entities=entities)
    elif record.command == "gate":
        yield say("Nothing has moved yet: only the source was looked at.")
    else:
        yield say("No row was compared.")


def _proven(record: Record, groups: Iterable[PromiseGroup]) -> Iterator[str]:
    groups = tuple(groups)
    if not groups:
        passed = sum(check.outcome is Outcome.PASSED for check in record.checks)
        yield say("{n} of {all} hold.", n=count(passed), all=counted(len(record.checks), "check"))
        return
    kept = [group for group in groups if all(promise.entity.outcome is Outcome.PASSED for promise in group.promises)]
    yield say("{n} of {all} are kept.", n=count(len(kept)), all=counted(len(groups), "promise"))
    if kept:
        yield _names(promise.entity for group in kept for promise in group.promises)


def _lines(groups: Iterable[PromiseGroup], outcome: Outcome) -> Iterator[Line]:
    for group in groups:
        found = [promise for promise in group.promises if promise.entity.outcome is outcome]
        if found:
            rows = sum(promise.entity.changed + promise.entity.missing + promise.entity.extra + promise.entity.duplicate for promise in found)
            people = max((promise.entity.people or 0 for promise in found), default=0)
            stakes = [(promise.entity, text) for promise in found for text in moneys(promise.entity.money)]
            parts = [counted(rows, "row")] if rows else []
            parts += [counted(people, "person", "people")] if people else []
            parts += [text if len(found) == 1 else say("{money} of {entity}", money=text, entity=clip(entity.entity, _NAME)) for entity, text in stakes[:1]]
            told = ", ".join(parts) or ("" if outcome is Outcome.NOT_PROVEN else say("other claims about it"))
            sections = [promise.number for promise in found if promise.has_section]
            yield Line(_names(promise.entity for promise in found), told, sections[0] if sections else None)


def _of_all(record: Record) -> Iterator[Line]:
    unproven = [check for check in record.checks if check.outcome is Outcome.NOT_PROVEN and check.entity is None]
    if unproven:
        yield Line(clip(unproven[0].id, _NAME), clip(retold(unproven[0].reason or ""), _TEXT))
    if len(unproven) > 1:
        yield Line("", say("and {n} more", n=counted(len(unproven) - 1, "check")))


def _people(entities: Iterable[EntityResult]) -> str:
    most = max((entity.people or 0 for entity in entities if entity.outcome.exit_status), default=0)
    return say("At least {people} concerned; one person may stand in several lines.", people=counted(most, "person", "people")) if most else ""


def _steps(record: Record) -> Iterator[str]:
    outcomes = {check.outcome for check in record.checks}
    if Outcome.NOT_PROVEN in outcomes:
        yield say("Make provable what is not, then run again: a gate stays shut until everything is proven.")
    if Outcome.FAILED in outcomes:
        causes = sorted((cause for cause in record.causes if cause.kind != "unexplained"), key=lambda cause: -cause.rows)
        if causes:
            yield say("Mend the causes, the largest first: {entity}, {cause}.", entity=clip(causes[0].entity, _NAME), cause=_bare(retold(causes[0].sentence)))
        yield say("Move again what is broken: {command} lists it, row by row.", command=f"dq show {record.run} --repair repair.csv")
        yield say("Take new snapshots and run again.")
    if roles(record):
        yield say("Have the waivers signed by {roles}: until then none counts.", roles=clip(", ".join(roles(record)), _TEXT))
    if outcomes & {Outcome.NOT_PROVEN, Outcome.FAILED}:
        return
    if record.command == "gate" and record.batch is not None:
        yield say("Batch {n} may start.", n=record.batch)
    else:
        yield say("Ask the gate whether the next batch may start: {command}.", command=f"dq gate --batch {max(record.batches, default=0) + 1}")


def _bare(sentence: str) -> str:
    return clip(sentence.removesuffix("."), _TEXT)


def _names(entities: Iterable[EntityResult]) -> str:
    few = Shown.of([clip(entity.entity, _NAME) for entity in entities], limit=_NAMED)
    return ", ".join(few.items) + (" " + say("and {n} more", n=count(few.left)) if few.left else "")
