"""`dq show`: a run looked at again: its verdict, its findings, the history of all runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.table import Table

from dq.commands.arguments import CONTRACT, RUNS, AnotherLang, AsJson, ContractDir, RunsDir, ShowValues
from dq.commands.console import out, progress, say, say_json
from dq.commands.run import last_line, say_kept, summary
from dq.commands.signed import Judged, tell_signed
from dq.errors import UsageError, near_miss
from dq.folder import FINDINGS, read_record
from dq.past import LATEST, find_run
from dq.record import Record
from dq.report.language import ENGLISH, writing
from dq.report.visible import visible

if TYPE_CHECKING:
    from dq.lineage import Recorded

HELP = """Show a run again: its verdict, its findings, or the history of all runs.

Examples: dq show; dq show 7e85db1abecf --findings coupons; dq show --findings all --to findings.xlsx; dq show --since previous;
dq show --repair repair.csv; dq show --repair mended.csv --since 7e85db1abecf; dq show --notebook; dq show --history; dq show --history --policy
expectations/signers.toml; dq show --lang id; dq show --pdf report.pdf; dq show --signed --policy-digest SHA256; dq show --signed --lang id --pdf signed.pdf

With --signed the report begins with who signed it, verified first as dq verify does; of a run that is not verified it says so, and why.
"""
SINCE = "Compare its findings with an earlier run's, or 'previous'; with --repair: what became of the rows that are listed there."
PREVIOUS = "previous"
ROWS_SHOWN = 50


def show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id or its beginning, its folder, or 'latest'.")] = LATEST,
    runs: RunsDir = RUNS,
    findings: Annotated[Optional[str], typer.Option("--findings", metavar="ENTITY", help="List the findings of an entity, or of 'all'.")] = None,
    to: Annotated[Optional[Path], typer.Option("--to", metavar="FILE", help="Write the findings there, keys and values too: .csv, .parquet or .xlsx.")] = None,
    repair: Annotated[
        Optional[Path],
        typer.Option("--repair", metavar="FILE", help="Write there what to move again and what to take back, ids and all: .csv, .parquet or .xlsx."),
    ] = None,
    sql: Annotated[Optional[str], typer.Option("--sql", metavar="CHECK", help="Print a check as the query it is.")] = None,
    contract: ContractDir = CONTRACT,
    pdf: Annotated[Optional[Path], typer.Option("--pdf", metavar="FILE", help="Write a print copy of the report there.")] = None,
    notebook: Annotated[bool, typer.Option("--notebook", help="Execute the notebooks on the run; copies (.ipynb, .html) stay in its restricted/.")] = False,
    history: Annotated[bool, typer.Option("--history", help="List all runs, the latest last, and write runs/index.html over them.")] = False,
    since: Annotated[
        Optional[str],
        typer.Option(
            "--since", metavar="RUN", help="Compare its findings with an earlier run's, or 'previous'; with --repair: what became of the rows listed there."
        ),
    ] = None,
    policy: Annotated[
        Optional[Path],
        typer.Option(
            "--policy",
            metavar="FILE",
            help="With --history: the roster by which sign-offs are verified; else they are not. With --signed: else the contract's.",
        ),
    ] = None,
    signed: Annotated[
        bool, typer.Option("--signed", help="Write report.signed.html: the report with who signed it, verified as of now; with --pdf on paper.")
    ] = False,
    policy_digest: Annotated[
        Optional[str], typer.Option("--policy-digest", metavar="SHA256", help="With --signed: the SHA-256 that the roster must have.")
    ] = None,
    as_of: Annotated[Optional[str], typer.Option("--as-of", metavar="MOMENT", help="With --signed: judge sign-offs and keys as of then; else now.")] = None,
    lang: AnotherLang = None,
    show_values: ShowValues = False,
    as_json: AsJson = False,
) -> None:
    _check_together(to, findings, Judged(policy, policy_digest, as_of), history=history, signed=signed, show_values=show_values)
    if history:
        from dq.commands.history import tell_history

        tell_history(runs, policy=policy, contract=contract, language=lang, as_json=as_json)
        return
    if signed:
        tell_signed(run, Judged(policy, policy_digest, as_of), runs=runs, contract=contract, pdf=pdf, language=lang, as_json=as_json)
        return
    folder = find_run(run, runs=runs)
    record = read_record(folder)
    if findings is not None:
        _findings(folder, record, entity=findings, to=to)
    elif repair is not None:
        _repair(folder, record, to=repair, contract=contract, listed_by=None if since is None else _earlier(folder, record, since, runs=runs))
    elif since is not None:
        _since(folder, record, since, runs=runs, as_json=as_json)
    elif sql is not None:
        _sql(record, sql, contract=contract)
    elif pdf is not None:
        _print(record, pdf, language=lang or ENGLISH, show_values=show_values, contract=contract)
    elif notebook:
        _notebooks(folder, record)
    elif as_json:
        say_json(summary(record, folder))
    else:
        from dq.pages import page_again
        from dq.report.terminal import print_verdict

        page = page_again(folder, record, language=lang, show_values=show_values, contract=contract)
        print_verdict(record, out(), report=page, language=lang or ENGLISH)
        with writing(lang or ENGLISH):
            say_kept(folder)
        say(last_line(record))


def _check_together(to: Path | None, findings: str | None, judged: Judged, *, history: bool, signed: bool, show_values: bool) -> None:
    """Raise UsageError where an option stands without the one that it goes with, or with one that it does not."""
    if to is not None and findings is None:
        raise UsageError("--to goes with --findings")
    if judged.policy is not None and not history and not signed:
        raise UsageError("--policy goes with --history or --signed; dq verify holds one run against a roster")
    for option, said in (("--policy-digest", judged.digest), ("--as-of", judged.as_of)):
        if said is not None and not signed:
            raise UsageError(f"{option} goes with --signed; dq verify says what one run's signatures come to")
    if signed and show_values:
        raise UsageError("--signed: a page for whoever may read it holds no values; without it, --show-values writes one that does")


def _notebooks(folder: Path, record: Record) -> None:
    """Execute the notebooks on a run, leave copies with it, and say how many ran. Raises NotebookError where one did not."""
    from dq.lab.copies import COPIES, NotebookError, source_notebooks, write_copies

    with progress(len(source_notebooks()), what="notebooks") as told:
        copied = write_copies(folder, record, told=told)
    for name, reason in copied.left_out.items():
        say(f"{name} left out: {reason}")
    for name, reason in copied.failed.items():
        say(f"{name} stopped: {visible(reason)}")
    say(f"Copies, with keys and values: {folder / COPIES}")
    total = len(copied.ran) + len(copied.failed)
    say(f"notebooks {len(copied.ran)} of {total}")
    if copied.failed:
        raise NotebookError(f"{len(copied.failed)} of {total} notebooks did not run to their end")


def _print(record: Record, path: Path, *, language: str, show_values: bool, contract: Path) -> None:
    """Write the print copy, which never holds values; with the queries, where the contract is the run's."""
    if show_values:
        raise UsageError("a print copy holds no values: --show-values writes a page, which prints itself as restricted")
    from dq.pages import queries_at
    from dq.report.pdf import write_pdf

    queries = queries_at(record, contract)
    write_pdf(record, path, language=language, queries=queries)
    without = "" if queries or not record.exit_status else f"; without the queries: {contract} is not the run's contract, or has changed since"
    say(f"print copy: {path}{without}")


