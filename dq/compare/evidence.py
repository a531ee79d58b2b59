"""The one place for what was measured of an entity: frozen facts, before any judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

Slice = tuple[str | None, ...]


def frozen(mapping: Mapping[str, int] | None = None) -> Mapping[str, int]:
    """Return a read-only view of a mapping of counts."""
    return MappingProxyType(dict(mapping or {}))


@dataclass(frozen=True, slots=True)
class Population:
    """Which rows were looked at, and which were set apart, by reason."""

    source_rows: int  # canonical rows in scope
    target_rows: int  # the migration's rows in the target
    native: int = 0  # in the target before the baseline
    native_new: int = 0  # the target's own, newer than the baseline
    excused: Mapping[str, int] = field(default_factory=frozen)  # reason to source rows
    unmapped: int = 0  # source rows whose key the crosswalk does not map
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
class CrosswalkEvidence:
    """What the crosswalk of one name shows; a fan-out forbids every join through it."""

    name: str
    rows: int
    nulls: int = 0
    fan_out: int = 0  # source ids with more than one row
    fan_in: int = 0  # target ids of several source ids that no merge declares
    unmapped: int = 0  # source rows that it does not map
    dangling: int = 0  # its source ids that are in no source row
    collisions: int = 0  # its target ids that stood in the baseline and no merge declares

    @property
    def broken(self) -> int:
        """How many ids break it."""
        return self.nulls + self.fan_out + self.fan_in + self.unmapped + self.dangling + self.collisions


@dataclass(frozen=True, slots=True)
class EntityEvidence:
    """What was measured of one entity's rows; counts, sums and invariants stand beside it."""

    entity: str
    population: Population
    compared: int
    same: int
    harms: Mapping[str, Harm]  # check kind (keys, rows, values, attribution, instants) to harm; all of them under ''
    equal_after: Mapping[str, int]  # "column: rule" to cells
    notes: Mapping[str, tuple[str, ...]]  # check kind to further plain lines
    agrees: bool  # law 6: what is left after the found rows are taken out has the same fingerprints
    key_proof: str  # how the uniqueness of keys was shown
