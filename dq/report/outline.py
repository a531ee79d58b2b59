"""The one place for what a report shows of a record, in which order and how much of it: every rendering follows this outline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from dq.record import Cause, Check, EntityResult, Outcome, Record
from dq.report.sections import Sections

T = TypeVar("T")
U = TypeVar("U")

BROKEN_IN_FULL: Final = 100  # at most: the worst of them; the others get one line each
BROKEN_IN_BRIEF: Final = 400
WAIVED: Final = 50
PASSED: Final = 400
PROMISES: Final = 100
FURTHER_CAUSES: Final = 20
NOT_CHECKED: Final = 50
QUERIES: Final = 40  # checks whose query is shown
_SEVERITIES: Final = ("critical", "warning", "info")
_WORST_FIRST: Final = tuple(reversed(Outcome))


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """The first items of a sequence and how many more there are."""

    items: tuple[T, ...]
    left: int

    @classmethod
    def of(cls, items: Sequence[T], *, limit: int) -> Shown[T]:
        """Return at most `limit` items; one single item is never left out for the sake of a line that says so."""
        if len(items) <= limit + 1:
            return cls(tuple(items), 0)
        return cls(tuple(items[:limit]), len(items) - limit)

    def map(self, show: Callable[[T], U]) -> Shown[U]:
        """Return what `show` makes of each item that is shown."""
        return Shown(tuple(show(item) for item in self.items), self.left)


@dataclass(frozen=True, slots=True)
class Promise:
    """An entity's row and its place in the record; `has_section` if there is one of it: what is broken of it, or that it is kept."""

    number: int
    entity: EntityResult
    has_section: bool


