"""The one place that draws what is planted: which operators, in which rows of a slice; the same seed draws the same.

A column is corrupted by two operators of its role, each in a row of its own where there are enough rows, so that over some runs
every operator is used on every column. Rows are lost, repeated, added and given other keys. Claims of each side are broken last, in what is left.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dq.canaries.operators import Cells, Operator, Value, operators_of, role_of, type_role
from dq.canaries.plain import Texts, differs
from dq.canaries.values import fresh
from dq.compare.invariants import columns_of
from dq.contract.claims import Invariant
from dq.contract.models import Entity

_EACH = 2  # operators a column
_FEW = 8  # with fewer rows than that, whole rows and single values are corrupted one after the other: else one would hide the other
LOST, REPEATED = "what a claim is about lost", "a value repeated that may stand once"
WHOLE = ("a row repeated", "a row lost", "a key changed", "a key lost", "a row too many", "two equal rows too many", "two columns exchanged")


@dataclass(slots=True)
class Planted:
    """A slice's rows, and what has become of them so far."""

    entity: Entity
    source: tuple[Texts, ...]
    last: bool  # nothing further will be planted in a copy of the slice
    rows: dict[int, list[Value]]  # the target's rows by place
    added: list[tuple[int, list[Value]]] = field(default_factory=list)  # further rows of the target, with the place of the one each repeats
    operators: list[str] = field(default_factory=list)  # what was planted, in plain words
    free: set[tuple[int, int]] = field(default_factory=set)  # place, column's place: cells that may still be changed, and it will be seen

    def untouched(self) -> list[int]:
        """Return the places of the rows that are as they were."""
        return [place for place, row in self.rows.items() if tuple(row) == self.source[place]]

    def touched(self) -> list[tuple[int, list[Value]]]:
        """Return the other rows of the target, and those that were added."""
        return [*((place, row) for place, row in self.rows.items() if tuple(row) != self.source[place]), *self.added]


def draw(entity: Entity, rows: Sequence[Texts], *, seed: str, claims: Sequence[Invariant] = ()) -> Iterator[Planted]:
    """Yield what is planted in copies of a slice: everything in one copy, or where there are few rows in two.

    Args:
        entity: the entity.
        rows: of the slice, by key; no two have the same key.
        seed: what decides.
        claims: with `holds` or `unique`; each is broken in a row of the last copy, as far as there are cells left.
    """
    for kinds in [("values", "rows")] if len(rows) >= _FEW else [("values",), ("rows",)]:
        dice = random.Random(f"{seed} {entity.name} {kinds}")  # noqa: S311 - it chooses what is tested, and must choose the same again
        planted = Planted(entity, tuple(rows), "rows" in kinds, {place: list(row) for place, row in enumerate(rows)})
        places = dice.sample(range(len(rows)), len(rows))
        if "rows" in kinds:
            places = _plant_rows(planted, places, dice=dice)
        planted.free |= {(place, column) for place in places for column in _compared_places(entity)}
        if "values" in kinds:
            _plant_values(planted, places, dice=dice)
        for claim in claims if planted.last else ():
            _plant_claim(planted, places, claim, dice=dice)
        yield planted


def _plant_rows(planted: Planted, places: list[int], *, dice: random.Random) -> list[int]:
    """Corrupt whole rows, as far as there are rows, keys and values first; return the places that are left."""
    last = len(planted.source)
    for words, times in zip(WHOLE[4:6], (1, 2), strict=True):
        row = _with_fresh_key(planted, places[0], dice=dice)
        if row is not None:
            planted.added += [(last, row)] * times
            planted.operators.append(words)
            last += 1
    for words in WHOLE[:4] if places[4:] else (WHOLE[0], *dice.sample(WHOLE[1:4], 3)):
        if places and _plant_row(planted, places[0], words, dice=dice):
            planted.operators.append(words)
            del places[0]
    return places


def _plant_row(planted: Planted, place: int, words: str, *, dice: random.Random) -> bool:
    row = planted.rows[place]
    if words == "a row repeated":
        planted.added.append((place, row))
    elif words == "a row lost":
        del planted.rows[place]
    elif words == "a key lost":
        row[dice.choice(_key_places(planted.entity))] = None
    else:
        other = _with_fresh_key(planted, place, dice=dice)
        if other is None:
            return False
        planted.rows[place] = other
    return True


