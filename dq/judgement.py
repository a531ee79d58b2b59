"""The one place that turns evidence into outcomes: pure functions, no engine, no clock.

Source: DESIGN, laws 2 and 6; DECISIONS "Severity" (it sorts the report and never changes an outcome).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dq.compare.evidence import Broken, CrosswalkEvidence, EntityEvidence, Harm, SumPair
from dq.contract.models import Entity
from dq.record import Check, Example, Money, Outcome, Severity, SliceCount, SumLine
from dq.words import counted, money_text, sentence_of

SUMS_SHOWN = 200  # lines of a sum in the record, those that disagree first
DETAILS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Crash:
    """What is known when a step could not answer: one line without personal data."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What must hold before an entity's checks mean anything."""

    schema: tuple[str, ...] = ()  # what is not as pinned or declared
    crosswalk: tuple[str, ...] = ()  # crosswalks with a fan-out that the entity goes through
    crash: Crash | None = None  # the entity could not be measured
    examples: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)  # kind of check to masked examples

    @property
    def reason(self) -> str | None:
        """Why nothing of the entity can be proven, or None."""
        if self.schema:
            return "the store is not as its pinned schema says"
        if self.crosswalk:
            return f"crosswalk {', '.join(self.crosswalk)} maps one id to several: a join would multiply rows"
        return self.crash.reason if self.crash else None


def judge_schema(entity: Entity, ground: Ground) -> Check:
    """Judge `<entity>.schema`."""
    broken = len(ground.schema)
    return Check(
        id=f"{entity.name}.schema",
        entity=entity.name,
        kind="schema",
        outcome=Outcome.FAILED if broken else Outcome.PASSED,
        sentence=f"{counted(broken, 'difference')} between the stores and their pinned schema."
        if broken
        else "Tables, columns and types are as pinned and as declared.",
        looked_at=len(entity.columns),
        broken=broken,
        details=ground.schema[:DETAILS_SHOWN],
    )


def judge_rows(entity: Entity, kind: str, evidence: EntityEvidence | None, ground: Ground) -> Check:
    """Judge `<entity>.keys`, `.rows`, `.values`, `.attribution` or `.instants`."""
    check_id = f"{entity.name}.{kind}"
    severity = _severity(entity, kind)
    if evidence is None:
        return not_proven(check_id, entity=entity.name, kind=kind, reason=ground.reason or "not measured", severity=severity)
    harm = evidence.harms[kind]
    lost, details = _losses(evidence) if kind == "rows" else ({}, ())
    broken = harm.keys + sum(lost.values())
    looked_at = evidence.population.source_rows + evidence.population.target_rows if kind in ("keys", "rows") else evidence.compared
    reason = _weakness(entity, evidence) or (evidence.notes[kind][0] if kind in evidence.notes else None)
    outcome = Outcome.NOT_PROVEN if reason else Outcome.FAILED if broken else Outcome.PASSED
    statuses = {**harm.statuses, **{name: count for name, count in lost.items() if count}}
    return Check(
        id=check_id,
        entity=entity.name,
        kind=kind,
        severity=severity,
        outcome=outcome,
        sentence=sentence_of(kind, broken=broken, looked_at=looked_at, statuses=statuses, columns=harm.columns),
        reason=reason,
        looked_at=looked_at,
        broken=broken,
        cells=harm.cells,
        people=harm.people,
        money=_money(harm),
        columns=dict(sorted(harm.columns.items())),
        statuses=statuses,
        equal_after={name: count for name, count in evidence.equal_after.items() if entity.column(name.split(":")[0]).kind == kind},
        slices=_slices(entity, harm, evidence.population.source_rows),
        examples=ground.examples.get(kind, ()),
        details=details,
    )


def judge_sums(
    entity: Entity,
    check_id: str,
    *,
    kind: str,
    name: str | None,
    by: Sequence[str],
    found: tuple[SumPair, ...] | Crash,
    evidence: EntityEvidence | None,
    ground: Ground,
) -> Check:
    """Judge `<entity>.counts[.<name>]` or `<entity>.sums.<column>`."""
    if evidence is None or isinstance(found, Crash):
        reason = ground.reason or (found.reason if isinstance(found, Crash) else "not measured")
        return not_proven(check_id, entity=entity.name, kind=kind, name=name, reason=reason)
    wrong = [pair for pair in found if not pair.agrees]
    reason = _weakness(entity, evidence)
    lines = [*wrong, *(pair for pair in found if pair.agrees)][:SUMS_SHOWN]
    what = "row count" if kind == "counts" else f"sum of {name}"
    return Check(
        id=check_id,
        entity=entity.name,
        kind=kind,
        name=name,
        outcome=Outcome.NOT_PROVEN if reason else Outcome.FAILED if wrong else Outcome.PASSED,
        sentence=f"The {what} differs in {counted(len(wrong), 'slice')} of {len(found):,}."
        if wrong
        else f"The {what} is the same in {counted(len(found), 'slice')}.",
        reason=reason,
        looked_at=len(found),
        broken=len(wrong),
        sums=tuple(_line(pair, by) for pair in lines),
    )


