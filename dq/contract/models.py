"""The one place for what a contract says once it is read: frozen models, already checked against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator

from dq.contract.base import Model, Number, Severity, Words
from dq.contract.claims import Counts, Fit, Invariant, LedgerSum, Sums
from dq.contract.stores import Stores
from dq.contract.types import ColumnType

MAX_DIGITS = 18  # of a currency's minor unit; ISO 4217 has 4 at most

MONTH = ".month"  # of a slice: the month of an instant or a date, in UTC
Side = Literal["source", "target"]
SIDES: tuple[Side, ...] = ("source", "target")
PINNED = (*SIDES, "export")  # whose tables stand in stores.lock.toml
Kind = Literal["keys", "attribution", "instants", "values"]
Rule = Literal["nfc", "trim", "casefold", "crlf"]


class Reading(Model):
    """How one side's raw column becomes the canonical one; empty: the raw type must be the canonical type exactly."""

    zone: str | None = None  # an output column of the SQL with the zone's name, or an IANA name
    day_end: Literal["exclusive", "inclusive"] = "exclusive"
    minor: str | None = None  # raw integer minor units; the column with the currency
    codes: Mapping[str, str] | None = None  # raw code as text to word
    iso_numeric: bool = False  # raw integer ISO 4217 code


class Column(Model):
    """One canonical column."""

    name: str
    type: ColumnType
    kind: Kind
    through: str | None = None
    source: Reading = Reading()
    target: Reading = Reading()
    export: Reading = Reading()  # of a personal-data export, which has the target's ids
    severity: Severity = "critical"
    tolerance: Decimal | None = None  # absolute, inclusive; equal only after it is counted
    equal_after: tuple[Rule, ...] = ()
    reason: str | None = None

    def reading(self, side: Side) -> Reading:
        """Return how the column is read on one side."""
        return self.source if side == "source" else self.target

    @property
    def rules(self) -> tuple[str, ...]:
        """The declared rules under which different values count as equal, in the order they are tried."""
        return (*self.equal_after, *((f"tolerance {self.tolerance}",) if self.tolerance is not None else ()))


class MoneyColumns(Model):
    """Which column is money, and in which currency (a column) or unit (a word, e.g. points)."""

    amount: str
    currency: str | None = None
    unit: str = ""


class Merge(Model):
    """How the target's own rows are told apart: the target's base table and three of its columns."""

    table: str
    id: str
    created_at: str
    changed_at: str
    of: str | None = None  # a column that goes through a crosswalk: what a moved thing has got since the baseline is no row of the target's own
    ours: str | None = None  # a condition on a row: where it holds, a row since the baseline is no row of the target's own


class Excluded(Model):
    """Rows of the driving table that the SQL leaves out on purpose."""

    side: Side
    where: str
    reason: Words


