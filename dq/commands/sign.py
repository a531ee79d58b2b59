"""`dq sign`: a person accepts or rejects a run, for a role."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Optional

import typer

from dq.commands.arguments import CONTRACT, NO_FILES, RUNS, AsJson, ContractDir, Files, KeyFile, PolicyFile, RunsDir, asked_passphrase, with_files
from dq.commands.console import progress, say, say_json
from dq.errors import UsageError
from dq.past import LATEST, find_run

HELP = """Sign a run off for a role, or reject it: shows what is signed, asks for region and batch, adds a signature to signoff.intoto.json.

Examples: dq sign latest --role data-owner --key id_ed25519; dq sign latest --role finance --key id_ed25519 --reject --reason "totals of May"

An OpenSSH or PEM file with an Ed25519 key signs directly. A hardware key, and a key of an agent by its .pub file, sign through ssh-keygen. Where
standard input is no terminal, it holds a line with the passphrase of an encrypted key, and a line with region and batch.
"""


@with_files
def sign(
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="The role for which you sign, as in signers.toml.")],
    key: KeyFile,
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id or its beginning, its folder, or 'latest'.")] = LATEST,
    reject: Annotated[bool, typer.Option("--reject", help="Reject it; needs --reason.")] = False,
    reason: Annotated[Optional[str], typer.Option("--reason", metavar="TEXT", help="Why it is rejected: the others will read it.")] = None,
    previous: Annotated[
        Optional[Path], typer.Option("--previous", metavar="DIR", help="The signed run of the batch before; else the latest beside this one.")
    ] = None,
    policy: PolicyFile = None,
    contract: ContractDir = CONTRACT,
    runs: RunsDir = RUNS,
    files: Files = NO_FILES,
    as_json: AsJson = False,
) -> None:
    from dq.signoff.checked import STEPS
    from dq.signoff.file import read_bytes
    from dq.signoff.keys import read_signer
    from dq.signoff.parity import NAME, sha256
    from dq.signoff.policy import POLICY, read_roster
    from dq.signoff.signing import Wanted, check_reason, prepare
    from dq.signoff.signing import sign as signed
    from dq.signoff.telling import told_before_signing

    folder = find_run(run, runs=runs, with_file=NAME)
    why = check_reason(reason, rejects=reject)
    roster = read_roster(policy or contract / POLICY)
    signer = read_signer(key, ask=asked_passphrase(key))
    with progress(STEPS, what="sign", quiet=as_json) as told:
        wanted = Wanted(role=role, reason=why, now=datetime.now(tz=UTC), contract=contract, previous=previous, files=files, told=told)
        ready = prepare(folder, roster, signer, wanted=wanted)
    statement = ready.statement
    for line in told_before_signing(statement, fingerprint=signer.public.fingerprint):
        if not as_json:
            say(line)
    file = signed(ready, typed=_typed())
    said = statement.predicate
    if as_json:
        word = {name: said[name] for name in ("person", "role", "decision", "reason", "signed_at")}
        say_json({"run": said["run"]["run"], **word, "file": str(file), "sha256": sha256(read_bytes(file))})
        return
    say(f"signed as {said['role']} by {said['person']}: {'accepted' if said['decision'] == 'accept' else 'rejected'}")
    say(f"  {file}  {sha256(read_bytes(file))}")


def _typed() -> str:
    """Return region and batch as somebody types them, or as standard input has them."""
    if sys.stdin.isatty():
        return str(typer.prompt("To sign, type region and batch (as in: GB 3)", err=True))
    line = sys.stdin.readline()
    if not line.strip():
        raise UsageError("nobody typed region and batch: a line on standard input; nothing was signed")
    return line