def _with_fresh_key(planted: Planted, place: int, *, dice: random.Random) -> list[Value] | None:
    """Return a row with a key that no row has: one of its columns is corrupted as any of its type, or counted on."""
    row = [*planted.source[place]]
    keys = _key_places(planted.entity)
    taken = {tuple(other[key] for key in keys) for other in (*planted.source, *planted.rows.values(), *(row for _, row in planted.added))}
    for key in dice.sample(keys, len(keys)):
        column = planted.entity.columns[key]
        used = {other[key] for other in planted.source} | {other[key] for _, other in planted.added} | {other[key] for other in planted.rows.values()}
        operators = operators_of(type_role(column))
        candidates = [operator.change(column, [row[key]], 0).get(0) for operator in dice.sample(operators, len(operators))]
        for value in (*candidates, fresh(column, row[key], used=used)):
            other = [*row[:key], value, *row[key + 1 :]]
            if value is not None and tuple(other[one] for one in keys) not in taken:
                return other
    return None


def _plant_claim(planted: Planted, places: Sequence[int], claim: Invariant, *, dice: random.Random) -> None:
    """Break a claim in a row: what it is about is lost there, or is what another row has, where it may stand once.

    Several columns that may stand once together are repeated with their row (see `WHOLE`), and in no other way.
    """
    named = [place for place in _compared_places(planted.entity) if planted.entity.columns[place].name in columns_of(planted.entity, claim)]
    for place in dice.sample(places, len(places)):
        row = planted.source[place]
        if claim.unique is None:
            changes: dict[tuple[int, int], Value] = {(place, column): None for column in named if row[column] is not None}
        else:
            others = [other for number, other in enumerate(planted.source) if number != place and all(other[column] is not None for column in named)]
            changes = {(place, column): dice.choice(others)[column] for column in named} if len(named) == 1 and others else {}
        if _apply(planted, LOST if claim.unique is None else REPEATED, changes):
            return


def _plant_values(planted: Planted, places: Sequence[int], *, dice: random.Random) -> None:
    """Corrupt every column that is compared, and exchange two columns of a row."""
    compared = _compared_places(planted.entity)
    turn = 0
    for place in compared if places else ():
        operators, cells = operators_of(role_of(planted.entity.columns[place])), [row[place] for row in planted.source]
        done = 0
        for operator in dice.sample(operators, len(operators)):
            tried = next((row for row in _around(places, turn) if _plant(planted, operator, cells, column=place, place=row)), None)
            if tried is not None:
                turn, done = places.index(tried) + 1, done + 1
                if done == _EACH:
                    break
    _exchange_columns(planted, places, compared, dice=dice)


def _around(places: Sequence[int], turn: int) -> Iterator[int]:
    """Yield all places once, beginning at a turn."""
    yield from (places[(turn + number) % len(places)] for number in range(len(places)))


def _plant(planted: Planted, operator: Operator, cells: Cells, *, column: int, place: int) -> bool:
    """Corrupt a column in a row, where that changes something and nothing else has; say whether it did."""
    changes = operator.change(planted.entity.columns[column], cells, place)
    return _apply(planted, operator.words, {(row, column): value for row, value in changes.items()})


def _exchange_columns(planted: Planted, places: Sequence[int], compared: Sequence[int], *, dice: random.Random) -> None:
    """Exchange the values of two columns of one type in a row: a hash that forgets which column a value stands in does not see it."""
    columns = planted.entity.columns
    places = sorted(places, key=lambda place: tuple(planted.rows[place]) != planted.source[place])  # alone in its row: else the hash differs anyway
    pairs = [(one, other) for one in compared for other in compared if one < other and columns[one].type == columns[other].type]
    for one, other in dice.sample(pairs, len(pairs)):
        for place in places:
            row = planted.source[place]
            if _apply(planted, WHOLE[6], {(place, one): row[other], (place, other): row[one]}):
                return


def _apply(planted: Planted, words: str, changes: dict[tuple[int, int], Value]) -> bool:
    columns = planted.entity.columns
    if not changes or any(
        cell not in planted.free or not differs(columns[cell[1]], planted.source[cell[0]][cell[1]], value) for cell, value in changes.items()
    ):
        return False
    for (place, column), value in changes.items():
        planted.rows[place][column] = value
    planted.free -= set(changes)
    planted.operators.append(words)
    return True


def _compared_places(entity: Entity) -> list[int]:
    return [place for place, column in enumerate(entity.columns) if column.name not in entity.key]


def _key_places(entity: Entity) -> list[int]:
    return [place for place, column in enumerate(entity.columns) if column.name in entity.key]
