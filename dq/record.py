"""The one place for what a run found: the record that `report.json` holds and that every rendering reads.

The record is canonical: sorted keys, no floats, amounts as decimal text, no durations, no personal data. Same inputs, same bytes.
Source: DESIGN, law 7.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

FORMAT = "dq.record/1"

Severity = Literal["critical", "warning", "info"]


class Outcome(StrEnum):
    """What is known of a claim. Declared from best to worst; the worst of several is the outcome of all."""

    PASSED = "PASSED"
    WAIVED = "WAIVED"
    FAILED = "FAILED"
    NOT_PROVEN = "NOT PROVEN"

    @property
    def exit_status(self) -> int:
        """0 proven (waived failures are named), 1 discrepancies, 3 could not be proven."""
        return {"PASSED": 0, "WAIVED": 0, "FAILED": 1, "NOT PROVEN": 3}[self.value]

    @classmethod
    def worst(cls, outcomes: object) -> Outcome:
        """Return the worst of `outcomes` (an iterable); of none at all, NOT PROVEN."""
        order = list(cls)
        found = [order.index(cls(item)) for item in outcomes]  # type: ignore[attr-defined]
        return order[max(found)] if found else cls.NOT_PROVEN


class Frozen(BaseModel):
    """A frozen model that knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Money(Frozen):
    """An exact amount in one currency; amounts of different currencies are never added up."""

    currency: str  # ISO 4217 letters, or '' where the contract names no currency (points)
    amount: str  # decimal text, e.g. "1234567.89"


class Example(Frozen):
    """One finding, masked: a row is named by entity and ordinal (`coupons#17`), never by its key or values."""

    row: str
    status: str  # changed, missing, extra, duplicate, ...
    columns: tuple[str, ...] = ()
    note: str = ""  # what kind of difference, without values: "7:00 h early", "NULL to ''", "shorter by 40 characters"


class SliceCount(Frozen):
    """Rows broken and compared in one slice (region, status, currency, ...) of an entity."""

    by: dict[str, str | None]  # slice column to value
    source: int
    target: int
    broken: int


class Slice(Frozen):
    """A slice in which findings are more than its share of all rows: no chance, even though many slices were looked at."""

    by: dict[str, str | None]  # slice to value: a column of the contract's `slices`, `zone`, `batch`, or a month (`ordered_at.month`)
    broken: int  # findings in the slice
    of: int  # findings
    rows: int  # rows in the slice that were looked at
    looked_at: int
    lift: str  # how many times its share, as decimal text
    sentence: str  # in plain words: "412 of 415 are of region GB (12 % of all rows)"


class SumLine(Frozen):
    """One exact sum on both sides, net and gross (gross: sum of absolute values)."""

    by: dict[str, str | None]
    source_net: str
    target_net: str
    source_gross: str
    target_gross: str
    agrees: bool


class Check(Frozen):
    """One expectation, judged."""

    id: str  # <entity>.<kind>[.<name>], crosswalk.<name>, snapshot.<side>, calendar.deadline
    entity: str | None
    kind: (
        str  # schema, keys, rows, values, attribution, instants, natives, freeze, counts, export, sums, invariant, fit, room, crosswalk, snapshot, waivers, ...
    )
    name: str | None = None
    severity: Severity = "critical"
    outcome: Outcome
    sentence: str  # what was found, in one sentence of plain words
    reason: str | None = None  # why it is NOT PROVEN; None otherwise
    looked_at: int = 0  # the population
    broken: int = 0  # distinct keys (rows) that break it
    cells: int = 0
    people: int | None = None  # distinct owners; None where the entity has no owner
    money: tuple[Money, ...] = ()  # at stake, per currency
    columns: dict[str, int] = {}  # column to number of cells that differ
    statuses: dict[str, int] = {}  # row status to number of rows: missing, extra, changed, duplicate, lost, ...
    planted: dict[str, int] = {}  # of a canary: how a copy was corrupted, in plain words, to how often
    equal_after: dict[str, int] = {}  # "column: rule" to number of cells equal only after it (declared, counted, not broken)
    pre_existing: int = 0  # of the broken: already wrong in the source
    explained: int | None = None  # of the broken: rows that causes explain in all that is broken about them; None where no causes are looked for
    overrepresented: tuple[Slice, ...] = ()  # slices that the broken rows are of more than others, the least likely by chance first
    slices: tuple[SliceCount, ...] = ()  # where the broken rows are; only slices with broken rows, worst first
    sums: tuple[SumLine, ...] = ()  # for sums: every line, those that disagree first
    examples: tuple[Example, ...] = ()  # at most five, smallest keys first
    details: tuple[str, ...] = ()  # further plain lines without personal data, e.g. schema differences


class Cause(Frozen):
    """Findings of one entity with one explanation."""

    entity: str
    kind: str  # offset, zone, cut, case, form, blanks, mojibake, factor, sign, swapped, became, currency, rate, missing, ...; "unexplained" for what is left
    sentence: str  # in plain words, no values: "expires_at is 7 h late: Asia/Jakarta wall clock read as UTC"
    columns: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()  # ids of the checks that these findings break
    rows: int
    people: int | None = None
    money: tuple[Money, ...] = ()  # at stake, per currency
    every_row: bool = False  # every row that was compared has it
    overrepresented: tuple[Slice, ...] = ()  # slices that its rows are of more than others


