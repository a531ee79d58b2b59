"""The one place for the oracle's view of what is claimed beside the rows: counts and sums, invariants, native rows, the crosswalk.

Source: DESIGN, laws 1 and 4; DECISIONS "Merge", "Crosswalk", "Batches"; MIGRATION "It is a merge".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from dq.contract.claims import Invariant, LedgerSum, Sums
from dq.contract.models import Entity
from tests.oracle.answers import Answer
from tests.oracle.expressions import expression
from tests.oracle.oracle import judge
from tests.oracle.people import Asked, says_something
from tests.oracle.reading import Unreadable, text_of
from tests.oracle.whose import claims, divided, total
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


@dataclass
class Natives:
    """What became of the target's rows of before: the ids of those that are harmed, and of those that say themselves that they changed."""

    looked_at: int = 0
    missing: list[Any] = field(default_factory=list)
    changed: list[Any] = field(default_factory=list)
    alive: list[Any] = field(default_factory=list)
    repeated: list[Any] = field(default_factory=list)  # ids that stand more often than before
    given_away: list[Any] = field(default_factory=list)
    overwritten: list[Any] = field(default_factory=list)  # another row in their place
    turned_back: list[Any] = field(default_factory=list)
    ahead: list[Any] = field(default_factory=list)


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
        return Broken(*(frozenset(_repeated(entity, claim.unique, answer.sides[side])) for side in ("source", "target")))
    holds = expression(str(claim.holds))
    named = {column.name for column in entity.columns if re.search(rf"\b{re.escape(column.name)}\b", str(claim.holds))}
    known = {side: [row for row in answer.sides[side] if not row.unmapped & named] for side in ("source", "target")}
    return Broken(*(frozenset(key_of(entity, row) for row in rows if holds(row.values) is not True) for rows in known.values()))


def _repeated(entity: Entity, names: Sequence[str], rows: Sequence[Sided]) -> Iterable[Key]:
    """Yield the keys of the rows whose values in some columns, none of them NULL, another row has too."""
    times = Counter(tuple(row.values[name] for name in names) for row in rows)
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
    """Return all rows of the source that moved, be it that the crosswalk forgot an id of theirs: that is told there, and not again."""
    fates = ((row, fate(world, other, row)) for row in world.own(other, "source"))
    return [mapped(world, other, row) for row, told in fates if told in ("compared", "unmapped")]


def _brought(world: World, other: Entity) -> Iterable[Own | Sided]:
    """Return all rows of the target that are not its own: whoever's the source says they are, they count in the total of whom they came to."""
    if other.merge is None or other.aggregate:
        return judge(world, other).sides["target"]
    return [row for row, fates in divided(world, other) if fates is not None]


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


def natives(world: World, entity: Entity) -> Natives:
    """Say what became of the target's own rows; those that the migration adds to are compared as balances."""
    found = Natives()
    now: dict[Any, list[Own]] = defaultdict(list)
    for row in world.own(entity, "target"):
        now[row.id].append(row)
    times: Counter[Any] = Counter()
    added_to = _added_to(world, entity)
    came = {key_of(entity, row) for row in world.mapped(entity)} if entity.own_id is None else set()
    taken = {row.id for row in world.own(entity, "target") if None not in _key(entity, row) and _key(entity, row) in came}  # whatever else has such an id
    if entity.own_id is not None:
        taken |= claims(world, entity, world.own(entity, "source")).keys()
    moved: dict[Key, set[Any]] = defaultdict(set)  # whose keys the migration's rows have
    for other, fates in divided(world, entity):
        if fates is not None and None not in _key(entity, other):
            moved[_key(entity, other)].add(other.id)
    for row in world.own(entity, "baseline"):
        if any(tuple(then.values[name] for name in entity.key) in added_to for then in now[row.id]):
            continue
        found.looked_at += 1
        times[row.id] += 1
        if not now[row.id]:
            found.missing.append(row.id)
        for then in now[row.id]:
            is_rekeyed = _key(entity, then) != _key(entity, row)
            is_another = then.created_at != row.created_at or (is_rekeyed and (row.id in taken or bool(moved[_key(entity, then)] - {row.id})))
            is_another = is_another or _has_joined(world, entity, row, then)
            _look_at_native(world, entity, row, then, found, is_another=is_another)
    found.repeated = [name for name, count in times.items() if len(now[name]) > count]
    return found


