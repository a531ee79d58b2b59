"""The one place that says how well two columns agree on joined rows, and in which reading: as they are, mapped, as codes, minor units, numbers or clocks.

Agreement by chance counts for nothing (Cohen's kappa): two flags that are mostly 0 agree mostly, and say nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from math import log2
from typing import Literal

from dq.compare.currencies import by_number, exponents
from dq.proposing.facts import overlap
from dq.proposing.names import alike
from dq.proposing.sample import Map, Sample, Value, Values
from dq.proposing.zones import convert as convert_clock
from dq.proposing.zones import is_zone, may_be_clock, zones_of

How = Literal["plain", "through", "codes", "minor", "iso-numeric", "clock"]
_ROWS_A_CODE = 5  # fewer fit whatever stands there
CODES = 40  # different codes of a column, at most
_ENOUGH = 0.9  # of the rows
_WORDS_ALIKE = (0.85, 0.35)  # kappa and how much it tells, where one word stands in all rows
_FIRST = 40  # rows that say whether the others are worth reading
_EXPONENTS = range(5)  # Source: ISO 4217: 0 to 4 decimals


@dataclass(frozen=True, slots=True)
class Link:
    """A source's column and the target's that it is held to be, in which reading, and how sure that is.

    Attributes:
        looked_at: joined rows where either is not NULL.
        agreed: those of them that are equal when read so.
        kappa: agreement beyond chance; 1 is all, 0 is chance.
        certain: how much the rows tell, 0 to 1: many different values agree.
        named: how alike the names are, 0 to 1.
    """

    source: Values
    target: Values
    how: How
    looked_at: int
    agreed: int
    kappa: float
    certain: float
    named: float
    constant: bool = False  # one value stands in all rows, on both sides
    codes: Mapping[str, str] | None = None  # the source's value as text to the target's
    zones: tuple[str, ...] = ()  # that explain the clocks, best first
    zone_column: Values | None = None  # instead: a column with each row's zone
    day_end: bool = False
    swapped: bool = False  # the wall clock, or the minor units, are the source's

    @property
    def share(self) -> float:
        """Which share of the rows agreed."""
        return self.agreed / self.looked_at if self.looked_at else 0.0

    @property
    def is_currency(self) -> bool:
        """Whether both sides' values are currencies, by letters or numbers."""
        letters = {value for value in self.source.values if value is not None}
        return self.how in ("plain", "iso-numeric") and bool(letters) and all(value in exponents() for value in letters)

    @property
    def through(self) -> Map | None:
        """The map through which the source's ids were read."""
        return self.source.through

    @property
    def score(self) -> float:
        """How good it is, beside others."""
        depth = self.source.spot.depth + self.target.spot.depth
        return max(0.0, self.kappa) * (0.4 + self.certain) + 0.6 * self.named - 0.15 * depth - (0.2 if self.how == "codes" else 0.0)


def links(sample: Sample, *, zones: Sequence[str] = (), owners: str | None = None) -> Iterator[Link]:
    """Yield what may be the same: each pair of columns in its best reading, where rows or names speak for it.

    Args:
        sample: joined rows.
        zones: those that were seen elsewhere, to be tried first.
        owners: the map of those whose rows these are.
    """
    clocks = [item for item in sample.source if item.through is None and item.values and all(is_zone(value) for value in item.values if value is not None)]
    clocks = [item for item in clocks if any(value is not None for value in item.values)]
    for source in sample.source:
        for target in sample.target:
            beside = bool(source.spot.depth and target.spot.depth)
            if beside and not _tells_beside(source, target, owners=owners):
                continue
            found = _best(source, target, zones=zones, zone_columns=clocks)
            if found is not None and not (beside and (found.how not in ("plain", "iso-numeric", "through") or found.share < _ENOUGH)):
                yield found


def _tells_beside(source: Values, target: Values, *, owners: str | None) -> bool:
    """Say whether two columns of joined tables can be the row's own: what the tables are called by, whose it is, or a currency that amounts need."""
    if source.through is not None:
        return source.through.name == owners
    spots = (source.spot, target.spot)
    if all(spot.depth == 1 and spot.join is not None and spot.column.kind == "text" and (spot.column.name,) in spot.join.table.keys for spot in spots):
        return True
    return all(value is None or value in exponents() for value in source.values) and any(value is not None for value in source.values)


def _best(source: Values, target: Values, *, zones: Sequence[str], zone_columns: Sequence[Values]) -> Link | None:
    one, other = source.spot.column.kind, target.spot.column.kind
    if source.through is not None:
        return _read(source, target, "through", source.values, target.values) if one == other else None
    kinds = {one, other}
    if kinds <= {"clock", "instant"} and kinds != {"instant"}:
        return _clock(source, target, zones=zones, zone_columns=zone_columns)
    same = one == other or kinds == {"integer", "decimal"}
    found = _read(source, target, "plain", *_comparable(source, target)) if same else None
    if found is not None and found.share == 1.0 and found.kappa > 0:
        return found
    ways: list[Callable[[], Link | None]] = []
    if kinds == {"integer", "decimal"}:
        ways.append(lambda: _minor(source, target))
    if (one, other) == ("text", "integer"):
        ways.append(lambda: _numbered(source, target))
    if kinds <= {"text", "integer", "BOOLEAN"} and (found is None or found.share < 0.5):  # noqa: PLR2004 - else the words are the same, and some differ
        ways.append(lambda: _codes(source, target))
    better = [link for way in ways if (link := way()) is not None and link.share >= max(_ENOUGH, found.share if found is not None else 0.0)]
    return better[0] if better else found  # amounts that are mostly 0 are mostly equal in every unit


