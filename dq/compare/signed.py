"""The one place for what a batch's sign-off says of its rows, as plain values: when the target was taken, and the digests of what stood there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Digest:
    """What an entity's rows of a batch were: how many, and their digest (see `carried`)."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Carried:
    """What a run of a batch saw in the target, by entity: the batch's rows, and those that are in every batch because nobody owns them."""

    own: Mapping[str, Digest] = field(default_factory=dict)
    shared: Mapping[str, Digest] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signed:
    """A batch that was proven and signed."""

    batch: int
    moment: str  # when the target of its run was taken, ISO 8601 with offset
    carried: Carried = field(default_factory=Carried)
    statement: str = ""  # SHA-256 of what was signed


@dataclass(frozen=True, slots=True)
class BatchSignOff:
    """What is known of a batch's sign-off: who signed, or why it does not hold."""

    batch: int
    roles: tuple[str, ...] = ()  # that accepted it
    rejected: str | None = None  # the role that rejected it, and why
    problem: str | None = None  # why it could not be verified
    signed: Signed | None = None  # None where it does not hold
