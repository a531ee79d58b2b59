"""The one place that judges the canaries: a comparison that misses what was planted, or sees what was not, proves nothing."""

from __future__ import annotations

from dq.canaries import CanaryResult
from dq.compare.evidence import Crash, EntityEvidence
from dq.contract.models import Entity
from dq.judgement.base import judged, weakness
from dq.record import Check
from dq.words import counted

_NAMED = 14  # operators in a sentence, those that were used most first
_NOTHING = "there is no row to plant a corruption in"


def judge_canary(entity: Entity, found: CanaryResult | Crash | None, evidence: EntityEvidence | None) -> Check:
    """Judge `canary.<entity>`; a copy of no rows proves nothing, unless the contract says that there may be none."""
    empty = evidence is not None and weakness(entity, evidence) is None
    return _judged(f"canary.{entity.name}", found, entity=entity.name, absent="the entity was not compared", empty=entity.may_be_empty if empty else None)


def judge_crosswalk_canary(found: CanaryResult | Crash | None) -> Check:
    """Judge `canary.crosswalk`."""
    return _judged("canary.crosswalk", found, entity=None, absent="no map was looked at", empty=None)


def _judged(check_id: str, found: CanaryResult | Crash | None, *, entity: str | None, absent: str, empty: str | None) -> Check:
    """Judge a canary.

    Args:
        check_id: its id.
        found: what became of it.
        entity: whose rows were copied; None: those of a map.
        absent: why there may be nothing to judge.
        empty: why there may be no row to plant anything in.
    """
    reason: str | None
    if not isinstance(found, CanaryResult):
        reason = found.reason if found is not None else absent
        found = CanaryResult(0, 0, 0)
    elif found.missed or found.invented:
        planted = f"{counted(found.planted, 'corruption')} planted in a copy"
        reason = f"of {counted(found.faults, 'fault')} of {planted} {found.missed:,} were missed, and {found.invented:,} were seen that were not there"
    else:
        reason = None if found.planted or empty is not None else _NOTHING
    return judged(
        check_id,
        broken=0,
        reason=reason,
        entity=entity,
        kind="canary",
        name=None if entity is not None else "crosswalk",
        sentence=f"Not proven: {reason}." if reason else _sentence(found) if found.planted else f"Nothing to plant: {empty}.",
        looked_at=found.planted,
        planted=dict(found.operators),
        details=(f"Which corruptions were planted, and where, was chosen by the seed {found.seed}.",) if found.planted and found.seed else (),
    )


def _sentence(found: CanaryResult) -> str:
    """Return what was planted and found, in plain words."""
    ranked = sorted(found.operators.items(), key=lambda item: (-item[1], item[0]))
    named = [words if count == 1 else f"{words} ({count:,} times)" for words, count in ranked[:_NAMED]]
    more = f", and {counted(len(ranked) - _NAMED, 'further way')}" if len(ranked) > _NAMED else ""
    all_ = f"{found.planted:,} found, with every one of their {counted(found.faults, 'fault')}"
    return f"{counted(found.planted, 'corruption')} planted in a copy, {all_}: {'; '.join(named)}{more}."
