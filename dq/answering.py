"""The one place where opened snapshots answer a question: attached, looked into, measured, judged, put together as a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dq.asking import Question
from dq.attempts import Attempts
from dq.compare.carried import Digests, carried_by
from dq.compare.evidence import Crash
from dq.compare.owners import OwnedRows
from dq.compare.signed import Carried
from dq.compare.views import snapshot
from dq.coverage import make_ledger
from dq.dating import dated, judge_freezes, why_too_late
from dq.diagnose import Diagnosis, Subject, diagnose, make_labelled
from dq.engine import Engine, open_engine
from dq.examples import find_examples
from dq.findings import number_findings, write_findings
from dq.fit import judge_fitness
from dq.ground import Ground, lay_ground
from dq.judgement.base import Seen
from dq.judgement.claims import judge_schema
from dq.judgement.entities import sum_up_again
from dq.judgement.past import judge_past
from dq.judgement.whole import judge_snapshot
from dq.measuring import Facts, measure_migration
from dq.record import Cause, Check, EntityResult, Record
from dq.recording import judge_facts, judge_stores, make_record, snapshot_columns
from dq.room import judge_rooms
from dq.running import Told
from dq.settings import Settings, usable_cores
from dq.stores.contents import discrepancies, look_inside
from dq.stores.identity import untimely
from dq.stores.opening import Opened, threads_for
from dq.waivers.applying import apply_waivers

CAUSES = ": causes"  # how the step ends that looks for an entity's causes


@contextmanager
def attached(opened: Mapping[str, Opened], *, settings: Settings) -> Iterator[Engine]:
    """Yield an engine with the opened snapshots attached."""
    files = {snapshot(side): str(item.path) for side, item in opened.items()}
    threads = settings.threads or threads_for(opened)
    engine = open_engine(files, settings=replace(settings, threads=threads))
    engine.spares = settings.threads is None and threads < usable_cores()
    try:
        for item in opened.values():
            item.check_attached()
        yield engine
    finally:
        engine.close()


def look_into_snapshots(engine: Engine, question: Question, *, attempt: Attempts) -> Mapping[str, tuple[str, ...]]:
    """Return by side what in its snapshot its manifest does not say; before anything is read from it."""
    inside = attempt("snapshots", look_inside, engine)
    found: dict[str, tuple[str, ...]] = {}
    for side, manifest in question.manifests.items():
        lines = inside if isinstance(inside, Crash) else attempt(f"snapshot.{side}", discrepancies, engine, snapshot(side), manifest, inside=inside)
        found[side] = (lines.reason,) if isinstance(lines, Crash) else lines
    return found


def judge_snapshots(engine: Engine, ground: Ground, question: Question, *, found: Mapping[str, tuple[str, ...]], attempt: Attempts) -> tuple[Check, ...]:
    """Judge every `snapshot.<side>` by what was found in it, and by what its moment says."""
    problems = {side: [*lines] for side, lines in found.items()}
    for side, late in untimely(question.manifests, contract=question.contract, as_of=question.as_of).items():
        problems[side].append(late)
    moved = attempt("snapshot.baseline", why_too_late, engine, ground) if "baseline" in found else None
    if moved is not None:
        problems["baseline"].append(moved.reason if isinstance(moved, Crash) else moved)
    manifests = question.manifests
    return tuple(judge_snapshot(side, problems=problems[side], tables=len(manifests[side].taken), rows=manifests[side].rows) for side in manifests)


def answer(engine: Engine, question: Question, *, attempt: Attempts, told: Told, findings: Path) -> tuple[Record, Carried | None]:
    """Answer a question from the snapshots that are attached.

    Args:
        engine: the engine.
        question: what is asked.
        attempt: runs each step.
        told: called with what is done next.
        findings: the file to write the findings to.

    Returns:
        The record, and what stands in the target of the batch, where that was asked for and could be told.

    Raises:
        ContractError: the contract's SQL is not what it may be.
    """
    told("contents of the snapshots")
    contents = look_into_snapshots(engine, question, attempt=attempt)
    checks: list[Check] = []
    entities: tuple[EntityResult, ...] = ()
    causes: tuple[Cause, ...] = ()
    unexplained: tuple[str, ...] = ()
    records = 0
    compared: Mapping[str, OwnedRows] = {}
    there: Digests | Crash | None = None
    if question.compares:
        facts = measure_migration(engine, question.contract, asked=question.asked, attempt=attempt, told=told)
        ground, there = facts.ground, facts.carried
        compared = {item.entity.name: item.evidence.owned for item in facts.entities if item.evidence is not None}
        told("findings and causes")
        seen, diagnoses, records = _findings(engine, facts, attempt=attempt, file=findings)
        causes = tuple(cause for found in diagnoses.values() for cause in found.causes)
        unexplained = tuple(f"{step}: {crash.reason}" for step, crash in attempt.crashes if step.endswith(CAUSES))
        judged, entities = judge_facts(facts, seen=seen)
        checks += [diagnoses.get(check.entity or "", Diagnosis()).told(check) for check in judged]
    else:
        ground = lay_ground(engine, question.contract, asked=question.asked, attempt=attempt)
        checks += [judge_schema(item.entity, item.problems, pinned=item.pinned) for item in ground.prepared]
        checks += judge_freezes(engine, ground, question, attempt=attempt)
    checks += judge_snapshots(engine, ground, question, found=contents, attempt=attempt)
    ledger = make_ledger(question.contract, selects=ground.selects, catalogue=snapshot_columns(question.manifests))
    checks += judge_stores(ledger)
    if question.command == "gate":
        checks += judge_past(question.asked.signoffs, there)
        checks += _fitness(engine, ground, question, attempt=attempt, told=told)
        checks += judge_rooms(engine, ground, question, attempt=attempt)
    waived = apply_waivers(engine, question, checks=checks, causes=causes, findings=findings, attempt=attempt)
    checks, calendar = dated(engine, ground, question, checks=waived.checks, compared=compared, attempt=attempt)
    record = make_record(
        question,
        checks=checks,
        entities=sum_up_again(entities, checks),
        causes=causes,
        ledger=ledger,
        findings=records,
        calendar=calendar,
        unexplained=unexplained,
        waivers=waived.lines,
    )
    carried = carried_by(question.batch, there) if question.asked.carries and question.batch is not None and isinstance(there, Mapping) else None
    return record, carried


def _fitness(engine: Engine, ground: Ground, question: Question, *, attempt: Attempts, told: Told) -> tuple[Check, ...]:
    told("fitness of the source")
    return judge_fitness(engine, ground, batch=question.batch, attempt=attempt)


def _findings(engine: Engine, facts: Facts, *, attempt: Attempts, file: Path) -> tuple[Seen, dict[str, Diagnosis], int]:
    """Number and write the findings, diagnose them by entity, and find the masked examples."""
    numbered = number_findings(engine, facts)
    diagnoses: dict[str, Diagnosis] = {}
    lossy = facts.lossy
    for item in facts.entities:
        if item.evidence is not None and item.evidence.harms[""].keys:
            make_labelled(engine, item.entity)
            subject = Subject.of(facts.ground, item.entity, item.evidence, lossy=lossy)
            found = attempt(f"{item.entity.name}{CAUSES}", diagnose, engine, subject)
            diagnoses[item.entity.name] = Diagnosis() if isinstance(found, Crash) else found
    records = write_findings(engine, numbered, file)
    return find_examples(engine, numbered), diagnoses, records
