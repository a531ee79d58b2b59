"""`dq explain`: everything of one customer, source beside target, from the snapshots that a run compared."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from dq.case.model import CaseData
from dq.commands.arguments import (
    DEFAULT_MEMORY,
    NO_FILES,
    RUNS,
    AsJson,
    Files,
    Memory,
    RunsDir,
    Threads,
    settings,
    with_files,
)
from dq.commands.console import out, progress, say, say_json
from dq.errors import UsageError
from dq.folder import read_record
from dq.past import LATEST, find_run
from dq.report.language import ENGLISH
from dq.report.visible import clip, printable_in, visible

if TYPE_CHECKING:
    from dq.report.caseview import RowView, SectionView

HELP = """Everything of one customer, source beside target: accounts and merges, and every row that is theirs, with what became of it.

Examples: dq explain latest --account 1000012; dq explain 7e85db1abecf --account coupons#17 --to case.html; dq explain

Without --account it asks; an e-mail is taken from there, or from standard input, never from the command line. What it shows is personal data.
"""
_STYLES = {"passed": "green", "failed": "bold red", "waived": "blue"}
_TEXT = 160  # characters of one value


@with_files
def explain(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id or its beginning, its folder, or 'latest'.")] = LATEST,
    account: Annotated[
        Optional[str], typer.Option("--account", metavar="ID", help="An id in the source or the target, a finding such as coupons#17; '-': standard input.")
    ] = None,
    to: Annotated[Optional[Path], typer.Option("--to", metavar="FILE", help="Write the case as a page to print there: .html.")] = None,
    runs: RunsDir = RUNS,
    contract: Annotated[Optional[Path], typer.Option("--contract", "-c", metavar="DIR", help="The contract's folder, if it is not where it was.")] = None,
    files: Files = NO_FILES,
    memory: Memory = DEFAULT_MEMORY,
    threads: Threads = None,
    lang: Annotated[str, typer.Option("--lang", metavar="en|id", help="The language of the case: English or Indonesian.")] = ENGLISH,
    as_json: AsJson = False,
) -> None:
    from dq.case import Where, explained
    from dq.report.language import language_of, writing

    language = language_of(lang).code
    folder = find_run(run, runs=runs)
    record = read_record(folder)
    who = _asked(account)
    where = Where(contract, files)
    with progress(1, what="case", quiet=as_json) as told:
        told("reading the snapshots")
        case = explained(folder, record, who, where=where, settings=settings(memory, threads))
    if to is not None:
        from dq.report.case import write_case

        write_case(case, to, language=language)
    if as_json:
        say_json(dataclasses.asdict(case) | {"broken": case.broken, "headline": case.headline})
    elif to is not None:
        say(f"case with personal data: {to}")
    else:
        with writing(language):
            print_case(case, out())


def _asked(account: str | None) -> str:
    """Return whom the case is about. Raises UsageError; never with what was given."""
    if account is not None and "@" in account:
        raise UsageError("--account: an e-mail is asked for, or read from standard input (--account -); a command line is seen by others")
    if account is not None and account != "-":
        return account
    if account is None and sys.stdin.isatty():
        found = str(typer.prompt("Account (an id, a finding or an e-mail)", err=True, hide_input=True))
    else:
        found = sys.stdin.readline()
    if not found.strip():
        raise UsageError("no account was named: --account ID, or a line on standard input")
    return found.strip()


def print_case(case: CaseData, console: Console) -> None:
    """Print a case: what is as promised in a line a row, what is not with both sides."""
    from dq.report.caseview import account_line, case_verdict, section_views
    from dq.report.language import say as told
    from dq.report.retelling import retold

    printer = _Printer(console)
    verdict = case_verdict(case)
    printer.show(Text.assemble(printer.text(verdict.spoken, verdict.mark.style), ": ", printer.text(verdict.about), "  ", (told("personal data"), "dim")))
    printer.show(printer.text(retold(case.headline), limit=2 * _TEXT))
    console.print()
    for line in (*map(account_line, case.accounts), *map(retold, case.sentences)):
        printer.show(printer.text(line, limit=2 * _TEXT))
    for view in section_views(case):
        if view.rows or view.sentences:
            console.print()
            printer.section(view)


@dataclasses.dataclass(frozen=True, slots=True)
class _Printer:
    """Prints strangers' text as text: no markup in it, nothing invisible, nothing that the encoding cannot carry."""

    console: Console

    def text(self, said: str, style: str = "", *, limit: int = _TEXT) -> Text:
        """Return text as the console can show it."""
        return Text(printable_in(visible(clip(said, limit)), encoding=self.console.encoding), style=style, overflow="fold")

    def show(self, item: RenderableType) -> None:
        """Print something without the blanks at the ends of its lines."""
        with self.console.capture() as captured:
            self.console.print(item)
        for line in captured.get().splitlines():
            self.console.print(Text.from_ansi(line.rstrip()), soft_wrap=True)

    def section(self, view: SectionView) -> None:
        """Print an entity: its rows, then what they come to and what is not among them."""
        from dq.report.blocks import count
        from dq.report.language import say as told

        counts = Text(", ").join(self.text(f"{count(rows)} {told(status)}", _STYLES[slug]) for status, slug, rows in view.counts)
        self.show(Text.assemble(self.text(view.entity, "bold"), "  ", counts))
        table = Table(box=None, padding=(0, 2, 0, 2), show_header=False)
        for row in view.rows:
            self._row(table, row, first=next(iter(view.amounts), ""))
        if view.rows:
            self.show(table)
        for balance in view.balances:
            if not balance.agrees or balance.group is None:
                self.show(self._under(balance.sentence, "" if balance.agrees else "bold red"))
        for sentence in view.sentences:
            self.show(self._under(sentence, "dim"))

    def _row(self, table: Table, row: RowView, *, first: str) -> None:
        amounts = "  ".join(f"{cell.label} {cell.text}" for cell in row.cells if cell.label == first and not cell.differs)
        from dq.report.caseview import running_text
        from dq.report.language import say as told

        running = running_text(row)
        name = self.text(f"{row.group}  {row.name}" if row.group else row.name, "bold" if row.slug == "failed" else "")
        table.add_row(name, self.text(told(row.status), _STYLES[row.slug]), self.text(amounts), self.text(running))
        for cell in row.differing:
            sides = f"{cell.text} -> {cell.target}" if cell.target is not None else cell.text
            table.add_row(self._under(cell.label, "dim"), "", self.text(sides, "red", limit=2 * _TEXT), "")
        if row.slug == "failed" and row.notes:
            table.add_row("", "", self.text(" ".join(row.notes), "dim", limit=2 * _TEXT), "")

    def _under(self, said: str, style: str) -> Text:
        return Text.assemble("  ", self.text(said, style, limit=2 * _TEXT))
