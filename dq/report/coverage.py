"""The one place for the coverage ledger as a reader sees it: how much of each store was compared, and the lists behind the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dq.record import LedgerLine
from dq.report.outline import Shown

STATUSES: Final = ("compared", "used", "excluded", "uncovered")
_TABLES, _COLUMNS = 80, 60  # rows of a list, names in a row


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Columns of one table that share a status and, where they are excluded, a reason."""

    table: str
    columns: Shown[str]
    note: str  # the entities that they are in, or why they are excluded


@dataclass(frozen=True, slots=True)
class LedgerList:
    """All columns of one side with one status."""

    status: str
    columns: int
    reasons: int
    rows: Shown[LedgerRow]


@dataclass(frozen=True, slots=True)
class SideCoverage:
    """One store's columns by status."""

    side: str
    tables: int
    columns: int
    lists: tuple[LedgerList, ...]  # one a status, in the order of STATUSES


def coverage(lines: Iterable[LedgerLine]) -> tuple[SideCoverage, ...]:
    """Return the ledger by side, source first; a side without a line is left out."""
    found = tuple(lines)
    return tuple(_side(side, members) for side in ("source", "target") if (members := [line for line in found if line.side == side]))


def _side(side: str, lines: list[LedgerLine]) -> SideCoverage:
    lists = tuple(_list(status, [line for line in lines if line.status == status]) for status in STATUSES)
    return SideCoverage(side, len({line.table for line in lines}), len(lines), lists)


def _list(status: str, lines: list[LedgerLine]) -> LedgerList:
    members: dict[tuple[str, str], list[LedgerLine]] = {}
    for line in lines:
        members.setdefault((line.reason or "", line.table), []).append(line)
    ranked = sorted(members, key=lambda key: (key[0], key[1]))
    rows = Shown.of(ranked, limit=_TABLES).map(lambda key: LedgerRow(key[1], _names(members[key]), key[0] or _entities(members[key])))
    return LedgerList(status, len(lines), len(Counter(line.reason for line in lines if line.reason)), rows)


def _names(lines: list[LedgerLine]) -> Shown[str]:
    return Shown.of([line.column for line in lines], limit=_COLUMNS)


def _entities(lines: list[LedgerLine]) -> str:
    return ", ".join(sorted({entity for line in lines for entity in line.entities}))
