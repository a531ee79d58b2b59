"""The one place that judges what is not an entity's: snapshots, coverage of the stores, the crosswalk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from dq.compare.evidence import Crash, CrosswalkEvidence, Kept
from dq.judgement.base import Seen, judged, not_proven
from dq.record import Check, LedgerLine
from dq.words import counted

DETAILS_SHOWN = 50


def judge_snapshot(side: str, *, problems: Sequence[str], tables: int, rows: int) -> Check:
    """Judge `snapshot.<side>`: what does not hold makes everything NOT PROVEN that is read from it."""
    reason = problems[0] if problems else None
    fine = f"The {side} snapshot is what its manifest says: {counted(rows, 'row')} in {counted(tables, 'table')}."
    return judged(
        f"snapshot.{side}",
        broken=0,
        reason=reason,
        entity=None,
        kind="snapshot",
        name=side,
        sentence=f"The {side} snapshot proves nothing: {reason}." if reason else fine,
        looked_at=tables,
        details=tuple(problems[1:DETAILS_SHOWN]),
    )


def judge_coverage(side: Literal["source", "target"], lines: Sequence[LedgerLine], *, stale: Sequence[str]) -> Check:
    """Judge `coverage.<side>`: every column of the store is compared, used, or excluded with a reason; and no exclusion is for nothing."""
    uncovered = [line for line in lines if line.status == "uncovered"]
    counts = {status: sum(line.status == status for line in lines) for status in ("compared", "used", "excluded")}
    said = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)
    broken = len(uncovered) + len(stale)
    parts = [f"{counted(len(uncovered), 'column')} nobody looks at"] if uncovered else []
    parts += [f"{counted(len(stale), 'exclusion')} for nothing"] if stale else []
    return judged(
        f"coverage.{side}",
        broken=broken,
        reason=None if lines else "the store has no column",
        entity=None,
        kind="coverage",
        name=side,
        sentence=f"The ledger of the {side} store does not close: {' and '.join(parts)}."
        if broken
        else f"Every column of the {side} store is accounted for: {said}.",
        looked_at=len(lines),
        details=(*(f"{line.table}.{line.column}" for line in uncovered), *stale)[:DETAILS_SHOWN],
    )


def judge_crosswalk(name: str, found: CrosswalkEvidence | Crash | None, *, seen: Seen) -> Check:
    """Judge `crosswalk.<name>`: a fan-out or an empty map is NOT PROVEN, since every join through it would lie."""
    check_id = f"crosswalk.{name}"
    declared = name in ("merges", "erasures")
    if isinstance(found, Crash):
        return not_proven(check_id, entity=None, kind="crosswalk", name=name, reason=found.reason)
    if declared and (found is None or (not found.rows and not found.broken)):
        return judged(check_id, broken=0, reason=None, entity=None, kind="crosswalk", name=name, sentence=f"No {name} are declared.")
    if found is None:
        return not_proven(check_id, entity=None, kind="crosswalk", name=name, reason="it was not looked at")
    reason = None
    if found.fan_out:
        reason = f"{counted(found.fan_out, 'source id')} {'maps' if found.fan_out == 1 else 'map'} to several rows: a join would multiply rows"
    elif found.rows == 0 and not declared:
        reason = "it is empty"
    fine = {
        "batches": f"{counted(found.rows, 'account')} in one batch each, of the batch's region; no row's owner is forgotten.",
        "merges": f"{counted(found.rows, 'merge')} declared, each in the crosswalk, each with a survivor.",
        "erasures": f"{counted(found.rows, 'erasure')} declared, each with a reference.",
    }
    sentence = fine.get(name, f"{counted(found.rows, 'id')} map one to one, but for declared merges; every row that moved is mapped.")
    if found.broken:
        problems = ", ".join(f"{count:,} {problem}" for problem, count in found.problems.items())
        sentence = f"{counted(found.broken, 'id')} {'breaks' if found.broken == 1 else 'break'} it: {problems}."
    return judged(
        check_id,
        broken=found.broken,
        reason=reason,
        entity=None,
        kind="crosswalk",
        name=name,
        sentence=sentence,
        looked_at=found.rows,
        statuses=dict(found.problems),
        examples=seen.get(check_id, ()),
        details=_of_before(found.kept),
    )


def _of_before(kept: Kept | None) -> tuple[str, ...]:
    """Say what a table of the crosswalk was held against, where that was one of before."""
    if kept is None:
        return ()
    one = kept.gone == 1
    gone = f"; {kept.gone:,} of them {'is' if one else 'are'} gone with the row that could say whose {'it was' if one else 'they were'}" if kept.gone else ""
    return (f"Held against {counted(kept.rows, 'row')} of the crosswalk of before{gone}.",)
