"""The one place for the shapes of the page's pictures: counts and moments of the record as whole steps of a drawing, nothing measured anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dq.record import Calendar, Check, EntityResult, Record
from dq.report.blocks import count, share
from dq.report.language import say

WIDE: Final = 1000  # steps of a drawing's width
GROWN: Final = (
    "Rows of the target now are those of before the first batch, and those that were moved, and the target's own that came since. "
    "Rows that a declared merge or an erasure sets apart are in no column."
)
_THINNEST: Final = 4  # of a part that is there at all
HIGH: Final = 240  # of the burn-down's height
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: what it is, how many, where it begins and how wide it is."""

    name: str
    slug: str
    count: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Strip:
    """What became of an entity's rows, as one bar."""

    said: str  # the picture in words
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Growth:
    """How the target's rows came about: before the first batch, less what is gone, and moved, and its own since: now."""

    name: str
    before: int | None  # None where no baseline says it: `own` has both then
    gone: int
    moved: int
    own: int  # that came since; all own rows where `before` is None
    now: int
    strip: Strip


@dataclass(frozen=True, slots=True)
class Burndown:
    """Accounts left over time, as points of a drawing of WIDE by HIGH."""

    said: str
    left: str  # the line so far, `x,y x,y`
    ahead: str  # from the moment of the run on; '' where nothing shows a pace
    now: int
    end: int | None  # where the deadline stands


def rows_strip(entity: EntityResult) -> Strip | None:
    """Return what became of an entity's rows; None where there is none."""
    counts = (
        ("same", "same", entity.same),
        ("changed", "changed", entity.changed),
        ("missing", "missing", entity.missing),
        ("extra", "extra", entity.extra),
        ("duplicate", "duplicate", entity.duplicate),
    )
    return _strip(entity.entity, counts, whole=sum(number for _, _, number in counts))


def growths(record: Record) -> tuple[Growth, ...]:
    """Return how the target's rows came about, an entity each, and all together last; none where nothing was compared."""
    before = {check.entity: check for check in record.checks if check.kind == "natives" and check.outcome.value != "NOT PROVEN"}
    counted = [(entity, before.get(entity.entity)) for entity in record.entities if entity.target_rows or entity.native]
    if not counted:
        return ()
    largest = max(entity.target_rows + entity.native for entity, _ in counted)
    rows = [_growth(entity.entity, [(entity, check)], whole=largest) for entity, check in counted]
    return (*rows, _growth(say("All entities"), counted, whole=sum(row.now for row in rows))) if len(rows) > 1 else tuple(rows)


def burndown(record: Record) -> Burndown | None:
    """Return accounts left over time; None where the record's calendar does not say enough."""
    calendar = record.calendar
    if calendar is None or not calendar.accounts_moved or calendar.accounts_left is None:
        return None
    first, now, done, deadline = map(_moment, (calendar.first_moved_at, record.as_of, calendar.done_at, record.deadline))
    if first is None or now is None or not first < now < max(now, done or now, deadline or now):
        return None
    return _drawn(calendar, first=first, now=now, done=done, deadline=deadline)


def _moment(text: str | None) -> datetime | None:
    """Return an instant; None where the text is none."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return None if at.tzinfo is None else at


def _drawn(calendar: Calendar, *, first: datetime, now: datetime, done: datetime | None, deadline: datetime | None) -> Burndown:
    moved, left = calendar.accounts_moved or 0, calendar.accounts_left or 0
    last = max(now, done or now, deadline or now)

    def at(moment: datetime) -> int:
        return (moment - first) // _MICROSECOND * WIDE // ((last - first) // _MICROSECOND)

    here = f"{at(now)},{_height(left, moved + left)}"
    ahead = f"{here} {at(done)},{HIGH}" if done is not None and done > now and left else ""
    return Burndown(
        said=say("Accounts left: {all} at first, {left} now.", all=count(moved + left), left=count(left)),
        left=f"0,0 {here}",
        ahead=ahead,
        now=at(now),
        end=at(deadline) if deadline is not None and deadline > first else None,
    )


def _height(left: int, all_: int) -> int:
    return HIGH - left * HIGH // all_


def _growth(name: str, found: Iterable[tuple[EntityResult, Check | None]], *, whole: int) -> Growth:
    found = tuple(found)
    moved, own = sum(entity.target_rows for entity, _ in found), sum(entity.native for entity, _ in found)
    checks = [check for _, check in found if check is not None]
    known = len(checks) == len(found)
    before = sum(check.looked_at for check in checks)
    gone = sum(check.statuses.get("missing", 0) for check in checks) if known else 0
    since = own - (before - gone) if known else own
    if since < 0:  # the baseline was counted otherwise: nothing is split that does not add up
        known, gone, since = False, 0, own
    counts = (("before", "before", before - gone if known else 0), ("moved", "moved", moved), ("own" if not known else "own since", "since", since))
    strip = _strip(name, counts, whole=whole)
    return Growth(name, before if known else None, gone, moved, since, moved + own, strip or Strip(name, ()))


def _strip(name: str, counts: Iterable[tuple[str, str, int]], *, whole: int) -> Strip | None:
    parts: list[Part] = []
    x = 0
    for word, slug, number in counts:
        width = min(share(number, whole, of=WIDE), WIDE - x)
        if number > 0:
            parts.append(Part(say(word), slug, count(number), x, max(width, _THINNEST)))
            x += width
    said = ", ".join(f"{part.count} {part.name}" for part in parts)
    return Strip(f"{name}: {said}", tuple(parts)) if parts else None
