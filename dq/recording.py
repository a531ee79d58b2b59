"""The one place that puts a record together: facts judged, counted and said, in a fixed order, without clock or path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dq.asking import Question, versions
from dq.contract.models import Contract
from dq.contract.waivable import LIVE, SIGNED
from dq.coverage import Ledger
from dq.fit import fit_ids
from dq.judgement.base import Seen, not_proven
from dq.judgement.calendar import DEADLINE
from dq.judgement.canaries import judge_crosswalk_canary
from dq.judgement.entities import judge_entity, sum_up
from dq.judgement.whole import judge_coverage, judge_crosswalk
from dq.measuring import Facts
from dq.record import Calendar, Cause, Check, EntityResult, Outcome, Record, Snapshot, WaiverLine
from dq.room import entities_with_room
from dq.stores.manifest import Manifest
from dq.words import counted, listed


def judge_stores(ledger: Ledger) -> tuple[Check, ...]:
    """Judge the coverage of both stores."""
    sides = {side: tuple(line for line in ledger.lines if line.side == side) for side in ("source", "target")}
    return (
        judge_coverage("source", sides["source"], stale=ledger.stale.get("source", ())),
        judge_coverage("target", sides["target"], stale=ledger.stale.get("target", ())),
    )


def judge_facts(facts: Facts, *, seen: Seen) -> tuple[tuple[Check, ...], tuple[EntityResult, ...]]:
    """Judge what was measured: crosswalks, then entities in the contract's order."""
    crosswalks = tuple(judge_crosswalk(name, facts.crosswalks.get(name), seen=seen) for name in crosswalk_names(facts.ground.contract))
    judged = [judge_entity(item, migration=facts.ground.contract.migration, seen=seen) for item in facts.entities]
    results = tuple(sum_up(item, checks) for item, checks in zip(facts.entities, judged, strict=True))
    canaries = (judge_crosswalk_canary(facts.canary),) if facts.ground.contract.crosswalks else ()
    return (*crosswalks, *canaries, *(check for checks in judged for check in checks)), results


def crosswalk_names(contract: Contract) -> tuple[str, ...]:
    """Return the names of the `crosswalk.<name>` checks that a contract implies."""
    if contract.migration.stores.crosswalk is None:
        return ()
    return (*contract.crosswalks, *(("batches",) if contract.migration.batches else ()), "merges", "erasures")


def compared_ids(contract: Contract) -> tuple[str, ...]:
    """Return the id of every check that the contract declares and implies where rows are compared."""
    ids = [*_ids_of_stores(contract), *(f"crosswalk.{name}" for name in crosswalk_names(contract)), *(("canary.crosswalk",) if contract.crosswalks else ())]
    for entity in contract.entities:
        ids += [check_id for check_id, _, _ in entity.check_ids()] + [f"canary.{entity.name}"]
    return tuple(ids)


def _ids_of_stores(contract: Contract) -> tuple[str, ...]:
    sides = tuple(f"snapshot.{side}" for side, _ in contract.migration.stores.present())
    return (*sides, "coverage.source", "coverage.target", *((DEADLINE,) if contract.migration.deadline is not None else ()))


def declared_ids(question: Question) -> tuple[str, ...]:
    """Return the id of every check that the contract declares and implies for a question, from the contract alone."""
    contract = question.contract
    ids = [*compared_ids(contract)] if question.compares else [*_ids_of_stores(contract)]
    if not question.compares:  # before the first batch no row is compared, but both stores must be those that the contract is about
        ids += [f"{entity.name}.schema" for entity in contract.entities]
        ids += [f"{entity.name}.freeze" for entity in contract.entities if entity.created is not None]
    for found in question.asked.signoffs:
        ids += [f"signoff.{found.batch}", f"carried.{found.batch}"]
    ids += fit_ids(contract) if question.command == "gate" else ()
    ids += [f"{entity.name}.room" for entity in entities_with_room(question)]
    ids += [LIVE] if contract.waivers else []
    return (*ids, *([SIGNED] if contract.waivers and question.command == "gate" else []))


