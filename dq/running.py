"""The one place where a run happens: snapshots opened and watched, facts measured, judged and recorded, the folder published."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dq.asking import Command, Question, ask, snapshot_paths
from dq.attempts import Attempts
from dq.compare.carried import Digests, carried_by
from dq.compare.evidence import Crash
from dq.compare.owners import OwnedRows
from dq.compare.signed import BatchSignOff, Carried
from dq.compare.views import snapshot
from dq.contract.models import Contract
from dq.contract.reading import read_contract
from dq.coverage import make_ledger
from dq.dating import dated, judge_freezes, why_too_late
from dq.diagnose import Diagnosis, Subject, diagnose, make_labelled
from dq.engine import Engine, Settings, open_engine
from dq.examples import find_examples
from dq.findings import number_findings, write_findings
from dq.fit import judge_fitness
from dq.folder import FINDINGS, draft_folder, publish
from dq.ground import Ground, lay_ground
from dq.interrupts import raise_if_ended
from dq.judgement.base import Seen
from dq.judgement.claims import judge_schema
from dq.judgement.countersigning import Countersigned
from dq.judgement.entities import sum_up_again
from dq.judgement.past import judge_past
from dq.judgement.whole import judge_snapshot
from dq.measuring import Facts, measure_migration, steps_of
from dq.pages import PAGE, keep_page, queries_behind, write_restricted
from dq.record import Cause, Check, EntityResult, Record
from dq.recording import judge_facts, judge_stores, make_record, snapshot_columns
from dq.retention import KEPT_UNTIL
from dq.room import judge_rooms
from dq.signoff.exporter import vouching
from dq.signoff.keys import Signer
from dq.signoff.parity import attest
from dq.stores.contents import discrepancies, strange_objects
from dq.stores.identity import untimely
from dq.stores.opening import Opened, find_snapshots, open_snapshots, threads_for
from dq.waivers.applying import apply_waivers

CAUSES = ": causes"  # how the step ends that looks for an entity's causes
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is made; nothing of it changes the record but `as_of` and the snapshots."""

    runs: Path = Path("runs")
    snapshots: Mapping[str, Path] = field(default_factory=dict)  # side to file, instead of the contract's
    as_of: datetime | None = None
    settings: Settings = field(default_factory=Settings)
    told: Told = lambda _: None  # called with what is done next
    only: tuple[str, ...] = ()  # compare these entities alone: nothing is proven then; none: all
    language: str = "en"  # of report.html
    signed: Countersigned = field(default_factory=dict)  # waiver to who signed for it: a gate needs those of its waivers
    show_values: bool = False  # write a page with values as well, for its owner alone
    signoffs: tuple[BatchSignOff, ...] = ()  # of every batch before the gate's, where the contract asks for them
    carries: bool = False  # take the digests of what stands in the target, to be signed
    signer: Signer | None = None  # the validator's key, which attests the run; None: nobody does
    lock: Path | None = None  # the lock file that the libraries were installed from, which the attestation names


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that was recorded."""

    record: Record
    folder: Path
    crashes: tuple[tuple[str, Crash], ...]
    page: Path  # the report in the language asked for; with values, where they were asked for
    carried: Carried | None = None  # what stands in the target of the batch; None where nobody asked, or it could not be told
    parity: Path | None = None  # the parity statement, where a validator's key was given


def run_contract(folder: Path | str, *, command: Command = "run", batch: int | None = None, options: Options | None = None) -> Finished:
    """Compare (run) or gate a batch, and publish the run's folder.

    Args:
        folder: the contract.
        command: `run` compares a batch, or all that has moved; `gate` asks whether a batch may start.
        batch: which; needed by `gate`.
        options: where and how.

    Raises:
        ContractError, UsageError: exit 2.
        SnapshotError: a snapshot is missing, or is not what its manifest says (exit 3).
        NotReproducedError: the same inputs gave another record before (exit 3).
    """
    options = options or Options()
    started = datetime.now(tz=UTC)
    contract = read_contract(folder)
    with opened_stores(contract, options) as opened, draft_folder(options.runs) as draft:
        manifests = {side: item.manifest for side, item in opened.items()}
        carries = options.carries or options.signer is not None
        question = ask(
            contract,
            manifests,
            command=command,
            batch=batch,
            as_of=options.as_of,
            only=options.only,
            signoffs=options.signoffs,
            carries=carries,
            signed=options.signed,
        )
        settings = Settings(options.settings.memory, options.settings.threads, draft)
        with attached(opened, settings=settings) as engine:
            attempts = Attempts()
            record, carried = _recorded(engine, question, attempt=attempts, told=options.told, findings=draft / FINDINGS)
            for item in opened.values():
                item.check_unchanged()
            steps = engine.profile
        raise_if_ended()
        options.told("report")
        varying = _varying(question, opened, started=started, steps=steps, settings=settings)
        queries = queries_behind(record, contract)
        renderings = render(record, language=options.language, queries=queries)
        target = publish(draft, options.runs, record, renderings=renderings, varying=varying)
        page = keep_page(target, renderings[PAGE], language=options.language)
        if options.show_values:
            page = write_restricted(target, record, language=options.language, queries=queries)
        parity = None
        if options.signer is not None:
            files = {side: item.manifest.file_sha256 for side, item in opened.items()}
            signer, lock = options.signer, options.lock
            parity = attest(target, record, contract=contract, snapshots=files, lock=lock, page=renderings[PAGE], signer=signer, carried=carried)
        return Finished(record, target, tuple(attempts.crashes), page, carried, parity)


def steps_told(contract: Contract, *, command: Command) -> int:
    """Return how often `Options.told` is called at most."""
    return 4 + steps_of(contract) + (1 if command == "gate" else 0)


@contextmanager
def opened_stores(contract: Contract, options: Options) -> Iterator[dict[str, Opened]]:
    """Yield the snapshots, opened and hashed; they are let go at the end."""
    paths = snapshot_paths(contract, options.snapshots)
    find_snapshots(paths, on_command_line=options.snapshots)
    options.told("digests of the snapshots")
    opened = open_snapshots(paths, vouched=vouching(contract.folder))
    try:
        yield opened
    finally:
        for item in opened.values():
            item.close()


@contextmanager
def attached(opened: Mapping[str, Opened], *, settings: Settings) -> Iterator[Engine]:
    """Yield an engine with the opened snapshots attached."""
    files = {snapshot(side): str(item.path) for side, item in opened.items()}
    engine = open_engine(files, settings=replace(settings, threads=settings.threads or threads_for(opened)))
    try:
        for item in opened.values():
            item.check_attached()
        yield engine
    finally:
        engine.close()


def render(record: Record, *, language: str, queries: Mapping[str, str]) -> dict[str, str]:
    """Return the renderings that stand in every run's folder, by file name."""
    from dq.report.html import render_html  # noqa: PLC0415 - the template engine loads while nothing else waits
    from dq.report.junit import render_junit  # noqa: PLC0415
    from dq.report.markdown import render_markdown  # noqa: PLC0415

    return {
        PAGE: render_html(record, language=language, queries=queries),
        "summary.md": render_markdown(record, language=language),
        "junit.xml": render_junit(record, language=language),
    }