def _read(source: Values, target: Values, how: How, ours: Sequence[Value], theirs: Sequence[Value]) -> Link | None:
    """Return the link with what its values tell; None where neither rows nor names speak for it."""
    rows = len(ours)
    looked_at = agreed = 0
    values: set[Value] = set()
    for left, right in zip(ours, theirs, strict=True):
        if left is None and right is None:
            continue
        looked_at += 1
        if left == right:
            agreed += 1
            if len(values) <= 1024:  # noqa: PLR2004 - more tell no more
                values.add(left)
    counts, others = Counter(ours), Counter(theirs)
    chance = sum(number * others[value] for value, number in counts.items()) / rows**2 if rows else 1.0
    equal = (agreed + rows - looked_at) / rows if rows else 0.0
    kappa = (equal - chance) / (1 - chance) if chance < 1 else 0.0
    certain = min(1.0, log2(1 + len(values)) / 8)
    constant = chance == 1.0
    if constant and agreed and how == "plain" and _same_words(source, target):
        kappa, certain = _WORDS_ALIKE
    named = alike(source.spot.name, target.spot.name)
    if (agreed == 0 or kappa <= 0.3) and named < 0.4:  # noqa: PLR2004 - nothing speaks for it
        return None
    return Link(source, target, how, looked_at, agreed, kappa, certain, named, constant=constant)


def _same_words(source: Values, target: Values) -> bool:
    """Say whether two columns with one word in all joined rows have the same several words elsewhere."""
    one, other = source.spot.column, target.spot.column
    return one.kind == "text" == other.kind and min(one.distinct, other.distinct) > 1 and max(overlap(one, other)) == 1.0


def _comparable(source: Values, target: Values) -> tuple[Sequence[Value], Sequence[Value]]:
    if source.spot.column.kind == target.spot.column.kind == "JSON":
        return [_meaning(value) for value in source.values], [_meaning(value) for value in target.values]
    return source.values, target.values


def _meaning(value: Value) -> Value:
    try:
        return value if value is None else json.dumps(json.loads(value), sort_keys=True)
    except (ValueError, RecursionError):
        return value


def _numbered(source: Values, target: Values) -> Link | None:
    """Read the target as the numbers of currencies."""
    known = by_number()
    if not all(value is None or value in known for value in target.values):
        return None
    return _read(source, target, "iso-numeric", source.values, [known.get(value) for value in target.values])


def _minor(source: Values, target: Values) -> Link | None:
    """Read the integers as minor units, of one to four decimals; which, a currency must say later."""
    swapped = source.spot.column.kind == "integer"
    amounts, units = (target.values, source.values) if swapped else (source.values, target.values)
    told = list(islice(((amount, unit) for amount, unit in zip(amounts, units, strict=True) if amount and unit is not None), _FIRST))
    if sum(_amount(amount, unit) == amount for amount, unit in told) * 2 <= len(told):
        return None
    read = [_amount(amount, unit) for amount, unit in zip(amounts, units, strict=True)]
    found = _read(source, target, "minor", amounts, read)
    return found and replace(found, swapped=swapped)


def _amount(amount: Decimal | None, unit: int | None) -> Decimal | None:
    if unit is None:
        return None
    read = [Decimal(unit).scaleb(-exponent) for exponent in _EXPONENTS]
    return amount if amount in read else read[2]


def _codes(source: Values, target: Values) -> Link | None:
    """Read both as words of the same few meanings: each of the source's most often stands beside one of the target's, and no two beside the same."""
    if max(source.spot.column.distinct, target.spot.column.distinct) > CODES:
        return None
    ours, theirs = _texts(source), _texts(target)
    beside = Counter((left, right) for left, right in zip(ours, theirs, strict=True) if left is not None and right is not None)
    codes: dict[str, str] = {}
    for (left, right), _ in beside.most_common():
        if left not in codes and right not in codes.values():
            codes[left] = right
    if len(codes) <= 1 or beside.total() < _ROWS_A_CODE * len(codes):
        return None
    found = _read(source, target, "codes", [codes.get(value, value) if value is not None else None for value in ours], theirs)
    return found and replace(found, codes=dict(sorted(codes.items())))


def _texts(item: Values) -> list[str | None]:
    return [None if value is None else str(value) for value in item.values]


def _clock(source: Values, target: Values, *, zones: Sequence[str], zone_columns: Sequence[Values]) -> Link | None:
    """Read a wall clock in the zone that makes it the other side's instant."""
    swapped = source.spot.column.kind == "instant"
    walls, instants = (target.values, source.values) if swapped else (source.values, target.values)
    if not may_be_clock(walls, instants):
        return _read(source, target, "clock", walls, instants)
    if not swapped:
        for column in zone_columns:
            for later in (False, True):
                read = [
                    None if wall is None else zone and convert_clock(wall + 86_400_000_000 * later, zone)
                    for wall, zone in zip(walls, column.values, strict=True)
                ]
                found = _read(source, target, "clock", read, instants)
                if found is not None and found.share >= _ENOUGH:
                    return replace(found, zone_column=column, day_end=later)
    known = zones_of(walls, instants, first=zones)
    if not known:
        return _read(source, target, "clock", walls, instants)
    zone, later = known[0]
    read = [None if wall is None else convert_clock(wall + 86_400_000_000 * later, zone) for wall in walls]
    found = _read(source, target, "clock", read, instants)
    return found and replace(found, zones=tuple(name for name, _ in known), day_end=later, swapped=swapped)