def complete(checks: Iterable[Check], question: Question) -> tuple[Check, ...]:
    """Return the checks in the order declared; one that did not run, or that nobody declared, is NOT PROVEN.

    Source: DESIGN, law 2: the set of checks that ran equals the set that the contract declares and implies.
    """
    ran: dict[str, Check] = {}
    for check in checks:
        twice = check.id in ran
        ran[check.id] = not_proven(check.id, entity=check.entity, kind=check.kind, name=check.name, reason="it ran twice") if twice else check
    names = {entity.name for entity in question.contract.entities}
    found: list[Check] = []
    for check_id in declared_ids(question):
        first, _, rest = check_id.partition(".")
        missing = not_proven(
            check_id, entity=first if first in names else None, kind=rest.partition(".")[0] if first in names else first, reason="it did not run"
        )
        found.append(ran.pop(check_id, missing))
    strays = (
        not_proven(check.id, entity=check.entity, kind=check.kind, name=check.name, reason="the contract declares no such check") for check in ran.values()
    )
    return (*found, *strays)


def make_record(
    question: Question,
    *,
    checks: Sequence[Check],
    entities: Sequence[EntityResult],
    causes: Sequence[Cause],
    ledger: Ledger,
    findings: int,
    calendar: Calendar | None = None,
    unexplained: Sequence[str] = (),
    waivers: Sequence[WaiverLine] = (),
) -> Record:
    """Return the record of a run; `unexplained` says of which entities the causes are not known, and why."""
    migration = question.contract.migration
    outcome = Outcome.worst(check.outcome for check in checks)
    regions = {batch.region for batch in migration.batches if batch.number in (question.asked.batches or (question.batch,))}
    return Record(
        command=question.command,
        run=question.run,
        migration=migration.name,
        title=migration.title,
        batch=question.batch,
        batches=question.asked.batches,
        only=question.asked.only,
        region=regions.pop() if len(regions) == 1 else None,
        as_of=question.as_of.isoformat(),
        freeze=migration.freeze.isoformat() if migration.freeze else None,
        deadline=migration.deadline.isoformat() if migration.deadline else None,
        outcome=outcome,
        exit_status=outcome.exit_status,
        headline=headline(question, checks=checks, entities=entities),
        contract=question.contract.digest,
        snapshots=tuple(_snapshot(side, manifest) for side, manifest in question.manifests.items()),
        versions=versions(),
        entities=tuple(entities),
        checks=tuple(checks),
        calendar=calendar,
        causes=tuple(causes),
        coverage=ledger.lines,
        waivers=tuple(waivers),
        not_checked=(*not_checked(question), *(f"Not known: {line}." for line in unexplained)),
        findings=findings,
    )


def headline(question: Question, *, checks: Sequence[Check], entities: Sequence[EntityResult]) -> str:
    """Return one sentence for a manager."""
    what = _what(question)
    unproven = [check for check in checks if check.outcome is Outcome.NOT_PROVEN]
    failed = [check for check in checks if check.outcome is Outcome.FAILED]
    waived = [check for check in checks if check.outcome is Outcome.WAIVED]
    rows = sum(entity.compared for entity in entities)
    if not unproven and not failed:
        if not entities:
            return f"{what}: the source is fit to move, in {counted(len(checks), 'check')}."
        kept = f"{counted(len(waived), 'check')} waived, first {waived[0].id}" if waived else "every promise kept"
        return f"{what}: {counted(rows, 'row')} in {counted(len(entities), 'entity')} compared, {kept}."
    parts = [*_failures(failed, entities, of=len(checks))]
    if unproven:
        parts.append(f"{counted(len(unproven), 'check')} could not be proven, first {unproven[0].id}: {unproven[0].reason}")
    return f"{what}: {'; '.join(parts)}."