class WaiverLine(Frozen):
    """A waiver of the contract that concerns a run, and what became of it. It counts only inside a run that `approver_role` has signed."""

    check: str
    batch: int | None  # of which it is; None: whatever a run compares
    status: Literal["waived", "does not hold", "matches nothing", "not judged"]
    why: str  # what it covers, or why it does not hold, in plain words
    by: Literal["rows", "cause"]  # exactly these rows, or up to so many of a cause
    broken: int  # what breaks the check now
    unit: Literal["row", "key", "slice", "person"]  # what is counted
    people: int | None
    money: tuple[Money, ...] = ()  # at stake now
    sha256: str | None = None  # of exactly the rows that it names
    cause: str | None = None  # in the words of the report
    rows: int  # that it names, or allows at most
    at_most: tuple[Money, ...] = ()  # what may be at stake
    reason: str  # the author's own words
    ticket: str | None = None
    author: str  # who may not sign for it
    approver_role: str  # who must have signed
    expires: str  # ISO 8601 with offset: from then on it does not count


class LedgerLine(Frozen):
    """One column of a store in the coverage ledger."""

    side: Literal["source", "target"]
    table: str
    column: str
    status: Literal["compared", "used", "excluded", "uncovered"]  # used: in a join, a filter, a zone or [merge]
    entities: tuple[str, ...] = ()
    reason: str | None = None  # why it is excluded


class EntityResult(Frozen):
    """One entity compared: the row of the promises table."""

    entity: str
    promise: str
    outcome: Outcome
    source_rows: int
    target_rows: int  # the migration's rows: native ones are not in it
    compared: int  # keys on both sides, compared in every column
    same: int
    changed: int
    missing: int
    extra: int
    duplicate: int
    native: int  # the target's own rows, set apart
    excused: int  # erased persons, absorbed by a declared merge, excluded with a reason
    excused_by: dict[str, int] = {}  # reason to rows
    unmapped: int  # rows set aside because the crosswalk has no answer: told in crosswalk.<name>
    people: int | None
    money: tuple[Money, ...]
    columns: tuple[str, ...]


class BatchLine(Frozen):
    """One batch, and how far it is."""

    number: int
    region: str
    status: Literal["proven", "not proven", "moved", "to move"]  # by this run; `moved` where it has moved and this run did not compare it
    accounts: int | None  # but for erased ones; None where the crosswalk does not say
    rows: int | None  # of those accounts, in the source; None where some entity could not be read


class Calendar(Frozen):
    """How far the migration is at `as_of`, and when it will be done at the pace so far."""

    sentences: tuple[str, ...]  # the countdown first
    days_left: int | None  # whole days to the deadline, rounded down: negative past it; None without one
    batches: tuple[BatchLine, ...] = ()  # by number
    accounts_moved: int | None = None  # of batches that have moved, proven or not
    accounts_left: int | None = None
    first_moved_at: str | None = None  # ISO 8601 with offset: when the first row that moved came into the target
    last_moved_at: str | None = None
    done_at: str | None = None  # when the last account will have moved at the pace from the first row to `as_of`; None where nothing says it


class Snapshot(Frozen):
    """One sealed snapshot, named by its content."""

    side: Literal["source", "target", "baseline", "crosswalk", "export", "crosswalk_before"]
    store: str
    content: str  # order-free SHA-256 of the content
    moment: str  # ISO 8601 with offset
    region: str | None
    batch: int | None
    rows: int
    tables: int


class Record(Frozen):
    """A run, complete: what was asked, what was read, what was found."""

    format: Literal["dq.record/1"] = "dq.record/1"
    command: Literal["run", "gate"]
    run: str  # id: digest of the inputs, 12 hexadecimal digits
    migration: str
    title: str
    batch: int | None  # the batch asked about; None for all that has moved
    batches: tuple[int, ...]  # the batches whose rows were compared
    only: tuple[str, ...] = ()  # the entities that were compared alone; none: all were
    region: str | None
    as_of: str  # ISO 8601 with offset
    freeze: str | None
    deadline: str | None
    outcome: Outcome
    exit_status: int
    headline: str  # one sentence for a manager
    contract: str  # digest of the contract folder
    snapshots: tuple[Snapshot, ...]
    versions: dict[str, str]  # versions that decide: dq, duckdb
    entities: tuple[EntityResult, ...]
    checks: tuple[Check, ...]
    calendar: Calendar | None = None  # None where the contract has neither deadline nor batches
    causes: tuple[Cause, ...] = ()  # largest first within an entity, entities as above
    coverage: tuple[LedgerLine, ...] = ()  # by side, table, column
    waivers: tuple[WaiverLine, ...] = ()  # those that concern this run, as the contract has them
    not_checked: tuple[str, ...] = ()  # what this run did not look at, in plain words
    findings: int  # records in restricted/findings.parquet

    def check(self, check_id: str) -> Check:
        """Return one check by id; raises KeyError with the id."""
        for check in self.checks:
            if check.id == check_id:
                return check
        raise KeyError(check_id)


def tally(checks: Iterable[Check]) -> dict[str, int]:
    """Return how many checks have each outcome."""
    return {outcome.value: sum(check.outcome is outcome for check in checks) for outcome in Outcome}
