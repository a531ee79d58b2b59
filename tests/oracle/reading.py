"""The one place that brings raw Python rows to canonical ones, as the contract declares: zones, codes, currencies, minor units.

What a declaration does not cover becomes `Unreadable`, which equals nothing of the other side.
Source: DESIGN, law 3; DECISIONS "Zones"; docs/contract.md "A column".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from dq.contract.models import Column, Contract, Entity

DIGITS = {"IDR": 2, "EUR": 2, "GBP": 2, "USD": 2, "CNY": 2, "JPY": 0, "KWD": 3, "MYR": 2}
"""Source: ISO 4217, the currencies that the stores of the tests use."""
LETTERS = {360: "IDR", 978: "EUR", 826: "GBP", 840: "USD", 156: "CNY", 392: "JPY", 414: "KWD", 458: "MYR"}
_BESIDE = {977: "BAM", 979: "MXV"}  # what a number of these becomes that is one off: currencies too


@dataclass(frozen=True)
class Unreadable:
    """A raw value that the contract has no word for."""

    side: str
    raw: Any


@dataclass(frozen=True)
class Clock:
    """What a wall clock says of itself in its zone: whether no clock showed it (gap), or one showed it twice (overlap)."""

    is_gap: bool
    is_overlap: bool


def canonical(raw: Mapping[str, Any], column: Column, side: str, *, entity: Entity, contract: Contract) -> Any:
    """Return the canonical value of a column of a raw row."""
    value = raw[column.name]
    reading = column.reading("source" if side == "source" else "target")
    if value is None:
        return None
    if reading.codes is not None:
        return reading.codes.get(str(value).lower() if isinstance(value, bool) else str(value), Unreadable(side, value))
    if reading.iso_numeric:
        return {**LETTERS, **_BESIDE}.get(value, Unreadable(side, value))
    if reading.minor is not None:
        return _amount(amount_of(raw, column, side, entity=entity, contract=contract), column, side)
    if reading.zone is not None:
        zone = raw.get(reading.zone, reading.zone)
        return instant(wall(value, reading.day_end), zone) if is_zone(zone) else None
    return value


def _amount(amount: Decimal, column: Column, side: str) -> Decimal:
    """Return an amount, or what stands for one that does not fit."""
    largest = Decimal("9" * column.type.precision).scaleb(-column.type.scale)
    return amount if fits(amount, column) else largest if side == "target" else -largest


def amount_of(raw: Mapping[str, Any], column: Column, side: str, *, entity: Entity, contract: Contract) -> Decimal:
    """Return an amount in minor units, exactly, whether its type can hold it or not; a currency that nobody knows has two digits."""
    minor = column.reading("source" if side == "source" else "target").minor
    currency = minor or (entity.money.currency if entity.money is not None else None)
    letters = canonical(raw, entity.column(str(currency)), side, entity=entity, contract=contract)
    digits = 2 if isinstance(letters, Unreadable) else {**DIGITS, **contract.migration.minor_units}.get(letters, 2)
    return Decimal(raw[column.name]).scaleb(-digits)


def fits(amount: Decimal, column: Column) -> bool:
    """Return whether a column's type holds an amount without rounding."""
    places = amount.as_tuple().exponent
    whole = amount == amount.quantize(Decimal(1).scaleb(-column.type.scale)) if isinstance(places, int) and -places > column.type.scale else True
    return whole and abs(amount) < Decimal(10) ** (column.type.precision - column.type.scale)


def is_zone(name: str | None) -> bool:
    """Return whether somebody knows a zone; capital letters are no other name."""
    return name is not None and name.lower() in _zones()


@cache
def _zones() -> dict[str, str]:
    """Spell all zones once, by their names in small letters: it walks through a folder of files."""
    return {name.lower(): name for name in available_timezones()}


def wall(value: date, day_end: str) -> datetime:
    """Return the wall clock that is meant: the day of an inclusive end counts until it is over."""
    clock = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a wall clock
    return clock + timedelta(days=1) if day_end == "inclusive" else clock


def instant(clock: datetime, zone: str) -> datetime:
    """Return the instant of a wall clock.

    One that no clock showed is read with the offset before the gap. One that was shown twice is the second time.
    Source: Unicode ICU, `UCAL_WALLTIME_LAST`, its default for both.
    """
    there = ZoneInfo(_zones()[zone.lower()])
    look = look_at(clock, zone)
    return clock.replace(tzinfo=there, fold=1 if look.is_overlap else 0).astimezone(UTC)


def look_at(clock: datetime, zone: str) -> Clock:
    """Return what a wall clock says of itself."""
    there = ZoneInfo(_zones()[zone.lower()])
    first, second = (clock.replace(tzinfo=there, fold=fold).utcoffset() for fold in (0, 1))
    if first == second or first is None or second is None:
        return Clock(is_gap=False, is_overlap=False)
    return Clock(is_gap=first < second, is_overlap=first > second)


def text_of(value: Any, column: Column) -> str | None:
    """Return a canonical value as text, the way keys and slices are named."""
    if value is None:
        return None
    if isinstance(value, Unreadable):
        return f"{value.side} code {value.raw}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.type.name == "DECIMAL":
        return format(Decimal(value).quantize(Decimal(1).scaleb(-column.type.scale)), "f")
    if isinstance(value, datetime):
        text = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return f"{text}.{value.microsecond:06d}".rstrip("0") + "+00" if value.microsecond else f"{text}+00"
    return str(value)