def _failures(failed: Sequence[Check], entities: Sequence[EntityResult], *, of: int) -> Iterable[str]:
    """Yield what failed: rows and their entities, else the checks; rows of entities that are waived in all are none."""
    entities = [entity for entity in entities if entity.outcome is not Outcome.WAIVED]
    rows = sum(entity.changed + entity.missing + entity.extra + entity.duplicate for entity in entities)
    if rows:
        names = [
            entity.entity
            for entity in entities
            if entity.outcome is Outcome.FAILED or (entity.outcome.exit_status and entity.changed + entity.missing + entity.extra + entity.duplicate)
        ]
        yield f"{counted(rows, 'row')} {'breaks' if rows == 1 else 'break'} what was promised, in {listed(names)}"
    elif failed:
        yield f"{counted(len(failed), 'check')} of {of:,} failed, first {failed[0].id}"


def not_checked(question: Question) -> tuple[str, ...]:
    """Return what a run did not look at, in plain words."""
    contract = question.contract
    lines: list[str] = []
    rest = [batch.number for batch in contract.migration.batches if batch.number not in question.asked.batches]
    if rest:
        lines.append(f"Rows of {'batch' if len(rest) == 1 else 'batches'} {listed([str(number) for number in rest])} were not compared.")
    if question.asked.only:
        lines.append(f"Only {listed(list(question.asked.only))} were compared (--only): nothing is said of the rows of any other entity.")
    if question.command == "run" and fit_ids(contract):
        lines.append(f"Whether the source is fit to move ({counted(len(fit_ids(contract)), 'check')}) is asked by gate and check, not by run.")
    if question.command == "gate" and question.batch in question.asked.moved:
        lines.append(f"Batch {question.batch} has moved already: whether there was room for it in the target is not known.")
    if contract.pinned is None:
        lines.append("Nothing is pinned (dq check --pin): whether the stores' tables, columns and types are those of before is not known.")
    if contract.migration.stores.baseline is None:
        lines.append("There is no baseline: whether the target's own rows are unharmed is not known.")
    if contract.crosswalks and question.compares:
        lines += _of_before(question)
    if not contract.has_roster:
        lines.append("There is no roster (signers.toml): nobody is asked to sign.")
    for item in contract.migration.excluded:
        columns = f", {counted(len(item.columns), 'column')}" if item.columns else ""
        lines.append(f"Excluded: {item.side} {item.table}{columns}: {item.reason}.")
    return tuple(lines)


def _of_before(question: Question) -> Iterable[str]:
    """Yield why nobody knows whether the crosswalk is as it was when a batch was proven."""
    before, batches = question.asked.moved_before, question.contract.migration.batches
    if before is None:
        yield "There is no crosswalk of before: whether what was mapped when a batch was proven has been mapped otherwise since is not known."
    elif batches and not before:
        yield "The crosswalk of before was taken before the first batch: nothing of it binds."


def _what(question: Question) -> str:
    if question.command == "gate":
        before = (
            f", {'batch' if len(question.asked.batches) == 1 else 'batches'} {listed([str(number) for number in question.asked.batches])} compared"
            if question.asked.batches
            else ", the first batch"
        )
        return f"Gate for batch {question.batch}{before}"
    what = "All that has moved" if question.batch is None else f"Batch {question.batch}"
    return f"{what}, only {listed(list(question.asked.only))}" if question.asked.only else what


def _snapshot(side: str, manifest: Manifest) -> Snapshot:
    return Snapshot(
        side=side,
        store=manifest.store,
        content=manifest.content,
        moment=manifest.moment,
        region=manifest.region,
        batch=manifest.batch,
        rows=manifest.rows,
        tables=len(manifest.taken),
    )


def snapshot_columns(manifests: Mapping[str, Manifest]) -> dict[str, dict[str, dict[str, str]]]:
    """Return the whole catalogue of both stores: side to table to column to the store's type."""
    return {
        side: {table.name: {column.name: column.store_type for column in table.columns} for table in manifests[side].tables} for side in ("source", "target")
    }
