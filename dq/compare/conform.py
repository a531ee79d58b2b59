"""The one place that says how a raw column becomes a canonical one: pure functions from the contract to SQL expressions.

The engine casts nothing but what a column declares: zone, code, minor unit. What a declaration does not cover (an unknown code, a
number that does not fit) becomes a value that no row of the other side can have, so that it is found as a difference.
Source: DESIGN, law 3; DECISIONS "Zones".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dq.compare.currencies import DEFAULT_EXPONENT, by_number, exponents
from dq.compare.minor import fits, scaled
from dq.compare.offsets import Span, counted, offset_of
from dq.contract.models import Column, Entity, Reading, Side
from dq.sql import literal, quote

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
WALL_CLOCK = "TIMESTAMP"
INSTANT = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True, slots=True)
class Domain:
    """What stands in the raw columns that decide a conversion: looked up once, before the view is made."""

    zones: tuple[str, ...] = ()  # those that the engine knows
    currencies: tuple[str, ...] = ()  # letters; a numeric code is looked up first
    fitting: frozenset[str] = frozenset()  # columns of minor units whose every value fits the column's type
    short: frozenset[str] = frozenset()  # of these, those whose every value has at most 14 digits
    offsets: Mapping[tuple[str, str], tuple[Span, ...]] = field(default_factory=dict)  # (column, zone), where its wall clocks need no calendar


def is_conformed(entity: Entity) -> bool:
    """Say whether a row of an entity costs more than reading it: ids are mapped, or a column is converted."""
    return any(column.through or column.source != Reading() or column.target != Reading() for column in entity.columns)


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
        return ("VARCHAR", *INTEGERS, "BOOLEAN")
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
        return _instant(_wall(column, side, alias="r"), reading.zone, raw=raw, domain=domain, name=column.name)
    if reading.codes is not None:
        return _word(value, reading.codes, raw_type=raw[column.name], side=side)
    if reading.iso_numeric:
        return _letters(value, domain, side=side)
    if reading.minor is not None:
        picked = _by_currency(column, side, entity=entity, raw=raw, domain=domain, minor_units=minor_units)
        fitting, short = column.name in domain.fitting, column.name in domain.short
        return picked(lambda digits: scaled(value, digits, column=column, side=side, fitting=fitting, short=short))
    return value


def fits_minor(column: Column, side: Side, *, entity: Entity, raw: Mapping[str, str], domain: Domain, minor_units: Mapping[str, int]) -> str:
    """Return the claim that a raw row's minor units fit the column's type; NULL fits."""
    value = f"r.{quote(column.name)}"
    picked = _by_currency(column, side, entity=entity, raw=raw, domain=domain, minor_units=minor_units)
    return f"{value} IS NULL OR {picked(lambda digits: fits(value, digits, column=column))}"


def minor_columns(entity: Entity, side: Side) -> tuple[Column, ...]:
    """Return the columns that a side has in minor units."""
    return tuple(column for column in entity.columns if column.reading(side).minor is not None)


def wall_clocks(entity: Entity, side: Side, *, raw: Mapping[str, str]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return (zone column or zone, ((column, its wall clock as an expression), …)), by zone; a zone of the contract too."""
    zones: dict[str, list[tuple[str, str]]] = {}
    for column in entity.columns:
        zone = column.reading(side).zone
        if zone is not None and column.name in raw:
            zones.setdefault(zone, []).append((column.name, _wall(column, side)))
    return tuple((zone, tuple(walls)) for zone, walls in sorted(zones.items()))


def currency_columns(entity: Entity, side: Side) -> tuple[tuple[str, bool], ...]:
    """Return (column, is a numeric code) of the columns with a currency that a conversion needs, sorted."""
    needed = {column.name for column in entity.columns if column.reading(side).iso_numeric}
    for column in entity.columns:
        minor = column.reading(side).minor
        if minor is not None:
            needed.add(minor or (entity.money.currency if entity.money else None) or "")
    return tuple((name, entity.column(name).reading(side).iso_numeric) for name in sorted(needed))


def _instant(wall: str, zone: str, *, raw: Mapping[str, str], domain: Domain, name: str) -> str:
    known = {zone_name: spans for (column, zone_name), spans in domain.offsets.items() if column == name}
    if zone not in raw:
        return counted(wall, offset_of(wall, known.get(zone, ())), otherwise=f"timezone({literal(zone)}, {wall})")
    # one CASE arm a zone: the conversion is several times faster with a constant zone, and an unknown zone raises nothing
    arms = " ".join(f"WHEN {literal(name)} THEN timezone({literal(name)}, {wall})" for name in domain.zones)
    if not arms:
        return f"CAST(NULL AS {INSTANT})"
    offsets = " ".join(f"WHEN {literal(zone_name)} THEN {offset_of(wall, spans)}" for zone_name, spans in known.items() if spans)
    return counted(wall, f"CASE r.{quote(zone)} {offsets} END" if offsets else "", otherwise=f"CASE r.{quote(zone)} {arms} END")


def _word(value: str, codes: Mapping[str, str], *, raw_type: str, side: Side) -> str:
    numeric = raw_type in INTEGERS and all(_is_integer(code) for code in codes)
    subject = value if numeric else f"CAST({value} AS VARCHAR)"
    arms = " ".join(f"WHEN {code if numeric else literal(code)} THEN {literal(word)}" for code, word in codes.items())
    return f"CASE {subject} {arms} ELSE {literal(f'{side} code ')} || {subject} END"


def _letters(value: str, domain: Domain, *, side: Side) -> str:
    arms = " ".join(f"WHEN {number} THEN {literal(code)}" for number, code in by_number().items() if code in domain.currencies)
    unknown = f"{literal(f'{side} code ')} || {value}"
    return f"CASE {value} {arms} ELSE {unknown} END" if arms else unknown


def _wall(column: Column, side: Side, *, alias: str = "") -> str:
    """Return the wall clock that is converted: the last day of `day_end = "inclusive"` counts, so a day is added before."""
    value = f"{alias}.{quote(column.name)}" if alias else quote(column.name)
    return f"({value} + INTERVAL 1 DAY)" if column.reading(side).day_end == "inclusive" else value


def _by_currency(
    column: Column, side: Side, *, entity: Entity, raw: Mapping[str, str], domain: Domain, minor_units: Mapping[str, int]
) -> Callable[[Callable[[int], str]], str]:
    """Return what picks an expression by the digits of the row's currency, most currencies having two."""
    name = column.reading(side).minor or (entity.money.currency if entity.money else None) or ""
    currency = entity.column(name)
    if currency.reading(side).iso_numeric:
        subject, written = f"r.{quote(name)}", {letters: str(number) for number, letters in by_number().items()}
    else:
        subject, written = canonical(currency, side, entity=entity, raw=raw, domain=domain, minor_units=minor_units), {}
    groups: dict[int, list[str]] = {}
    for code, digits in sorted({**exponents(), **minor_units}.items()):
        if code in domain.currencies and digits != DEFAULT_EXPONENT:
            groups.setdefault(digits, []).append(code)

    def picked(of: Callable[[int], str]) -> str:
        listed = {digits: ", ".join(written.get(code) or literal(code) for code in codes) for digits, codes in sorted(groups.items())}
        arms = " ".join(f"WHEN {subject} IN ({codes}) THEN {of(digits)}" for digits, codes in listed.items())
        return f"CASE {arms} ELSE {of(DEFAULT_EXPONENT)} END" if arms else of(DEFAULT_EXPONENT)

    return picked


def _is_integer(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit()
