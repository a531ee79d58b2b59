"""The one place for the oracle's view of what is claimed beside the rows: counts and sums, invariants, what came too late.

Source: DESIGN, laws 1 and 4; DECISIONS "Merge", "Crosswalk", "Batches"; MIGRATION "It is a merge".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from dq.contract.claims import Invariant, LedgerSum, Sums
from dq.contract.models import Entity
from tests.oracle.answers import Answer
from tests.oracle.expressions import expression
from tests.oracle.oracle import judge
from tests.oracle.people import Asked
from tests.oracle.reading import Unreadable, text_of
from tests.oracle.whose import brought, natives, total
from tests.oracle.world import Key, Own, Sided, World, fate, key_of, mapped

Slice = tuple[str | None, ...]


@dataclass
class Sum:
    """Net and gross of one slice, source and target."""

    net: list[Decimal] = field(default_factory=lambda: [Decimal(0), Decimal(0)])
    gross: list[Decimal] = field(default_factory=lambda: [Decimal(0), Decimal(0)])

    @property
    def agrees(self) -> bool:
        """Return whether both sides have the same."""
        return self.net[0] == self.net[1] and self.gross[0] == self.gross[1]


@dataclass(frozen=True)
class Broken:
    """Keys that break an invariant, by side."""

    source: frozenset[Key]
    target: frozenset[Key]

    @property
    def both(self) -> frozenset[Key]:
        """Return the keys that are already wrong in the source."""
        return self.source & self.target


def sums(entity: Entity, answer: Answer, *, column: str | None, by: Sequence[str]) -> dict[Slice, Sum]:
    """Return counts (column None) or exact sums by slice."""
    found: dict[Slice, Sum] = defaultdict(Sum)
    if not by:
        found[()] = Sum()  # the whole is there, also where there is no row
    for place, side in enumerate(("source", "target")):
        for row in answer.sides[side]:
            line = found[tuple(_slice_of(entity, row, name) for name in by)]
            value = Decimal(1) if column is None else Decimal(row.values[column] or 0)
            line.net[place] += value
            line.gross[place] += abs(value)
    return dict(found)


def _slice_of(entity: Entity, row: Sided, name: str) -> str | None:
    """Return the text that a row is sliced by: a column's, or the month of its instant in UTC."""
    column = next((column for column in entity.columns if column.name == name), None)
    if column is not None:
        return text_of(row.values[name], column)
    moment = row.values[name.removesuffix(".month")]
    return None if moment is None else f"{moment.year:04}-{moment.month:02}"


def persons(entity: Entity, item: Sums, *, answer: Answer) -> tuple[int, set[Any]]:
    """Return how many persons have a sum, and those for whom it disagrees; whom the crosswalk does not map is told there."""
    lines: dict[Any, Sum] = defaultdict(Sum)
    whose = str(item.per)
    unknown = {key_of(entity, row) for row in answer.sides["source"] if whose in row.unmapped}
    for place, side in enumerate(("source", "target")):
        for row in answer.sides[side]:
            if key_of(entity, row) not in unknown:
                value = Decimal(row.values[item.column] or 0)
                lines[row.values[whose]].net[place] += value
                lines[row.values[whose]].gross[place] += abs(value)
    return len(lines), {person for person, line in lines.items() if not line.agrees}


def invariant(world: World, entity: Entity, claim: Invariant, *, answer: Answer) -> Broken:
    """Return the keys that break a claim on each side; a condition that is unknown is not kept.

    Where the crosswalk does not map an id that the claim names, nothing is known: that is told there, and not again.
    """
    if claim.equals is not None:
        return Broken(*(frozenset(_unequal(world, entity, claim, side=side)) for side in ("source", "target")))
    if claim.unique is not None:
        source, target = answer.sides["source"], answer.sides["target"]
        own = natives(world, entity) if entity.merge is not None else []
        return Broken(frozenset(_repeated(entity, claim.unique, source)), frozenset(_repeated(entity, claim.unique, target, own)))
    holds = expression(str(claim.holds))
    named = {column.name for column in entity.columns if re.search(rf"\b{re.escape(column.name)}\b", str(claim.holds))}
    known = {side: [row for row in answer.sides[side] if not row.unmapped & named] for side in ("source", "target")}
    return Broken(*(frozenset(key_of(entity, row) for row in rows if holds(row.values) is not True) for rows in known.values()))


def _repeated(entity: Entity, names: Sequence[str], rows: Sequence[Sided], own: Sequence[Own] = ()) -> Iterable[Key]:
    """Yield the keys of the rows whose values in some columns, none of them NULL, another row has too, be it one of the target's own."""
    times = Counter(tuple(row.values[name] for name in names) for row in (*rows, *own))
    for row in rows:
        values = tuple(row.values[name] for name in names)
        if None not in values and times[values] > 1:
            yield key_of(entity, row)


