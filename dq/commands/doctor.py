"""`dq doctor`: is everything here that a gate needs?"""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from dq.commands.arguments import CONTRACT, RUNS, AsJson, ContractDir, RunsDir
from dq.commands.console import say, say_json
from dq.report.visible import visible

HELP = """Look whether everything is here that a gate needs: contract, snapshots, room, tools, a clock. Nothing is compared, nothing is written.

Example: dq doctor

It names what should be gone by now: keys and values of runs, and snapshots, past the day until which they are kept.

Exit status: 0 all that is needed is here, 3 something is missing. What is optional or overdue changes nothing.
"""


def doctor(contract: ContractDir = CONTRACT, runs: RunsDir = RUNS, as_json: AsJson = False) -> None:
    from dq.doctoring import examine

    found = examine(contract, runs=runs, now=datetime.now(tz=UTC))
    status = 3 if any(symptom.state == "missing" for symptom in found) else 0
    if as_json:
        lines = [{"what": symptom.what, "state": symptom.state, "said": symptom.said} for symptom in found]
        say_json({"command": "doctor", "exit_status": status, "found": lines})
    else:
        width = max(len(symptom.what) for symptom in found)
        for symptom in found:
            say(visible(f"{symptom.state:8}  {symptom.what:{width}}  {symptom.said}"))
    raise typer.Exit(status)
