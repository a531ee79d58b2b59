"""`dq verify`: a signed run, verified offline."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Optional

import typer

from dq.commands.arguments import CONTRACT, NO_FILES, RUNS, AsJson, ContractDir, Files, PolicyDigest, PolicyFile, RunsDir, moment, with_files
from dq.commands.console import progress, say, say_json
from dq.errors import UsageError
from dq.past import LATEST, find_run

HELP = """Verify a signed run, offline: who signed what and when, role by role; its files, its page made again, its snapshots where they are at hand.

Example: dq verify latest

The roster is the contract's signers.toml. Give its SHA-256, as agreed on beforehand, with --policy-digest: else whoever may change the roster
may sign. Ends with one line: VERIFIED, REFUSED, REJECTED or NOT PROVEN.

Exit status: 0 verified, 1 refused, rejected or too few, 2 wrong usage or roster, 3 nothing to verify, or the run is not proven.
"""


@with_files
def verify(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id or its beginning, its folder, or 'latest'.")] = LATEST,
    as_of: Annotated[
        Optional[str], typer.Option("--as-of", metavar="MOMENT", help="Judge sign-offs and keys as of then (ISO 8601 with offset); else now.")
    ] = None,
    policy: PolicyFile = None,
    policy_digest: PolicyDigest = None,
    time_stamp: Annotated[Optional[Path], typer.Option("--time-stamp", metavar="FILE", help="A time stamp (RFC 3161) of signoff.intoto.json.")] = None,
    authorities: Annotated[Optional[Path], typer.Option("--authorities", metavar="FILE", help="The certificates of those who may have made it.")] = None,
    contract: ContractDir = CONTRACT,
    runs: RunsDir = RUNS,
    files: Files = NO_FILES,
    as_json: AsJson = False,
) -> None:
    from dq.commands.run import debug
    from dq.signoff.checked import STEPS
    from dq.signoff.parity import NAME
    from dq.signoff.pinned import agreed_digest
    from dq.signoff.policy import POLICY, read_roster
    from dq.signoff.stamp import Stamp
    from dq.signoff.telling import summary_of, told_of
    from dq.signoff.verifying import verify as verified

    pin = agreed_digest(policy_digest)
    stamp = Stamp(time_stamp, authorities) if time_stamp is not None and authorities is not None else None
    if stamp is None and (time_stamp is not None or authorities is not None):
        raise UsageError("--time-stamp and --authorities go together")
    roster = read_roster(policy or contract / POLICY)
    folder, at = find_run(run, runs=runs, with_file=NAME), moment(as_of) or datetime.now(tz=UTC)
    with progress(STEPS, what="verify", quiet=as_json) as told:
        found = verified(folder, roster, pin=pin, as_of=at, contract=contract, files=files, stamp=stamp, told=told)
    debug(found.trace)
    if as_json:
        say_json(summary_of(found))
    else:
        for line in told_of(found):
            say(line)
    raise typer.Exit(found.exit_status)
