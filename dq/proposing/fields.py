"""The one place that turns believed links into a contract's columns: type and reading of each side, what was guessed, why, and how sure it is.

The contract compares exactly equal types. What cannot be said in it is left uncovered, with the reason: a run says so until a person acts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dq.compare.conform import INTEGERS
from dq.compare.currencies import DEFAULT_EXPONENT, exponents
from dq.proposing.evidence import CODES, Link
from dq.proposing.names import plain
from dq.proposing.pairing import Pair
from dq.proposing.reach import Spot

_TYPES = ("BOOLEAN", "INTEGER", "BIGINT", "HUGEINT", "VARCHAR", "DATE", "JSON", "UUID", "BLOB")
_NAMED = 4  # zones in a comment


@dataclass(frozen=True, slots=True)
class Field:
    """A column of an entity: what stands in `[columns]`, where both sides read it, and what was guessed."""

    name: str
    source: Spot
    target: Spot
    type: str
    settings: tuple[tuple[str, str], ...] = ()  # key and value as TOML, beside the type
    guess: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """An entity's columns; `zones` are output columns that only say each row's zone; `left` is what cannot be said in a contract."""

    columns: tuple[Field, ...]
    key: tuple[str, ...]
    zones: tuple[tuple[str, Spot], ...] = ()
    left: tuple[str, ...] = ()
    minor_units: Mapping[str, int] = field(default_factory=dict)


def fields_of(pair: Pair) -> Fields:
    """Return the columns of a pair of tables, the key's first."""
    columns: list[Field] = []
    zones: dict[str, Spot] = {}
    left: list[str] = []
    currency = _currency(pair)
    names = _names(pair)
    units: dict[str, int] = {}
    for link in pair.links:
        name = names[id(link)]
        if link.how == "minor" and currency is not None:
            units |= _units(link, currency)
        said = _said(link, name, currency=None if currency is None else names[id(currency)], zone=_zone_name(link, pair, names, zones))
        if isinstance(said, str):
            left.append(said)
            continue
        if link.zone_column is not None and _zone_link(link, pair) is None:
            zones[_zone_name(link, pair, names, zones) or ""] = link.zone_column.spot
        columns.append(said)
    key = tuple(names[id(link)] for link in pair.links[: len(pair.key)])
    order = [(spot.alias, spot.column.name) for spot in pair.source.spots]
    columns.sort(key=lambda item: (item.name not in key, order.index((item.source.alias, item.source.column.name))))
    return Fields(tuple(columns), key, tuple(zones.items()), tuple(left), units)


def sure(link: Link) -> str:
    """Return how sure a link is, in a word."""
    if link.constant:
        return "doubtful: it is one value in all of them"
    if link.share == 1.0 and len(link.zones) <= 1 and link.certain >= 0.5 and link.kappa > 0:  # noqa: PLR2004
        return "sure"
    return "likely" if link.share >= 0.9 and link.kappa > 0 else "doubtful"  # noqa: PLR2004


def place(link_spot: Spot, table: str) -> str:
    """Return where a column stands, for a comment."""
    fixed = link_spot.join.fixed if link_spot.join is not None else None
    where = f" where {fixed[0]} is '{fixed[1]}'" if fixed is not None else ""
    return f"{table if link_spot.join is None else link_spot.join.table.name}.{link_spot.column.name}{where}"


def _names(pair: Pair) -> dict[int, str]:
    names: dict[int, str] = {}
    for link in pair.links:
        spot = link.source.spot
        name = spot.name
        if name in names.values() and spot.join is not None:
            name = f"{plain(spot.join.table.name)}_{name}"
        while name in names.values():
            name = f"{name}_2"
        names[id(link)] = name
    return names


def _zone_link(link: Link, pair: Pair) -> Link | None:
    """Return the link whose column says the zone of another's clock, where that is compared itself."""
    spot = link.zone_column.spot if link.zone_column is not None else None
    return next((other for other in pair.links if spot is not None and (other.source.spot.alias, other.source.spot.column) == (spot.alias, spot.column)), None)


def _zone_name(link: Link, pair: Pair, names: Mapping[int, str], zones: Mapping[str, Spot]) -> str | None:
    """Return the output column with a clock's zone."""
    if link.zone_column is None:
        return None
    itself = _zone_link(link, pair)
    if itself is not None:
        return names[id(itself)]
    spot = link.zone_column.spot
    name = spot.name
    while name in names.values() or zones.get(name, spot) != spot:
        name = f"{name}_2"
    return name


def _currency(pair: Pair) -> Link | None:
    """Return the link of the currency that amounts are in: the table's own before another's, and the one that is always filled."""
    found = [link for link in pair.links if link.is_currency]
    return max(found, key=lambda link: (-link.source.spot.depth - link.target.spot.depth, link.agreed, link.score), default=None)


