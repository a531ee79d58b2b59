"""The one place for the coverage ledger: every table and column of both stores is compared, used, excluded with a reason, or uncovered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dq.compare.schema import Catalogue
from dq.compare.select import Select
from dq.contract.models import SIDES, Contract, Entity, Side
from dq.errors import near_miss
from dq.record import LedgerLine

UNSAID = "TODO"  # how a reason begins that is still to be said: none, until then


@dataclass(frozen=True, slots=True)
class Ledger:
    """The lines of both stores, and exclusions that name nothing (side to plain lines)."""

    lines: tuple[LedgerLine, ...]
    stale: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def make_ledger(contract: Contract, *, selects: Mapping[str, Mapping[str, Select]], catalogue: Catalogue) -> Ledger:
    """Return the ledger.

    Args:
        contract: says what is excluded.
        selects: entity to side to its SQL.
        catalogue: side to table to column to type: the stores' whole catalogue, also of what was not taken.
    """
    lines: list[LedgerLine] = []
    stale: dict[str, tuple[str, ...]] = {}
    for side in SIDES:
        reads = _reads(contract, selects, catalogue[side], side=side)
        excluded, stale[side] = _excluded(contract, catalogue[side], side=side, reads=reads)
        for table, columns in sorted(catalogue[side].items()):
            lines += [_line(side, table, column, reads=reads.get((table, column), {}), reason=excluded.get((table, column))) for column in sorted(columns)]
    return Ledger(tuple(lines), stale)


def _line(side: Side, table: str, column: str, *, reads: Mapping[str, bool], reason: str | None) -> LedgerLine:
    """Return a column's line; `reads` is entity to whether it is compared there, and not only used."""
    status = "compared" if any(reads.values()) else "used" if reads else "excluded" if reason else "uncovered"
    return LedgerLine(side=side, table=table, column=column, status=status, entities=tuple(sorted(reads)), reason=None if reads else reason)


def _reads(
    contract: Contract, selects: Mapping[str, Mapping[str, Select]], found: Mapping[str, Mapping[str, str]], *, side: Side
) -> dict[tuple[str, str], dict[str, bool]]:
    """Return (table, column) to entity to whether it is compared."""
    reads: dict[tuple[str, str], dict[str, bool]] = {}
    for entity in contract.entities:
        select = selects[entity.name][side]
        for table, column, output in (*select.reads(found), *_merged(entity, side=side)):
            compared = output is not None and any(item.name == output for item in entity.columns)
            entities = reads.setdefault((table, column), {})
            entities[entity.name] = entities.get(entity.name, False) or compared
    return reads


def _merged(entity: Entity, *, side: Side) -> Iterator[tuple[str, str, None]]:
    if entity.merge is not None and side == "target":
        for column in (entity.merge.id, entity.merge.created_at, entity.merge.changed_at):
            yield entity.merge.table, column, None


def _excluded(
    contract: Contract, found: Mapping[str, Mapping[str, str]], *, side: Side, reads: Mapping[tuple[str, str], Mapping[str, bool]]
) -> tuple[dict[tuple[str, str], str], tuple[str, ...]]:
    """Return (table, column) to reason, and a line for every exclusion that names nothing, or by name a column that is compared."""
    excluded: dict[tuple[str, str], str] = {}
    stale: list[str] = []
    for item in contract.migration.excluded:
        if item.side != side:
            continue
        if item.table not in found:
            stale.append(f"excluded: no table '{item.table}'{near_miss(item.table, found)}")
            continue
        columns: Sequence[str] = item.columns or tuple(found[item.table])
        for column in columns:
            if column not in found[item.table]:
                stale.append(f"excluded: no column '{item.table}.{column}'{near_miss(column, found[item.table])}")
            elif item.columns and any(reads.get((item.table, column), {}).values()):
                stale.append(f"excluded: '{item.table}.{column}' is compared")
            if not item.reason.startswith(UNSAID):
                excluded[item.table, column] = item.reason
    return excluded, tuple(stale)
