"""`dq demo`: the demo stores built, a clean and a broken batch run and gated, and where to look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from dq.commands.arguments import DEFAULT_MEMORY, Memory, Threads, settings
from dq.commands.console import out, progress, say
from dq.errors import UsageError

HELP = """Build the demo stores, run a clean and a broken batch, say where to look.

Example: dq demo; dq demo tour --accounts 20000
"""


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where everything is put.")] = Path("dq-demo"),
    accounts: Annotated[int, typer.Option("--accounts", metavar="N", min=1, help="How many customers POCO has.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another seed, other stores.")] = 20241212,
    only: Annotated[Optional[Path], typer.Option("--snapshots", metavar="DIR", help="Only build and seal the stores, there.")] = None,
    broken: Annotated[bool, typer.Option("--broken", help="With --snapshots: plant corruptions.")] = False,
    live: Annotated[bool, typer.Option("--live", help="With --snapshots: take them from MariaDB and PostgreSQL, where the stores are loaded first.")] = False,
    memory: Memory = DEFAULT_MEMORY,
    threads: Threads = None,
) -> None:
    from dq.demo import build_snapshots, write_contract

    if live and only is None:
        raise UsageError("--live goes with --snapshots DIR")
    if broken and only is None:
        raise UsageError("--broken goes with --snapshots DIR; without it both a clean and a broken batch are run")
    engine = settings(memory, threads)
    if only is not None:
        build_snapshots(only, accounts=accounts, seed=seed, broken=broken, live=live)
        say(f"demo stores of {accounts:,} accounts{', broken,' if broken else ''} sealed{' from MariaDB and PostgreSQL' if live else ''} in {only}")
        return
    write_contract(folder / "expectations")
    ends = []
    for name, with_faults in (("clean", False), ("broken", True)):
        say(f"\n== {name} ==")
        snapshots = folder / ("snapshots" if name == "clean" else "snapshots-broken")
        with progress(1, what="stores") as told:
            told(f"building and sealing {accounts:,} accounts")
            build_snapshots(snapshots, accounts=accounts, seed=seed, broken=with_faults)
        ends += _tour(folder, snapshots, engine=engine)
    say("\nWhere to look:")
    for end in ends:
        say(f"  {end}")


def _tour(folder: Path, snapshots: Path, *, engine: object) -> list[str]:
    """Run batch 1 and gate batch 2; return a line for each."""
    from dq.commands.run import last_line
    from dq.contract import read_contract
    from dq.report.terminal import print_verdict
    from dq.running import Options, run_contract, steps_told
    from dq.settings import Settings

    contract = folder / "expectations"
    files = {side: snapshots / f"{side}.duckdb" for side in ("source", "target", "baseline", "crosswalk", "export")}
    lines = []
    for command, batch in (("run", 1), ("gate", 2)):
        total = steps_told(read_contract(contract), command=command)  # type: ignore[arg-type]
        with progress(total, what=command) as told:
            options = Options(runs=folder / "runs", snapshots=files, settings=engine if isinstance(engine, Settings) else Settings(), told=told)
            finished = run_contract(contract, command=command, batch=batch, options=options)  # type: ignore[arg-type]
        print_verdict(finished.record, out(), report=None)
        say(last_line(finished.record))
        lines.append(f"{last_line(finished.record):44} {finished.folder / 'report.html'}")
    return lines
