"""The one place for what a report shows of a record, in which order and how much of it: every rendering follows this outline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from dq.record import Check, EntityResult, Outcome, Record

T = TypeVar("T")
U = TypeVar("U")

BROKEN_IN_FULL: Final = 100  # at most: the worst of them; the others get one line each
BROKEN_IN_BRIEF: Final = 400
WAIVED: Final = 50
PASSED: Final = 400
PROMISES: Final = 100
NOT_CHECKED: Final = 50
_SEVERITIES: Final = ("critical", "warning", "info")
_KINDS_OF_ALL: Final = {"snapshot": "The snapshots", "crosswalk": "The crosswalk"}


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
class Entry:
    """A check and its place in the record, which names it on the page: ids of checks are strangers' text."""

    number: int
    check: Check


@dataclass(frozen=True, slots=True)
class Promise:
    """An entity's row and its place in the record; `has_section` if some of its checks are shown in full."""

    number: int
    entity: EntityResult
    has_section: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that belong together under one heading: those of an entity, of the snapshots, of the crosswalk."""

    heading: str
    promise: str
    number: int | None  # of the entity
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """A record in reading order."""

    promises: Shown[Promise]
    broken: tuple[Group, ...]
    brief: Shown[Entry]
    waived: Shown[Entry]
    passed: Shown[Entry]
    not_checked: Shown[str]
    tally: tuple[tuple[Outcome, int], ...]  # checks by outcome, all four


def outline(record: Record, *, in_full: int = BROKEN_IN_FULL) -> Outline:
    """Return the record in reading order: worst severity first, then snapshots, crosswalk and entities as the record has them."""
    entries = [Entry(number, check) for number, check in enumerate(record.checks, start=1)]
    of = {outcome: [entry for entry in entries if entry.check.outcome is outcome] for outcome in Outcome}
    sections = _Sections.of(record)
    ranked = sorted(
        (entry for entry in entries if entry.check.outcome.exit_status),
        key=lambda entry: (_SEVERITIES.index(entry.check.severity), sections.place(entry.check)),
    )
    full = Shown.of(ranked, limit=in_full)
    groups = sections.groups(full.items)
    with_section = {group.number for group in groups}
    promises = [Promise(number, entity, number in with_section) for number, entity in enumerate(record.entities, start=1)]
    return Outline(
        promises=Shown.of(promises, limit=PROMISES),
        broken=groups,
        brief=Shown.of(ranked[len(full.items) :], limit=BROKEN_IN_BRIEF),
        waived=Shown.of(of[Outcome.WAIVED], limit=WAIVED),
        passed=Shown.of(of[Outcome.PASSED], limit=PASSED),
        not_checked=Shown.of(record.not_checked, limit=NOT_CHECKED),
        tally=tuple((outcome, len(of[outcome])) for outcome in Outcome),
    )


@dataclass(frozen=True, slots=True)
class _Sections:
    """Which section a check belongs to: snapshots (place 0), crosswalk, the run as a whole, then the entities."""

    entities: tuple[EntityResult, ...]
    numbers: Mapping[str, int]

    @classmethod
    def of(cls, record: Record) -> _Sections:
        return cls(record.entities, {entity.entity: number for number, entity in enumerate(record.entities, start=1)})

    def place(self, check: Check) -> int:
        if check.kind in _KINDS_OF_ALL:
            return list(_KINDS_OF_ALL).index(check.kind)
        if check.entity is None:
            return len(_KINDS_OF_ALL)
        return len(_KINDS_OF_ALL) + self.numbers.get(check.entity, len(self.entities) + 1)

    def groups(self, entries: Iterable[Entry]) -> tuple[Group, ...]:
        """Return the entries by section; an entity that the record does not know has one of its own."""
        sections: dict[tuple[int, str], list[Entry]] = {}
        for entry in entries:
            place = self.place(entry.check)
            sections.setdefault((place, self._heading(place, entry.check)), []).append(entry)
        return tuple(self._group(place, heading, tuple(members)) for (place, heading), members in sections.items())

    def _heading(self, place: int, check: Check) -> str:
        return _KINDS_OF_ALL.get(check.kind) or ("The run" if place == len(_KINDS_OF_ALL) else str(check.entity))

    def _group(self, place: int, heading: str, entries: tuple[Entry, ...]) -> Group:
        number = place - len(_KINDS_OF_ALL)
        if 0 < number <= len(self.entities):
            return Group(heading, self.entities[number - 1].promise, number, entries)
        return Group(heading, "", None, entries)
