"""The one place where a person's sign-off is made: everything is held against the roster and the files first, then one signature is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dq.errors import UsageError, near_miss
from dq.signoff.checked import Told, check_folder
from dq.signoff.envelope import Envelope
from dq.signoff.file import add_sign_off
from dq.signoff.keys import Signer
from dq.signoff.policy import Person, Roster, machine
from dq.signoff.previous import check_previous, find_previous, previous_said
from dq.signoff.sshsig import sign_message
from dq.signoff.statement import SIGN_OFF, Statement, read_statement
from dq.signoff.verifying import read_words
from dq.signoff.word import word_of

_REASON = 2000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person wants to sign."""

    role: str
    reason: str | None = None  # of a rejection; None: accepted
    now: datetime
    contract: Path = Path("expectations")
    previous: Path | None = None
    files: Mapping[str, Path] | None = None
    told: Told = lambda _: None  # called with what is looked at next


@dataclass(frozen=True, slots=True)
class Ready:
    """What would be signed, and by whom; nothing is signed yet."""

    folder: Path
    person: Person
    signer: Signer
    payload: bytes

    @property
    def statement(self) -> Statement:
        """The statement, read from the very bytes that are signed."""
        return read_statement(self.payload, kind=SIGN_OFF, where="what is to be signed")

    @property
    def words(self) -> str:
        """Region and batch, which a person types to sign."""
        run = self.statement.predicate["run"]
        return f"{run['region'] or 'all'} {'all' if run['batch'] is None else run['batch']}"


def prepare(folder: Path, roster: Roster, signer: Signer, *, wanted: Wanted) -> Ready:
    """Check what is to be signed and return it.

    Raises:
        UsageError: the key, the role or the decision does not fit (exit 2).
        RefusedError: the folder, its snapshots or a sign-off there do not hold (exit 1).
        NotAttestedError: there is no parity statement (exit 3).
    """
    person = _person(roster, signer, wanted)
    attested = check_folder(
        folder, roster.policy, as_of=wanted.now, files=wanted.files or {}, contract=wanted.contract, renewed=wanted.reason is not None, told=wanted.told
    )
    seen = max(wanted.now, datetime.now(tz=UTC))  # somebody else may have signed since this one began
    there = read_words(attested, roster, as_of=seen)
    for item in there:
        if item.person == person.name and item.role != wanted.role:
            raise UsageError(f"--role: {person.name} signed this run as {item.role}; one person signs in one role")
    if wanted.reason is None and attested.record.exit_status:
        raise UsageError(f"run {attested.record.run} is {attested.record.outcome.value}: it can only be rejected, --reject --reason TEXT")
    before = find_previous(attested, named=wanted.previous)
    if before is not None and wanted.reason is None:
        check_previous(before, roster, as_of=wanted.now, contract=wanted.contract)
    statement = word_of(
        attested,
        role=wanted.role,
        person=person.name,
        decision="accept" if wanted.reason is None else "reject",
        reason=wanted.reason,
        signed_at=wanted.now,
        previous=previous_said(before),
        policy=roster.digest,
        after=[item.digest for item in there],
    )
    return Ready(folder, person, signer, statement.payload)


def sign(ready: Ready, *, typed: str) -> Path:
    """Sign and add it to the run's sign-offs; return their file.

    Args:
        ready: what is signed.
        typed: region and batch, as the person typed them.

    Raises:
        UsageError: they are others, or the key did not sign, or nothing can be written; nothing was signed then.
    """
    if typed.split() != ready.words.split():
        raise UsageError(f"typed was '{' '.join(typed.split())[:40]}', which is not the region and batch of this run; nothing was signed")
    envelope = Envelope(ready.payload, ready.signer.public.fingerprint, b"")
    signature = sign_message(envelope.signed, ready.signer)
    return add_sign_off(ready.folder, Envelope(ready.payload, envelope.keyid, signature))


def check_reason(reason: str | None, *, rejects: bool) -> str | None:
    """Return the reason of a rejection. Raises UsageError where one is missing, or stands without a rejection."""
    if not rejects:
        if reason is not None:
            raise UsageError("--reason: only a rejection has one; add --reject")
        return None
    found = (reason or "").strip()
    if not found:
        raise UsageError("--reject: needs --reason TEXT, which the others will read")
    if len(found) > _REASON or not found.isprintable():
        raise UsageError(f"--reason: is longer than {_REASON} characters, or has some that cannot be seen")
    return found


def _person(roster: Roster, signer: Signer, wanted: Wanted) -> Person:
    policy = roster.policy
    if wanted.role not in policy.roles:
        raise UsageError(f"--role: there is no role '{wanted.role}' in {roster.path}{near_miss(wanted.role, policy.roles)}")
    keyid = signer.public.fingerprint
    found = policy.person(keyid)
    if found is None:
        if machine(policy.validators, keyid) is not None:
            raise UsageError(f"{signer.path}: is the validator's key; whoever compares does not sign off")
        raise UsageError(f"{signer.path}: {keyid} is nobody's key in {roster.path}")
    person, key = found
    if wanted.role not in person.roles:
        raise UsageError(f"--role: {person.name} does not hold the role '{wanted.role}'; held: {', '.join(person.roles)}")
    if key.revoked_by(wanted.now) or not key.held_at(wanted.now):
        raise UsageError(f"{signer.path}: {person.name}'s key counts from {key.valid_from.isoformat()} to {(key.revoked_at or key.valid_until).isoformat()}")
    return person
