"""The one place for what all recorded runs came to: a line a run, the latest last, and by what was asked, what became of the findings since.

Everything is read from the runs' records; a folder whose record cannot be read is named. Amounts and people are the largest of an entity: what one
person lost is in several entities, and is not added up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from dq.errors import UsageError
from dq.folder import read_record
from dq.past import run_folders
from dq.record import Money, Outcome, Record
from dq.words import money_text

PAGE = "index.html"


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's last word on a run."""

    person: str
    role: str
    decision: str  # accept or reject
    signed_at: str


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signed a run."""

    signatures: tuple[Signature, ...]  # by role
    word: str | None  # as `dq verify` says it: VERIFIED, REFUSED, REJECTED, NOT PROVEN; None: nothing was verified


@dataclass(frozen=True, slots=True)
class PastRun:
    """What a run came to.

    Attributes:
        folder: its folder's name.
        record: what was found.
        compared: rows, of all entities.
        findings: rows and cells that are not as promised.
        people: of the entity that most are concerned in; None where nobody owns a row.
        money: at stake, by currency, of the entity with most of it.
        trend: findings more than in the run before that asked the same; None where there is none, or one of both was not proven.
        signers: who signed it; None where nobody did.
    """

    folder: str
    record: Record
    compared: int
    findings: int
    people: int | None
    money: tuple[Money, ...]
    trend: int | None = None
    signers: Signers | None = None

    @property
    def is_proven(self) -> bool:
        """Whether its numbers are all there are."""
        return self.record.outcome is not Outcome.NOT_PROVEN


@dataclass(frozen=True, slots=True)
class Asked:
    """The runs that asked the same of one migration, by the moment that they are of: the newest one says how it stands."""

    runs: tuple[PastRun, ...]

    @property
    def newest(self) -> PastRun:
        """The one that is of the latest moment."""
        return self.runs[-1]


@dataclass(frozen=True, slots=True)
class History:
    """All runs that are kept in one place."""

    runs: tuple[PastRun, ...]  # the latest last
    asked: tuple[Asked, ...]  # by migration, command and batch; all that has moved first
    unreadable: tuple[str, ...]  # folders


def read_history(runs: Path, *, signers: Callable[[Path], Signers | None] = lambda _: None) -> History:
    """Read the records of all runs in a folder; none where there is no such folder.

    Args:
        runs: the folder of the runs' folders.
        signers: called with each run's folder, says who signed it.
    """
    found: list[PastRun] = []
    unreadable: list[str] = []
    for folder in run_folders(runs):
        try:
            found.append(replace(_past(folder.name, read_record(folder)), signers=signers(folder)))
        except UsageError:
            unreadable.append(folder.name)
    asked = tuple(Asked(_with_trends(alike)) for _, alike in sorted(_alike(found).items()))
    told = {run.folder: run for one in asked for run in one.runs}
    return History(tuple(told[run.folder] for run in found), asked, tuple(unreadable))


def _past(folder: str, record: Record) -> PastRun:
    entities = record.entities
    return PastRun(
        folder,
        record,
        compared=sum(entity.compared for entity in entities),
        findings=record.findings,
        people=max((entity.people for entity in entities if entity.people is not None), default=None),
        money=_largest(money for entity in entities for money in entity.money),
    )


def _largest(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """Return the largest amount of each currency."""
    found: dict[str, Decimal] = {}
    for money in amounts:
        try:
            found[money.currency] = max(found.get(money.currency, Decimal()), Decimal(money.amount))
        except InvalidOperation:
            continue  # an amount that is no number stands in the record alone
    return tuple(Money(currency=currency, amount=money_text(amount)) for currency, amount in sorted(found.items()) if amount)


def _alike(found: Sequence[PastRun]) -> dict[tuple[str, str, int, tuple[str, ...]], list[PastRun]]:
    alike: dict[tuple[str, str, int, tuple[str, ...]], list[PastRun]] = {}
    for run in found:
        record = run.record
        alike.setdefault((record.migration, record.command, record.batch or 0, record.only), []).append(run)
    return alike


def _with_trends(alike: Sequence[PastRun]) -> tuple[PastRun, ...]:
    """Return runs that asked the same in the order of their moments, each with how many more findings it has than the one before."""
    ordered = sorted(alike, key=lambda run: _moment(run.record.as_of))
    before = (None, *ordered)
    return tuple(_with_trend(run, earlier) for run, earlier in zip(ordered, before, strict=False))


def _with_trend(run: PastRun, before: PastRun | None) -> PastRun:
    trend = run.findings - before.findings if before is not None and run.is_proven and before.is_proven else None
    return replace(run, trend=trend)


def _moment(text: str) -> tuple[int, str]:
    """Return what runs are ordered by: their moments, and those that have none first."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return (0, text)
    return (int(at.timestamp() * 1_000_000) if at.tzinfo else 0, text)
