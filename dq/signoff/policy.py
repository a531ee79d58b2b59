"""The one place for `signers.toml`: who may sign for which role, with which keys and when, and how many must.

A roster that could not be met, or that would be met by nothing, is refused. People and keys are added and given an end, never taken out:
so the newest roster still says who signed an earlier batch, and that a key was revoked since.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from dq.contract.base import MOST_DAYS, TOO_LONG, Model, Number
from dq.contract.explain import explained
from dq.errors import ContractError, near_miss
from dq.signoff.keys import PublicKey, read_public

POLICY = "signers.toml"
_LARGEST = 1024 * 1024  # bytes
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@-]*$", max_length=80)]
"""Small letters, digits and `. _ @ -`: what `ssh-keygen` takes as a principal, and no two look alike."""


class Key(Model):
    """A public key and when it counts."""

    public: str
    """A line as in an `….pub` file: `ssh-ed25519 AAAA…` or `sk-ssh-ed25519@openssh.com AAAA…`. It stands once in the file."""
    valid_from: datetime
    """From when on what it signs counts, inclusive. It has an offset."""
    valid_until: datetime
    """Until when, exclusive. It has an offset."""
    revoked_at: datetime | None = None
    """From then on nothing that it signed counts any more, whatever date stands on it. It has an offset."""

    @property
    def key(self) -> PublicKey:
        """The public key."""
        return read_public(self.public)

    def held_at(self, moment: datetime) -> bool:
        """Whether what is signed at a moment counts."""
        return self.valid_from <= moment < self.valid_until

    def revoked_by(self, moment: datetime) -> bool:
        """Whether the key was revoked by then."""
        return self.revoked_at is not None and self.revoked_at <= moment

    @field_validator("public")
    @classmethod
    def _is_public(cls, value: str) -> str:
        read_public(value)
        return value

    @field_validator("valid_from", "valid_until", "revoked_at", mode="before")
    @classmethod
    def _is_moment(cls, value: object) -> object:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError("is no moment with an offset, e.g. 2024-10-01T00:00:00+07:00 without quotes")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Key:
        if self.valid_until <= self.valid_from:
            raise ValueError("valid_until is not after valid_from")
        return self


class Holder(Model):
    """Whoever has keys. A job that attests what it did, it compares or it exports, is nothing else."""

    name: Name
    """What it is called: small letters, digits and `. _ @ -`."""
    keys: tuple[Key, ...] = Field(min_length=1)
    """The keys, a list of tables: `[[people.keys]]`, `[[validators.keys]]`, `[[exporters.keys]]`."""


class Person(Holder):
    """Somebody who may sign a run off."""

    roles: tuple[Name, ...] = Field(min_length=1)
    """The roles that the person holds, of which each sign-off names one."""


class Policy(Model):
    """signers.toml."""

    roles: tuple[Name, ...] = Field(min_length=1)
    """The roles for which somebody may sign."""
    mandatory: tuple[Name, ...] = ()
    """The roles without which no number of others is enough."""
    threshold: Number = Field(ge=1)
    """How many roles must accept, each by another person."""
    max_age_days: Number = Field(ge=1, le=MOST_DAYS)
    """How old a sign-off may be when it is verified, in days, inclusive."""
    people: tuple[Person, ...] = Field(min_length=1)
    """Who may sign."""
    validators: tuple[Holder, ...] = Field(min_length=1)
    """The jobs whose parity statements count; never a person's key."""
    exporters: tuple[Holder, ...] = ()
    """The jobs whose snapshots count; none: snapshots need no statement."""

    @property
    def max_age(self) -> timedelta:
        """How old a sign-off may be."""
        return timedelta(days=self.max_age_days)

    def person(self, keyid: str) -> tuple[Person, Key] | None:
        """Return whose key has a fingerprint, or None."""
        return next(((person, key) for person in self.people for key in person.keys if key.key.fingerprint == keyid), None)

    @model_validator(mode="after")
    def _holds(self) -> Policy:
        for problem in _problems(self):
            raise ValueError(problem)
        return self


