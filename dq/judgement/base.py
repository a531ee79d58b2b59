"""The one place that says when a check is PASSED, FAILED or NOT PROVEN: pure, no engine, no clock.

Source: DESIGN, laws 2 and 6; DECISIONS "Severity" (it sorts the report and never changes an outcome).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dq.compare.evidence import EntityEvidence
from dq.contract.models import Entity
from dq.record import Check, Example, Outcome, Severity
from dq.words import counted

Seen = Mapping[str, tuple[Example, ...]]  # check id to masked examples


def judged(check_id: str, *, broken: int, reason: str | None, **facts: Any) -> Check:
    """Return a check: NOT PROVEN where there is a reason, else FAILED where anything is broken, else PASSED."""
    outcome = Outcome.NOT_PROVEN if reason else Outcome.FAILED if broken else Outcome.PASSED
    return Check(id=check_id, outcome=outcome, broken=broken, reason=reason, **facts)


def not_proven(check_id: str, *, entity: str | None, kind: str, reason: str, name: str | None = None, severity: Severity = "critical") -> Check:
    """Return a check that could not be judged, and why."""
    sentence = f"Not proven: {reason}."
    return judged(check_id, broken=0, reason=reason, entity=entity, kind=kind, name=name, severity=severity, sentence=sentence)


def weakness(entity: Entity, evidence: EntityEvidence, *, pairs: bool = False) -> str | None:
    """Say why what was compared proves nothing, or None: both ways must agree, and empty is not equal.

    Args:
        entity: says how many rows are needed (`at_least`), or why there may be none.
        evidence: what was measured.
        pairs: the claim is about rows that both sides have; where everything is missing, it has nothing to look at.
    """
    if not evidence.agrees:
        return "the rows found and the fingerprints do not agree"
    population = evidence.population
    rows = evidence.compared if pairs else max(population.source_rows, population.target_rows)
    if rows == 0 and entity.may_be_empty is not None and max(population.source_rows, population.target_rows) == 0:
        return None
    if rows < entity.at_least:
        return f"{counted(rows, 'row')} to compare, at least {entity.at_least:,} {'is' if entity.at_least == 1 else 'are'} needed"
    return None
