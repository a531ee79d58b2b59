"""The one place that chooses among explanations: of a column's cells, each with all labels that are true of it, the fewest labels that cover the most.

A label that must be fitted to the cells (an odd offset, a difference, a value that several got) explains nothing unless it explains most of what
nothing else does; noise is left unexplained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq.contract.models import Column
from dq.diagnose.clocks import UTC
from dq.diagnose.population import Subject
from dq.engine import Engine
from dq.sql import Query

NAMED = 6  # explanations of one column
ROUND = 900_000_000  # microseconds: no zone is ahead by anything but a multiple of a quarter of an hour
_CANDIDATES = 200
_FEW = 3  # cells of a column of which each may well have an explanation of its own
_FITTED = ("offset", "difference", "one value", "recoded", "neighbour", "rounded", "rounded to even", "rounded down", "rounded up", "digits cut")
# Kinds that say more than others; of two that explain as many cells the first is the cause.
_SPECIFIC = (
    *("null to empty", "empty to null", "null to zero", "zero to null", "default", "to null", "to empty", "to zero"),
    *("summer", "overlap", "day end", "zone", "offset twice", "zone and day", "local day", "precision"),
    *("form", "line ends", "blanks", "case"),
    *("mojibake", "escaped", "unescaped", "emoji gone", "emoji cut", "lost characters", "cut", "bytes cut"),
    *("factor", "part", "rate", "sign", "wrapped", "rounded", "rounded to even", "rounded down", "rounded up", "digits cut"),
    *("swapped", "column", "neighbour", "one value", "recoded"),
)
_UNITS = ("milliseconds", "seconds", "minutes", "hours", "days")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A label and how many cells it is true of that nothing chosen before explains."""

    label: str
    cells: int

    @property
    def kind(self) -> str:
        """What the label is of."""
        return self.label.partition(":")[0]

    @property
    def detail(self) -> str:
        """What it takes to say the label."""
        return self.label.partition(":")[2]


def choose(engine: Engine, subject: Subject, column: Column, *, table: str) -> tuple[str, ...]:
    """Return the labels that explain a column's cells, in the order in which they were chosen.

    Args:
        engine: the engine.
        subject: the entity.
        column: the column.
        table: where its cells' labels stand.
    """
    chosen: list[str] = []
    looked_at, left, candidates = _candidates(engine, subject, chosen, table=table)
    first = {candidate.label: candidate.cells for candidate in candidates}
    while len(chosen) < NAMED and left:
        claimed = next((one for one in candidates if _is_claimed(one, column, looked_at=looked_at, left=left, all_cells=first)), None)
        if claimed is None:
            break
        chosen.append(claimed.label)
        _, left, candidates = _candidates(engine, subject, chosen, table=table)
    return tuple(chosen)


def _candidates(engine: Engine, subject: Subject, chosen: Sequence[str], *, table: str) -> tuple[int, int, list[Candidate]]:
    """Return how many cells there are, how many are left, and the labels of those, the one that explains most first."""
    is_left = "NOT list_has_any(labels, CAST($1 AS VARCHAR[]))"
    cells, left = engine.one(Query(f"SELECT count(*), count(*) FILTER ({is_left}) FROM {table}", (list(chosen),), subject.step))
    sql = f"""
        SELECT label, count(*) AS n FROM (SELECT unnest(labels) AS label FROM {table} WHERE {is_left})
        GROUP BY label ORDER BY n DESC, label LIMIT {_CANDIDATES}"""
    found = [Candidate(*row) for row in engine.execute(Query(sql, (list(chosen),), subject.step))]
    return int(cells), int(left), sorted(found, key=lambda one: (-one.cells, _place(one), one.label))


def _place(candidate: Candidate) -> tuple[int, int]:
    """Return how specific a label is: lower is more. Of one kind, that with details says more than the bare one, and what takes less away more."""
    kind, detail = candidate.kind, candidate.detail
    finer = _UNITS.index(detail) if kind == "precision" else int(not detail)
    if kind in ("zone", "zone and day"):  # in winter London's clock shows UTC, which is the likelier mistake
        finer = int(UTC not in detail.split(":")[1:2])
    return (_SPECIFIC.index(kind) if kind in _SPECIFIC else len(_SPECIFIC), finer)


def _is_claimed(one: Candidate, column: Column, *, looked_at: int, left: int, all_cells: Mapping[str, int]) -> bool:
    """Say whether a label explains its cells, or may be true of them by chance."""
    kind, several = one.kind, one.cells > 1
    if kind == "became":  # a word that became this and that has no rule
        before = one.detail.partition(":")[0]
        whole = sum(cells for label, cells in all_cells.items() if label.startswith(f"became:{before}:"))
        return one.cells * 2 > whole
    if kind == "offset" and int(one.detail) % ROUND == 0:
        return looked_at <= _FEW or (several and one.cells * 20 >= looked_at)
    if kind == "column" and column.type.name not in ("VARCHAR", "INSTANT"):
        return several and one.cells * 2 >= left
    if kind in _FITTED:
        return several and one.cells * 2 >= left
    return True
