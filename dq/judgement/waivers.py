"""The one place that judges waivers: a FAILED check that a live one covers exactly is WAIVED, never PASSED; pure, no engine, no clock.

Only a failure is waived. One row more, other rows, a cap that is passed, a day that is over: the check stays FAILED and says why. A waiver of
what is not broken any more breaks `waivers.live`, so that nobody keeps one in stock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from dq.contract.waivable import LIVE
from dq.contract.waivers import Cap, Waiver
from dq.countdown import end_of
from dq.judgement.base import judged
from dq.record import Cause, Check, Money, Outcome, WaiverLine
from dq.waivers.fingerprint import Fingerprint
from dq.waivers.naming import cause_name
from dq.words import counted, money_text

UNEXPLAINED = "unexplained"  # a kind of cause that nobody can name
_STALE = "nothing that it names is broken any more; take it out of waivers.toml"
_DETAILS = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run compared, as far as waivers are concerned."""

    batches: tuple[int, ...]  # those whose rows were compared
    is_whole: bool  # everything that has moved, or there are no batches
    as_of: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class Waived:
    """The checks as they stand with the waivers, and what became of each waiver."""

    checks: tuple[Check, ...]
    lines: tuple[WaiverLine, ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    """One waiver, and what became of it."""

    waiver: Waiver
    status: str
    why: str


def concerned(waivers: Sequence[Waiver], *, asked: Asked) -> tuple[Waiver, ...]:
    """Return the waivers that a run is about: those of a batch that it compared, and those of no single batch."""
    return tuple(waiver for waiver in waivers if waiver.batch is None or waiver.batch in asked.batches)


def waive(checks: Sequence[Check], waivers: Sequence[Waiver], *, asked: Asked, causes: Sequence[Cause], prints: Mapping[str, Fingerprint]) -> Waived:
    """Judge every waiver that concerns a run.

    Args:
        checks: as they were judged without waivers.
        waivers: the contract's.
        asked: what the run compared.
        causes: of all findings.
        prints: check id to the fingerprint of what breaks it, of every FAILED check that a waiver names rows of.
    """
    found: list[Check] = []
    lines: dict[int, WaiverLine] = {}
    mine = concerned(waivers, asked=asked)
    for check in checks:
        of_check = [waiver for waiver in mine if waiver.check == check.id]
        told = _judge(check, of_check, asked=asked, causes=causes, found=prints.get(check.id))
        lines |= {mine.index(item.waiver): _line(item, check, asked=asked) for item in told}
        found.append(_with(check, told))
    ordered = tuple(lines[place] for place in sorted(lines))
    return Waived((*found, judge_live(ordered)) if waivers else tuple(found), ordered)


def judge_live(lines: Sequence[WaiverLine]) -> Check:
    """Judge `waivers.live`: no waiver that concerns a run is for nothing."""
    stale = [line for line in lines if line.status == "matches nothing"]
    fine = f"No waiver that concerns this run is for nothing ({counted(len(lines), 'waiver')})."
    first = f", first that of {stale[0].check}: {stale[0].why}" if stale else ""
    return judged(
        LIVE,
        broken=len(stale),
        reason=None,
        entity=None,
        kind="waivers",
        name="live",
        sentence=f"{counted(len(stale), 'waiver')} {'is' if len(stale) == 1 else 'are'} for nothing{first}." if stale else fine,
        looked_at=len(lines),
        details=tuple(f"{line.check}: {line.why}" for line in stale[:_DETAILS]),
    )


def _judge(check: Check, waivers: Sequence[Waiver], *, asked: Asked, causes: Sequence[Cause], found: Fingerprint | None) -> tuple[_Judged, ...]:
    if check.outcome is Outcome.NOT_PROVEN:
        return tuple(_Judged(waiver, "not judged", "the check is not proven, and only a failure can be waived") for waiver in waivers)
    if check.outcome is not Outcome.FAILED:  # of no single batch: it may be needed where more is compared
        return tuple(_Judged(waiver, "matches nothing", _STALE) for waiver in waivers if waiver.batch is not None or asked.is_whole)
    judged_ = [_of_rows(check, waiver, asked=asked, found=found) for waiver in waivers if waiver.rows is not None]
    return (*judged_, *_of_causes(check, [waiver for waiver in waivers if waiver.rows is None], asked=asked, causes=causes))


def _of_rows(check: Check, waiver: Waiver, *, asked: Asked, found: Fingerprint | None) -> _Judged:
    """Judge a waiver of exactly some rows."""
    rows = waiver.rows
    assert rows is not None  # noqa: S101 - whoever calls has looked
    why, noun = _over(waiver, asked=asked), noun_of(check)
    if why is None and (found is None or found.sha256 is None):
        why = found.why_not if found is not None and found.why_not else "no row was compared, so nobody can say which ones these are"
    if why is None and check.broken != rows.count:
        apart = abs(check.broken - rows.count)
        why = f"{counted(apart, noun)} {'more' if check.broken > rows.count else 'fewer'} than the {rows.count:,} that it names"
    if why is None and found is not None and found.sha256 != rows.sha256:
        why = f"other {noun}s, or other values, than the {rows.count:,} that it names"
    if why is not None:
        return _Judged(waiver, "does not hold", why)
    return _Judged(waiver, "waived", f"exactly the {counted(rows.count, noun)} that it names")


def _of_causes(check: Check, waivers: Sequence[Waiver], *, asked: Asked, causes: Sequence[Cause]) -> tuple[_Judged, ...]:
    """Judge waivers of causes: together they must explain every broken row, and none may be more than it allows."""
    breaking = {cause_name(cause.sentence): cause for cause in causes if check.id in cause.checks}
    alone: list[_Judged] = []
    for waiver in waivers:
        cause, cap = breaking.get(cause_name(waiver.cause or "")), waiver.at_most
        why = _over(waiver, asked=asked) or _elsewhere(waiver, asked=asked)
        if cause is None or cap is None or cause.kind == UNEXPLAINED:
            if why is None and (waiver.batch is not None or asked.is_whole):
                alone.append(_Judged(waiver, "matches nothing", "no row is broken by that cause any more; take it out of waivers.toml"))
            else:
                alone.append(_Judged(waiver, "does not hold", why or "no row is broken by that cause here"))
            continue
        if why is None and cause.rows > cap.rows:
            why = f"{counted(cause.rows, 'row')} of its cause, where it allows {cap.rows:,}"
        why = why or _too_much(cause.money, cap.money)
        alone.append(_Judged(waiver, "does not hold" if why else "waived", why or _covers(cause, cap)))
    holding = [item.waiver for item in alone if item.status == "waived"]
    covered = {cause_name(waiver.cause or "") for waiver in holding}
    rest = [cause for name, cause in breaking.items() if name not in covered]
    units = (item.currency for item in check.money)
    allowed = {unit: sum((waiver.at_most.money.get(unit, Decimal(0)) for waiver in holding if waiver.at_most), Decimal(0)) for unit in units}
    over = _too_much(check.money, allowed)
    if rest:
        other = f"something else breaks the check, too: {rest[0].sentence}"
    elif check.explained != check.broken:
        other = f"its cause explains {check.explained or 0:,} of {counted(check.broken, 'row')} that are broken"
    elif over is not None:
        other = over
    else:
        return tuple(alone)
    return tuple(_Judged(item.waiver, "does not hold", other) if item.status == "waived" else item for item in alone)


def _over(waiver: Waiver, *, asked: Asked) -> str | None:
    """Say when a waiver ended, if it has."""
    end = waiver.ends(zone=asked.zone)
    return f"it ended on {end_of(end, zone=asked.zone)}" if asked.as_of >= end else None


def _elsewhere(waiver: Waiver, *, asked: Asked) -> str | None:
    """Say that a cap of one batch is none for several: how much of a cause is whose is not counted."""
    if waiver.batch is None or asked.batches == (waiver.batch,):
        return None
    return f"it is for batch {waiver.batch} alone, and this run compares {counted(len(asked.batches), 'batch')} together"


def _too_much(stake: Sequence[Money], allowed: Mapping[str, Decimal]) -> str | None:
    for item in stake:
        most = allowed.get(item.currency, Decimal(0))
        if Decimal(item.amount) > most:
            return f"{item.currency} {item.amount} at stake, where it allows {money_text(most)}"
    return None


def noun_of(check: Check) -> Literal["row", "key", "slice", "person"]:
    """Return what a check counts as broken: sums and counts their slices or persons, keys their keys, all others rows."""
    if check.kind in ("sums", "counts"):
        return "person" if "unequal" in check.statuses else "slice"
    return "key" if check.kind in ("keys", "invariant", "freeze") else "row"


def _covers(cause: Cause, cap: Cap) -> str:
    return f"{counted(cause.rows, 'row')} of its cause, where it allows {cap.rows:,}"


def _with(check: Check, told: Sequence[_Judged]) -> Check:
    """Return a check as its waivers leave it: WAIVED, or FAILED and saying why they do not hold."""
    if check.outcome is not Outcome.FAILED or not told:
        return check
    by_rows = any(item.status == "waived" and item.waiver.rows is not None for item in told)
    by_causes = any(item.status == "waived" and item.waiver.rows is None for item in told)
    if by_rows or by_causes:
        return check.model_copy(update={"outcome": Outcome.WAIVED})
    return check.model_copy(update={"sentence": f"{check.sentence} Its waiver does not hold: {told[0].why}."})


def _line(item: _Judged, check: Check, *, asked: Asked) -> WaiverLine:
    waiver = item.waiver
    rows, cap = waiver.rows, waiver.at_most
    return WaiverLine(
        check=waiver.check,
        batch=waiver.batch,
        status=item.status,
        why=item.why,
        by="rows" if rows is not None else "cause",
        broken=check.broken,
        unit=noun_of(check),
        people=check.people,
        money=check.money,
        sha256=rows.sha256 if rows is not None else None,
        cause=waiver.cause,
        rows=rows.count if rows is not None else cap.rows if cap is not None else 0,
        at_most=tuple(Money(currency=name, amount=money_text(amount)) for name, amount in sorted(cap.money.items())) if cap is not None else (),
        reason=waiver.reason,
        ticket=waiver.ticket,
        author=waiver.author,
        approver_role=waiver.approver_role,
        expires=waiver.ends(zone=asked.zone).isoformat(),
    )
