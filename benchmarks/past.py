"""The one place that makes a signed past: the demo's accounts cut into 50 batches, moved one after the other, each compared, attested and signed by two.

All of it is what people do: stores and snapshots of each moment, `dq run --key`, two sign-offs. The keys are made with it and count nowhere else.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dq_fixtures import BATCHES, DemoStore, build_demo

from dq.cli import status_of
from dq.demo import MIGRATION, seal_exports, write_contract
from dq.past import find_run
from dq.signoff.exporter import attest_snapshot
from dq.signoff.keys import Signer, read_signer
from dq.signoff.policy import POLICY, read_roster
from dq.signoff.signing import Wanted, prepare, sign
from dq.stores.duckdb_file import seal_duckdb
from dq.stores.manifest import read_manifest
from dq.stores.seal import Label
from tests.story.people import EXPORTER, VALIDATOR, make_keys, write_roster

PIECES = 10
"""Into how many each of the demo's batches is cut."""

ALL = len(BATCHES) * PIECES
_SIGNERS = {"sri": "data-owner", "tina": "finance"}


@dataclass(frozen=True, slots=True)
class State:
    """A migration as it stands before a batch starts: what came before has moved, is signed and has not changed."""

    folder: Path
    batch: int  # that is to start

    @property
    def contract(self) -> Path:
        """The contract, with a roster."""
        return self.folder / "expectations"

    @property
    def runs(self) -> Path:
        """The signed runs."""
        return self.folder / "runs"

    @property
    def pin(self) -> str:
        """The roster's SHA-256."""
        return hashlib.sha256((self.contract / POLICY).read_bytes()).hexdigest()

    @property
    def moment(self) -> datetime:
        """When the gate is asked: two hours after the target was taken."""
        return read_manifest(self.folder / "snapshots" / "target.duckdb").taken_at + timedelta(hours=2)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What `dq` is called with."""
        where = ("--contract", str(self.contract), "--runs", str(self.runs), "--as-of", self.moment.isoformat())
        return ("gate", "--batch", str(self.batch), *where, "--policy-digest", self.pin)


def build_past(folder: Path, *, accounts: int, gates: Collection[int], tell: Callable[[str], None] = print) -> dict[int, State]:
    """Return by batch the state before it, making all of them first where they are not there yet."""
    states = {batch: State(folder / str(batch), batch) for batch in sorted(gates)}
    if folder.exists() and all(state.folder.exists() for state in states.values()):
        return states
    shutil.rmtree(folder, ignore_errors=True)
    now = State(folder / "now", 0)
    write_contract(now.contract)
    _cut_contract(now.contract / "migration.toml")
    write_roster(now.contract / POLICY, make_keys(now.folder / "keys"))
    for batch in range(1, max(states)):
        if batch in states:  # the first: nothing has moved, and nothing is asked of the past
            _move(now, batch - 1, accounts=accounts)
            _keep(now, states[batch])
        _move(now, batch, accounts=accounts)
        _sign(now, batch)
        if batch % PIECES == 0:
            tell(f"  {batch} batches have moved and are signed")
    _keep(now, states[max(states)])
    return states


def _cut_contract(file: Path) -> None:
    """Write a migration's batches anew: as many a region as the accounts are cut into."""
    text = file.read_text(encoding="utf-8")
    before, _, rest = text.partition("[[batches]]")
    after = rest[rest.rindex("[[batches]]") :].partition("\n\n")[2]
    batches = "".join(f'[[batches]]\nnumber = {number}\nregion = "{BATCHES[(number - 1) // PIECES]}"\n\n' for number in range(1, ALL + 1))
    file.write_text(before + batches + after, encoding="utf-8")


def _move(now: State, batch: int, *, accounts: int) -> None:
    """Build the stores as they are when a batch has moved, and seal them, each vouched for by the exporter."""
    snapshots, unsealed = now.folder / "snapshots", now.folder / "unsealed"
    stores = build_demo(unsealed, accounts=accounts, moved_batches=batch, pieces=PIECES)
    exporter = read_signer(now.folder / "keys" / EXPORTER, ask=str)
    for store in stores:
        if store.kind != "baseline" or not (snapshots / "baseline.duckdb").exists():  # that of before the first batch was taken once
            _seal(store, snapshots)
            _vouch(snapshots / f"{store.kind}.duckdb", exporter)
    seal_exports(stores.exports.path, snapshots / "export.duckdb", batch=batch)
    _vouch(snapshots / "export.duckdb", exporter)


def _seal(store: DemoStore, snapshots: Path) -> None:
    label = Label(MIGRATION, store.kind, store.store, None, store.batch, store.moment)
    seal_duckdb(store.path, snapshots / f"{store.kind}.duckdb", label=label, force=True)


def _vouch(snapshot: Path, exporter: Signer) -> None:
    attest_snapshot(snapshot, read_manifest(snapshot), exporter)


def _sign(now: State, batch: int) -> None:
    """Compare a batch that has moved, attest it, and let two people sign it an hour later."""
    arguments = ("run", "--batch", str(batch), "--contract", str(now.contract), "--runs", str(now.runs), "--key", str(now.folder / "keys" / VALIDATOR))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = status_of(arguments)
    if status != 0:
        message = f"batch {batch}: exit status {status}: {said.getvalue()[-500:]}"
        raise RuntimeError(message)
    run, roster = find_run("latest", runs=now.runs), read_roster(now.contract / POLICY)
    for person, role in _SIGNERS.items():
        wanted = Wanted(role=role, now=now.moment - timedelta(hours=1), contract=now.contract)
        ready = prepare(run, roster, read_signer(now.folder / "keys" / person, ask=str), wanted=wanted)
        sign(ready, typed=ready.words)


def _keep(now: State, state: State) -> None:
    """Copy a state as it is now; its runs say that their snapshots lay where they lie in the copy."""
    shutil.copytree(now.folder, state.folder, ignore=shutil.ignore_patterns("unsealed"))
    for file in state.runs.glob("*/run.json"):
        varying = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps(varying).replace(str(now.folder), str(state.folder)), encoding="utf-8")
