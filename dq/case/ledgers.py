"""The one place for ledgers of a person: entries in order of time with their running sums, and what the contract says that they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from dq.case.model import Balance, CaseRow
from dq.contract.claims import LedgerSum
from dq.contract.models import Contract, Entity

_COUNTED = {"source": ("same", "changed", "missing", "duplicate"), "target": ("same", "changed", "extra", "duplicate")}


def ordered(contract: Contract, entity: Entity, rows: Mapping[str, Sequence[CaseRow]]) -> list[CaseRow]:
    """Return an entity's rows by what they belong to, then by time and key, entries of a ledger with their running sums.

    Args:
        contract: the contract.
        entity: the entity.
        rows: every entity's rows.
    """
    claims = list(_sums_of(contract, entity))
    parent = next(((home, equals) for home, _, equals in claims if set(equals.by) != {entity.owner}), None)
    found = [replace(row, group=_group(parent, row, rows)) if parent is not None else row for row in rows[entity.name]]
    moments = [column.name for column in entity.columns if column.type.name in ("INSTANT", "DATE")]
    moment = entity.created or next(iter(moments), None)
    found.sort(key=lambda row: (row.group is None, row.group or "", _value(row, moment) or "", tuple(str(part) for part in row.key)))
    if not is_ledger(contract, entity):
        return found
    sums = next(equals.sum for _, _, equals in claims if set(equals.by) == {entity.owner})
    return list(_running(found, sums))


def is_ledger(contract: Contract, entity: Entity) -> bool:
    """Say whether an entity's rows are entries of a person's balance."""
    return any(set(equals.by) == {entity.owner} for _, _, equals in _sums_of(contract, entity))


def group_by(contract: Contract, entity: Entity) -> tuple[str, ...]:
    """Return the columns that say which row of another entity an entry belongs to, such as its order; none where it belongs to the person alone."""
    return next((equals.by for _, _, equals in _sums_of(contract, entity) if set(equals.by) != {entity.owner}), ())


def balanced(contract: Contract, entity: Entity, rows: Sequence[CaseRow], all_rows: Mapping[str, Sequence[CaseRow]]) -> tuple[Balance, ...]:
    """Return what the entries of an entity come to, beside what the rows that they belong to say; those that agree on both sides are told as well."""
    found = []
    for home, column, equals in _sums_of(contract, entity):
        for row in all_rows.get(home.name, ()):
            if row.elsewhere is not None or row.status in {"merged", "to move", "unplaced", "unmapped", "own"}:
                continue
            whose = {side: _by(row, equals, side=side) for side in ("source", "target")}
            sums = {
                side: sum((_amount(entry, equals.sum, side=side) for entry in rows if _by(entry, equals, side=side) == whose[side] is not None), Decimal(0))
                for side in whose
            }
            values = tuple(None if (values := getattr(row, side)) is None else values[column] for side in whose)
            found.append(Balance(home.name, column, entity.name, ", ".join(map(str, row.key)), (_text(sums["source"]), _text(sums["target"])), _says(values)))
    return tuple(found)


def _sums_of(contract: Contract, entity: Entity) -> Iterator[tuple[Entity, str, LedgerSum]]:
    """Yield (entity, column, sum) of every claim that a column is the sum of this entity's."""
    for home in contract.entities:
        for invariant in home.invariant:
            if invariant.equals is not None and invariant.equals.entity == entity.name and invariant.column is not None:
                yield home, invariant.column, invariant.equals


def _group(parent: tuple[Entity, LedgerSum], row: CaseRow, rows: Mapping[str, Sequence[CaseRow]]) -> str | None:
    """Return the key of the row that an entry belongs to."""
    home, equals = parent
    for side in ("source", "target"):
        by = _by(row, equals, side=side)
        for other in rows.get(home.name, ()):
            if by is not None and by in (_by(other, equals, side="source"), _by(other, equals, side="target")):
                return ", ".join(str(part) for part in other.key)
    return None


def _running(rows: Sequence[CaseRow], column: str) -> Iterator[CaseRow]:
    sums = {"source": Decimal(0), "target": Decimal(0)}
    for row in rows:
        if row.status in _COUNTED["source"] or row.status in _COUNTED["target"]:
            for side in sums:
                sums[side] += _amount(row, column, side=side)
            yield replace(row, running=(_text(sums["source"]), _text(sums["target"])))
        else:
            yield row


def _amount(row: CaseRow, column: str, *, side: str) -> Decimal:
    values = getattr(row, side)
    text = values[column] if values is not None and row.status in _COUNTED[side] else None
    return Decimal(text) if text is not None else Decimal(0)


def _by(row: CaseRow, equals: LedgerSum, *, side: str) -> tuple[str, ...] | None:
    values = getattr(row, side)
    if values is None or any(values[name] is None for name in equals.by):
        return None
    return tuple(values[name] for name in equals.by)


def _value(row: CaseRow, column: str | None) -> str | None:
    values = row.source if row.source is not None else row.target
    return values.get(column) if values is not None and column is not None else None


def _says(values: tuple[str | None, ...]) -> tuple[str | None, str | None]:
    source, target = (None if text is None else _text(Decimal(text)) for text in values)
    return source, target


def _text(value: Decimal) -> str:
    return f"{value:f}"
