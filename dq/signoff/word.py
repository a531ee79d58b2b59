"""The one place for what a person's sign-off says: the run's facts, the role, yes or no, when, and what it follows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dq.errors import RefusedError
from dq.signoff.checked import Attested
from dq.signoff.envelope import Envelope
from dq.signoff.facts import FIRST, batch_before, facts_of
from dq.signoff.parity import NAME, sha256
from dq.signoff.policy import Policy
from dq.signoff.roles import SignOff
from dq.signoff.sshsig import check_message
from dq.signoff.statement import SIGN_OFF, Statement, read_statement
from dq.signoff.strict import canonical

_OWN = {"role", "person", "decision", "reason", "signed_at", "after", "previous", "policy"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def word_of(
    attested: Attested,
    *,
    role: str,
    person: str,
    decision: str,
    reason: str | None,
    signed_at: datetime,
    previous: object,
    policy: str,
    after: Sequence[str] = (),
) -> Statement:
    """Return the statement that a person signs: of the same files as the parity statement, and of that itself.

    Args:
        attested: the run.
        role: for which the person signs.
        person: as the roster has the name.
        decision: accept or reject.
        reason: of a rejection.
        signed_at: by the person's clock.
        previous: what it follows: the signed run of the batch before.
        policy: the SHA-256 of the roster.
        after: the sign-offs of this run that were there, by digest: none of them can be taken away unnoticed.
    """
    predicate = {
        "run": facts_of(attested.record),
        "role": role,
        "person": person,
        "decision": decision,
        "reason": reason,
        "signed_at": signed_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "after": sorted(after),
        "previous": previous,
        "policy": {"name": "signers.toml", "digest": {"sha256": policy}},
    }
    return Statement(SIGN_OFF, {**attested.statement.subject, NAME: attested.digest}, predicate)


def read_word(envelope: Envelope, attested: Attested, policy: Policy, *, as_of: datetime, where: str) -> SignOff:
    """Read a person's sign-off of a run: whose signature it is, and that it is of this run. Raises RefusedError."""
    found = policy.person(envelope.keyid)
    if found is None:
        raise RefusedError(f"{where}: its key is nobody's in the roster: {envelope.keyid[:60]}")
    person, key = found
    try:
        check_message(envelope.signed, envelope.signature, key.key)
    except RefusedError as error:
        raise RefusedError(f"{where}: {error}") from None
    statement = read_statement(envelope.payload, kind=SIGN_OFF, where=where)
    said = statement.predicate
    if said.keys() != _OWN | {"run"}:
        raise RefusedError(f"{where}: says something else than a sign-off does")
    _of_this_run(statement, attested, where=where)
    if said["person"] != person.name or said["role"] not in person.roles:
        raise RefusedError(f"{where}: {person.name} does not hold the role '{str(said['role'])[:60]}'")
    if said["decision"] not in ("accept", "reject") or (said["decision"] == "reject") != bool(said["reason"]):
        raise RefusedError(f"{where}: is neither an acceptance nor a rejection with its reason")
    moment = _moment(said["signed_at"], where=where)
    if moment > as_of:
        raise RefusedError(f"{where}: {person.name} signed at {moment.isoformat()}, which is after {as_of.isoformat()}")
    if said["decision"] == "accept" and attested.record.exit_status:
        raise RefusedError(f"{where}: {person.name} accepts a run that is {attested.record.outcome.value}")
    roster, after = _roster(said["policy"], where=where), _after(said["after"], where=where)
    return SignOff(person.name, said["role"], said["decision"], said["reason"], moment, key, digest_of(envelope), roster, said["previous"], after)


def digest_of(envelope: Envelope) -> str:
    """Return the SHA-256 of a sign-off: of its envelope, as it stands in its line of the file."""
    return sha256(canonical(envelope.written()))


def _of_this_run(statement: Statement, attested: Attested, *, where: str) -> None:
    """See that a sign-off is about the files of this run and says of it what its record says. Raises RefusedError."""
    wanted = {**attested.statement.subject, NAME: attested.digest}
    if statement.subject != wanted:
        others = sorted(name for name in {*wanted, *statement.subject} if wanted.get(name) != statement.subject.get(name))
        raise RefusedError(f"{where}: is of another run: it names another {', '.join(others)[:200]}")
    if statement.predicate["run"] != facts_of(attested.record):
        raise RefusedError(f"{where}: says something else of the run than its record")
    first = batch_before(attested.record) is None
    if not _is_previous(statement.predicate["previous"], first=first):
        raise RefusedError(f"{where}: does not say what it follows: {'the first batch' if first else 'the batch before'}")


def _is_previous(found: object, *, first: bool) -> bool:
    if first:
        return found == FIRST
    return isinstance(found, Mapping) and found.keys() == {"batch", "run", "parity", "sign_offs"}


def _after(found: object, *, where: str) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(item, str) and _SHA256.fullmatch(item) for item in found) or found != sorted(set(found)):
        raise RefusedError(f"{where}: does not name the sign-offs that it comes after")
    return tuple(found)


def _roster(found: object, *, where: str) -> str:
    digest = found.get("digest") if isinstance(found, Mapping) else None
    if not isinstance(digest, Mapping) or not isinstance(digest.get("sha256"), str):
        raise RefusedError(f"{where}: does not name the roster by which it was signed")
    return str(digest["sha256"])


def _moment(text: Any, *, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise RefusedError(f"{where}: signed_at is no moment") from None
    if found.tzinfo is None:
        raise RefusedError(f"{where}: signed_at has no offset")
    return found
