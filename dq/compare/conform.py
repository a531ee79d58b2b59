"""The one place that says how a raw column becomes a canonical one: pure functions from the contract to SQL expressions.

The engine casts nothing but what a column declares: zone, code, minor unit. What a declaration does not cover (an unknown code, a
number that does not fit) becomes a value that no row of the other side can have, so that it is found as a difference.
Source: DESIGN, law 3; DECISIONS "Zones".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq.compare.currencies import DEFAULT_EXPONENT, by_number, exponents
from dq.contract.models import Column, Entity, Side
from dq.sql import literal, quote

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
WALL_CLOCK = "TIMESTAMP"
INSTANT = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True, slots=True)
class Domain:
    """What stands in the raw columns that decide a conversion: looked up once, before the view is made."""

    zones: tuple[str, ...] = ()  # those that the engine knows
    currencies: tuple[str, ...] = ()  # letters; a numeric code is looked up first


def raw_type(column: Column, side: Side) -> tuple[str, ...]:
    """Return the types that the SQL's output may have, best first; exactly one unless a code or unit is read."""
    reading = column.reading(side)
    if reading.zone is not None:
        return (WALL_CLOCK,)
    if reading.minor is not None:
        return ("BIGINT", *INTEGERS)
    if reading.iso_numeric:
        return INTEGERS
    if reading.codes is not None:
        return ("VARCHAR", *INTEGERS)
    return (column.type.sql,)


def canonical(
    column: Column,
    side: Side,
    *,
    entity: Entity,
    raw: Mapping[str, str],
    domain: Domain,
    minor_units: Mapping[str, int],
) -> str:
    """Return the canonical column as an expression over the raw row `r`.

    Args:
        column: the column.
        side: source or target (a baseline is read like the target).
        entity: the column's entity.
        raw: raw column to its type.
        domain: what stands in the raw columns that decide.
        minor_units: the contract's own exceptions to ISO 4217.
    """
    reading = column.reading(side)
    value = f"r.{quote(column.name)}"
    if reading.zone is not None:
        wall = f"({value} + INTERVAL 1 DAY)" if reading.day_end == "inclusive" else value
        return _instant(wall, reading.zone, raw=raw, zones=domain.zones)
    if reading.codes is not None:
        return _word(value, reading.codes, raw_type=raw[column.name], side=side)
    if reading.iso_numeric:
        return _letters(value, domain, side=side)
    if reading.minor is not None:
        currency = reading.minor or (entity.money.currency if entity.money else None) or ""
        letters = canonical(entity.column(currency), side, entity=entity, raw=raw, domain=domain, minor_units=minor_units)
        special = {code: digits for code, digits in {**exponents(), **minor_units}.items() if code in domain.currencies}
        return _major(value, letters, column=column, side=side, special=special)
    return value


def zone_columns(entity: Entity, side: Side, *, raw: Mapping[str, str]) -> tuple[str, ...]:
    """Return the raw columns that hold a zone's name, sorted."""
    zones = {column.reading(side).zone for column in entity.columns}
    return tuple(sorted(zone for zone in zones if zone is not None and zone in raw))


def currency_columns(entity: Entity, side: Side) -> tuple[tuple[str, bool], ...]:
    """Return (column, is a numeric code) of the columns with a currency that a conversion needs, sorted."""
    needed = {column.name for column in entity.columns if column.reading(side).iso_numeric}
    for column in entity.columns:
        minor = column.reading(side).minor
        if minor is not None:
            needed.add(minor or (entity.money.currency if entity.money else None) or "")
    return tuple((name, entity.column(name).reading(side).iso_numeric) for name in sorted(needed))


def _instant(wall: str, zone: str, *, raw: Mapping[str, str], zones: Sequence[str]) -> str:
    if zone not in raw:
        return f"timezone({literal(zone)}, {wall})"
    # one CASE arm a zone: the conversion is several times faster with a constant zone, and an unknown zone raises nothing
    arms = " ".join(f"WHEN {literal(name)} THEN timezone({literal(name)}, {wall})" for name in zones)
    return f"CASE r.{quote(zone)} {arms} END" if arms else f"CAST(NULL AS {INSTANT})"


def _word(value: str, codes: Mapping[str, str], *, raw_type: str, side: Side) -> str:
    numeric = raw_type in INTEGERS and all(_is_integer(code) for code in codes)
    subject = value if numeric else f"CAST({value} AS VARCHAR)"
    arms = " ".join(f"WHEN {code if numeric else literal(code)} THEN {literal(word)}" for code, word in codes.items())
    return f"CASE {subject} {arms} ELSE {literal(f'{side} code ')} || {subject} END"


def _letters(value: str, domain: Domain, *, side: Side) -> str:
    arms = " ".join(f"WHEN {number} THEN {literal(code)}" for number, code in by_number().items() if code in domain.currencies)
    unknown = f"{literal(f'{side} code ')} || {value}"
    return f"CASE {value} {arms} ELSE {unknown} END" if arms else unknown


def _major(value: str, letters: str, *, column: Column, side: Side, special: Mapping[str, int]) -> str:
    groups: dict[int, list[str]] = {}
    for code, digits in sorted(special.items()):
        if digits != DEFAULT_EXPONENT:
            groups.setdefault(digits, []).append(code)
    usual = _scaled(value, DEFAULT_EXPONENT, column=column, side=side)
    arms = " ".join(
        f"WHEN {letters} IN ({', '.join(literal(code) for code in codes)}) THEN {_scaled(value, digits, column=column, side=side)}"
        for digits, codes in sorted(groups.items())
    )
    return f"CASE {arms} ELSE {usual} END" if arms else usual


def _scaled(value: str, digits: int, *, column: Column, side: Side) -> str:
    precision, scale = column.type.precision, column.type.scale
    impossible = _impossible(precision, scale, side=side)
    if digits > scale:  # more decimals than the column keeps: never rounded
        exact = f"{value} % {10 ** (digits - scale)} = 0"
        whole = f"TRY_CAST({value} // {10 ** (digits - scale)} * CAST({_unit(scale)} AS DECIMAL({scale + 1},{scale})) AS {column.type.sql})"
        return f"CASE WHEN {value} IS NULL THEN NULL WHEN {exact} THEN coalesce({whole}, {impossible}) ELSE {impossible} END"
    bound = 10 ** (precision - scale + digits)
    scaled = f"CAST({value} * CAST({_unit(digits)} AS DECIMAL({digits + 1},{digits})) AS {column.type.sql})"
    return f"CASE WHEN {value} > {-bound} AND {value} < {bound} THEN {scaled} WHEN {value} IS NULL THEN NULL ELSE {impossible} END"


def _impossible(precision: int, scale: int, *, side: Side) -> str:
    """Return the largest (target) or smallest (source) value of the type: what stands for a number that does not fit."""
    digits = "9" * precision
    number = f"{digits[: precision - scale] or '0'}.{digits[precision - scale :]}" if scale else digits
    return f"CAST({literal(('' if side == 'target' else '-') + number)} AS DECIMAL({precision},{scale}))"


def _unit(digits: int) -> str:
    return literal("0." + "0" * (digits - 1) + "1" if digits else "1")


def _is_integer(text: str) -> bool:
    return text.lstrip("-").isdigit() and text.lstrip("-").isascii()
