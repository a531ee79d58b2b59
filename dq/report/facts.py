"""The one place for the numbers of a check or a cause that are worth a line: what breaks it, how many people, how much money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dq.record import Cause, Check, Outcome, Record, Slice
from dq.report.blocks import NOTHING, count, counted, largest_first, moment, moneys
from dq.report.language import say
from dq.report.outline import Shown
from dq.report.retelling import retold
from dq.report.visible import clip

NAME: Final = 80  # characters of an id, a column, a slice's value
TEXT: Final = 600  # characters of a sentence
_STATUSES: Final = 6
# What a check of a kind looks at, and what breaks it; '' where the number stands alone. All others: rows.
_UNITS: Final = {
    "schema": ("column", "difference"),
    "coverage": ("column", "column"),
    "counts": ("slice", "slice"),
    "sums": ("slice", "slice"),
    "keys": ("row", "key"),
    "crosswalk": ("row", "id"),
    "snapshot": ("table", ""),
    "canary": ("corruption", "corruption"),
    "freeze": ("row", "key"),
    "room": ("row", "row"),
    "calendar": ("batch", "batch"),
    "signoff": ("role", ""),
    "carried": ("row", "entity"),
    "waivers": ("waiver", "waiver"),
}
_PERSONS: Final = ("person", "person")  # of a sum that is taken a person


@dataclass(frozen=True, slots=True)
class Fact:
    """A label, its values, one a line, and what should be known beside them."""

    label: str
    values: tuple[str, ...]
    aside: str = ""
    is_digest: bool = False


@dataclass(frozen=True, slots=True)
class CauseView:
    """One explanation of findings: its sentence, how far it reaches, how much of it there is."""

    sentence: str
    reach: str  # that every compared row has it; or ''
    where: tuple[str, ...]  # slices that its rows are of more than others
    rows: int
    people: int | None
    money: tuple[str, ...]


def cause_view(cause: Cause) -> CauseView:
    """Return the cause as text."""
    reach = say("every row that was compared") if cause.every_row else ""
    money = tuple(clip(text, NAME) for text in moneys(cause.money))
    return CauseView(clip(retold(cause.sentence), TEXT), reach, tuple(map(slice_sentence, cause.overrepresented)), cause.rows, cause.people, money)


def cause_line(cause: Cause) -> str:
    """Return the cause in one line: `expires_at is 7 h early: local time read as UTC (4,812 rows, 1,377 people, IDR 1,200.00)`."""
    view = cause_view(cause)
    people = () if view.people is None else (counted(view.people, "person", "people"),)
    reach = (view.reach,) if view.reach else ()
    return "; ".join((f"{view.sentence} ({', '.join((counted(view.rows, 'row'), *people, *view.money, *reach))})", *view.where))


def slice_sentence(item: Slice) -> str:
    """Return in one sentence how many findings are of a slice."""
    return clip(retold(item.sentence), TEXT)


def where(check: Check, causes: Iterable[Cause] = ()) -> tuple[str, ...]:
    """Return the slices that a check's findings are of more than others, but for those that its causes name."""
    named = {slice_sentence(item) for cause in causes for item in cause.overrepresented}
    return tuple(sentence for sentence in map(slice_sentence, check.overrepresented) if sentence not in named)


def facts(check: Check) -> tuple[Fact, ...]:
    """Return the numbers of a check that are worth a line: what breaks it, how many people, how much money."""
    population, harm = _PERSONS if check.kind == "sums" and check.people is not None else _UNITS.get(check.kind, ("row", "row"))
    found = [Fact(say("Looked at"), (counted(check.looked_at, population),))]
    if check.broken or check.outcome is Outcome.FAILED:
        found.append(Fact(say("Broken"), (counted(check.broken, harm) if harm else count(check.broken),), aside=_kinds(check)))
    if len(check.columns) == 1:
        found.extend(Fact(say("Column"), (clip(name, NAME),), aside=counted(cells, "cell")) for name, cells in check.columns.items())
    if check.explained is not None and check.broken:
        left = check.broken - check.explained
        found.append(Fact(say("Explained by causes"), (counted(check.explained, harm or "row"),), aside=say("{n} unexplained", n=count(left)) if left else ""))
    if check.people is not None and check.broken:
        found.append(Fact(say("People"), (count(check.people),)))
    if at_stake := moneys(check.money):
        found.append(Fact(say("Money at stake"), tuple(clip(text, NAME) for text in at_stake)))
    if check.pre_existing:
        found.append(Fact(say("Already so in the source"), (counted(check.pre_existing, "row"),)))
    return tuple(found)


def inputs(record: Record) -> tuple[Fact, ...]:
    """Return what decided a run: what was asked for, and by which versions."""
    versions = tuple(f"{name} {version}" for name, version in sorted(record.versions.items()))
    return (
        Fact(say("Migration"), (record.migration,)),
        Fact(say("As of"), (moment(record.as_of),)),
        Fact(say("Freeze"), (moment(record.freeze),)),
        Fact(say("Deadline"), (moment(record.deadline),)),
        Fact(say("Versions that decide"), (", ".join(versions) or NOTHING,)),
        Fact(say("Contract"), (record.contract,), is_digest=True),
    )


def _kinds(check: Check) -> str:
    """Return how the broken rows are broken: `26 missing, 1 extra`, `9 changed in 10 cells`."""
    kinds = Shown.of(largest_first(check.statuses), limit=_STATUSES).map(lambda item: f"{count(item[1])} {clip(retold(item[0]), NAME)}")
    cells = say("in {cells}", cells=counted(check.cells, "cell")) if check.cells not in {0, check.broken} and len(check.columns) != 1 else ""
    return " ".join(part for part in (", ".join(kinds.items) + (", …" if kinds.left else ""), cells) if part)
