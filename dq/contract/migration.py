"""The one place for what `migration.toml` says: the stores, the calendar, the batches, and what nothing was promised of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from dq.contract.base import MOST_DAYS, Model, Number, Words, in_our_time
from dq.contract.stores import Stores

MAX_DIGITS = 18  # of a currency's minor unit; ISO 4217 has 4 at most


class Limits(Model):
    """How old and how far apart snapshots may be."""

    max_age_hours: Number | None = Field(default=None, ge=1, le=24 * MOST_DAYS)
    """How old a snapshot may be as of the run, in hours, inclusive."""
    max_apart_hours: Number | None = Field(default=None, ge=0, le=24 * MOST_DAYS)
    """How far the moments of source and target may lie apart, in hours, inclusive."""
    keep_days: Number | None = Field(default=None, ge=0, le=MOST_DAYS)
    """How many days after a run its keys and values (`restricted/`) are kept; then `dq prune` deletes them."""
    keep_snapshot_days: Number | None = Field(default=None, ge=0, le=MOST_DAYS)
    """How many days after sealing a snapshot is kept; its manifest says the day, and `dq doctor` names those that are past it."""


class Outside(Model):
    """Columns of a store that the migration promises nothing about: all of a table, or some of it."""

    side: Literal["source", "target"]
    """Whose table it is."""
    table: str
    """The table."""
    columns: tuple[str, ...] = ()
    """Some of its columns; none: all of the table."""
    reason: Words
    """Why nothing was promised. One that begins with TODO is none yet."""


class Batch(Model):
    """One batch: accounts that move together."""

    number: Number = Field(ge=1, le=2**31 - 1)  # an INTEGER of the crosswalk
    """Its number; batches count from 1."""
    region: str
    """The region that its accounts are of."""


class Migration(Model):
    """migration.toml."""

    name: Words
    """The migration's name; it stands in every manifest."""
    title: Words
    """Its title in reports."""
    freeze: datetime | None = None
    """From this instant on nothing new may come to be in the source. It has an offset."""
    deadline: datetime | None = None
    """Before this instant everything has moved. It has an offset."""
    zone: str = "UTC"
    """The IANA zone in which freeze and deadline are said to people."""
    regions: tuple[str, ...] = Field(default=(), min_length=1)
    """The regions that batches and snapshots may name."""
    entities: tuple[str, ...] = Field(min_length=1)
    """The entities, in the order of the report; each has a TOML file."""
    accounts: str | None = None
    """The crosswalk whose source ids the batches list."""
    stores: Stores
    """The stores, and where their snapshots lie."""
    limits: Limits = Limits()
    """How old and how far apart snapshots may be."""
    batches: tuple[Batch, ...] = ()
    """The batches; none: the whole migration is one."""
    excluded: tuple[Outside, ...] = ()
    """What nothing was promised of, so that the coverage ledger closes."""
    minor_units: Mapping[str, Annotated[Number, Field(ge=0, le=MAX_DIGITS)]] = {}
    """Currency to digits of its minor unit, where it differs from ISO 4217."""

    @field_validator("freeze", "deadline")
    @classmethod
    def _with_offset(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs an offset, e.g. 2024-10-20T17:00:00Z")
        return in_our_time(value) if value is not None else None
