"""The one place that judges the signed past of a gate: whether every earlier batch is signed, and still is what was signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dq.compare.carried import Digests
from dq.compare.evidence import Crash
from dq.compare.signed import BatchSignOff, Digest
from dq.judgement.base import judged, not_proven
from dq.record import Check
from dq.words import counted, listed


def judge_past(signoffs: Sequence[BatchSignOff], now: Digests | Crash | None) -> Iterator[Check]:
    """Yield `signoff.<batch>` and `carried.<batch>` of every batch before the gate's."""
    last = max((found.batch for found in signoffs if found.signed is not None), default=None)
    for found in signoffs:
        yield judge_signoff(found)
        yield judge_carried(found, now, is_last=found.batch == last)


def judge_signoff(found: BatchSignOff) -> Check:
    """Judge `signoff.<batch>`: without a sign-off that holds the batch is NOT PROVEN; one that was rejected is FAILED."""
    check_id, name = f"signoff.{found.batch}", str(found.batch)
    reason = found.problem
    if reason is None and found.rejected is None and found.signed is None:
        reason = f"batch {found.batch} is not signed"
    if reason is not None:
        return not_proven(check_id, entity=None, kind="signoff", name=name, reason=reason)
    said = f"Batch {found.batch} was rejected by {found.rejected}." if found.rejected else f"Batch {found.batch} is signed by {listed(list(found.roles))}."
    return judged(
        check_id, broken=1 if found.rejected else 0, reason=None, entity=None, kind="signoff", name=name, sentence=said, looked_at=len(found.roles) or 1
    )


def judge_carried(found: BatchSignOff, now: Digests | Crash | None, *, is_last: bool) -> Check:
    """Judge `carried.<batch>`: the batch's rows in the target are those that were signed, but for what changed since and says so.

    Args:
        found: the batch's sign-off.
        now: what stands in the target today.
        is_last: no later batch was signed: rows of no account, which every run looks at, are held against this one.
    """
    check_id, name = f"carried.{found.batch}", str(found.batch)
    signed = found.signed
    if signed is None:
        return not_proven(check_id, entity=None, kind="carried", name=name, reason=f"nothing of batch {found.batch} is signed")
    if now is None or isinstance(now, Crash):
        return not_proven(check_id, entity=None, kind="carried", name=name, reason=now.reason if now is not None else "the target was not looked at")
    if not signed.carried.own and not signed.carried.shared:
        return not_proven(check_id, entity=None, kind="carried", name=name, reason="what was signed says of no row what it was")
    broken = [*_differences(signed.carried.own, now.get(found.batch, {}))]
    broken += [*_differences(signed.carried.shared, now.get(None, {}))] if is_last else []
    looked_at = sum(digest.rows for digest in (*signed.carried.own.values(), *(signed.carried.shared.values() if is_last else ())))
    sentence = (
        f"Batch {found.batch} is no longer as it was signed: {listed(sorted({entity for entity, _ in broken}))}."
        if broken
        else f"Batch {found.batch} is as it was signed: {counted(looked_at, 'row')}, but for what changed since and says so."
    )
    return judged(
        check_id,
        broken=len({entity for entity, _ in broken}),
        reason=None,
        entity=None,
        kind="carried",
        name=name,
        sentence=sentence,
        looked_at=looked_at,
        details=tuple(line for _, line in broken),
    )


def _differences(signed: Mapping[str, Digest], now: Mapping[str, Digest]) -> Iterator[tuple[str, str]]:
    """Yield (entity, line) of each entity whose rows are others than were signed."""
    for entity in sorted({*signed, *now}):
        then, today = signed.get(entity, Digest(0, "")), now.get(entity, Digest(0, ""))
        if then != today:
            rows = f"{counted(then.rows, 'row')} signed, {today.rows:,} today"
            yield entity, f"{entity}: {rows}{', of other content' if then.rows == today.rows else ''}"
