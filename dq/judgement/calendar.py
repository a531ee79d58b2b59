"""The one place that judges what must have happened by when: nothing new in the source after the freeze, everything moved by the deadline."""

from __future__ import annotations

from datetime import datetime

from dq.compare.evidence import Crash
from dq.compare.freeze import Late
from dq.compare.progress import Progress
from dq.contract.migration import Migration
from dq.contract.models import Entity
from dq.countdown import countdown, end_of
from dq.judgement.base import Seen, judged, not_proven
from dq.record import BatchLine, Calendar, Check
from dq.words import counted

DEADLINE = "calendar.deadline"


def judge_freeze(entity: Entity, found: Late | Crash | None, *, migration: Migration, seen: Seen) -> Check:
    """Judge `<entity>.freeze`: what came to be at or after it breaks it, and so does what nobody knows the moment of."""
    check_id = f"{entity.name}.freeze"
    if found is None or isinstance(found, Crash) or migration.freeze is None:
        reason = found.reason if isinstance(found, Crash) else "the source was not looked at"
        return not_proven(check_id, entity=entity.name, kind="freeze", reason=reason)
    end = end_of(migration.freeze, zone=migration.zone)
    needed = f"at least {entity.at_least:,} {'is' if entity.at_least == 1 else 'are'} needed"
    is_nothing = found.looked_at < entity.at_least and not (found.looked_at == 0 and entity.may_be_empty is not None)
    early = f"the source was taken before the freeze, {end}: what it took until then is not in it" if found.is_early else None
    statuses = {status: count for status, count in (("late", found.late), ("undated", found.undated)) if count}
    parts = [f"{counted(found.late, 'key')} {'is' if found.late == 1 else 'are'} of the freeze or later"] if found.late else []
    parts += [f"{counted(found.undated, 'key')} {'has' if found.undated == 1 else 'have'} no known {entity.created}"] if found.undated else []
    fine = f"Every row of the source, in every batch, is from before {end} ({counted(found.looked_at, 'row')})."
    return judged(
        check_id,
        broken=found.broken,
        reason=early or (f"{counted(found.looked_at, 'row')} in the source, {needed}" if is_nothing else None),
        entity=entity.name,
        kind="freeze",
        sentence=f"{' and '.join(parts)} ({end})." if parts else fine,
        looked_at=found.looked_at,
        statuses=statuses,
        examples=seen.get(check_id, ()),
    )


def judge_deadline(migration: Migration, calendar: Calendar | None, *, progress: Progress | Crash, as_of: datetime, is_proven: bool) -> Check:
    """Judge `calendar.deadline`: at and after it nothing may be left to move, and what this run compared must be proven.

    Args:
        migration: the contract's; it has a deadline.
        calendar: how far the migration is.
        progress: what was counted for it.
        as_of: the moment of the run.
        is_proven: what the run compared is; that alone counts where there are no batches.
    """
    if migration.deadline is None or calendar is None or isinstance(progress, Crash):
        reason = progress.reason if isinstance(progress, Crash) else "nothing says how far the migration is"
        return not_proven(DEADLINE, entity=None, kind="calendar", name="deadline", reason=reason)
    owed = [line for line in calendar.batches if line.accounts != 0]  # a batch of nobody, or of erased people only, owes nothing
    open_ = [line for line in owed if line.status in ("to move", "not proven")]
    looked_at = len(owed) if calendar.batches else 1
    missing = len(open_) if calendar.batches else 0 if is_proven else 1
    is_past = as_of >= migration.deadline
    said = countdown(migration, as_of=as_of)
    rest = f"{counted(missing, 'batch')} of {looked_at} {'is' if missing == 1 else 'are'} not moved or not proven" if calendar.batches else "it is not proven"
    sentence = f"{said} {rest[:1].upper()}{rest[1:]}." if missing else f"{said} Nothing is left to move."
    return judged(
        DEADLINE,
        broken=missing if is_past else 0,
        reason=None,
        entity=None,
        kind="calendar",
        name="deadline",
        sentence=sentence,
        looked_at=looked_at,
        details=tuple(map(_line, open_)) if is_past else (),
    )


def _line(line: BatchLine) -> str:
    accounts = f", {counted(line.accounts, 'account')}" if line.accounts is not None else ""
    return f"batch {line.number} ({line.region}{accounts}): {line.status}"