def _since(folder: Path, record: Record, name: str, *, runs: Path, as_json: bool) -> None:
    """Print what became of findings since an earlier run, by check."""
    from dq.lineage import Recorded, lineage_since

    lineage = lineage_since(Recorded(folder, record), runs=runs, before=_earlier(folder, record, name, runs=runs))
    if as_json:
        say_json(lineage.model_dump(mode="json"))
        return
    table = Table("Check", "New", "Still", "Fixed", "Come back", "Not known", "Open since", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for line in lineage.lines:
        counts = (line.new, line.still, line.fixed, line.regressed, line.unknown)
        table.add_row(visible(line.check), *(f"{number:,}" for number in counts), (line.open_since or "")[:16])
    out().print(table)
    say(lineage.sentence)


def _earlier(folder: Path, record: Record, name: str, *, runs: Path) -> Recorded:
    """Return an earlier run: as named, or the one before. Raises UsageError."""
    from dq.lineage import Recorded, run_before

    if name == PREVIOUS:
        return run_before(Recorded(folder, record), runs=runs)
    found = find_run(name, runs=runs)
    return Recorded(found, read_record(found))


def _repair(folder: Path, record: Record, *, to: Path, contract: Path, listed_by: Recorded | None) -> None:
    """Write the repair list, and say how many rows are to be moved, taken back and looked at; or an earlier run's, and what became of its rows."""
    import polars as pl
    from polars import selectors

    from dq.case.opening import Where
    from dq.case.repair import repair_list, what_became
    from dq.report.exports import write_findings

    where = Where(contract if contract != CONTRACT else None)
    if listed_by is None:
        frame, said_by = repair_list(folder, record, where=where), "action"
    else:
        listed = repair_list(listed_by.folder, listed_by.record, where=where)
        frame, said_by = what_became(listed, listed_by=listed_by.record, after=record, findings=folder / FINDINGS), "now"
    plain = frame if to.suffix.lower() == ".parquet" else frame.with_columns(selectors.by_dtype(pl.List(pl.String)).list.join(", ", ignore_nulls=True))
    write_findings(plain, to)
    told = ", ".join(f"{rows:,} {'to ' if said_by == 'action' else ''}{words}" for words, rows in frame.group_by(said_by).len().sort(said_by).iter_rows())
    say(f"{told or 'nothing to repair'}; with keys and ids: {to}")


def _sql(record: Record, check_id: str, *, contract: Path) -> None:
    """Print a check's query, if the contract is the run's."""
    from dq.contract import read_contract
    from dq.explaining import query_of

    read = read_contract(contract)
    if read.digest != record.contract:
        raise UsageError(f"{contract} is not the contract of run {record.run}, or has changed since")
    query = query_of(read, check_id)
    say(f"-- {check_id}; `dq check --sql {check_id.partition('.')[0]}` prints the views")
    say(query)


def _findings(folder: Path, record: Record, *, entity: str, to: Path | None) -> None:
    import polars as pl

    file = folder / FINDINGS
    if not file.is_file():
        raise UsageError(f"{file}: is not there")
    frame = pl.read_parquet(file)
    known = [*(item.entity for item in record.entities), *sorted(set(frame["entity"]) - {item.entity for item in record.entities})]
    if entity not in ("all", *known):
        raise UsageError(f"there is no entity '{entity}'{near_miss(entity, [*known, 'all'])}")
    if entity != "all":
        frame = frame.filter(pl.col("entity") == entity)
    if to is not None:
        from dq.report.exports import write_findings

        write_findings(frame, to)
        say(f"{frame.height:,} records with keys and values: {to}")
        return
    rows = frame.filter(pl.col("column").is_null())
    table = Table("Row", "Status", "Check", "Columns", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name, row, check, status, columns in rows.head(ROWS_SHOWN).select("entity", "row", "check", "status", "columns").iter_rows():
        table.add_row(visible(f"{name}#{row}"), visible(status), visible(check or ""), visible(", ".join(columns)))
    out().print(table)
    more = f"; the first {ROWS_SHOWN} are shown" if rows.height > ROWS_SHOWN else ""
    say(f"{rows.height:,} findings{more}. Keys and values: {file}, or --to FILE")
