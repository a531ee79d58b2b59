"""The one place for what a signature says of a run: its facts from the record alone, with amounts as text and no personal data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dq.record import Check, Outcome, Record, WaiverLine

FIRST = "first batch"
_RESULT = {Outcome.PASSED: "PASSED", Outcome.WAIVED: "WARNED", Outcome.FAILED: "FAILED", Outcome.NOT_PROVEN: "FAILED"}
LINES = 12  # of a sum by slices; a longer one stands in the report only, which is signed as well


def facts_of(record: Record) -> dict[str, Any]:
    """Return what a person is told of a run before signing, and what stands in parity statement and sign-off alike."""
    return {
        "migration": record.migration,
        "title": record.title,
        "region": record.region,
        "batch": record.batch,
        "batches": list(record.batches),
        "run": record.run,
        "as_of": record.as_of,
        "verdict": record.outcome.value,
        "headline": record.headline,
        "checks": {outcome.value: sum(check.outcome is outcome for check in record.checks) for outcome in Outcome},
        "accounts": _accounts(record),
        "people": max((entity.people or 0 for entity in record.entities), default=0),
        "money": [line for check in record.checks if check.kind == "sums" for line in _sums(check)],
        "money_in_the_report": sorted(check.id for check in record.checks if check.kind == "sums" and len(check.sums) > LINES),
        "at_stake": [{"entity": item.entity, "currency": money.currency, "amount": money.amount} for item in record.entities for money in item.money],
        "waivers": [_waiver(line) for line in record.waivers if line.status == "waived"],
    }


def _waiver(line: WaiverLine) -> dict[str, Any]:
    """Return what a person answers for by signing: the author's own words, what it covers now, who must have signed, and until when."""
    money = [{"currency": one.currency, "amount": one.amount} for one in line.money]
    asked = {"reason": line.reason, "ticket": line.ticket, "author": line.author, "approver_role": line.approver_role, "expires": line.expires}
    return {"check": line.check, "batch": line.batch, "rows": line.broken, "money": money, **asked}


def result_of(record: Record) -> dict[str, Any]:
    """Return in-toto's test result of a run: what passed, warned (waived) and failed, and which of the failed could only not be proven.

    Source: in-toto/attestation, predicate test-result v0.1; DECISIONS "JUnit".
    """
    told = {name: sorted(check.id for check in record.checks if _RESULT[check.outcome] == name) for name in ("PASSED", "WARNED", "FAILED")}
    return {
        "result": _RESULT[record.outcome],
        "passedTests": told["PASSED"],
        "warnedTests": told["WARNED"],
        "failedTests": told["FAILED"],
        "dq_annotations": {check.id: "NOT PROVEN" for check in record.checks if check.outcome is Outcome.NOT_PROVEN},
    }


def batch_before(record: Record) -> int | None:
    """Return the number of the batch before the one of a run; None before the first one, and where the run is of no single batch."""
    numbers = [line.number for line in record.calendar.batches] if record.calendar is not None else []
    return max((number for number in numbers if record.batch is not None and number < record.batch), default=None)


def _accounts(record: Record) -> int | None:
    """How many accounts are in the batches that were compared; None where the crosswalk does not say."""
    lines = [line for line in record.calendar.batches if line.number in record.batches] if record.calendar is not None else []
    numbers = [line.accounts for line in lines if line.accounts is not None]
    return sum(numbers) if numbers and len(numbers) == len(lines) else None


def _sums(check: Check) -> Iterator[dict[str, str]]:
    """Yield a check's net sums, a line a slice, as the record has them: nothing is added up here."""
    if len(check.sums) <= LINES:
        for line in check.sums:
            by = ", ".join(f"{name} {'NULL' if value is None else value}" for name, value in sorted(line.by.items()))
            yield {"sum": check.id, "by": by, "source": line.source_net, "target": line.target_net}
