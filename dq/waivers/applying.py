"""The one place where a run meets its contract's waivers: fingerprints of the failures that a waiver names, and the judgement over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dq.asking import Question
from dq.attempts import Attempts
from dq.compare.evidence import Crash
from dq.engine import Engine
from dq.judgement.countersigning import judge_signed
from dq.judgement.waivers import Asked, Waived, concerned, waive
from dq.record import Cause, Check, Outcome
from dq.waivers.fingerprint import Fingerprint, fingerprint_of

_UNKNOWN = "which rows these are could not be reckoned"


def apply_waivers(engine: Engine, question: Question, *, checks: Sequence[Check], causes: Sequence[Cause], findings: Path, attempt: Attempts) -> Waived:
    """Return the checks as the waivers leave them, and what became of each waiver; where the contract has none, the checks as they are."""
    contract = question.contract
    asked = Asked(
        batches=question.asked.batches,
        is_whole=question.command == "run" and question.batch is None,
        as_of=question.as_of,
        zone=contract.migration.zone,
    )
    named = {waiver.check for waiver in concerned(contract.waivers, asked=asked) if waiver.rows is not None}
    prints: dict[str, Fingerprint] = {}
    for check in checks:
        if check.id in named and check.outcome is Outcome.FAILED and question.compares:
            found = attempt(f"waiver of {check.id}", fingerprint_of, engine, check, findings=findings)
            prints[check.id] = Fingerprint(None, _UNKNOWN) if isinstance(found, Crash) else found  # its reason may name a path of this machine
    waived = waive(checks, contract.waivers, asked=asked, causes=causes, prints=prints)
    if question.command == "gate" and contract.waivers:
        return Waived((*waived.checks, judge_signed(waived.lines, signed=question.signed)), waived.lines)
    return waived
