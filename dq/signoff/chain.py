"""The one place for the signed past of a gate: of every batch before it the run that people signed, each following the one before, back to the first.

Source: CORRUPTIONS F25 (what is replayed or does not chain), F26, F27.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dq.asking import last_instant
from dq.compare.signed import BatchSignOff, Carried, Signed
from dq.contract.models import Contract
from dq.errors import DqError
from dq.folder import read_record
from dq.judgement.countersigning import Countersigned, identity
from dq.past import run_folders
from dq.record import Record
from dq.recording import compared_ids
from dq.signoff.disk import Disk
from dq.signoff.file import SIGN_OFFS
from dq.signoff.parity import NAME
from dq.signoff.policy import Roster
from dq.signoff.verifying import Verified, verify
from dq.signoff.whose import may_be_of, said_of, signed_folders
from dq.words import listed


@dataclass(frozen=True, slots=True)
class Past:
    """Where the signed runs are, and who may have signed them."""

    runs: Path
    roster: Roster
    pin: str | None  # the SHA-256 that the roster must have
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A batch's sign-off, and the run that it is of; None where there is no such run."""

    sign_off: BatchSignOff
    verified: Verified | None = None

    @property
    def holds(self) -> bool:
        """Whether another batch may follow it."""
        return self.sign_off.signed is not None

    @property
    def said(self) -> datetime:
        """When somebody last said something of it; a run whose sign-offs cannot be read is the last word, whatever it is."""
        moments = [item.signed_at for item in self.verified.sign_offs] if self.verified is not None else []
        return max(moments, default=datetime.max.replace(tzinfo=UTC))


def signed_past(contract: Contract, past: Past, *, before: int) -> tuple[Link, ...]:
    """Return what is known of the sign-off of every batch before one, in order.

    Of a batch that run counts of which somebody spoke last, so that no older word is said again in its place. A link that does not hold breaks all
    that follow it.

    Args:
        contract: by which the gate is asked.
        past: where to look, and by whose roster.
        before: the gate's batch.
    """
    numbers = sorted(batch.number for batch in contract.migration.batches if batch.number < before)
    candidates, disk = _candidates(past.runs, contract, numbers), Disk()
    links: list[Link] = []
    for number in numbers:
        last = links[-1] if links else None
        tried = [_tried(folder, contract, past, number=number, last=last, disk=disk) for folder in candidates[number]]
        nothing = Link(BatchSignOff(number, problem=f"there is no attested run of batch {number} in {past.runs.name}"))
        links.append(max(tried, key=lambda link: link.said, default=nothing))
    return tuple(links)


def countersigned(links: Sequence[Link]) -> Countersigned:
    """Return who signed for which waiver, in the signed runs of a past; nobody for one that did not count there."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for link in links:
        verified = link.verified
        if link.holds and verified is not None and verified.attested is not None and verified.count is not None:
            accepted = (line for line in verified.count.roles if line.status == "accepted")
            persons: dict[str, tuple[str, ...]] = {line.role: (line.person,) for line in accepted if line.person is not None}
            found |= {identity(line): persons for line in verified.attested.record.waivers if line.status == "waived"}
    return found


def _candidates(runs: Path, contract: Contract, numbers: Sequence[int]) -> dict[int, list[Path]]:
    """Return by batch the runs that somebody signed, whatever became of their files; where there is none, the latest that is attested.

    Each folder is asked once of which batches it may be, however many there are.
    """
    migration = contract.migration.name
    said = {folder: said_of(folder) for folder in signed_folders(runs)}
    found = {number: [folder for folder, named in said.items() if may_be_of(named, migration=migration, batch=number)] for number in numbers}
    if not all(found.values()):
        attested = {batch: folder for folder in run_folders(runs) for batch in _attested(folder, migration)}  # the latest stands last
        found = {number: folders or ([attested[number]] if number in attested else []) for number, folders in found.items()}
    return found


def _attested(folder: Path, migration: str) -> tuple[int, ...]:
    """Return the batch of an attested run that nobody signed; nothing where a folder is none."""
    if not (folder / NAME).is_file() or (folder / SIGN_OFFS).exists():
        return ()
    try:
        record = read_record(folder)
    except DqError:
        return ()
    return (record.batch,) if record.batch is not None and (record.command, record.migration) == ("run", migration) else ()


def _tried(folder: Path, contract: Contract, past: Past, *, number: int, last: Link | None, disk: Disk) -> Link:
    """Verify a run, and that it is of a batch, follows the one before and holds what the contract asks today."""
    verified = verify(folder, past.roster, pin=past.pin, as_of=past.as_of, contract=contract.folder, again=False, disk=disk)
    attested = verified.attested
    rejected = next((f"{line.role}: {line.why}" for line in (verified.count.roles if verified.count else ()) if line.status == "rejected"), None)
    problem = None
    if verified.problems and rejected is None:
        problem = f"run {folder.name} of batch {number} is not verified: {verified.problems[0]}"
    elif attested is not None and rejected is None:
        problem = _strange(attested.record, contract, number=number) or _unchained(verified, last=last)
    if problem is not None or rejected is not None or attested is None:
        return Link(BatchSignOff(number, rejected=rejected, problem=problem), verified)
    taken = next(snapshot.moment for snapshot in attested.record.snapshots if snapshot.side == "target")
    moment = last_instant(datetime.fromisoformat(taken)).isoformat()
    roles = tuple(line.role for line in verified.count.roles if line.status == "accepted") if verified.count else ()
    return Link(BatchSignOff(number, roles, signed=Signed(number, moment, attested.carried or Carried(), attested.digest)), verified)


def _strange(record: Record, contract: Contract, *, number: int) -> str | None:
    """Say why a signed run is not one of a batch, or does not hold what the contract declares; or None."""
    if (record.command, record.batch, record.migration) != ("run", number, contract.migration.name):
        return f"run {record.run} is not of batch {number}, and a file of its folder says so"
    wanted, there = set(compared_ids(contract)), {check.id for check in record.checks if check.kind != "waivers"}
    lacking, more = sorted(wanted - there), sorted(there - wanted)
    if not lacking and not more:
        return None
    names = listed((lacking or more)[:3])
    what = f"has no check {names}, which the contract declares" if lacking else f"has {names}, which the contract does not declare"
    return f"run {record.run} of batch {record.batch} {what}: run and sign it again"


def _unchained(verified: Verified, *, last: Link | None) -> str | None:
    """Say why accepted sign-offs do not follow the signed run of the batch before, or None."""
    attested = verified.attested
    if attested is None or last is None:  # that one of the first batch follows none was seen when it was read
        return None
    run = f"run {attested.record.run} of batch {attested.record.batch}"
    if not last.holds or last.verified is None or last.verified.attested is None:
        return f"{run} follows a batch whose sign-off does not hold"
    for item in verified.sign_offs:
        if item.decision == "accept" and not _follows(item.previous, last.verified):
            return f"{run}: what {item.role} signed follows another run of the batch before than {last.verified.attested.record.run}"
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