def _unequal(world: World, entity: Entity, claim: Invariant, *, side: str) -> Iterable[Key]:
    """Yield the keys whose value is not the sum of the other entity's rows, of all that has moved; and those that have a sum and no row.

    Where `by` is the entity's own id, every row of the target that names it counts; and a sum without a row has no key.
    """
    equals = claim.equals
    assert equals is not None
    whole = replace(world, asked=Asked(world.asked.moved, world.asked.moved))
    other = world.contract.entity(equals.entity)
    by_key = set(equals.by) == set(entity.key)
    reckoned = _totals_of(equals, _brought(whole, other) if side == "target" else _moved(whole, other))
    here = _totals(world, other, equals, side=side, without=_of_unmapped(world, other, equals) if side == "target" else frozenset())
    if not by_key:
        here = {}
        reckoned = _totals_of(equals, world.own(other, "target")) if side == "target" else reckoned
    there = set()
    for row in judge(world, entity).sides[side]:
        person = tuple(row.values[name] for name in equals.by)
        there.add(person)
        if not by_key and set(equals.by) & set(row.unmapped):
            continue  # the crosswalk tells it
        if row.values[str(claim.column)] != ((reckoned.get(person) if by_key or None not in person else None) or 0):
            yield key_of(entity, row)
    for person, amount in here.items():
        if amount != 0 and person not in there and None not in person:
            texts = dict(zip(equals.by, person, strict=True))
            yield tuple(text_of(texts[column.name], column) for column in entity.keys)


def _moved(world: World, other: Entity) -> Iterable[Sided]:
    """Return all rows of the source that moved: those that gave way to others, too, and those of which the crosswalk forgot an id, which is told there."""
    fates = ((row, fate(world, other, row)) for row in world.own(other, "source"))
    return [mapped(world, other, row) for row, told in fates if told in ("compared", "unmapped", "absorbed", "gave way")]


def _brought(world: World, other: Entity) -> Iterable[Own | Sided]:
    """Return all rows of the target that are not its own: whoever's the source says they are, they count in the total of whom they came to."""
    if other.merge is None or other.aggregate:
        return judge(world, other).sides["target"]
    return brought(world, other)


def _of_unmapped(world: World, other: Entity, equals: LedgerSum) -> frozenset[Key]:
    """Return the keys of rows whose person the crosswalk does not map: told there, and not again."""
    return frozenset(key_of(other, row) for row in judge(world, other).sides["source"] if row.unmapped & set(equals.by))


def _totals(world: World, other: Entity, equals: LedgerSum, *, side: str, without: frozenset[Key] = frozenset()) -> dict[tuple[Any, ...], Any]:
    return _totals_of(equals, [row for row in judge(world, other).sides[side] if key_of(other, row) not in without])


def _totals_of(equals: LedgerSum, rows: Iterable[Own | Sided]) -> dict[tuple[Any, ...], Any]:
    found: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in rows:
        found[tuple(row.values[name] for name in equals.by)].append(row.values[equals.sum])
    return {person: total(values) for person, values in found.items()}


def moved_before(world: World, entity: Entity) -> set[Key]:
    """Return the keys of rows that moved and stand in the baseline: under the id that the crosswalk gave them, and with their key."""
    own = entity.own_id
    if entity.merge is None or own is None or own.name in entity.key:
        return set()  # a row whose id is its key may as well be another's that the id collides with
    sources = [row.values for row in world.mapped(entity)]
    moved = {(values[own.name], tuple(values[name] for name in entity.key)) for values in sources if values[own.name] is not None}
    before = [(row.values[own.name], tuple(row.values[name] for name in entity.key)) for row in world.own(entity, "baseline")]
    return {tuple(text_of(value, column) for value, column in zip(key, entity.keys, strict=True)) for own_id, key in before if (own_id, key) in moved}


def late(world: World, entity: Entity) -> tuple[int, set[Key], set[Key]]:
    """Return how many rows the source has, and the keys of those that are of the freeze or later, and of those that nobody knows the moment of."""
    rows = world.own(entity, "source")
    moments = [(tuple(text_of(row.values[column.name], column) for column in entity.keys), row.values[str(entity.created)]) for row in rows]
    freeze = world.contract.migration.freeze
    assert freeze is not None
    undated = {key for key, moment in moments if moment is None or isinstance(moment, Unreadable)}
    return len(rows), {key for key, moment in moments if isinstance(moment, datetime) and moment >= freeze}, undated
