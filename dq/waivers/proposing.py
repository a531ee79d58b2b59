"""The one place where a waiver is proposed: a failure of a recorded run in, an entry of `waivers.toml` out, and what is left to be done."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dq.contract.models import Contract
from dq.contract.reading import make_waiver
from dq.contract.waivable import needs_finance, refusal, why_never
from dq.contract.waivers import FINANCE, WAIVERS, Waiver
from dq.engine import open_engine
from dq.errors import ContractError, UsageError, near_miss
from dq.folder import FINDINGS
from dq.judgement.waivers import UNEXPLAINED
from dq.record import Cause, Check, Outcome, Record
from dq.settings import Settings
from dq.waivers.fingerprint import Fingerprint, fingerprint_of
from dq.waivers.naming import cause_name
from dq.waivers.writing import append_waiver
from dq.words import counted

OWNER = "data-owner"  # who must sign where no money is concerned
_OF_NO_BATCH = ("freeze", "natives")
_NOT_FAILED: Mapping[Outcome, str] = {
    Outcome.PASSED: "it is PASSED: there is nothing to waive",
    Outcome.WAIVED: "it is WAIVED already",
    Outcome.NOT_PROVEN: "it is NOT PROVEN, and only a failure can be waived",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the author says; the rest is taken from the run."""

    check: str
    reason: str
    expires: str
    author: str
    ticket: str | None = None
    approver_role: str | None = None  # None: finance where there is money, else the data owner
    cause: str | None = None  # a sentence of the report, or the kind of the one cause that is of it
    rows: int | None = None  # of the cause at most; None: as many as there are
    money: Mapping[str, str] | None = None  # of the cause at most; None: as much as there is


@dataclass(frozen=True, slots=True)
class Proposed:
    """A waiver that was written, the failure that it is of, and the other failures of the run that no waiver names."""

    waiver: Waiver
    check: Check
    cause: Cause | None
    file: Path
    others: tuple[Cause, ...]  # further causes of the check: it holds only together with waivers of them
    left: tuple[Check, ...]


def propose_waiver(folder: Path, record: Record, contract: Contract, wish: Wish) -> Proposed:
    """Write a waiver for a failed check of a run into the contract's waivers.toml.

    Args:
        folder: the run's.
        record: what it found.
        contract: where the waiver is written.
        wish: what the author says.

    Raises:
        UsageError: the check is not FAILED, cannot be waived, or its rows are not known.
        ContractError: the waiver would not be one.
    """
    if record.migration != contract.migration.name:
        raise UsageError(f"run {record.run} is of another migration ({record.migration}) than {contract.folder} ({contract.migration.name})")
    check = _failed(record, contract, wish.check)
    cause = None if wish.cause is None else _cause(record, check, wish.cause)
    if cause is None and (wish.rows is not None or wish.money):
        raise UsageError("--at-most-rows and --at-most-money go with --cause")
    what = _exactly(folder, check) if cause is None else _at_most(check, cause, wish, with_money=needs_finance(contract, check.id))
    usual = FINANCE if needs_finance(contract, check.id) else OWNER
    role = usual if wish.approver_role is None else wish.approver_role
    said = {"check": check.id, "reason": wish.reason, "ticket": wish.ticket, "author": wish.author, "approver_role": role, "expires": wish.expires}
    waiver = _made({**said, "batch": _batch(record, check), **what})
    refused = refusal(contract, waiver)
    if refused is not None:
        raise UsageError(f"{_option(refused[0])}: {refused[1]}")
    if waiver.ends(zone=contract.migration.zone).isoformat() <= record.as_of:
        raise UsageError(f"--expires: {wish.expires} is over as of the run ({record.as_of})")
    file = append_waiver(contract, waiver)
    named = {check.id, *(item.check for item in contract.waivers)}
    left = tuple(item for item in record.checks if item.outcome is Outcome.FAILED and item.id not in named)
    others = tuple(item for item in record.causes if cause is not None and check.id in item.checks and item is not cause)
    return Proposed(waiver, check, cause, file, others, left)


