"""The one place that judges an entity: all its checks, in the contract's order, and its row of the promises table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dq.compare.evidence import Crash
from dq.contract.migration import Migration
from dq.contract.models import Entity
from dq.judgement.base import Seen, not_proven
from dq.judgement.calendar import judge_freeze
from dq.judgement.canaries import judge_canary
from dq.judgement.claims import judge_invariant, judge_natives, judge_persons, judge_schema, judge_sums
from dq.judgement.exported import judge_export
from dq.judgement.rows import KINDS, judge_rows
from dq.measuring import EntityFacts
from dq.record import Check, EntityResult, Money, Outcome
from dq.words import money_text


def judge_entity(facts: EntityFacts, *, migration: Migration, seen: Seen) -> tuple[Check, ...]:
    """Judge every parity check that an entity declares and implies, its canary last.

    Args:
        facts: what was measured.
        migration: the contract's.
        seen: masked examples.
    """
    entity, evidence = facts.entity, facts.evidence
    canary = judge_canary(entity, facts.canary, evidence)
    schema = judge_schema(entity, facts.problems, pinned=facts.pinned)
    rest = [(check_id, kind, name) for check_id, kind, name in entity.check_ids() if kind != "schema"]
    if evidence is None:
        reason = "the store is not as it is pinned or declared" if facts.problems else facts.blocked or "it was not measured"
        return (schema, *(not_proven(check_id, entity=entity.name, kind=kind, name=name, reason=reason) for check_id, kind, name in rest), canary)
    counts = facts.sums[f"{entity.name}.counts"]
    slices = () if isinstance(counts, Crash) else counts
    sums = {check_id: (column, by) for check_id, column, by in entity.sum_checks()}
    checks = [schema]
    for check_id, kind, name in rest:
        if kind in KINDS:
            checks.append(judge_rows(entity, kind, evidence, counts=slices, seen=seen))
        elif kind == "natives":
            checks.append(judge_natives(entity, facts.natives, seen=seen))
        elif kind == "freeze":
            checks.append(judge_freeze(entity, facts.freeze, migration=migration, seen=seen))
        elif kind == "export":
            checks.append(judge_export(entity, facts.exported, people=facts.people, seen=seen))
        elif kind == "invariant":
            checks.append(judge_invariant(entity, str(name), found=facts.invariants[str(name)], evidence=evidence, seen=seen))
        elif check_id in facts.persons:
            checks.append(judge_persons(entity, str(name), found=facts.persons[check_id], evidence=evidence, seen=seen))
        else:
            column, by = sums[check_id]
            checks.append(judge_sums(entity, check_id, column=column, by=by, found=facts.sums[check_id], evidence=evidence))
    return (*checks, canary)


def sum_up(facts: EntityFacts, checks: Sequence[Check]) -> EntityResult:
    """Return an entity's row of the promises table; its outcome is the worst of its checks."""
    entity, evidence = facts.entity, facts.evidence
    outcome = Outcome.worst(check.outcome for check in checks)
    if evidence is None:
        return EntityResult(**_named(entity), outcome=outcome, people=None, money=(), **dict.fromkeys(_COUNTS, 0))
    population, harm = evidence.population, evidence.harms[""]
    return EntityResult(
        **_named(entity),
        outcome=outcome,
        source_rows=population.source_rows,
        target_rows=population.target_rows,
        compared=evidence.compared,
        same=evidence.same,
        **{status: harm.statuses.get(status, 0) for status in ("changed", "missing", "extra", "duplicate")},
        native=population.native + population.native_new,
        excused=sum(population.excused.values()),
        excused_by=dict(population.excused),
        unmapped=population.unmapped + population.unplaced,
        people=harm.people,
        money=tuple(Money(currency=currency, amount=money_text(amount)) for currency, amount in harm.money),
    )


def sum_up_again(entities: Sequence[EntityResult], checks: Sequence[Check]) -> tuple[EntityResult, ...]:
    """Return the entities' rows with the outcomes that their checks have now: some may have been waived since."""
    waived = {check.entity for check in checks if check.outcome is Outcome.WAIVED}
    outcomes = {name: Outcome.worst(check.outcome for check in checks if check.entity == name and check.kind not in ("fit", "room")) for name in waived}
    return tuple(item.model_copy(update={"outcome": outcomes[item.entity]}) if item.entity in waived else item for item in entities)


_COUNTS = ("source_rows", "target_rows", "compared", "same", "changed", "missing", "extra", "duplicate", "native", "excused", "unmapped")


def _named(entity: Entity) -> dict[str, object]:
    return {"entity": entity.name, "promise": entity.promise, "columns": tuple(_names(entity))}


def _names(entity: Entity) -> Iterable[str]:
    return (column.name for column in entity.columns)
