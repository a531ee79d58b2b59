"""The one place for what `waivers.toml` says: which failure somebody answers for, why, until when, and who has to sign for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from dq.contract.base import Model, Number, Words, in_our_time
from dq.contract.types import fits_decimal

WAIVERS = "waivers.toml"
FINANCE = "finance"  # the role that must sign where money or points are concerned


def _end(value: Any) -> date | datetime:
    """Read a day, or an instant with offset; as TOML's own or as text."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) <= len("2024-12-01") else datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"'{value}' is no day, e.g. 2024-12-01, and no instant, e.g. 2024-12-01T17:00:00Z") from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs an offset, e.g. 2024-12-01T17:00:00Z")
        return in_our_time(value)
    if not isinstance(value, date):
        raise ValueError("is no day, e.g. 2024-12-01, and no instant, e.g. 2024-12-01T17:00:00Z")  # noqa: TRY004 - pydantic wants it so
    return in_our_time(value)


def _amount(value: Any) -> Decimal:
    """Read an exact amount: decimal text, never a number of TOML, which may be a float."""
    try:
        found = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0:
        raise ValueError('an amount is decimal text, 0 or more, e.g. "12000.00"')
    if not fits_decimal(found):
        raise ValueError(f"'{value}' fits in no DECIMAL")
    return found


Amount = Annotated[Decimal, BeforeValidator(_amount)]


class ExactRows(Model):
    """Exactly the rows that one run found broken; `dq waive` fills it in."""

    count: Number = Field(ge=1)
    """How many there are."""
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    """The digest of them all: keys, columns, values of both sides, and what is at stake. Any other row or value gives another."""


class Cap(Model):
    """As much as one cause may break, inclusive."""

    rows: Number = Field(ge=1)
    """Rows that the cause may explain."""
    money: Mapping[str, Amount] = {}
    """What may be at stake: currency, or unit such as points, to decimal text. An entity with `money` needs it."""


class Waiver(Model):
    """One failure of one check that somebody answers for."""

    check: Words
    """The id of the check, e.g. `coupons.values`. One that can only be NOT PROVEN, or that guards the others, cannot be waived."""
    batch: Number | None = Field(default=None, ge=1)
    """The batch whose rows are meant. Without it: whatever a run compares."""
    rows: ExactRows | None = None
    """Exactly these rows, or instead `cause` and `at_most`."""
    cause: Words | None = None
    """The cause, in the words of the report, that explains every broken row. It needs `at_most`."""
    at_most: Cap | None = None
    """How much the cause may break."""
    reason: Words
    """Why it is right to go on with it."""
    ticket: Words | None = None
    """Where it is worked on."""
    author: Words
    """The person who asks for it, by name. Nobody may sign for a waiver of their own."""
    approver_role: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    """The role that must have signed the run before the waiver counts. Where the entity has `money`, it is finance."""
    expires: Annotated[date | datetime, BeforeValidator(_end)]
    """The last day on which it counts, in the migration's zone; or the instant from which on it does not. Not after the deadline."""

    @model_validator(mode="after")
    def _one_way(self) -> Waiver:
        if (self.rows is None) == (self.cause is None and self.at_most is None):
            raise ValueError("needs either 'rows', or 'cause' with 'at_most'")
        if self.rows is None and (self.cause is None or self.at_most is None):
            raise ValueError("'cause' and 'at_most' go together")
        return self

    def ends(self, *, zone: str) -> datetime:
        """Return the instant from which on it does not count."""
        if isinstance(self.expires, datetime):
            return self.expires.astimezone(UTC)
        return datetime.combine(self.expires + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


class WaiverFile(Model):
    """waivers.toml."""

    waiver: tuple[Waiver, ...] = ()
    """The waivers, in any order."""
