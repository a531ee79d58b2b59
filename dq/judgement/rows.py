"""The one place that judges an entity's rows: keys, rows, values, attribution, instants."""

from __future__ import annotations

from dq.compare.evidence import EntityEvidence, Harm, SumPair
from dq.contract.models import Entity
from dq.judgement.base import Seen, judged, weakness
from dq.record import Check, Money, SliceCount
from dq.words import counted, money_text, sentence_of

KINDS = ("keys", "rows", "values", "attribution", "instants")
_WHOLE = ("keys", "rows")  # these look at both sides' rows; the others at the keys that both have


def judge_rows(entity: Entity, kind: str, evidence: EntityEvidence, *, counts: tuple[SumPair, ...], seen: Seen) -> Check:
    """Judge `<entity>.<kind>`.

    Args:
        entity: the entity.
        kind: one of KINDS.
        evidence: what was measured.
        counts: rows by the entity's slices.
        seen: masked examples.
    """
    harm = evidence.harms[kind]
    lost, details = _losses(evidence) if kind == "rows" else ({}, ())
    broken = harm.keys + sum(lost.values())
    population = evidence.population
    looked_at = population.source_rows + population.target_rows if kind in _WHOLE else evidence.compared
    statuses = {**harm.statuses, **lost}
    return judged(
        f"{entity.name}.{kind}",
        broken=broken,
        reason=weakness(entity, evidence, pairs=kind not in _WHOLE) or next(iter(evidence.weak.get(kind, ())), None),
        entity=entity.name,
        kind=kind,
        severity=entity.severity_of(kind),
        sentence=sentence_of(kind, broken=broken, looked_at=looked_at, statuses=statuses, columns=harm.columns),
        looked_at=looked_at,
        cells=harm.cells,
        people=harm.people,
        money=tuple(Money(currency=currency, amount=money_text(amount)) for currency, amount in harm.money),
        columns=dict(sorted(harm.columns.items())),
        statuses=statuses,
        equal_after={name: count for name, count in evidence.equal_after.items() if entity.column(name.split(":")[0]).kind == kind},
        slices=_slices(entity, harm, counts),
        examples=seen.get(f"{entity.name}.{kind}", ()),
        details=(*details, *evidence.remarks.get(kind, ())),
    )


def _losses(evidence: EntityEvidence) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return what the SQL lost or multiplied, by status, and in words."""
    population = evidence.population
    lines = (
        ("lost", population.source_lost, "of the source's table are lost by its SQL without a declaration"),
        ("lost", population.target_lost, "of the target's table are lost by its SQL without a declaration"),
        ("multiplied", population.source_multiplied, "of the source's table are repeated by a join"),
        ("multiplied", population.target_multiplied, "of the target's table are repeated by a join"),
    )
    found: dict[str, int] = {}
    for status, count, _ in lines:
        if count:
            found[status] = found.get(status, 0) + count
    return found, tuple(f"{counted(count, 'row')} {words}" for _, count, words in lines if count)


def _slices(entity: Entity, harm: Harm, counts: tuple[SumPair, ...]) -> tuple[SliceCount, ...]:
    rows = {pair.by: (int(pair.source_net), int(pair.target_net)) for pair in counts}
    found = []
    for slice_, broken in harm.slices:
        source, target = rows.get(slice_, (0, 0))
        found.append(SliceCount(by=dict(zip(entity.slices, slice_, strict=True)), source=source, target=target, broken=broken))
    return tuple(found)
