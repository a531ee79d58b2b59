"""The one place that makes a run's folder of what was opened: the question asked and answered, the record rendered, all of it published at once."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dq.answering import answer, attached
from dq.asking import Command, Question, ask
from dq.attempts import Attempts
from dq.contract.models import Contract
from dq.folder import FINDINGS, draft_folder, publish
from dq.interrupts import raise_if_ended
from dq.pages import PAGE, keep_page, queries_behind, write_restricted
from dq.record import Record
from dq.report.html import render_html
from dq.report.junit import render_junit
from dq.report.markdown import render_markdown
from dq.retention import KEPT_UNTIL
from dq.running import Finished, Options
from dq.settings import Settings
from dq.stores.opening import Opened, threads_for


def answer_and_publish(
    contract: Contract, opened: Mapping[str, Opened], *, command: Command, batch: int | None, options: Options, started: datetime
) -> Finished:
    """Answer a run's question from the opened snapshots and publish its folder.

    Args:
        contract: the contract.
        opened: side to snapshot, hashed.
        command: see `dq.running.run_contract`, also for what is raised.
        batch: as there.
        options: as there.
        started: when the run began.
    """
    with draft_folder(options.runs) as draft:
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
            record, carried = answer(engine, question, attempt=attempts, told=options.told, findings=draft / FINDINGS)
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
            from dq.signoff.parity import attest  # noqa: PLC0415 - the signature library loads only where something is signed

            files = {side: item.manifest.file_sha256 for side, item in opened.items()}
            signer, lock = options.signer, options.lock
            parity = attest(target, record, contract=contract, snapshots=files, lock=lock, page=renderings[PAGE], signer=signer, carried=carried)
        return Finished(record, target, tuple(attempts.crashes), page, carried, parity)


def render(record: Record, *, language: str, queries: Mapping[str, str]) -> dict[str, str]:
    """Return the renderings that stand in every run's folder, by file name."""
    return {
        PAGE: render_html(record, language=language, queries=queries),
        "summary.md": render_markdown(record, language=language),
        "junit.xml": render_junit(record, language=language),
    }


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
