"""`dq check`: contract and snapshots looked at without comparing; the stores pinned; the SQL of an entity shown."""

from __future__ import annotations

from typing import Annotated, Optional

import typer
from rich.text import Text

from dq.checking import ShownView
from dq.commands.arguments import (
    CONTRACT,
    DEFAULT_MEMORY,
    NO_FILES,
    AsJson,
    AsOf,
    BatchNumber,
    ContractDir,
    Files,
    Memory,
    Threads,
    moment,
    settings,
    with_files,
)
from dq.commands.console import out, progress, say, say_json
from dq.errors import UsageError
from dq.record import Outcome, tally
from dq.report.blocks import MARKS
from dq.report.visible import visible

HELP = """Check contract and snapshots without comparing: schema, types, coverage, fitness of the source.

Examples: dq check; dq check --pin; dq check --sql coupons --rows 20

Exit status: 0 fit, 1 discrepancies, 2 wrong usage or contract, 3 could not be proven.
"""


@with_files
def check(
    contract: ContractDir = CONTRACT,
    batch: BatchNumber = None,
    pin: Annotated[bool, typer.Option("--pin", help="Write every table, column and type of both stores to stores.lock.toml.")] = False,
    sql: Annotated[Optional[str], typer.Option("--sql", metavar="ENTITY", help="Print the views that the engine makes of an entity.")] = None,
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=0, help="With --sql: print N rows of both sides, values and all.")] = 0,
    files: Files = NO_FILES,
    as_of: AsOf = None,
    memory: Memory = DEFAULT_MEMORY,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    from dq import checking
    from dq.commands.run import debug
    from dq.running import Options

    if rows and sql is None:
        raise UsageError("--rows goes with --sql ENTITY")
    with progress(3, what="check", quiet=as_json) as told:
        options = Options(snapshots=files, as_of=moment(as_of), settings=settings(memory, threads), told=told)
        if pin:
            say(f"pinned: {checking.pin(contract, options=options)}")
            return
        if sql is not None:
            _show(checking.show_sql(contract, sql, rows=rows, options=options))
            return
        checked = checking.check_contract(contract, batch=batch, options=options)
    for _, crash in checked.crashes:
        debug(crash.detail)
    status = checked.outcome.exit_status
    if as_json:
        not_passed = {item.id: item.outcome.value for item in checked.checks if item.outcome is not Outcome.PASSED}
        say_json({"command": "check", "outcome": checked.outcome.value, "exit_status": status, "checks": tally(checked.checks), "not_passed": not_passed})
        raise typer.Exit(status)
    console = out()
    for item in checked.checks:
        if item.outcome is not Outcome.PASSED:
            console.print(Text(f"{item.outcome.value}: {item.id}", style=MARKS[item.outcome].style), Text(visible(f"  {item.sentence}")))
            for line in item.details[:5]:
                console.print(Text(visible(f"    {line}"), style="dim"))
    passed = sum(item.outcome is Outcome.PASSED for item in checked.checks)
    say(f"{checked.outcome.value} {passed} of {len(checked.checks)} checks passed")
    raise typer.Exit(status)


def _show(views: tuple[ShownView, ...]) -> None:
    console = out()
    for view in views:
        say(f"-- {view.name}")
        say(view.sql)
        say("")
        for number, row in enumerate(view.rows, start=1):
            say(f"row {number}")
            width = max(len(column) for column in view.columns)
            for column, value in zip(view.columns, row, strict=True):
                console.print(
                    Text(f"  {visible(column):{width}}  "), Text("NULL", style="dim") if value is None else Text(visible(str(value))), sep="", soft_wrap=True
                )
            say("")