@dataclass(frozen=True, slots=True)
class PromiseGroup:
    """What was promised in one text, and the entities that keep or break it."""

    text: str
    promises: tuple[Promise, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A check, its place in the record, which names it on the page (ids of checks are strangers' text), and its causes."""

    number: int
    check: Check
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Checks told together: one, or several of a section of which nothing is known but one reason that keeps them from being proven."""

    entries: tuple[Entry, ...]

    @property
    def first(self) -> Entry:
        """The check whose words stand for all."""
        return self.entries[0]


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks that belong together under one heading: those of an entity, of the snapshots, of the crosswalk."""

    heading: str
    promise: str
    number: int | None  # of the entity
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """An entity of which nothing is broken or unproven: its place in the record, and the checks that say so."""

    number: int
    entity: EntityResult
    passed: Shown[Entry]


@dataclass(frozen=True, slots=True)
class Outline:
    """A record in reading order."""

    promises: tuple[PromiseGroup, ...]
    promises_left: int  # entities that are not shown
    broken: tuple[Group, ...]
    brief: Shown[Entry]  # broken or not proven beyond those
    waived: Shown[Entry]
    passed: Shown[Entry]
    kept: tuple[Kept, ...]  # those that are shown as promises
    passed_otherwise: Shown[Entry]  # of no entity that is kept
    further_causes: Shown[Cause]  # causes that name no check of the record
    not_checked: Shown[str]

    @property
    def broken_left(self) -> int:
        """How many checks are broken or not proven beyond those shown in full."""
        return len(self.brief.items) + self.brief.left


def outline(record: Record, *, in_full: int = BROKEN_IN_FULL, promised: int = PROMISES) -> Outline:
    """Return the record in reading order: worst severity first, then by section, what is broken before what is not proven."""
    found = entries(record)
    of = {outcome: [entry for entry in found if entry.check.outcome is outcome] for outcome in Outcome}
    sections = Sections.of(record)
    ranked = _blocks([entry for entry in found if entry.check.outcome.exit_status], sections)
    full = Shown.of(ranked, limit=in_full)
    groups = _groups(full.items, sections)
    rest = [entry for block in ranked[len(full.items) :] for entry in block.entries]
    known = {check.id for check in record.checks}
    passed = Shown.of(of[Outcome.PASSED], limit=PASSED)
    kept = _kept(record, of[Outcome.PASSED], shown=passed, but={group.number for group in groups}, limit=promised)
    promises, left = _promises(record, {group.number for group in groups} | {item.number for item in kept}, limit=promised)
    return Outline(
        promises=promises,
        promises_left=left,
        broken=groups,
        brief=Shown.of(rest, limit=BROKEN_IN_BRIEF),
        waived=Shown.of(of[Outcome.WAIVED], limit=WAIVED),
        passed=passed,
        kept=kept,
        passed_otherwise=_otherwise(of[Outcome.PASSED], passed, kept),
        further_causes=Shown.of([cause for cause in record.causes if known.isdisjoint(cause.checks)], limit=FURTHER_CAUSES),
        not_checked=Shown.of(record.not_checked, limit=NOT_CHECKED),
    )


def entries(record: Record) -> tuple[Entry, ...]:
    """Return the checks as the record has them, each with the causes that name it."""
    causes: dict[str, tuple[Cause, ...]] = {}
    for cause in record.causes:
        for check_id in dict.fromkeys(cause.checks):
            causes[check_id] = (*causes.get(check_id, ()), cause)
    return tuple(Entry(number, check, causes.get(check.id, ())) for number, check in enumerate(record.checks, start=1))


def entries_of(record: Record, entity: str) -> tuple[Entry, ...]:
    """Return an entity's checks, worst outcome first, then as the record has them."""
    found = (entry for entry in entries(record) if entry.check.entity == entity)
    return tuple(sorted(found, key=lambda entry: _WORST_FIRST.index(entry.check.outcome)))


def promise_of(record: Record, entity: str) -> PromiseGroup | None:
    """Return what was promised of one entity alone; None where the record does not know it."""
    found = (Promise(number, item, has_section=False) for number, item in enumerate(record.entities, start=1) if item.entity == entity)
    return next((PromiseGroup(promise.entity.promise, (promise,)) for promise in found), None)


def _kept(record: Record, passed: Sequence[Entry], *, shown: Shown[Entry], but: set[int | None], limit: int) -> tuple[Kept, ...]:
    """Return the entities of which nothing is broken or unproven, each with those of its checks that are shown."""
    found = []
    for number, entity in enumerate(record.entities, start=1):
        if not entity.outcome.exit_status and number not in but:
            told = tuple(entry for entry in shown.items if entry.check.entity == entity.entity)
            found.append(Kept(number, entity, Shown(told, sum(entry.check.entity == entity.entity for entry in passed) - len(told))))
    return tuple(found[:limit])


def _otherwise(passed: Sequence[Entry], shown: Shown[Entry], kept: Sequence[Kept]) -> Shown[Entry]:
    """Return the checks that passed and are of no entity that is kept."""
    names = {item.entity.entity for item in kept}
    told = tuple(entry for entry in shown.items if entry.check.entity not in names)
    return Shown(told, sum(entry.check.entity not in names for entry in passed) - len(told))


def _promises(record: Record, with_section: set[int | None], *, limit: int) -> tuple[tuple[PromiseGroup, ...], int]:
    """Return the promises in the order of their first entity; where there are too many, the worst are kept."""
    promises = [Promise(number, entity, number in with_section) for number, entity in enumerate(record.entities, start=1)]
    worst = sorted(promises, key=lambda promise: _WORST_FIRST.index(promise.entity.outcome))
    kept = Shown.of(worst, limit=limit)
    groups: dict[object, list[Promise]] = {}
    for promise in sorted(kept.items, key=lambda promise: promise.number):
        groups.setdefault(promise.entity.promise or promise.number, []).append(promise)
    return tuple(PromiseGroup(members[0].entity.promise, tuple(members)) for members in groups.values()), kept.left


def _blocks(unproven: Iterable[Entry], sections: Sections) -> list[Block]:
    """Return the checks in reading order, those of a section that one reason keeps from being proven told together."""
    told: dict[tuple[object, ...], list[Entry]] = {}
    for entry in unproven:
        check = entry.check
        together = (sections.place(check), check.severity, check.entity, check.sentence, check.reason) if _is_bare(entry) else (entry.number,)
        told.setdefault(together, []).append(entry)
    return sorted((Block(tuple(members)) for members in told.values()), key=lambda block: _rank(block, sections))


def _rank(block: Block, sections: Sections) -> tuple[int, int, bool, int]:
    check = block.first.check
    return (_SEVERITIES.index(check.severity), sections.place(check), check.outcome is Outcome.NOT_PROVEN, block.first.number)


def _is_bare(entry: Entry) -> bool:
    """Whether nothing is known of a check but why it is not proven."""
    check = entry.check
    known = (check.broken, check.cells, check.statuses, check.columns, check.equal_after, check.slices, check.sums, check.examples, check.details, entry.causes)
    return check.outcome is Outcome.NOT_PROVEN and bool(check.reason) and not any(known)


def _groups(blocks: Iterable[Block], sections: Sections) -> tuple[Group, ...]:
    """Return the blocks by section, in the order of each section's worst; an entity that the record does not know has a section of its own."""
    found: dict[tuple[int, str], list[Block]] = {}
    for block in blocks:
        check = block.first.check
        found.setdefault((sections.place(check), sections.heading(check)), []).append(block)
    return tuple(_group(sections.entity(place), heading, tuple(members)) for (place, heading), members in found.items())


def _group(entity: tuple[int, EntityResult] | None, heading: str, blocks: tuple[Block, ...]) -> Group:
    return Group(heading, entity[1].promise if entity else "", entity[0] if entity else None, blocks)