def _units(link: Link, currency: Link) -> dict[str, int]:
    """Return the decimals of currencies whose minor units are not those of ISO 4217, as all rows say."""
    amounts, units = (link.target, link.source) if link.swapped else (link.source, link.target)
    seen: dict[str, Counter[int]] = {}
    for amount, unit, letters in zip(amounts.values, units.values, currency.source.values, strict=True):
        if letters is not None and unit and isinstance(amount, Decimal):
            seen.setdefault(letters, Counter()).update(digits for digits in range(5) if amount.scaleb(digits) == unit)
    found = {letters: counts.most_common(1)[0][0] for letters, counts in seen.items() if counts}
    return {letters: digits for letters, digits in found.items() if digits != exponents().get(letters, DEFAULT_EXPONENT)}


def _said(link: Link, name: str, *, currency: str | None, zone: str | None) -> Field | str:
    """Return the column, or why it cannot be said in a contract."""
    source, target = link.source.spot, link.target.spot
    types = (source.column.type, target.column.type)
    said: tuple[str, list[tuple[str, str]], str] | str
    if link.how == "through" and link.through is not None:
        said = (types[0], [("through", _text(link.through.name))], f"mapped by '{link.through.name}'") if _is_equal(types) else _unequal(types)
    elif link.how == "minor":
        decimal, side = (types[1], "source") if link.swapped else (types[0], "target")
        said = (decimal, [(side, f"{{ minor = {_text(currency)} }}")], "in minor units") if currency else "minor units, and no column says the currency"
    elif link.how == "iso-numeric":
        said = ("CURRENCY", [("target", '"iso-numeric"')], "by the numbers of ISO 4217")
    elif link.how == "codes":
        said = ("ENUM", list(_codes(link)), "by the codes that stand beside each other; a code that was not seen will be a finding")
    elif link.how == "clock":
        said = ("INSTANT", list(_clock(link, zone)), _zones(link, zone))
    elif types == ("TIMESTAMP WITH TIME ZONE",) * 2:
        said = ("INSTANT", [], "")
    elif link.is_currency and types == ("VARCHAR", "VARCHAR"):
        said = ("CURRENCY", [], "")
    elif _is_equal(types):
        said = (types[0], [], "")
    else:
        said = _small(link) or _unequal(types)
    if isinstance(said, str):
        return f"{source.column.name} and {target.column.name}: {said}"
    type_, settings, how = said
    return Field(name, source, target, type_, tuple(settings), how, link)


def _is_equal(types: Sequence[str]) -> bool:
    return types[0] == types[1] and (types[0] in _TYPES or types[0].startswith("DECIMAL"))


def _unequal(types: Sequence[str]) -> str:
    if types[0] == types[1]:
        return f"{types[0]} is no type of a contract"
    return f"{types[0]} here and {types[1]} there; a contract compares exactly equal types"


def _small(link: Link) -> tuple[str, list[tuple[str, str]], str] | None:
    """Return small integers of unequal types as codes of themselves, where there are few of them."""
    if not all(spot.column.type in INTEGERS and spot.column.distinct <= CODES for spot in (link.source.spot, link.target.spot)):
        return None
    values = sorted({value for item in (link.source, link.target) for value in item.values if value is not None})
    codes = _table({str(value): str(value) for value in values})
    return "ENUM", [("source", codes), ("target", codes)], "the types differ, so each number is a code; a number that was not seen will be a finding"


def _codes(link: Link) -> Iterator[tuple[str, str]]:
    codes = link.codes or {}
    ours, theirs = link.source.spot.column.kind, link.target.spot.column.kind
    if ours == "text":
        yield "target", _table({right: left for left, right in codes.items()})
    elif theirs == "text":
        yield "source", _table(codes)
    else:
        yield "source", _table({left: left for left in codes})
        yield "target", _table({right: left for left, right in codes.items()})


def _clock(link: Link, zone: str | None) -> Iterator[tuple[str, str]]:
    name = zone or (link.zones[0] if link.zones else "UTC")
    day_end = ', day_end = "inclusive"' if link.day_end else ""
    yield "target" if link.swapped else "source", f"{{ zone = {_text(name)}{day_end} }}"
    if link.source.spot.column.kind == link.target.spot.column.kind:
        yield "target", '{ zone = "UTC" }'


def _zones(link: Link, zone: str | None) -> str:
    side = "target" if link.swapped else "source"
    if zone is not None:
        return f"the {side}'s wall clock in the zone that the row names"
    if not link.zones:
        return f"no zone explains the {side}'s wall clock; UTC stands here for want of a better one"
    others = link.zones[1:]
    named = f"; so do {', '.join(others[:_NAMED])}{f' and {len(others) - _NAMED} more' if len(others) > _NAMED else ''}" if others else ""
    last = ", the last day inclusive" if link.day_end else ""
    return f"{link.zones[0]} explains the {side}'s wall clock{last}{named}. If all rows were moved by a wrong zone, this guess is wrong with them: ask"


def _table(codes: Mapping[str, str]) -> str:
    return f"{{ {', '.join(f'{_key(code)} = {_text(word)}' for code, word in sorted(codes.items()))} }}"


def _key(name: str) -> str:
    return name if name and all(char.isascii() and (char.isalnum() or char in "_-") for char in name) else _text(name)


def _text(value: str | None) -> str:
    return json.dumps(value or "", ensure_ascii=False)
