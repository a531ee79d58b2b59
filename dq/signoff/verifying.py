"""The one place that verifies a signed run, offline and strictly: whatever goes wrong on the way is a refusal.

Nothing here asks who is near, or what time a server has: the folder, the roster, and the moment as of which it is judged are all there is.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dq.errors import DqError, RefusedError
from dq.judgement.countersigning import unsigned
from dq.record import Outcome
from dq.signoff.checked import Attested, Told, check_folder
from dq.signoff.disk import Disk
from dq.signoff.file import SIGN_OFFS, read_bytes, read_sign_offs
from dq.signoff.parity import sha256
from dq.signoff.policy import Roster
from dq.signoff.roles import Count, SignOff, count
from dq.signoff.stamp import Stamp, stamped_at
from dq.signoff.word import read_word


@dataclass(frozen=True, slots=True)
class Verified:
    """What a signed run comes to."""

    folder: Path
    roster: Roster
    pinned: bool  # the roster's digest was given from outside
    as_of: datetime
    attested: Attested | None  # None where that does not hold
    sign_offs: tuple[SignOff, ...]
    count: Count | None
    problems: tuple[str, ...]  # why it is not verified; empty where it is
    exit_status: int  # 0 verified; 1 refused, rejected or too few; 3 it could not be said
    trace: str = ""  # of an error of ours, for --debug
    stamped: datetime | None = None  # when a trusted authority saw the sign-offs; None where nobody asked
    said: str | None = None  # SHA-256 of the file of sign-offs, which whoever keeps it can hold a later one against; None where there is none

    @property
    def word(self) -> str:
        """VERIFIED, REJECTED, REFUSED or NOT PROVEN."""
        if not self.problems:
            return "VERIFIED"
        if self.exit_status == Outcome.NOT_PROVEN.exit_status:
            return Outcome.NOT_PROVEN.value
        return "REJECTED" if self.count is not None and self.count.rejected else "REFUSED"


def verify(
    folder: Path,
    roster: Roster,
    *,
    pin: str | None,
    as_of: datetime,
    contract: Path = Path("expectations"),
    files: Mapping[str, Path] | None = None,
    again: bool = True,
    stamp: Stamp | None = None,
    disk: Disk | None = None,
    told: Told = lambda _: None,
) -> Verified:
    """Verify a run's folder: its parity statement, its files, its page made again, its snapshots where they are at hand, every sign-off.

    Args:
        folder: the run's.
        roster: whose signatures count.
        pin: the SHA-256 that the roster must have, from somewhere else than the roster; None: nobody says.
        as_of: the moment as of which sign-offs and keys are judged.
        contract: where the run's contract may be.
        files: side to snapshot file, of those that must be the run's.
        again: whether the page is made again, which another version of dq cannot.
        stamp: a trusted time stamp over the sign-offs; None: nobody asks for one.
        disk: what was read of the disk already, for other folders; None: nothing.
        told: called with what is looked at next.
    """
    attested: Attested | None = None
    sign_offs: tuple[SignOff, ...] = ()
    try:
        _check_pin(roster, pin)
        attested = check_folder(folder, roster.policy, as_of=as_of, files=files or {}, contract=contract, renewed=True, again=again, disk=disk, told=told)
        sign_offs = read_words(attested, roster, as_of=as_of)
        counted = count(sign_offs, roster.policy, as_of=as_of)
        first = min((item.signed_at for item in sign_offs), default=as_of)
        problems = [*counted.problems, *unsigned(attested.record.waivers, signed=_signatures(counted))]
        if not attested.key.held_at(first):
            problems.insert(0, f"{attested.validator.name}'s key was not valid when the run was first signed off, {first.isoformat()}")
        stamped = stamped_at(folder / SIGN_OFFS, stamp, as_of=as_of) if stamp is not None else None
        late = [item for item in sign_offs if stamped is not None and item.signed_at > stamped]
        problems += [f"{item.person} signed at {item.signed_at.isoformat()}, after the time stamp" for item in late]
        status = max(attested.record.exit_status, 1 if problems else 0)
        if attested.record.exit_status:
            problems.insert(0, f"the run itself is {attested.record.outcome.value}")
        said = sha256(read_bytes(folder / SIGN_OFFS)) if sign_offs else None
        return Verified(folder, roster, pin is not None, as_of, attested, sign_offs, counted, tuple(problems), status, stamped=stamped, said=said)
    except Exception as error:  # noqa: BLE001 - see the module
        ours = isinstance(error, DqError)
        problem = str(error) if ours else f"an error of dq itself ({type(error).__name__}); --debug shows where"
        status = error.exit_status if isinstance(error, DqError) else RefusedError.exit_status
        return Verified(folder, roster, pin is not None, as_of, attested, sign_offs, None, (problem,), status, "" if ours else traceback.format_exc())


def _signatures(counted: Count) -> dict[str, tuple[str, ...]]:
    return {line.role: (line.person,) for line in counted.roles if line.status == "accepted" and line.person is not None}


def _check_pin(roster: Roster, pin: str | None) -> None:
    if pin is not None and pin.lower() != roster.digest:
        raise RefusedError(f"{roster.path}: its SHA-256 is {roster.digest}, pinned is {pin.lower()[:64]}: it is not the roster that was agreed on")


def read_words(attested: Attested, roster: Roster, *, as_of: datetime) -> tuple[SignOff, ...]:
    """Read every sign-off of a run; none where nobody signed. Raises RefusedError where one does not hold."""
    path = attested.folder / SIGN_OFFS
    if not path.exists() and not path.is_symlink():
        return ()
    envelopes = read_sign_offs(read_bytes(path), where=str(path))
    found = tuple(read_word(envelope, attested, roster.policy, as_of=as_of, where=f"{path}: sign-off {number}") for number, envelope in enumerate(envelopes, 1))
    there = {item.digest for item in found}
    for number, item in enumerate(found, 1):
        if not there.issuperset(item.after):
            raise RefusedError(f"{path}: sign-off {number} comes after one that is not there: a sign-off was taken away")
    return found