class Entity(Model):
    """One entity: what was promised, and what makes two rows the same."""

    name: str
    promise: Words
    key: tuple[str, ...] = Field(min_length=1)
    owner: str | None = None
    region: str | None = None  # the column with the region that a row is of: its owner's batch must be of the same
    created: str | None = None  # the column with the moment when a row came to be: before the freeze
    money: MoneyColumns | None = None
    slices: tuple[str, ...] = ()
    at_least: Number = Field(default=1, ge=1)
    may_be_empty: Words | None = None
    columns: tuple[Column, ...]
    merge: Merge | None = None
    aggregate: Mapping[str, Literal["sum"]] = {}
    later: Mapping[str, LedgerSum] = {}  # aggregated column to the entries of the target's own that explain how it changed since the baseline
    excluded: tuple[Excluded, ...] = ()
    sums: tuple[Sums, ...] = ()
    counts: tuple[Counts, ...] = ()
    invariant: tuple[Invariant, ...] = ()
    fit: tuple[Fit, ...] = ()
    exported: bool = False  # sql/export/<name>.sql is there: what a person may download is compared, too

    @property
    def file(self) -> str:
        """The entity's file in the contract folder."""
        return f"{self.name}.toml"

    def column(self, name: str) -> Column:
        """Return a column by name; raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def keys(self) -> tuple[Column, ...]:
        """The key's columns, in key order."""
        return tuple(self.column(name) for name in self.key)

    @property
    def compared(self) -> tuple[Column, ...]:
        """The columns that are compared cell by cell: all but the key."""
        return tuple(column for column in self.columns if column.name not in self.key)

    @property
    def own_id(self) -> Column | None:
        """The column that the crosswalk of the entity's own name maps, or None."""
        return next((column for column in self.columns if column.through == self.name), None)

    def severity_of(self, *kinds: str) -> Severity:
        """Return the most severe of the columns of some kinds of check; critical where there is none of them."""
        found = {column.severity for column in self.compared if column.kind in kinds}
        return next((severity for severity in get_args(Severity) if severity in found), "critical")

    def check_ids(self) -> Iterator[tuple[str, str, str | None]]:
        """Yield (id, kind, name) of every parity check that is declared or implied; fitness apart."""
        kinds = ["schema", "keys", "rows"]
        compared = {column.kind for column in self.compared}
        kinds += [kind for kind in ("values", "attribution", "instants") if kind in compared]
        kinds += [kind for kind, declared in (("natives", self.merge), ("freeze", self.created)) if declared is not None]
        kinds += ["counts", *(["export"] if self.exported else [])]
        yield from ((f"{self.name}.{kind}", kind, None) for kind in kinds)
        yield from ((f"{self.name}.counts.{item.name}", "counts", item.name) for item in self.counts)
        yield from ((f"{self.name}.sums.{item.called}", "sums", item.called) for item in self.sums)
        yield from ((f"{self.name}.invariant.{item.name}", "invariant", item.name) for item in self.invariant)

    def sum_checks(self) -> Iterator[tuple[str, str | None, tuple[str, ...]]]:
        """Yield (id, column, by) of every count (column None) and sum by slices."""
        yield f"{self.name}.counts", None, self.slices
        yield from ((f"{self.name}.counts.{item.name}", None, item.by) for item in self.counts)
        yield from ((f"{self.name}.sums.{item.called}", item.column, item.by) for item in self.sums if item.per is None)

    def person_sums(self) -> Iterator[tuple[str, Sums]]:
        """Yield (id, sum) of every sum that is taken a person."""
        yield from ((f"{self.name}.sums.{item.called}", item) for item in self.sums if item.per is not None)

    def sliced(self, name: str) -> tuple[Column, bool]:
        """Return the column that a slice is of, and whether it is the column's month (`expires_at.month`); raises KeyError."""
        before = name.removesuffix(MONTH)
        if before != name and name not in (column.name for column in self.columns):
            column = self.column(before)
            if column.type.name in ("INSTANT", "DATE"):
                return column, True
        return self.column(name), False

    def fit_ids(self) -> Iterator[tuple[str, Fit]]:
        """Yield (id, fit) of every fitness check."""
        yield from ((f"{self.name}.fit.{item.name}", item) for item in self.fit)


class Limits(Model):
    """How old and how far apart snapshots may be, in hours, inclusive."""

    max_age_hours: Number | None = Field(default=None, ge=1)
    max_apart_hours: Number | None = Field(default=None, ge=0)


class Outside(Model):
    """Columns of a store that the migration promises nothing about: all of a table, or some of it."""

    side: Side
    table: str
    columns: tuple[str, ...] = ()
    reason: Words


class Batch(Model):
    """One batch; numbers count from 1."""

    number: Number = Field(ge=1)
    region: str


class Migration(Model):
    """migration.toml."""

    name: Words
    title: Words
    freeze: datetime | None = None
    deadline: datetime | None = None
    zone: str = "UTC"  # in which freeze and deadline are said to people
    regions: tuple[str, ...] = ()
    entities: tuple[str, ...] = Field(min_length=1)
    accounts: str | None = None  # the crosswalk whose source ids the batches list
    stores: Stores
    limits: Limits = Limits()
    batches: tuple[Batch, ...] = ()
    excluded: tuple[Outside, ...] = ()
    minor_units: Mapping[str, Annotated[Number, Field(ge=0, le=MAX_DIGITS)]] = {}

    @field_validator("freeze", "deadline")
    @classmethod
    def _with_offset(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs an offset, e.g. 2024-10-20T17:00:00Z")
        return value


class Contract(Model):
    """A contract folder, read and checked."""

    folder: Path
    migration: Migration
    entities: tuple[Entity, ...]
    sql: Mapping[tuple[str, str], str]  # (side, entity) to the SELECT
    pinned: Mapping[str, Any] | None  # stores.lock.toml: side to table to column to type; None where it is not there
    digest: str  # SHA-256 over every file that decides

    def entity(self, name: str) -> Entity:
        """Return an entity by name; raises KeyError."""
        return {entity.name: entity for entity in self.entities}[name]

    @property
    def crosswalks(self) -> tuple[str, ...]:
        """Every crosswalk that a column goes through, sorted."""
        return tuple(sorted({column.through for entity in self.entities for column in entity.columns if column.through}))
