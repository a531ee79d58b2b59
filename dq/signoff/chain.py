"""The one place for the signed past of a gate: of every batch before it the run that people signed, each following the one before, back to the first.

Source: CORRUPTIONS F25 (what is replayed or does not chain), F26, F27.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dq.compare.signed import Carried, Signed, SignOff
from dq.contract.models import Contract
from dq.errors import DqError
from dq.folder import read_record
from dq.past import run_folders
from dq.record import Record
from dq.recording import compared_ids
from dq.signoff.facts import FIRST
from dq.signoff.file import SIGN_OFFS
from dq.signoff.parity import NAME
from dq.signoff.policy import Roster
from dq.signoff.verifying import Verified, verify
from dq.words import listed


@dataclass(frozen=True, slots=True)
class Past:
    """Where the signed runs are, and who may have signed them."""

    runs: Path
    roster: Roster
    pin: str | None  # the SHA-256 that the roster must have
    as_of: datetime


def signed_past(contract: Contract, past: Past, *, before: int) -> tuple[SignOff, ...]:
    """Return what is known of the sign-off of every batch before one, in order.

    Of a batch the latest signed run counts whose sign-offs hold; where none does, the latest says why. A link that breaks breaks all that follow it.

    Args:
        contract: by which the gate is asked.
        past: where to look, and by whose roster.
        before: the gate's batch.
    """
    numbers = sorted(batch.number for batch in contract.migration.batches if batch.number < before)
    found: list[SignOff] = []
    last: Verified | None = None
    for number in numbers:
        first = number == numbers[0]
        tried = [_tried(folder, contract, past, last=last, first=first) for folder in _candidates(past.runs, contract, number)]
        held = next((one for one in tried if one.sign_off.problem is None and one.sign_off.rejected is None), None)
        chosen = held or next(iter(tried), None)
        found.append(chosen.sign_off if chosen is not None else SignOff(number, problem=f"there is no signed run of batch {number} in {past.runs.name}"))
        last = held.verified if held is not None else None
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Tried:
    """A run of a batch, and what its sign-off comes to."""

    sign_off: SignOff
    verified: Verified


def _candidates(runs: Path, contract: Contract, number: int) -> Iterator[Path]:
    """Yield the attested runs of a batch, the latest first, those that somebody signed before the others."""
    folders = [folder for folder in reversed(run_folders(runs)) if (folder / NAME).is_file()]
    for folder in sorted(folders, key=lambda one: not (one / SIGN_OFFS).is_file()):
        try:
            record = read_record(folder)
        except DqError:
            continue
        if (record.command, record.batch, record.migration) == ("run", number, contract.migration.name):
            yield folder


def _tried(folder: Path, contract: Contract, past: Past, *, last: Verified | None, first: bool) -> _Tried:
    """Verify a run, and that it follows the one before and holds what the contract asks today."""
    verified = verify(folder, past.roster, pin=past.pin, as_of=past.as_of, contract=contract.folder, again=False)
    attested = verified.attested
    record = attested.record if attested is not None else read_record(folder)
    number = record.batch or 0
    rejected = next((f"{line.role}: {line.why}" for line in (verified.count.roles if verified.count else ()) if line.status == "rejected"), None)
    problem = None
    if verified.problems and rejected is None:
        problem = f"run {record.run} of batch {number} is not verified: {verified.problems[0]}"
    elif attested is not None and rejected is None:
        problem = _strange(record, contract) or _unchained(verified, last=last, first=first)
    if problem is not None or rejected is not None or attested is None:
        return _Tried(SignOff(number, rejected=rejected, problem=problem), verified)
    moment = next(snapshot.moment for snapshot in record.snapshots if snapshot.side == "target")
    roles = tuple(line.role for line in verified.count.roles if line.status == "accepted") if verified.count else ()
    return _Tried(SignOff(number, roles, signed=Signed(number, moment, attested.carried or Carried(), attested.digest)), verified)


def _strange(record: Record, contract: Contract) -> str | None:
    """Say why a signed run does not hold what the contract declares, or None."""
    wanted, there = set(compared_ids(contract)), {check.id for check in record.checks}
    lacking, more = sorted(wanted - there), sorted(there - wanted)
    if not lacking and not more:
        return None
    names = listed((lacking or more)[:3])
    what = f"has no check {names}, which the contract declares" if lacking else f"has {names}, which the contract does not declare"
    return f"run {record.run} of batch {record.batch} {what}: run and sign it again"


def _unchained(verified: Verified, *, last: Verified | None, first: bool) -> str | None:
    """Say why accepted sign-offs do not follow the signed run of the batch before, or None."""
    attested = verified.attested
    if attested is None or first:
        return None if attested is None or all(item.previous == FIRST for item in verified.sign_offs) else "a sign-off of the first batch follows another"
    run = f"run {attested.record.run} of batch {attested.record.batch}"
    if last is None or last.attested is None:
        return f"{run} follows a batch whose sign-off does not hold"
    for item in verified.sign_offs:
        if item.decision == "accept" and not _follows(item.previous, last):
            return f"{run}: what {item.role} signed follows another run of the batch before than {last.attested.record.run}"
    return None


def _follows(previous: object, last: Verified) -> bool:
    """Whether a sign-off names the run before, its statement, and sign-offs that are there (more may have come since)."""
    if last.attested is None or not isinstance(previous, Mapping):
        return False
    named = (previous.get("batch"), previous.get("run"), previous.get("parity"))
    digests = previous.get("sign_offs")
    there = {item.digest for item in last.sign_offs}
    record = last.attested.record
    return named == (record.batch, record.run, last.attested.digest) and isinstance(digests, Sequence) and bool(digests) and set(digests) <= there
