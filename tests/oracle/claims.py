"""The one place for the oracle's view of what is claimed beside the rows: counts and sums, invariants, native rows, the crosswalk.

Source: DESIGN, laws 1 and 4; DECISIONS "Merge", "Crosswalk", "Batches"; MIGRATION "It is a merge".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from dq.contract.models import Entity, Invariant, LedgerSum
from tests.oracle.answers import Answer
from tests.oracle.expressions import expression
from tests.oracle.oracle import judge
from tests.oracle.people import Asked
from tests.oracle.reading import text_of
from tests.oracle.whose import total
from tests.oracle.world import Key, Own, World, fate, key_of, mapped

Slice = tuple[str | None, ...]


@dataclass
class Sum:
    """Net and gross of one slice, source and target."""

    net: list[Decimal] = field(default_factory=lambda: [Decimal(0), Decimal(0)])
    gross: list[Decimal] = field(default_factory=lambda: [Decimal(0), Decimal(0)])


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
    """What became of the target's rows of before: the ids of those that are harmed, and how many say themselves that they changed."""

    looked_at: int = 0
    missing: list[Any] = field(default_factory=list)
    changed: list[Any] = field(default_factory=list)
    alive: int = 0
    repeated: list[Any] = field(default_factory=list)  # ids that stand more often than before


def sums(entity: Entity, answer: Answer, *, column: str | None, by: Sequence[str]) -> dict[Slice, Sum]:
    """Return counts (column None) or exact sums by slice."""
    found: dict[Slice, Sum] = defaultdict(Sum)
    if not by:
        found[()] = Sum()  # the whole is there, also where there is no row
    for place, side in enumerate(("source", "target")):
        for row in answer.sides[side]:
            line = found[tuple(text_of(row.values[name], entity.column(name)) for name in by)]
            value = Decimal(1) if column is None else Decimal(row.values[column] or 0)
            line.net[place] += value
            line.gross[place] += abs(value)
    return dict(found)


def invariant(world: World, entity: Entity, claim: Invariant, *, answer: Answer) -> Broken:
    """Return the keys that break a claim on each side; a condition that is unknown is not kept.

    Where the crosswalk does not map an id that the claim names, nothing is known: that is told there, and not again.
    """
    if claim.equals is not None:
        return Broken(*(frozenset(_unequal(world, entity, claim, side=side)) for side in ("source", "target")))
    holds = expression(str(claim.holds))
    named = {column.name for column in entity.columns if re.search(rf"\b{re.escape(column.name)}\b", str(claim.holds))}
    known = {side: [row for row in answer.sides[side] if not row.unmapped & named] for side in ("source", "target")}
    return Broken(*(frozenset(key_of(entity, row) for row in rows if holds(row.values) is not True) for rows in known.values()))


def _unequal(world: World, entity: Entity, claim: Invariant, *, side: str) -> Iterable[Key]:
    """Yield the keys whose value is not the sum of the other entity's rows, of all that has moved; and those that have a sum and no row."""
    equals = claim.equals
    assert equals is not None
    whole = replace(world, asked=Asked(world.asked.moved, world.asked.moved))
    other = world.contract.entity(equals.entity)
    reckoned = _totals(whole, other, equals, side=side)
    here = _totals(world, other, equals, side=side, without=_of_unmapped(world, other, equals) if side == "target" else frozenset())
    there = set()
    for row in judge(world, entity).sides[side]:
        person = tuple(row.values[name] for name in equals.by)
        there.add(person)
        if row.values[str(claim.column)] != (reckoned.get(person) or 0):
            yield key_of(entity, row)
    for person, amount in here.items():
        if amount != 0 and person not in there and None not in person:
            texts = dict(zip(equals.by, person, strict=True))
            yield tuple(text_of(texts[column.name], column) for column in entity.keys)


def _of_unmapped(world: World, other: Entity, equals: LedgerSum) -> frozenset[Key]:
    """Return the keys of rows whose person the crosswalk does not map: told there, and not again."""
    return frozenset(key_of(other, row) for row in judge(world, other).sides["source"] if row.unmapped & set(equals.by))


def _totals(world: World, other: Entity, equals: LedgerSum, *, side: str, without: frozenset[Key] = frozenset()) -> dict[tuple[Any, ...], Any]:
    found: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in judge(world, other).sides[side]:
        if key_of(other, row) in without:
            continue
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
    for row in world.own(entity, "baseline"):
        if now[row.id] and tuple(row.values[name] for name in entity.key) in added_to:
            continue
        found.looked_at += 1
        times[row.id] += 1
        if not now[row.id]:
            found.missing.append(row.id)
        for then in now[row.id]:
            if then.values != row.values:
                says_so = then.changed_at is not None and world.moment is not None and then.changed_at > world.moment
                found.alive += says_so
                found.changed += [] if says_so else [row.id]
    found.repeated = [name for name, count in times.items() if len(now[name]) > count]
    return found


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
            "no reference": {row["account_id"] for row in rows if row["account_id"] is not None and not (row["reference"] or "").strip()},
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
        for row in world.own(entity, "source")
        if fate(world, entity, row) in ("compared", "unmapped")
        for column in entity.columns
        if column.through == name and row.values[column.name] not in known
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
    }


def _merge_problems(world: World) -> dict[str, set[Any]]:
    """Return the ids of merges that the crosswalk does not show, or whose surviving row is not there."""
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
