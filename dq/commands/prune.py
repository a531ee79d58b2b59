"""`dq prune`: keys and values of old runs deleted; what was found, and who signed it, stays."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Optional

import typer

from dq.commands.arguments import RUNS, AsJson, RunsDir
from dq.commands.console import say, say_json
from dq.errors import UsageError
from dq.report.blocks import counted
from dq.report.visible import visible

HELP = """Delete restricted/ of runs that are past the day until which it is kept; records, reports and signatures stay.

That day is in run.json where the contract has [limits] keep_days. Without --yes it only says what it would do.

Examples: dq prune; dq prune --older-than 2024-12-31 --yes; dq prune --keep 5 --yes
"""


def prune(
    older_than: Annotated[
        Optional[str], typer.Option("--older-than", metavar="DATE", help="Of runs made before this day (UTC), whatever they say themselves.")
    ] = None,
    keep: Annotated[Optional[int], typer.Option("--keep", metavar="N", min=0, help="Of all runs but the N latest.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
    runs: RunsDir = RUNS,
    as_json: AsJson = False,
) -> None:
    from dq.retention import delete, due, kept

    if older_than is not None and keep is not None:
        raise UsageError("--older-than and --keep are two ways; name one")
    there = kept(runs)
    found = due(there, today=datetime.now(tz=UTC).date(), before=_day(older_than), newest=keep)
    if yes:
        for run in found:
            delete(run)
    if as_json:
        say_json({"command": "prune", "deleted": yes, "runs": [run.folder.name for run in found], "bytes": sum(run.size for run in found)})
        return
    for run in found:
        until = f", kept until {run.until.isoformat()}" if run.until is not None else ""
        made = f"made {run.made.isoformat()}" if run.made is not None else "made nobody knows when"
        say(visible(f"{run.folder.name}  {made}{until}, {run.size:,} bytes"))
    what = f"restricted/ of {counted(len(found), 'run')} of {len(there):,}"
    if not found:
        say(f"nothing to delete: {counted(len(there), 'run')} with a restricted/ in {runs}")
    else:
        say(f"deleted {what}" if yes else f"would delete {what}; with --yes it does")


def _day(text: str | None) -> date | None:
    """Read a day. Raises UsageError."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--older-than: '{text}' is no day, e.g. 2024-12-31") from None
