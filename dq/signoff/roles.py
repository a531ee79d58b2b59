"""The one place that counts sign-offs: role by role, by different people with different keys, each at its time; one rejection is enough.

Pure: sign-offs whose signatures hold come in, what they come to goes out. Source: CORRUPTIONS F09 to F12, F18, F24.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dq.signoff.policy import Decision, Key, Policy


@dataclass(frozen=True, slots=True)
class SignOff:
    """One person's word on a run; the signature holds, and is the person's."""

    person: str
    role: str
    decision: Decision
    reason: str | None
    signed_at: datetime
    key: Key
    digest: str  # SHA-256 of its envelope
    roster: str = ""  # SHA-256 of the roster by which it was signed
    previous: object = None  # what it says that it follows
    after: tuple[str, ...] = ()  # the sign-offs of the same run that were there, by digest


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role, and who signed for it."""

    role: str
    mandatory: bool
    status: str  # accepted, rejected, missing, or does not count
    person: str | None = None
    signed_at: datetime | None = None
    why: str | None = None  # it does not count; or the reason of a rejection


@dataclass(frozen=True, slots=True)
class Count:
    """What all sign-offs come to."""

    roles: tuple[RoleLine, ...]
    accepted: bool
    rejected: bool
    problems: tuple[str, ...]  # why it is not accepted; each alone is enough


def count(sign_offs: Sequence[SignOff], policy: Policy, *, as_of: datetime) -> Count:
    """Count sign-offs as of a moment. Of one person's several, the one signed last counts."""
    last = last_words(sign_offs)
    problems = list(_strange(sign_offs))
    lines = tuple(_line(role, [item for item in last.values() if item.role == role], policy, as_of=as_of) for role in policy.roles)
    missing = [line.role for line in lines if line.status != "accepted"]
    accepted = len(lines) - len(missing)
    problems += [f"{line.role}: {line.person} rejected it: {line.why}" for line in lines if line.status == "rejected"]
    problems += [f"{line.role}: {line.person}'s sign-off does not count: {line.why}" for line in lines if line.status == "does not count"]
    short = accepted < policy.threshold or any(role in missing for role in policy.mandatory)
    if short:
        wanted = f", {', '.join(policy.mandatory)} among them" if policy.mandatory else ""
        problems.append(f"{accepted} of {policy.threshold} roles accepted{wanted}: missing {', '.join(missing)}")
    rejected = any(line.status == "rejected" for line in lines)
    fatal = rejected or short or any(True for _ in _strange(sign_offs))
    return Count(lines, not fatal, rejected, tuple(problems) if fatal else ())


def _strange(sign_offs: Sequence[SignOff]) -> Iterator[str]:
    """Yield what no honest file holds: one person or key in two roles, two words at one time."""
    for what, held_by in (("person", [item.person for item in sign_offs]), ("key", [item.key.key.fingerprint for item in sign_offs])):
        roles: dict[str, set[str]] = {}
        for name, item in zip(held_by, sign_offs, strict=True):
            roles.setdefault(name, set()).add(item.role)
        for name, held in sorted(roles.items()):
            if len(held) > 1:
                yield f"one {what} in two roles: {name} signed as {' and '.join(sorted(held))}"
    moments = [(item.person, item.signed_at) for item in sign_offs]
    for person, moment in sorted({found for found in moments if moments.count(found) > 1}):
        yield f"{person} signed twice at {moment.isoformat()}"


def _line(role: str, found: Sequence[SignOff], policy: Policy, *, as_of: datetime) -> RoleLine:
    """Return what became of a role: rejected if anybody who holds it rejected, accepted if somebody did, else why nobody counts."""
    mandatory = role in policy.mandatory
    ranked: list[RoleLine] = []
    for item in found:
        why = why_void(item, policy, as_of=as_of)
        status = "does not count" if why is not None else "rejected" if item.decision == "reject" else "accepted"
        ranked.append(RoleLine(role, mandatory, status, item.person, item.signed_at, why or item.reason))
    order = ("rejected", "accepted", "does not count")
    return min(ranked, key=lambda line: (order.index(line.status), line.person), default=RoleLine(role, mandatory, "missing"))


def why_void(item: SignOff, policy: Policy, *, as_of: datetime) -> str | None:
    """Return why a person's last word does not count as of a moment, or None.

    A rejection that is too old still stands: only the same person takes it back.
    """
    held = item.key.held_at(item.signed_at) and not item.key.revoked_by(as_of)
    return None if item.decision == "reject" and held else why_not(item.signed_at, item.key, as_of=as_of, policy=policy)


def last_words(sign_offs: Sequence[SignOff]) -> dict[str, SignOff]:
    """Return person to what was signed last: of one person's several sign-offs only that counts."""
    last: dict[str, SignOff] = {}
    for item in sign_offs:
        if item.person not in last or item.signed_at > last[item.person].signed_at:
            last[item.person] = item
    return last


def why_not(signed_at: datetime, key: Key, *, as_of: datetime, policy: Policy) -> str | None:
    """Return why what was signed at a moment does not count as of another, or None."""
    if key.revoked_at is not None and key.revoked_by(as_of):
        return f"the key was revoked at {key.revoked_at.isoformat()}"
    if not key.held_at(signed_at):
        return f"signed outside the key's validity, {key.valid_from.isoformat()} to {key.valid_until.isoformat()}"
    if as_of - signed_at > policy.max_age:
        return f"older than {policy.max_age_days} days"
    return None
