"""The one place for waivers as a reader sees them: who answers for which failure, why, until when, and who has still to sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dq.record import Outcome, Record, WaiverLine
from dq.report.blocks import MARKS, Mark, count, counted, moment, money, moneys
from dq.report.facts import NAME, TEXT, Fact
from dq.report.language import say
from dq.report.outline import Shown
from dq.report.retelling import retold
from dq.report.visible import clip

LIMIT: Final = 50  # waivers on a page
_OUTCOMES: Final[Mapping[str, Outcome]] = {
    "waived": Outcome.WAIVED,
    "does not hold": Outcome.FAILED,
    "matches nothing": Outcome.FAILED,
    "not judged": Outcome.NOT_PROVEN,
}


@dataclass(frozen=True, slots=True)
class WaiverView:
    """One waiver, ready to be laid out."""

    check: str
    mark: Mark
    reason: str  # the author's own words
    why: str  # what it covers, or why it does not hold
    facts: tuple[Fact, ...]
    signing: str  # what it still needs; '' where it does not hold


def waiver_views(record: Record) -> Shown[WaiverView]:
    """Return the waivers of a record, those that hold first."""
    ordered = sorted(record.waivers, key=lambda line: line.status != "waived")
    return Shown.of(ordered, limit=LIMIT).map(_view)


def signing(line: WaiverLine) -> str:
    """Return what a waiver needs before it counts."""
    return say("It counts only when {role} has signed this run, and never by {author}.", role=clip(line.approver_role, NAME), author=clip(line.author, NAME))


def waiver_text(line: WaiverLine) -> str:
    """Return a waiver in one line of text."""
    what = "waived until {end}" if line.status == "waived" else f"its waiver {line.status}"
    by = f"{line.ticket}, {line.author}" if line.ticket else line.author
    told = f"{what.format(end=moment(line.expires))}: {clip(line.reason, TEXT)} ({clip(by, NAME)})"
    return f"{told}. {signing(line)}" if line.status == "waived" else f"{told}: {line.why}"


def roles(record: Record) -> tuple[str, ...]:
    """Return the roles that must sign because of waivers, each once."""
    return tuple(sorted({line.approver_role for line in record.waivers if line.status == "waived"}))


def _view(line: WaiverLine) -> WaiverView:
    return WaiverView(
        check=clip(line.check, NAME),
        mark=MARKS[_OUTCOMES[line.status]],
        reason=clip(line.reason, TEXT),
        why=_why(line),
        facts=tuple(_facts(line)),
        signing=signing(line) if line.status == "waived" else "",
    )


def _why(line: WaiverLine) -> str:
    why = clip(retold(line.why), TEXT)
    if line.status == "waived":
        return say("It covers {what}.", what=why)
    if line.status == "matches nothing":
        return say("It is for nothing: {why}.", why=why)
    return say("It does not hold: {why}.", why=why) if line.status == "does not hold" else say("It was not judged: {why}.", why=why)


def _facts(line: WaiverLine) -> list[Fact]:
    allowed = (*([counted(line.rows, "row")] if line.by == "cause" else []), *(money(item) for item in line.at_most))
    broken = counted(line.broken, line.unit, "people" if line.unit == "person" else None)
    stake = (broken, *([counted(line.people, "person", "people")] if line.people and line.unit != "person" else []), *moneys(line.money))
    found = [
        Fact(say("Until"), (moment(line.expires),)),
        Fact(say("Asked for by"), (clip(line.author, NAME),)),
        Fact(say("To be signed by"), (clip(line.approver_role, NAME),)),
        Fact(say("Ticket"), (clip(line.ticket or "", NAME),)),
        Fact(say("Batch"), (say("all") if line.batch is None else count(line.batch),)),
        Fact(say("Cause"), (clip(retold(line.cause or ""), TEXT),)),
        Fact(say("At most"), allowed),
        Fact(say("Broken now"), stake if line.status != "matches nothing" else ()),
        Fact(say("Rows named (SHA-256)"), (line.sha256 or "",), is_digest=True),
    ]
    return [fact for fact in found if any(fact.values)]
