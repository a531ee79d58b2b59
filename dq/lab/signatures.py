"""The one place for who signed a run, for a notebook: verified as `dq verify` does, by the roster of the contract that the run went by."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from dq.folder import read_varying
from dq.lab.frames import framed
from dq.result import Run
from dq.signoff.policy import POLICY, read_roster
from dq.signoff.verifying import Verified, verify


def verification(run: Run, *, as_of: datetime | None = None) -> Verified | None:
    """Return what a run's signatures come to as of a moment (None: now); None where its contract has no roster, or is not here.

    The roster is pinned by nothing: `dq verify --policy-digest` holds it against what was agreed on.
    """
    told = read_varying(run.folder).get("contract")
    contract = Path(told) if isinstance(told, str) else None
    if contract is None or not (contract / POLICY).is_file():
        return None
    return verify(run.folder, read_roster(contract / POLICY), pin=None, as_of=as_of or datetime.now(tz=UTC), contract=contract)


def signatures(found: Verified) -> pl.DataFrame:
    """Return a row a role: role, is mandatory, what became of it, who signed and when, why it does not count."""
    lines = found.count.roles if found.count is not None else ()
    rows = [(line.role, line.mandatory, line.status, line.person, str(line.signed_at) if line.signed_at is not None else None, line.why) for line in lines]
    schema = {"role": pl.String, "mandatory": pl.Boolean, **dict.fromkeys(("status", "person", "signed_at", "why"), pl.String)}
    return framed(rows, schema)
