"""The one place that says which values of an entity a target's column cannot hold, as claims over the source's rows: too long, too large, too many decimals.

A column is held against the type that the target's store gives it, as the manifest names it. Ids that go through a crosswalk are the target's own to give: of
these only the entity's own id has a limit here, and what is left of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dq.compare.conform import INTEGERS
from dq.compare.currencies import DEFAULT_EXPONENT, exponents
from dq.compare.select import Select
from dq.contract.models import Column, Entity
from dq.contract.types import MAX_PRECISION
from dq.sql import literal, quote
from dq.stores.capacity import Capacity, capacity_of
from dq.stores.manifest import ColumnSeal, Manifest

_RANGES = {"INTEGER": 2**31 - 1, "BIGINT": 2**63 - 1}  # canonical integers


@dataclass(frozen=True, slots=True)
class Narrow:
    """A column of the target that cannot hold every value that the contract's type has."""

    column: str
    place: str  # `vouchers.title varchar(64)`
    claim: str  # over the source's canonical row `r`: its value does not fit


@dataclass(frozen=True, slots=True)
class Ids:
    """The column of the target in which new rows get their ids."""

    table: str
    column: str
    place: str  # as of `Narrow`
    high: int  # the highest id that it can hold


def narrow_columns(entity: Entity, select: Select, manifest: Manifest, *, minor_units: Mapping[str, int]) -> tuple[Narrow, ...]:
    """Return the target's columns that cannot hold every value of theirs, in the contract's order.

    Args:
        entity: the entity.
        select: its SQL for the target.
        manifest: the target's, which says its columns' types as the store names them.
        minor_units: the contract's own exceptions to ISO 4217.
    """
    found = ((column, _there(select, manifest, column)) for column in entity.columns if column.through is None)
    narrow: list[Narrow] = []
    for column, (place, capacity) in ((column, there) for column, there in found if there is not None):
        claims = list(_claims(column, capacity, entity=entity, minor_units=minor_units))
        if claims:
            narrow.append(Narrow(column.name, place, " OR ".join(claims)))
    return tuple(narrow)


def ids_of(entity: Entity, manifest: Manifest) -> Ids | None:
    """Return where the entity's rows get their ids, or None where these are no integers with an end."""
    if entity.merge is None:
        return None
    seal = _column(manifest, entity.merge.table, entity.merge.id)
    capacity = capacity_of(seal.store_type, kind=manifest.kind) if seal is not None else None
    if seal is None or seal.type not in INTEGERS or capacity is None or capacity.high is None or capacity.scale:
        return None
    return Ids(entity.merge.table, seal.name, f"{entity.merge.table}.{seal.name} {seal.store_type}", capacity.high)


def _there(select: Select, manifest: Manifest, column: Column) -> tuple[str, Capacity] | None:
    """Return where a column stands in the target as it is, and what it can hold there."""
    for table, alias in select.tables:
        name = select.column_of(column.name, alias=alias)
        seal = _column(manifest, table, name) if name is not None else None
        capacity = capacity_of(seal.store_type, kind=manifest.kind) if seal is not None else None
        if seal is not None and capacity is not None:
            return f"{table}.{seal.name} {seal.store_type}", capacity
    return None


def _column(manifest: Manifest, table: str, name: str) -> ColumnSeal | None:
    """Return a column; names fold case, as in the engine."""
    seals = (seal for item in manifest.tables if item.name.casefold() == table.casefold() for seal in item.columns)
    return next((seal for seal in seals if seal.name.casefold() == name.casefold()), None)


def _claims(column: Column, capacity: Capacity, *, entity: Entity, minor_units: Mapping[str, int]) -> Iterator[str]:
    """Yield why a value would not fit; each is true or false, and false of NULL."""
    value = f"r.{quote(column.name)}"
    is_text = column.type.sql == "VARCHAR" and column.target.codes is None and not column.target.iso_numeric
    if is_text and capacity.characters is not None:
        yield f"coalesce(length({value}) > {capacity.characters}, false)"
    elif is_text and capacity.octets is not None:
        yield f"coalesce(strlen({value}) > {capacity.octets}, false)"
    elif capacity.high is not None and column.type.name in ("DECIMAL", *_RANGES):
        for where, scale in _scales(column, capacity, entity=entity, minor_units=minor_units):
            yield from (f"coalesce({where}{claim}, false)" for claim in _number(value, column, capacity, scale=scale))


def _scales(column: Column, capacity: Capacity, *, entity: Entity, minor_units: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield (which rows, as the beginning of a condition; decimals that the target's number counts in)."""
    if column.target.minor is None:
        yield "", capacity.scale
        return
    currency = f"r.{quote(column.target.minor or (entity.money.currency if entity.money else None) or '')}"
    groups: dict[int, list[str]] = {}
    for code, digits in sorted({**exponents(), **minor_units}.items()):
        if digits != DEFAULT_EXPONENT:
            groups.setdefault(digits, []).append(code)
    for digits, codes in sorted(groups.items()):
        yield f"{currency} IN ({', '.join(map(literal, codes))}) AND ", digits
    others = ", ".join(literal(code) for codes in groups.values() for code in codes)
    yield f"({currency} IN ({others})) IS NOT TRUE AND " if others else "", DEFAULT_EXPONENT


def _number(value: str, column: Column, capacity: Capacity, *, scale: int) -> Iterator[str]:
    """Yield the ends of a column that a value of the contract's type may pass, and that decimals would be lost."""
    own = column.type.scale
    largest = _RANGES.get(column.type.name, 10**column.type.precision - 1)  # in units of the last decimal
    for sign, end in ((">", capacity.high), ("<", capacity.low)):
        # in units of the finer of both: is there a value of the type beyond the end?
        finest = max(own, scale)
        if end is not None and largest * 10 ** (finest - own) > abs(end) * 10 ** (finest - scale):
            yield f"{value} {sign} {_decimal(end, scale)}"
    if own > scale:
        kept = min(MAX_PRECISION, column.type.precision - own + scale + 1)
        yield f"{value} <> CAST({value} AS DECIMAL({kept},{scale}))"


def _decimal(units: int, scale: int) -> str:
    """Write so many units of the last decimal as a number."""
    digits = f"{abs(units):0{scale + 1}d}"
    text = f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits
    return f"-{text}" if units < 0 else text