def _has_joined(world: World, entity: Entity, row: Own, then: Own) -> bool:
    """Return whether one of the target's own rows has become a piece of what was moved."""
    merge = entity.merge
    if merge is None:
        return False
    if merge.ours is not None and expression(merge.ours)(then.values) is True and expression(merge.ours)(row.values) is not True:
        return True
    if merge.of is None or then.values[merge.of] in (None, row.values[merge.of]):
        return False
    return any(then.values[merge.of] in found for found in world.crosswalk.maps[str(entity.column(merge.of).through)].values())


def _look_at_native(world: World, entity: Entity, row: Own, then: Own, found: Natives, *, is_another: bool) -> None:
    """Say what became of one of the target's own rows: as it was, as it is now, and whether that is another row in its place."""
    before, now = row.changed_at, then.changed_at
    has_moved = now != before
    if entity.owner is not None and then.values[entity.owner] != row.values[entity.owner]:
        found.given_away.append(row.id)
    elif is_another:
        found.overwritten.append(row.id)
    elif before is not None and (now is None or now < before):
        found.turned_back.append(row.id)
    elif has_moved and now is not None and world.until is not None and now > world.until:
        found.ahead.append(row.id)
    elif then.values != row.values:
        says_so = has_moved and now is not None and world.moment is not None and now > world.moment
        (found.alive if says_so else found.changed).append(row.id)


def _key(entity: Entity, row: Own) -> Key:
    return key_of(entity, Sided(row.values))


def _added_to(world: World, entity: Entity) -> set[tuple[Any, ...]]:
    rows = (row for row in world.own(entity, "source") if fate(world, entity, row) in ("compared", "other"))
    return {tuple(mapped(world, entity, row).values[name] for name in entity.key) for row in rows} if entity.aggregate else set()


def crosswalk_problems(world: World) -> dict[str, dict[str, set[Any]]]:
    """Return each table of the crosswalk's snapshot to its problems, each with the ids; a row without any id is None."""
    contract, store = world.contract, world.stores.get("crosswalk", {})
    found = {name: _map_problems(world, name) for name in contract.crosswalks}
    if contract.migration.batches:
        found["batches"] = _batch_problems(world)
    if "merges" in store:
        found["merges"] = _merge_problems(world)
    if "erasures" in store:
        rows = store["erasures"]
        found["erasures"] = {
            "null": {None for row in rows if row["account_id"] is None},
            "no reference": {row["account_id"] for row in rows if row["account_id"] is not None and not says_something(row["reference"])},
        }
    return {name: {problem: ids for problem, ids in problems.items() if ids} for name, problems in found.items()}


def _map_problems(world: World, name: str) -> dict[str, set[Any]]:
    rows = world.stores["crosswalk"][name]
    usable = [row for row in rows if None not in (row["source_id"], row["target_id"])]
    sources: dict[Any, set[Any]] = defaultdict(set)
    for row in usable:
        sources[row["target_id"]].add(row["source_id"])
    known = {None, *(row["source_id"] for row in rows)}
    unmapped = {
        row.values[column.name]
        for entity in world.contract.entities
        if not judge(world, entity).blocked
        for column in entity.columns
        if column.through == name
        for row in world.own(entity, "source")
        if row.values[column.name] not in known and fate(world, entity, row) in ("compared", "unmapped")
    }
    return {
        "null": {row["target_id"] if row["source_id"] is None else row["source_id"] for row in rows if None in (row["source_id"], row["target_id"])},
        "fan-out": {*world.crosswalk.repeated[name]},
        "fan-in": {target for target, ids in sources.items() if sum((name, source, target) not in world.crosswalk.merges for source in ids) > 1},
        "collision": _collisions(world, name, sources),
        "unmapped": unmapped,
    }


