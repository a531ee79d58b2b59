"""The one place for what the oracle says of an entity: plain counts and sets, filled step by step."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.oracle.world import Key, Sided


@dataclass
class Harm:
    """What broken rows come to."""

    keys: set[Any] = field(default_factory=set)  # a NULL key is a row of its own
    cells: int = 0
    people: set[Any] = field(default_factory=set)
    money: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    columns: Counter[str] = field(default_factory=Counter)


@dataclass
class Base:
    """What became of a driving table's rows."""

    rows: list[tuple[str, int, Mapping[str, Any]]] = field(default_factory=list)  # (lost, multiplied or returned; place in its table, from 0; row)
    excluded: Counter[str] = field(default_factory=Counter)

    def times(self, problem: str) -> int:
        """Return how many rows have a problem."""
        return sum(one == problem for one, _, _ in self.rows)


@dataclass
class Answer:
    """What must be found of one entity."""

    blocked: bool = False
    sides: dict[str, list[Sided]] = field(default_factory=dict)
    statuses: dict[Key, tuple[str, frozenset[str]]] = field(default_factory=dict)  # all but `same`
    same: int = 0
    excused: Counter[str] = field(default_factory=Counter)
    unmapped: int = 0
    unplaced: int = 0
    native: int = 0
    native_new: int = 0
    base: dict[str, Base] = field(default_factory=dict)
    equal_after: Counter[str] = field(default_factory=Counter)
    harms: dict[str, Harm] = field(default_factory=dict)  # kind of check, '' for all
    unfit: int = 0  # amounts that their type cannot hold
    clocks: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (side, column, gap, overlap or unknown zone)