def look_into_snapshots(engine: Engine, question: Question, *, attempt: Attempts) -> Mapping[str, tuple[str, ...]]:
    """Return by side what in its snapshot its manifest does not say; before anything is read from it."""
    strange = attempt("snapshots", strange_objects, engine)
    found: dict[str, tuple[str, ...]] = {}
    for side, manifest in question.manifests.items():
        lines = strange if isinstance(strange, Crash) else attempt(f"snapshot.{side}", discrepancies, engine, snapshot(side), manifest, strange=strange)
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


def _recorded(engine: Engine, question: Question, *, attempt: Attempts, told: Told, findings: Path) -> tuple[Record, Carried | None]:
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
        checks += [judge_schema(item.entity, item.problems) for item in ground.prepared]
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


def _varying(question: Question, opened: Mapping[str, Opened], *, started: datetime, steps: list[tuple[str, float]], settings: Settings) -> dict[str, Any]:
    """Return what differs from run to run and so stands in no record."""
    seconds: dict[str, float] = {}
    for step, took in steps:
        seconds[step] = seconds.get(step, 0.0) + took
    slowest = sorted(seconds.items(), key=lambda item: -item[1])[:20]
    now = datetime.now(tz=UTC)
    days = question.contract.migration.limits.keep_days
    return {
        "run": question.run,
        "started": started.isoformat(),
        **({KEPT_UNTIL: (started + timedelta(days=days)).date().isoformat()} if days is not None else {}),
        "seconds": round((now - started).total_seconds(), 3),
        "contract": str(question.contract.folder.resolve()),
        "snapshots": {
            side: {"path": str(item.path.resolve()), "sha256": item.manifest.file_sha256, "identity": list(item.identity)} for side, item in opened.items()
        },
        "engine": {"memory": settings.memory, "threads": settings.threads or threads_for(opened)},
        "python": platform.python_version(),
        "slowest_steps": {step: round(took, 3) for step, took in slowest},
    }
