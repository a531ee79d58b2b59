"""The one place for what a contract says once it is read: frozen models, already checked against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field

from dq.contract.base import Model, Number, Severity, Words
from dq.contract.claims import Counts, Fit, Invariant, LedgerSum, Sums
from dq.contract.migration import Migration
from dq.contract.types import ColumnType
from dq.contract.waivers import Waiver

MONTH = ".month"  # of a slice: the month of an instant or a date, in UTC
Side = Literal["source", "target"]
SIDES: tuple[Side, ...] = ("source", "target")
PINNED = (*SIDES, "export")  # whose tables stand in stores.lock.toml
Kind = Literal["keys", "attribution", "instants", "values"]
Rule = Literal["nfc", "trim", "casefold", "crlf"]


class Reading(Model):
    """How one side's raw column becomes the canonical one; empty: the raw type must be the canonical type exactly."""

    zone: str | None = None
    """Of a wall clock: an output column of the SQL with the zone's name, or an IANA name."""
    day_end: Literal["exclusive", "inclusive"] = "exclusive"
    """`inclusive`: the last day on which it counts; a day is added on the wall clock, then it is converted."""
    minor: str | None = None  # raw integer minor units; the column with the currency
    codes: Mapping[str, str] | None = None  # raw code as text to word
    iso_numeric: bool = False  # raw integer ISO 4217 code


class Column(Model):
    """One canonical column."""

    name: str
    type: ColumnType
    """What it is on both sides. The SQL of a side returns exactly it, or the side says how it is read: nothing is cast in silence."""
    kind: Kind
    through: str | None = None
    """The crosswalk that turns the source's id into the target's before anything is compared; the column is attribution then."""
    source: Reading = Reading()
    """How the source's value is read where its SQL does not return the type itself; see the types."""
    target: Reading = Reading()
    """The same for the target, and for the baseline."""
    export: Reading = Reading()
    """The same for personal-data exports, which have the target's ids."""
    severity: Severity = "critical"
    """How grave a difference is: it sorts the report and never changes an outcome."""
    tolerance: Decimal | None = None
    """Of a DECIMAL: an absolute difference up to it, inclusive, is counted and not broken. It needs a `reason`."""
    equal_after: tuple[Rule, ...] = ()
    """Of a VARCHAR: rules, each on top of those before, after which different texts are counted and not broken. It needs a `reason`."""
    reason: str | None = None
    """Why `tolerance` or `equal_after` is right."""

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
    """The column with the amount, an exact number."""
    currency: str | None = None
    """The column with the row's currency. Amounts of different currencies are never added up."""
    unit: str = ""
    """A word for what is no currency, such as points."""


class Merge(Model):
    """How the target's own rows are told apart: the target's base table and three of its columns."""

    table: str
    """The target's base table in which the rows stand."""
    id: str
    """Its column with the id that the crosswalk of the entity's own name gives."""
    created_at: str
    """Its column with the moment when a row came to be: native rows are told from moved ones by it."""
    changed_at: str
    """Its column with the moment of the last change: a native row may differ from the baseline only where it is newer."""
    of: str | None = None
    """A column that goes through a crosswalk: what a moved thing has got since the baseline is no row of the target's own."""
    ours: str | None = None
    """A condition on a row: where it holds, a row since the baseline is no row of the target's own."""


class Excluded(Model):
    """Rows of the driving table that the SQL leaves out on purpose."""

    side: Side
    """Which side's SQL leaves them out."""
    where: str
    """A condition on the driving table's columns: which rows these are. They are counted."""
    reason: Words
    """Why they are not compared."""


class Entity(Model):
    """One entity: what was promised, and what makes two rows the same."""

    name: str
    promise: Words
    """What was promised, in a sentence; several entities may share one."""
    key: tuple[str, ...] = Field(min_length=1)
    """What makes a row the same row on both sides: one column as text, or a list."""
    owner: str | None = None
    """The column that says whose the row is: it counts people and tells batches. It goes through the crosswalk of `accounts`."""
    region: str | None = None
    """The column with the region that a row is of: it is held against the region of its owner's batch."""
    created: str | None = None
    """The INSTANT column with the moment when a row came to be: implies `<entity>.freeze`; needs a `freeze` in migration.toml."""
    money: MoneyColumns | None = None
    """Which column is money, so that a report can say how much is at stake."""
    slices: tuple[str, ...] = ()
    """Columns by which rows are counted and broken rows are shown."""
    at_least: Number = Field(default=1, ge=1)
    """Fewer rows compared prove nothing; never 0."""
    may_be_empty: Words | None = None
    """The reason why there may be no row at all."""
    columns: tuple[Column, ...]
    """Every output column of the SQL: its type as text, or a table."""
    merge: Merge | None = None
    """How the target's own rows are told apart, where the target is alive."""
    aggregate: Mapping[str, Literal["sum"]] = {}
    """`column = "sum"`: several accounts of one person have one row in the target, with the sum."""
    later: Mapping[str, LedgerSum] = {}
    """An aggregated column to the entries of the target's own that say how it changed since the baseline."""
    excluded: tuple[Excluded, ...] = ()
    """Rows of the driving table that the SQL leaves out on purpose."""
    sums: tuple[Sums, ...] = ()
    """Exact sums, net and gross, on both sides."""
    counts: tuple[Counts, ...] = ()
    """Counts by slices beside the implied one."""
    invariant: tuple[Invariant, ...] = ()
    """What each side's rows keep on their own. A key that breaks it on both sides was wrong before, and is told apart."""
    fit: tuple[Fit, ...] = ()
    """Stock expectations of Great Expectations on the source's rows, before they move."""
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


class Contract(Model):
    """A contract folder, read and checked."""

    folder: Path
    migration: Migration
    entities: tuple[Entity, ...]
    sql: Mapping[tuple[str, str], str]  # (side, entity) to the SELECT
    pinned: Mapping[str, Any] | None  # stores.lock.toml: side to table to column to type; None where it is not there
    waivers: tuple[Waiver, ...] = ()  # waivers.toml, as it stands there
    digest: str  # SHA-256 over every file that decides
    has_roster: bool = False  # signers.toml is there: what is signed is asked for

    def entity(self, name: str) -> Entity:
        """Return an entity by name; raises KeyError."""
        return {entity.name: entity for entity in self.entities}[name]

    @property
    def crosswalks(self) -> tuple[str, ...]:
        """Every crosswalk that a column goes through, sorted."""
        return tuple(sorted({column.through for entity in self.entities for column in entity.columns if column.through}))
