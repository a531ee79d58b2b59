"""The one place for what was measured of an entity: frozen facts, before any judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from dq.compare.owners import OwnedRows

Slice = tuple[str | None, ...]


def frozen(mapping: Mapping[str, int] | None = None) -> Mapping[str, int]:
    """Return a read-only view of a mapping of counts."""
    return MappingProxyType(dict(mapping or {}))


@dataclass(frozen=True, slots=True)
class Crash:
    """What is known when a step could not answer."""

    reason: str  # one line without personal data
    detail: str = ""  # traceback and SQL, for `--debug` only


@dataclass(frozen=True, slots=True)
class Population:
    """Which rows were looked at, and which were set apart, by reason."""

    source_rows: int  # canonical rows in scope
    target_rows: int  # the migration's rows in the target
    native: int = 0  # in the target before the baseline
    native_new: int = 0  # the target's own, newer than the baseline
    excused: Mapping[str, int] = field(default_factory=frozen)  # reason to source rows
    unmapped: int = 0  # source rows whose key the crosswalk does not map
    unplaced: int = 0  # source rows whose owner is in no batch
    source_lost: int = 0  # rows of the driving table that the SQL loses without a declaration
    target_lost: int = 0
    source_multiplied: int = 0  # rows of the driving table that a join repeats
    target_multiplied: int = 0


@dataclass(frozen=True, slots=True)
class Harm:
    """What a set of broken rows comes to."""

    keys: int = 0
    cells: int = 0
    people: int | None = None
    money: tuple[tuple[str, Decimal], ...] = ()  # currency or unit, amount
    statuses: Mapping[str, int] = field(default_factory=frozen)
    columns: Mapping[str, int] = field(default_factory=frozen)
    slices: tuple[tuple[Slice, int], ...] = ()  # slice to broken rows, worst first


@dataclass(frozen=True, slots=True)
class SumPair:
    """One exact sum (or count, where gross equals net) of one slice on both sides."""

    by: Slice
    source_net: Decimal
    target_net: Decimal
    source_gross: Decimal
    target_gross: Decimal

    @property
    def agrees(self) -> bool:
        """Net and gross are the same on both sides."""
        return self.source_net == self.target_net and self.source_gross == self.target_gross


@dataclass(frozen=True, slots=True)
class Broken:
    """What an invariant found: keys that break it, and of these the ones that are already wrong in the source."""

    keys: int
    looked_at: int
    pre_existing: int
    source_only: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """How many rows of the crosswalk of before its table was held against, and how many are gone with the row that could say whose they were."""

    rows: int
    gone: int = 0


@dataclass(frozen=True, slots=True)
class CrosswalkEvidence:
    """What one table of the crosswalk's snapshot shows: a map by its name, or batches, merges, erasures."""

    name: str
    rows: int
    problems: Mapping[str, int] = field(default_factory=frozen)  # problem to distinct ids
    kept: Kept | None = None  # None: it was held against nothing of before

    @property
    def fan_out(self) -> int:
        """Source ids with more than one row: any join through them would multiply rows."""
        return self.problems.get("fan-out", 0)

    @property
    def broken(self) -> int:
        """How many ids break it."""
        return sum(self.problems.values())


@dataclass(frozen=True, slots=True)
class EntityEvidence:
    """What was measured of one entity's rows; counts, sums and invariants stand beside it."""

    entity: str
    population: Population
    compared: int
    same: int
    harms: Mapping[str, Harm]  # check kind (keys, rows, values, attribution, instants) to harm; all of them under ''
    equal_after: Mapping[str, int]  # "column: rule" to cells
    weak: Mapping[str, tuple[str, ...]]  # check kind to why it proves nothing
    remarks: Mapping[str, tuple[str, ...]]  # check kind to further plain lines
    agrees: bool  # law 6: what is left after the found rows are taken out has the same fingerprints
    key_proof: str  # how the uniqueness of keys was shown
    owned: OwnedRows = field(default_factory=OwnedRows)  # nothing where nobody owns them, or nobody says of which batch an account is
    in_order: bool = False  # the rows of evidence stand in the order of their keys, each key once
    fetched: int = 0  # rows of target.e, no two of one key, that stand in evidence."<e>.fetched"
