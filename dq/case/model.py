"""The one place for what a case says: a person's accounts, and every row of theirs with what became of it; frozen, and only about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

Status = Literal["same", "changed", "missing", "extra", "duplicate", "merged", "to move", "unplaced", "unmapped", "own"]

# What each status means to somebody who does not know the words; broken ones first.
MEANING: Final[Mapping[str, str]] = {
    "missing": "stands in the source only",
    "changed": "differs between source and target",
    "duplicate": "stands more than once on a side",
    "extra": "stands in the target only, and nothing explains it",
    "unmapped": "the crosswalk does not say what its id became",
    "same": "is the same on both sides",
    "merged": "gave way to the account that it was merged with, as declared",
    "to move": "has not moved yet",
    "unplaced": "is of an account that no batch lists",
    "own": "is the target's own: it did not come with the migration",
}
# What stands in a cell whose value is not shown.
ANOTHER: Final = "another person"  # an account's id that is not this person's
ANOTHERS: Final = "another person's value"  # a text that few others have, and this person has not
NOT_SHOWN: Final = "not shown"  # a secret
WORDS: Final = (ANOTHER, ANOTHERS, NOT_SHOWN)
BROKEN: Final = ("missing", "changed", "duplicate", "extra", "unmapped")


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A row of one person, source beside target in canonical form; a side is None where it is not there, or is not shown.

    Attributes:
        status: what became of it.
        key: its key, as texts; none where it is another person's.
        source: column to value, ids as the target has them.
        target: the same.
        differs: the columns that differ.
        equal_after: column to the declared rule under which its values count as equal.
        unmapped: the columns whose ids the crosswalk does not map.
        ids: the ids that the source itself has, of columns that say which row it is.
        elsewhere: the side on which the row is another person's, of which nothing is shown.
        findings: what the run calls it: `coupons#17`.
        group: what it belongs to: the key of its order.
        running: the sums of a ledger up to this row, source and target.
        remarks: what else the run found of it.
    """

    status: Status
    key: tuple[str | None, ...] = ()
    source: Mapping[str, str | None] | None = None
    target: Mapping[str, str | None] | None = None
    differs: tuple[str, ...] = ()
    equal_after: Mapping[str, str] | None = None
    unmapped: tuple[str, ...] = ()
    ids: Mapping[str, str] | None = None
    elsewhere: Literal["source", "target"] | None = None
    findings: tuple[str, ...] = ()
    group: str | None = None
    running: tuple[str, str] | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Balance:
    """What entries come to, beside what the entity says that they belong to."""

    entity: str  # that has the sum in a column
    column: str
    of: str  # the entity of the entries
    key: str  # which row of `entity`
    sums: tuple[str, str]  # of the entries, source and target
    says: tuple[str | None, str | None]  # the column, source and target; None where the row is not there

    @property
    def agrees(self) -> bool:
        """Whether both sides say what their entries come to, and the same."""
        return len({Decimal(item or 0) for item in (*self.sums, *self.says)}) == 1


@dataclass(frozen=True, slots=True)
class Section:
    """One entity's rows of the person."""

    entity: str
    promise: str
    columns: tuple[str, ...]  # but those that say whose it is
    key: tuple[str, ...]
    amounts: tuple[str, ...]  # columns that are amounts, the one at stake first
    instants: tuple[str, ...]
    rows: tuple[CaseRow, ...] = ()
    balances: tuple[Balance, ...] = ()
    sentences: tuple[str, ...] = ()  # what is not shown, and why
    is_ledger: bool = False
    group_by: tuple[str, ...] = ()  # the columns that say what a row belongs to, where rows are told by it

    def count(self, status: str) -> int:
        """Return how many rows have a status; the copies of a row that stands more than once are one."""
        rows = [row for row in self.rows if row.status == status]
        return len({row.key for row in rows}) if status == "duplicate" else len(rows)

    @property
    def counts(self) -> dict[str, int]:
        """Status to rows, broken ones first."""
        return {status: number for status in MEANING if (number := self.count(status))}

    @property
    def broken(self) -> int:
        """How many rows are not as promised."""
        return sum(self.count(status) for status in BROKEN) + sum(not balance.agrees for balance in self.balances)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account of the source: what became of it, in words."""

    id: str
    batch: int | None
    state: Literal["moved", "to move", "erased", "unplaced"]
    said: str


@dataclass(frozen=True, slots=True)
class CaseData:
    """Everything of one person."""

    run: str
    migration: str
    title: str
    as_of: str
    snapshots: Mapping[str, str]  # side to its moment
    accounts: tuple[AccountLine, ...]
    targets: tuple[str, ...]
    sentences: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def broken(self) -> int:
        """How many rows and balances are not as promised."""
        return sum(section.broken for section in self.sections)

    @property
    def rows(self) -> int:
        """How many rows are told of."""
        return sum(len(section.rows) for section in self.sections)

    @property
    def headline(self) -> str:
        """What became of everything, in one sentence."""
        moved = sum(section.count(status) for section in self.sections for status in ("same", "changed", "missing", "extra", "duplicate", "unmapped"))
        if not moved:
            states = {account.state for account in self.accounts}
            return {
                frozenset({"erased"}): "This person was erased on request, and nothing of theirs is left to compare.",
                frozenset({"to move"}): "Nothing of this person's has moved yet.",
            }.get(frozenset(states), "Nothing of this person's was compared.")
        if not self.broken:
            return f"Everything is as promised: {moved:,} {'row is' if moved == 1 else 'rows are'} the same on both sides."
        parts = [f"{number:,} {status}" for status in BROKEN if (number := sum(section.count(status) for section in self.sections))]
        sums = sum(not balance.agrees for section in self.sections for balance in section.balances)
        parts += [f"{sums:,} {'sum that does' if sums == 1 else 'sums that do'} not agree"] if sums else []
        named = [section.entity for section in self.sections if section.broken]
        return f"Not everything is as promised: of {moved:,} rows {', '.join(parts)}, in {', '.join(named)}."