def _collisions(world: World, name: str, sources: Mapping[Any, set[Any]]) -> set[Any]:
    """Return the target ids that the target's own rows had before, and that no declared merge gives away."""
    home = next((entity for entity in world.contract.entities if entity.name == name and entity.merge is not None), None)
    if home is None or home.own_id is None:
        return set()
    before = {row.values[home.own_id.name] for row in world.own(home, "baseline")}
    return {target for target, ids in sources.items() if target in before and not all((name, source, target) in world.crosswalk.merges for source in ids)}


def _batch_problems(world: World) -> dict[str, set[Any]]:
    rows = world.stores["crosswalk"]["batches"]
    regions = {batch.number: batch.region for batch in world.contract.migration.batches}
    times = Counter(row["account_id"] for row in rows if row["account_id"] is not None)
    unplaced = {
        row.values[entity.owner]
        for entity in world.contract.entities
        if entity.owner is not None and not judge(world, entity).blocked
        for row in world.own(entity, "source")
        if fate(world, entity, row) == "unplaced" and row.values[entity.owner] not in world.crosswalk.batches_of
    }
    return {
        "null": {row["account_id"] for row in rows if None in (row["account_id"], row["batch"])},
        "unknown batch": {row["account_id"] for row in rows if row["batch"] is not None and row["batch"] not in regions},
        "wrong region": {row["account_id"] for row in rows if row["batch"] in regions and row["region"] != regions[row["batch"]]},
        "overlap": {account for account, count in times.items() if count > 1},
        "unplaced": unplaced,
        "outside the region": _outside(world, regions),
        "not in the source": _strangers(world),
        "no account": set(regions) - {row["batch"] for row in rows},
    }


def _strangers(world: World) -> set[Any]:
    """Return the accounts that batches list and the source does not have; an erased one may be gone."""
    home = next((entity for entity in world.contract.entities if entity.name == world.contract.migration.accounts), None)
    if home is None or home.own_id is None:
        return set()
    there = {row.values[home.own_id.name] for row in world.own(home, "source")}
    listed = {row["account_id"] for row in world.stores["crosswalk"]["batches"] if row["batch"] is not None}
    return listed - there - world.crosswalk.erased - {None}


def _outside(world: World, regions: Mapping[int, str]) -> set[Any]:
    """Return the accounts one of whose rows is of another region than their batch."""
    return {
        row.values[entity.owner]
        for entity in world.contract.entities
        if entity.owner is not None and entity.region is not None and not judge(world, entity).blocked
        for row in world.own(entity, "source")
        if row.values[entity.owner] not in world.crosswalk.erased
        for batch in world.crosswalk.batches_of.get(row.values[entity.owner], frozenset()) & set(regions)
        if row.values[entity.region] != regions[batch] and row.values[entity.owner] is not None
    }


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


def _merge_problems(world: World) -> dict[str, set[Any]]:
    problems: dict[str, set[Any]] = defaultdict(set)
    for row in world.stores["crosswalk"]["merges"]:
        name, source, target = row["crosswalk"], row["source_id"], row["target_id"]
        if None in (name, source, target):
            problems["null"].add(source)
        elif name not in world.contract.crosswalks:
            problems["unknown crosswalk"].add(source)
        else:
            maps = world.crosswalk.maps[name]
            if target not in maps.get(source, ()):
                problems["not in the crosswalk"].add(source)
            if row["kept"] not in ("source", "target"):
                problems["kept is neither"].add(source)
            kept = [other for other, targets in maps.items() if target in targets and (name, other) not in world.crosswalk.merged]
            if row["kept"] == "source" and not kept:
                problems["without a survivor"].add(source)
            if row["kept"] == "target" and not _stood_before(world, name, target):
                problems["without a survivor"].add(source)
    return problems


def _stood_before(world: World, name: str, target: Any) -> bool:
    home = next((entity for entity in world.contract.entities if entity.name == name and entity.merge is not None and entity.own_id is not None), None)
    if home is None or home.own_id is None:
        return True
    return any(row.values[home.own_id.name] == target for row in world.own(home, "baseline"))