def _failed(record: Record, contract: Contract, check_id: str) -> Check:
    """Return the failed check of that id. Raises UsageError."""
    known = {check.id: check for check in record.checks}
    if check_id not in known:
        raise UsageError(f"--check: there is no check '{check_id}' in run {record.run}{near_miss(check_id, known)}")
    reason = why_never(contract, check_id)
    if reason is not None:
        raise UsageError(f"--check: {reason}")
    check = known[check_id]
    if check.outcome is not Outcome.FAILED:
        raise UsageError(f"--check {check_id}: {_NOT_FAILED[check.outcome]}")
    return check


def _cause(record: Record, check: Check, name: str) -> Cause:
    """Return the cause that is called so: by its sentence, or by its kind where only one is of it. Raises UsageError."""
    breaking = [cause for cause in record.causes if check.id in cause.checks and cause.kind != UNEXPLAINED]
    found = [cause for cause in breaking if cause_name(name) == cause_name(cause.sentence)] or [cause for cause in breaking if name == cause.kind]
    if len(found) > 1:
        raise UsageError(f"--cause: {len(found)} causes are of kind '{name}'; name one by its sentence: {'; '.join(cause.sentence for cause in found)}")
    if not found:
        known = near_miss(name, [*(cause.sentence for cause in breaking), *(cause.kind for cause in breaking)])
        raise UsageError(f"--cause: no cause of {check.id} is called '{name}'{known or ('' if breaking else '; it has none that could be named')}")
    if check.explained != check.broken:
        rest = f"{check.explained or 0:,} of its {counted(check.broken, 'row')}"
        raise UsageError(f"--cause: causes explain {rest} that break {check.id}; leave --cause out to waive exactly these rows")
    return found[0]


def _exactly(folder: Path, check: Check) -> dict[str, Any]:
    file = folder / FINDINGS
    if not file.is_file():
        raise UsageError(f"{file}: is not there, so nobody can say which rows these are")
    with tempfile.TemporaryDirectory(prefix="dq-") as temp:
        engine = open_engine({}, settings=Settings(temp=Path(temp), reads=(file.resolve(),)))
        try:
            found: Fingerprint = fingerprint_of(engine, check, findings=file)
        finally:
            engine.close()
    if found.sha256 is None:
        raise UsageError(f"--check {check.id}: {found.why_not}")
    return {"rows": {"count": check.broken, "sha256": found.sha256}}


def _at_most(check: Check, cause: Cause, wish: Wish, *, with_money: bool) -> dict[str, Any]:
    money = {item.currency: item.amount for item in check.money} if wish.money is None else dict(wish.money)
    if with_money and not money:
        raise UsageError("--at-most-money: no money is at stake by this cause; say how much may be, e.g. 'IDR 0'")
    cap = {"rows": cause.rows if wish.rows is None else wish.rows, "money": money}
    return {"cause": cause_name(cause.sentence), "at_most": cap}


def _batch(record: Record, check: Check) -> int | None:
    """Return the batch whose rows a run compared; None where there were several, or the check looks at all rows whatever batch is asked about."""
    if check.kind in _OF_NO_BATCH:
        return None
    return record.batches[0] if len(record.batches) == 1 and record.batch is not None else None


def _made(said: Mapping[str, Any]) -> Waiver:
    try:
        return make_waiver(said)
    except ContractError as error:
        place, _, message = str(error).removeprefix(f"{WAIVERS}: ").partition(": ")
        raise UsageError(f"{_option(place)}: {message}" if message else place) from None


def _option(key: str) -> str:
    """Return what an option of the command line is called that fills in a key."""
    return {"at_most": "--at-most-money", "at_most.rows": "--at-most-rows", "at_most.money": "--at-most-money"}.get(key, f"--{key.replace('_', '-')}")
