"""The one place that judges what is claimed beside the rows: schema, sums and counts, invariants, the native rows."""

from __future__ import annotations

from collections.abc import Sequence

from dq.compare.evidence import Broken, Crash, EntityEvidence, SumPair
from dq.compare.natives import AHEAD, GIVEN_AWAY, OVERWRITTEN, TURNED_BACK, Natives
from dq.compare.persons import PersonSums
from dq.contract.models import Entity
from dq.judgement.base import Seen, judged, not_proven, weakness
from dq.record import Check, SumLine
from dq.words import counted, money_text

SUMS_SHOWN = 200  # lines of a sum in the record, those that disagree first
DETAILS_SHOWN = 20
_HARMED = {
    "missing": "gone",
    GIVEN_AWAY: "with another owner",
    OVERWRITTEN: "overwritten with another row",
    "changed": "changed without a newer change time",
    TURNED_BACK: "with an earlier change time than before",
    AHEAD: "with a change time after the snapshot's",
}


def judge_schema(entity: Entity, problems: tuple[str, ...], *, pinned: bool = True) -> Check:
    """Judge `<entity>.schema`; where nothing was pinned of the stores, it says so."""
    fine = (
        "Tables, columns and types are as they should be." if pinned else "Tables, columns and types are as declared; there is no stores.lock.toml to pin them."
    )
    return judged(
        f"{entity.name}.schema",
        broken=len(problems),
        reason=None,
        entity=entity.name,
        kind="schema",
        sentence=f"{counted(len(problems), 'difference')} between the stores and what is declared and pinned: {problems[0]}." if problems else fine,
        looked_at=len(entity.columns),
        details=problems[:DETAILS_SHOWN],
    )


def judge_sums(entity: Entity, check_id: str, *, column: str | None, by: Sequence[str], found: tuple[SumPair, ...] | Crash, evidence: EntityEvidence) -> Check:
    """Judge `<entity>.counts[.<name>]` (column None) or `<entity>.sums.<column>`."""
    kind, name = ("counts", check_id.partition(".counts.")[2] or None) if column is None else ("sums", check_id.partition(".sums.")[2])
    if isinstance(found, Crash):
        return not_proven(check_id, entity=entity.name, kind=kind, name=name, reason=found.reason)
    wrong = [pair for pair in found if not pair.agrees]
    what = "row count" if column is None else f"sum of {column}"
    fine = f"The {what} is the same in {counted(len(found), 'slice')}{', net and gross' if column else ''}."
    return judged(
        check_id,
        broken=len(wrong),
        reason=weakness(entity, evidence),
        entity=entity.name,
        kind=kind,
        name=name,
        sentence=f"The {what} differs in {counted(len(wrong), 'slice')} of {len(found):,}." if wrong else fine,
        looked_at=len(found),
        sums=tuple(_line(pair, by) for pair in [*wrong, *(pair for pair in found if pair.agrees)][:SUMS_SHOWN]),
    )


def judge_persons(entity: Entity, name: str, *, found: PersonSums | Crash, evidence: EntityEvidence, seen: Seen) -> Check:
    """Judge `<entity>.sums.<name>` of a sum that is taken a person."""
    item = next(item for item in entity.sums if item.called == name)
    check_id = f"{entity.name}.sums.{name}"
    if isinstance(found, Crash):
        return not_proven(check_id, entity=entity.name, kind="sums", name=name, reason=found.reason)
    whose = counted(found.looked_at, "person")
    what = f"The sum of {item.column} per {item.per}"
    return judged(
        check_id,
        broken=found.unequal,
        reason=weakness(entity, evidence),
        entity=entity.name,
        kind="sums",
        name=name,
        sentence=f"{what} differs for {found.unequal:,} of {whose}." if found.unequal else f"{what} is the same for {whose}, net and gross.",
        looked_at=found.looked_at,
        people=found.unequal if item.per == entity.owner else None,
        statuses={"unequal": found.unequal} if found.unequal else {},
        examples=seen.get(check_id, ()),
    )


def judge_invariant(entity: Entity, name: str, *, found: Broken | Crash, evidence: EntityEvidence, seen: Seen) -> Check:
    """Judge `<entity>.invariant.<name>`: what breaks it in the source too is told apart."""
    invariant = next(item for item in entity.invariant if item.name == name)
    check_id = f"{entity.name}.invariant.{name}"
    if isinstance(found, Crash):
        return not_proven(check_id, entity=entity.name, kind="invariant", name=name, reason=found.reason, severity=invariant.severity)
    once = f"{', '.join(invariant.unique)} stands in one row only" if invariant.unique else None
    claim = invariant.reason or invariant.holds or once or name
    sentence = f"It holds for every row: {claim}."
    if found.keys:
        sentence = f"{counted(found.keys, 'key')} {'breaks' if found.keys == 1 else 'break'} it: {claim}."
    if found.pre_existing:
        sentence += f" {found.pre_existing:,} of them {'is' if found.pre_existing == 1 else 'are'} already wrong in the source."
    if found.source_only:
        sentence += f" {found.source_only:,} {'is' if found.source_only == 1 else 'are'} wrong in the source only."
    return judged(
        check_id,
        broken=found.keys,
        reason=weakness(entity, evidence),
        entity=entity.name,
        kind="invariant",
        name=name,
        severity=invariant.severity,
        sentence=sentence,
        looked_at=found.looked_at,
        pre_existing=found.pre_existing,
        examples=seen.get(check_id, ()),
    )


def judge_natives(entity: Entity, found: Natives | Crash | None, *, seen: Seen) -> Check:
    """Judge `<entity>.natives`: the target's own rows are there, and changed only where their change time says so."""
    check_id = f"{entity.name}.natives"
    if found is None or isinstance(found, Crash):
        reason = found.reason if found is not None else "the baseline was not measured"
        return not_proven(check_id, entity=entity.name, kind="natives", reason=reason)
    harmed = found.harmed
    broken = sum(harmed.values())
    alive = f" {counted(found.alive, 'row')} changed since, and {'says' if found.alive == 1 else 'say'} so." if found.alive else ""
    sentence = f"The target's own {counted(found.looked_at, 'row')} of before are unharmed.{alive}"
    if not found.looked_at:
        sentence = "The target had no rows of its own before the first batch."
    if broken:
        parts = [f"{rows:,} {_HARMED.get(status, status)}" for status, rows in harmed.items()]
        sentence = f"{counted(broken, 'row')} of the target's own {found.looked_at:,} {'is' if broken == 1 else 'are'} harmed: {', '.join(parts)}."
    return judged(
        check_id,
        broken=broken,
        reason=None,
        entity=entity.name,
        kind="natives",
        sentence=sentence,
        looked_at=found.looked_at,
        statuses=dict(harmed),
        examples=seen.get(check_id, ()),
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