def machine(machines: tuple[Holder, ...], keyid: str) -> tuple[Holder, Key] | None:
    """Return which of some machines has a key with a fingerprint, or None."""
    return next(((item, key) for item in machines for key in item.keys if key.key.fingerprint == keyid), None)


@dataclass(frozen=True, slots=True)
class Roster:
    """A policy as it was read: where from, and the SHA-256 of just those bytes."""

    path: Path
    digest: str
    policy: Policy


def read_roster(path: Path) -> Roster:
    """Read a `signers.toml`. Raises ContractError (exit 2), also where it could not be met or means nothing."""
    try:
        content = path.read_bytes() if path.stat().st_size <= _LARGEST else None
    except OSError as error:
        raise ContractError(f"{(error.strerror or 'cannot be read').lower()}; it says whose signatures count", file=path) from None
    if content is None:
        raise ContractError(f"larger than {_LARGEST} bytes", file=path)
    return roster_of(content, path)


def roster_of(content: bytes, path: Path) -> Roster:
    """Read the bytes of a `signers.toml`, which came from a path. Raises ContractError as `read_roster`."""
    try:
        raw = tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise ContractError(f"not UTF-8 at byte {error.start}", file=path) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ContractError(f"not TOML: {error}", file=path) from None
    except ValueError:
        raise ContractError(TOO_LONG, file=path) from None
    try:
        return Roster(path, hashlib.sha256(content).hexdigest(), Policy.model_validate(raw))
    except ValidationError as error:
        raise explained(error, model=Policy, file=str(path)) from None


def _problems(policy: Policy) -> Iterator[str]:
    """Yield what makes a policy vacuous, or lets one person or key count twice."""
    yield from _of_roles(policy)
    yield from _of_holders(policy)
    if not _can_be_met(policy):
        yield f"threshold: there are not {policy.threshold} different people for {policy.threshold} different roles, the mandatory ones among them"


def _of_roles(policy: Policy) -> Iterator[str]:
    roles, mandatory = policy.roles, set(policy.mandatory)
    if len(set(roles)) != len(roles):
        yield "roles: one stands twice"
    for place, role in (
        *(("mandatory", role) for role in policy.mandatory),
        *((f"people: {item.name}", role) for item in policy.people for role in item.roles),
    ):
        if role not in roles:
            yield f"{place}: there is no role '{role}'{near_miss(role, roles)}"
    if policy.threshold > len(roles):
        yield f"threshold: {policy.threshold} of {len(roles)} roles can never be met"
    if policy.threshold < len(mandatory):
        yield f"threshold: {policy.threshold} is less than the {len(mandatory)} mandatory roles"
    for role in roles:
        if not any(role in person.roles for person in policy.people):
            yield f"roles: nobody holds '{role}'"


def _of_holders(policy: Policy) -> Iterator[str]:
    holders: tuple[Holder, ...] = (*policy.people, *policy.validators, *policy.exporters)
    names = [item.name for item in holders]
    if len(set(names)) != len(names):
        yield f"the name '{next(name for name in names if names.count(name) > 1)}' stands twice"
    owners: dict[bytes, str] = {}
    for item in holders:
        for key in item.keys:
            if key.key.raw in owners:
                yield f"one key stands twice, at {owners[key.key.raw]} and at {item.name}: {key.key.fingerprint}"
            owners[key.key.raw] = item.name


def _can_be_met(policy: Policy) -> bool:
    """Whether different people can be found for enough roles. A role takes another's person only if that one finds someone else."""
    held: dict[str, str] = {}  # person to role

    def placed(role: str, tried: set[str]) -> bool:
        for person in policy.people:
            if role in person.roles and person.name not in tried:
                tried.add(person.name)
                if person.name not in held or placed(held[person.name], tried):
                    held[person.name] = role
                    return True
        return False

    first = sorted(policy.roles, key=lambda role: role not in policy.mandatory)
    found = {role: placed(role, set()) for role in first}
    return all(found[role] for role in policy.mandatory) and sum(found.values()) >= policy.threshold


Decision = Literal["accept", "reject"]
