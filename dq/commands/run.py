"""`dq run` and `dq gate`: a batch compared, or asked whether it may start."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from dq.commands.arguments import (
    CONTRACT,
    DEFAULT_MEMORY,
    NO_FILES,
    RUNS,
    AsJson,
    AsOf,
    BatchNumber,
    ContractDir,
    Files,
    Lang,
    MachineKey,
    Memory,
    PolicyDigest,
    PolicyFile,
    RunsDir,
    ShowValues,
    Threads,
    asked_passphrase,
    moment,
    settings,
    with_files,
)
from dq.commands.console import out, progress, say, say_json
from dq.contract import read_contract
from dq.errors import DqError
from dq.report.language import ENGLISH, writing
from dq.report.visible import visible
from dq.running import Options, run_contract, steps_told

if TYPE_CHECKING:
    from dq.asking import Command
    from dq.record import Record
    from dq.running import Finished

RUN_HELP = """Compare a batch, or all that has moved, and write a run folder.

Examples: dq run --batch 1; dq run --only coupons; dq run --batch 1 --lang id

With --key, a validator's, it attests what it saw: parity.intoto.json. With --only the rest stays NOT PROVEN: it is for a look, not for a gate.

Exit status: 0 proven, 1 discrepancies, 2 wrong usage or contract, 3 could not be proven.
"""
GATE_HELP = """May a batch start? The source is fit to move, the target has room, everything before is proven; with a roster, signed and still as signed.

Examples: dq gate --batch 2; dq gate --batch 2 --policy-digest SHA256

The roster is the contract's signers.toml. What pins it must stand where the change that is gated cannot write.

Ends with one line, GATE OPEN … or GATE SHUT …. Exit status: 0 open, 1 discrepancies, 2 wrong usage or contract, 3 could not be proven.
"""


@with_files
def run(
    contract: ContractDir = CONTRACT,
    batch: BatchNumber = None,
    only: Annotated[Optional[list[str]], typer.Option("--only", metavar="ENTITY", help="Compare this entity alone; may stand several times.")] = None,
    runs: RunsDir = RUNS,
    files: Files = NO_FILES,
    as_of: AsOf = None,
    memory: Memory = DEFAULT_MEMORY,
    threads: Threads = None,
    lang: Lang = ENGLISH,
    show_values: ShowValues = False,
    key: MachineKey = None,
    lock: Annotated[
        Optional[Path],
        typer.Option("--lock", metavar="FILE", help="With --key: the lock file of what is installed; else requirements/run.lock if it is there."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    options = _options(runs, files, as_of=as_of, memory=memory, threads=threads, lang=lang, show_values=show_values, only=tuple(only or ()))
    if key is not None or lock is not None:
        from dq.attesting import attested_by

        options = attested_by(options, contract, key=key, lock=lock, ask=asked_passphrase(key or Path()))
    _recorded("run", contract, batch, options=options, as_json=as_json)


@with_files
def gate(
    batch: Annotated[int, typer.Option("--batch", "-b", metavar="N", help="The batch that is to start; batches count from 1.")],
    contract: ContractDir = CONTRACT,
    runs: RunsDir = RUNS,
    files: Files = NO_FILES,
    as_of: AsOf = None,
    policy: PolicyFile = None,
    policy_digest: PolicyDigest = None,
    policy_ref: Annotated[
        Optional[str], typer.Option("--policy-ref", metavar="REF", help="Read the roster as it stands at this git ref, a protected branch's.")
    ] = None,
    memory: Memory = DEFAULT_MEMORY,
    threads: Threads = None,
    lang: Lang = ENGLISH,
    show_values: ShowValues = False,
    as_json: AsJson = False,
) -> None:
    from dq.attesting import after_signed
    from dq.signoff.pinned import Pin, agreed_digest

    options = _options(runs, files, as_of=as_of, memory=memory, threads=threads, lang=lang, show_values=show_values)
    pin = Pin(policy, agreed_digest(policy_digest), policy_ref)
    options = after_signed(options, contract, batch=batch, pin=pin)
    _recorded("gate", contract, batch, options=options, as_json=as_json)


def _options(
    runs: Path, files: Files, *, as_of: str | None, memory: str, threads: int | None, lang: str, show_values: bool, only: tuple[str, ...] = ()
) -> Options:
    from dq.report.language import language_of

    return Options(
        runs=runs,
        snapshots=files,
        as_of=moment(as_of),
        settings=settings(memory, threads),
        only=only,
        language=language_of(lang).code,
        show_values=show_values,
    )


def _recorded(command: Command, contract: Path, batch: int | None, *, options: Options, as_json: bool) -> None:
    total = steps_told(read_contract(contract), command=command)
    with progress(total, what=command, quiet=as_json) as told:
        finished = run_contract(contract, command=command, batch=batch, options=replace(options, told=told))
    record = finished.record
    for _, crash in finished.crashes:
        debug(crash.detail)
    if as_json:
        say_json({**summary(record, finished.folder), **({"parity": str(finished.parity)} if finished.parity else {})})
    else:
        from dq.report.terminal import print_verdict
        from dq.report.verdict import why_in_notebooks

        print_verdict(record, out(), report=finished.page, language=options.language)
        with writing(options.language):
            _say_lineage(finished, runs=options.runs)
            say_kept(finished.folder)
        if finished.parity is not None:
            say(f"Attested: {finished.parity}")
        if command == "gate" and record.exit_status:
            where = "" if options.runs == RUNS else f" --runs {options.runs}"
            with writing(options.language):
                say(visible(why_in_notebooks(f"dq show {record.run} --notebook{where}")))
        say(last_line(record))
    raise typer.Exit(record.exit_status)


def _say_lineage(finished: Finished, *, runs: Path) -> None:
    """Say what became of the findings since the run before, where there is one and either has any."""
    from dq.lineage import Recorded, lineage_since
    from dq.report.retelling import retold

    with suppress(DqError):  # whatever became of an earlier run's folder is no matter of this run's
        lineage = lineage_since(Recorded(finished.folder, finished.record), runs=runs)
        if lineage.lines:
            say(retold(lineage.sentence))


def say_kept(folder: Path) -> None:
    """Say until which day a run's keys and values are kept, where somebody said one; in the language that is being written in."""
    from dq.report.verdict import kept_until
    from dq.retention import last_day

    day = last_day(folder)
    if day is not None:
        say(kept_until(day))


def last_line(record: Record) -> str:
    """Return the one line that a script may look for."""
    about = f"batch={record.batch if record.batch is not None else 'all'} run={record.run}"
    if record.command == "run":
        return f"{record.outcome.value} {about}"
    first = " (first batch)" if not record.batches and record.batch is not None else ""
    return f"GATE {'OPEN' if record.exit_status == 0 else 'SHUT'} {about}{first}"


def summary(record: Record, folder: Path) -> dict[str, object]:
    """Return what `--json` prints of a run."""
    from dq.record import tally
    from dq.retention import last_day

    return {
        "command": record.command,
        "batch": record.batch,
        "run": record.run,
        "outcome": record.outcome.value,
        "exit_status": record.exit_status,
        "headline": record.headline,
        "checks": tally(record.checks),
        "not_passed": {check.id: check.outcome.value for check in record.checks if check.outcome.value != "PASSED"},
        "findings": record.findings,
        "folder": str(folder),
        **({"kept_until": day.isoformat()} if (day := last_day(folder)) is not None else {}),
    }


def debug(text: str) -> None:
    """Print what `--debug` asks for, on standard error."""
    from dq.cli import DEBUG

    if DEBUG.on and text:
        typer.echo(text, err=True)
