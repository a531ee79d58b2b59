"""The one place that says how far a migration is and when it will be done: counts and instants in, the record's calendar out; integers only.

The pace is that of the accounts which have moved, from the first row that came into the target to the moment of the run.
Source: MIGRATION: every batch is migrated and proven by the deadline; until then, how much is proven and how much is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dq.compare.evidence import Crash
from dq.compare.progress import BatchSize, Progress
from dq.contract.migration import Migration
from dq.record import BatchLine, Calendar, Check
from dq.words import counted

_DAY, _MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
_FORESEEABLE = 36_525 * _DAY  # a pace that needs a century says nothing
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NO_PROOF_OF_ROWS = ("calendar", "fit", "room", "waivers")  # kinds of check: about time, about what has yet to move, about what is written in a file


def make_calendar(
    migration: Migration, progress: Progress | Crash, *, as_of: datetime, compared: Collection[int], moved: Collection[int], checks: Sequence[Check]
) -> Calendar | None:
    """Return how far the migration is; None where its contract has neither deadline nor batches.

    Args:
        migration: the contract's.
        progress: what was counted.
        as_of: the moment of the run.
        compared: the batches whose rows were compared.
        moved: the batches that have moved.
        checks: all that ran; a batch that was compared is proven where they hold.
    """
    if migration.deadline is None and not migration.batches:
        return None
    holds = is_proven(checks)
    sizes = {} if isinstance(progress, Crash) else {size.number: size for size in progress.batches}
    first, last = (None, None) if isinstance(progress, Crash) else (progress.first, progress.last)
    lines: list[BatchLine] = []
    for batch in sorted(migration.batches, key=lambda item: item.number):
        size = sizes.get(batch.number, BatchSize(batch.number))
        has_moved = "proven" if batch.number in compared and holds else "not proven" if batch.number in compared else "moved"
        status = has_moved if batch.number in moved else "to move"
        lines.append(BatchLine(number=batch.number, region=batch.region, status=status, accounts=size.accounts, rows=size.rows))
    there = _accounts(line for line in lines if line.status != "to move")
    left = _accounts(line for line in lines if line.status == "to move")
    done = None if first is None or last is None or not there or left is None else _done_at(first, last, as_of=as_of, moved=there, left=left)
    sentences = (
        *([countdown(migration, as_of=as_of)] if migration.deadline else []),
        *([_progress(lines, moved=there, left=left)] if lines else []),
        *([_pace(migration, first=first, done=done, moved=there, left=left)] if lines else []),
    )
    return Calendar(
        sentences=sentences,
        days_left=(migration.deadline - as_of) // _DAY if migration.deadline else None,
        batches=tuple(lines),
        accounts_moved=there,
        accounts_left=left,
        first_moved_at=_text(first),
        last_moved_at=_text(last),
        done_at=_text(done),
    )


def is_proven(checks: Sequence[Check]) -> bool:
    """Say whether all that a run asked of the rows that have moved holds."""
    about_rows = [check for check in checks if check.kind not in _NO_PROOF_OF_ROWS]
    return bool(about_rows) and not any(check.outcome.exit_status for check in about_rows)


def countdown(migration: Migration, *, as_of: datetime) -> str:
    """Return how long there is to the deadline, in one sentence; the deadline itself is past."""
    if migration.deadline is None:
        return "There is no deadline."
    end = end_of(migration.deadline, zone=migration.zone)
    if as_of >= migration.deadline:
        days = (as_of - migration.deadline) // _DAY
        ago = f" {counted(days, 'day')} ago" if days else ""
        return f"The deadline, {end}, has passed{ago}."
    days = (migration.deadline - as_of) // _DAY
    return f"{counted(days, 'day') if days else 'Less than a day'} to the deadline on {end}."


def end_of(moment: datetime, *, zone: str) -> str:
    """Return an exclusive end as `12 Dec 2024 24:00 Asia/Jakarta`: midnight belongs to the day that it ends."""
    at = moment.astimezone(ZoneInfo(zone))
    if (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0):
        return f"{_day(at.replace(tzinfo=None) - _DAY)} 24:00 {zone}"
    clock = at.replace(tzinfo=None).time().isoformat("auto" if at.second or at.microsecond else "minutes")
    return f"{_day(at)} {clock} {zone}"


def _done_at(first: datetime, last: datetime, *, as_of: datetime, moved: int, left: int) -> datetime | None:
    """Return when the last account will have moved, or did; None where nothing says it."""
    if not left:
        return last
    took = (as_of - first) // _MICROSECOND
    if took <= 0:
        return None
    needs = timedelta(microseconds=-(-took * left // moved)) if took * left // moved < _FORESEEABLE // _MICROSECOND else None
    return as_of + needs if needs is not None and as_of < datetime.max.replace(tzinfo=UTC) - needs else None


def _progress(lines: Sequence[BatchLine], *, moved: int | None, left: int | None) -> str:
    proven = sum(line.status == "proven" for line in lines)
    gone = sum(line.status != "to move" for line in lines)
    accounts = "" if moved is None or left is None else f": {counted(moved, 'account')} there, {left:,} left"
    verb = "is" if proven == 1 else "are"
    return f"{proven} of {counted(len(lines), 'batch')} {verb} proven by this run, {gone} {'has' if gone == 1 else 'have'} moved{accounts}."


def _pace(migration: Migration, *, first: datetime | None, done: datetime | None, moved: int | None, left: int | None) -> str:
    if moved == 0:
        return "No account has moved: there is no pace to reckon with."
    if first is None or done is None or moved is None:
        return "When it will be done cannot be said: nothing shows a pace."
    late = _against(migration, done)
    if not left:
        return f"Everything had moved on {_day(done.astimezone(ZoneInfo(migration.zone)))}{late}."
    since = _day(first.astimezone(ZoneInfo(migration.zone)))
    return f"At the present pace ({counted(moved, 'account')} since {since}) done on {_day(done.astimezone(ZoneInfo(migration.zone)))}{late}."


def _against(migration: Migration, done: datetime) -> str:
    """Return how far from the deadline an end is: it must be before it."""
    if migration.deadline is None:
        return ""
    is_late = done >= migration.deadline
    days = abs(done - migration.deadline) // _DAY
    return f", {counted(days, 'day') if days else 'less than a day'} {'after' if is_late else 'before'} the deadline"


def _accounts(lines: Iterable[BatchLine]) -> int | None:
    counts = [line.accounts for line in lines]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _day(at: datetime) -> str:
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"  # strftime follows the locale


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment is not None else None