def judge_invariant(entity: Entity, name: str, *, found: Broken | Crash, evidence: EntityEvidence | None, ground: Ground) -> Check:
    """Judge `<entity>.invariant.<name>`: what breaks it in the source already breaks it too, and is told apart."""
    invariant = next(item for item in entity.invariant if item.name == name)
    check_id = f"{entity.name}.invariant.{name}"
    if evidence is None or isinstance(found, Crash):
        reason = ground.reason or (found.reason if isinstance(found, Crash) else "not measured")
        return not_proven(check_id, entity=entity.name, kind="invariant", name=name, reason=reason, severity=invariant.severity)
    reason = _weakness(entity, evidence)
    claim = invariant.reason or invariant.holds or name
    sentence = f"Every row keeps it: {claim}." if not found.keys else f"{counted(found.keys, 'key')} break it: {claim}."
    if found.pre_existing:
        sentence += f" {found.pre_existing:,} of them are already wrong in the source."
    return Check(
        id=check_id,
        entity=entity.name,
        kind="invariant",
        name=name,
        severity=invariant.severity,
        outcome=Outcome.NOT_PROVEN if reason else Outcome.FAILED if found.keys else Outcome.PASSED,
        sentence=sentence,
        reason=reason,
        looked_at=found.looked_at,
        broken=found.keys,
        pre_existing=found.pre_existing,
        examples=ground.examples.get(f"invariant.{name}", ()),
    )


def judge_crosswalk(name: str, found: CrosswalkEvidence | Crash | None) -> Check:
    """Judge `crosswalk.<name>`: a fan-out or an empty crosswalk is NOT PROVEN, since every join through it would lie."""
    check_id = f"crosswalk.{name}"
    if found is None or isinstance(found, Crash):
        reason = found.reason if isinstance(found, Crash) else "the crosswalk's snapshot has no such table"
        return not_proven(check_id, entity=None, kind="crosswalk", name=name, reason=reason)
    reason = None
    if found.fan_out:
        reason = f"{counted(found.fan_out, 'source id')} map to several rows: a join would multiply rows"
    elif found.rows == 0:
        reason = "it is empty"
    statuses = {"null": found.nulls, "fan-out": found.fan_out, "fan-in": found.fan_in, "unmapped": found.unmapped, "collision": found.collisions}
    statuses = {problem: count for problem, count in statuses.items() if count}
    sentence = f"{found.rows:,} ids map one to one, but for declared merges; every row that moved is mapped."
    if statuses:
        sentence = f"{counted(found.broken, 'id')} break it: {', '.join(f'{count:,} {problem}' for problem, count in statuses.items())}."
    return Check(
        id=check_id,
        entity=None,
        kind="crosswalk",
        name=name,
        outcome=Outcome.NOT_PROVEN if reason else Outcome.FAILED if found.broken else Outcome.PASSED,
        sentence=sentence,
        reason=reason,
        looked_at=found.rows,
        broken=found.broken,
        statuses=statuses,
    )


def not_proven(check_id: str, *, entity: str | None, kind: str, reason: str, name: str | None = None, severity: Severity = "critical") -> Check:
    """Return a check that could not be judged, and why."""
    return Check(
        id=check_id,
        entity=entity,
        kind=kind,
        name=name,
        severity=severity,
        outcome=Outcome.NOT_PROVEN,
        sentence=f"Not proven: {reason}.",
        reason=reason,
    )


def _weakness(entity: Entity, evidence: EntityEvidence) -> str | None:
    """Say why what was compared proves nothing, or None (law 2: empty is not equal; law 6: both ways agree)."""
    if not evidence.agrees:
        return "the rows found and the fingerprints do not agree"
    population = evidence.population
    looked_at = max(population.source_rows, population.target_rows)
    if population.source_rows >= entity.at_least and population.target_rows == 0:
        return None  # everything is missing: that is a finding, not a lack of evidence
    if looked_at < entity.at_least and entity.may_be_empty is None:
        return f"{counted(looked_at, 'row')} to compare, at least {entity.at_least:,} are needed"
    return None


def _losses(evidence: EntityEvidence) -> tuple[dict[str, int], tuple[str, ...]]:
    population = evidence.population
    lost = {"lost": population.source_lost + population.target_lost, "multiplied": population.source_multiplied + population.target_multiplied}
    lines = (
        (population.source_lost, "of the source's table are lost by its SQL without a declaration"),
        (population.target_lost, "of the target's table are lost by its SQL without a declaration"),
        (population.source_multiplied, "of the source's table are repeated by a join"),
        (population.target_multiplied, "of the target's table are repeated by a join"),
    )
    return {name: count for name, count in lost.items() if count}, tuple(f"{counted(count, 'row')} {words}" for count, words in lines if count)


def _severity(entity: Entity, kind: str) -> Severity:
    """The most severe of the columns that the check covers; rows and keys are critical."""
    found = {column.severity for column in entity.compared if column.kind == kind}
    ranked: tuple[Severity, ...] = ("critical", "warning", "info")
    return next((severity for severity in ranked if severity in found), "critical")


def _money(harm: Harm) -> tuple[Money, ...]:
    return tuple(Money(currency=currency, amount=money_text(amount)) for currency, amount in harm.money)


def _slices(entity: Entity, harm: Harm, source_rows: int) -> tuple[SliceCount, ...]:
    return tuple(
        SliceCount(by=dict(zip(entity.slices, slice_, strict=True)), source=source_rows, target=source_rows, broken=count) for slice_, count in harm.slices
    )


def _line(pair: SumPair, by: Sequence[str]) -> SumLine:
    return SumLine(
        by=dict(zip(by, pair.by, strict=True)),
        source_net=money_text(pair.source_net),
        target_net=money_text(pair.target_net),
        source_gross=money_text(pair.source_gross),
        target_gross=money_text(pair.target_gross),
        agrees=pair.agrees,
    )
