"""The one place for the oracle's view of what is claimed beside the rows: counts and sums, invariants, native rows, the crosswalk.

Source: DESIGN, laws 1 and 4; DECISIONS "Merge", "Crosswalk", "Batches"; MIGRATION "It is a merge".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from dq.contract.claims import Invariant, LedgerSum, Sums
from dq.contract.models import Entity
from tests.oracle.answers import Answer
from tests.oracle.expressions import expression
from tests.oracle.oracle import judge
from tests.oracle.people import Asked
from tests.oracle.reading import text_of
from tests.oracle.whose import total
from tests.oracle.world import Key, Own, Sided, World, fate, key_of, mapped

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
    repeated: int = 0  # ids that stand more often than before
    given_away: int = 0
    turned_back: int = 0
    ahead: int = 0


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


def persons(entity: Entity, item: Sums, *, answer: Answer) -> tuple[int, int]:
    """Return how many persons have a sum, and for how many it disagrees; whom the crosswalk does not map is told there."""
    lines: dict[Any, Sum] = defaultdict(Sum)
    whose = str(item.per)
    unknown = {key_of(entity, row) for row in answer.sides["source"] if whose in row.unmapped}
    for place, side in enumerate(("source", "target")):
        for row in answer.sides[side]:
            if key_of(entity, row) not in unknown:
                value = Decimal(row.values[item.column] or 0)
                lines[row.values[whose]].net[place] += value
                lines[row.values[whose]].gross[place] += abs(value)
    return len(lines), sum(line.net[0] != line.net[1] or line.gross[0] != line.gross[1] for line in lines.values())


def invariant(world: World, entity: Entity, claim: Invariant, *, answer: Answer) -> Broken:
    """Return the keys that break a claim on each side; a condition that is unknown is not kept."""
    if claim.equals is not None:
        return Broken(*(frozenset(_unequal(world, entity, claim, side=side)) for side in ("source", "target")))
    holds = expression(str(claim.holds))
    return Broken(*(frozenset(key_of(entity, row) for row in answer.sides[side] if holds(row.values) is not True) for side in ("source", "target")))


def _unequal(world: World, entity: Entity, claim: Invariant, *, side: str) -> Iterable[Key]:
    """Yield the keys whose value is not the sum of the other entity's rows, of all that has moved; and those that have a sum and no row."""
    equals = claim.equals
    assert equals is not None
    whole = replace(world, asked=Asked(world.asked.moved, world.asked.moved))
    other = world.contract.entity(equals.entity)
    reckoned, here = (_totals(item, other, equals, side=side) for item in (whole, world))
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


def _totals(world: World, other: Entity, equals: LedgerSum, *, side: str) -> dict[tuple[Any, ...], Any]:
    found: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in judge(world, other).sides[side]:
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
            _look_at_native(world, entity, row, then, found)
    found.repeated = sum(len(now[name]) > count for name, count in times.items())
    return found


def _look_at_native(world: World, entity: Entity, row: Own, then: Own, found: Natives) -> None:
    """Say what became of one of the target's own rows: as it was, or as it is now."""
    before, now = row.changed_at, then.changed_at
    has_moved = now != before
    if entity.owner is not None and then.values[entity.owner] != row.values[entity.owner]:
        found.given_away += 1
    elif before is not None and (now is None or now < before):
        found.turned_back += 1
    elif has_moved and now is not None and world.until is not None and now > world.until:
        found.ahead += 1
    elif then.values != row.values:
        says_so = has_moved and now is not None and world.moment is not None and now > world.moment
        found.alive += says_so
        found.changed += [] if says_so else [row.id]


def _added_to(world: World, entity: Entity) -> set[tuple[Any, ...]]:
    rows = (row for row in world.own(entity, "source") if fate(world, entity, row) in ("compared", "other"))
    return {tuple(mapped(world, entity, row).values[name] for name in entity.key) for row in rows} if entity.aggregate else set()


def crosswalk_problems(world: World) -> dict[str, Counter[str]]:
    """Return each table of the crosswalk's snapshot to its problems, each with how many ids."""
    contract, store = world.contract, world.stores.get("crosswalk", {})
    found = {name: Counter(_map_problems(world, name)) for name in contract.crosswalks}
    if contract.migration.batches:
        found["batches"] = Counter(_batch_problems(world))
    if "merges" in store:
        found["merges"] = Counter(_merge_problems(world))
    if "erasures" in store:
        rows = store["erasures"]
        found["erasures"] = Counter(
            {
                "null": min(1, sum(row["account_id"] is None for row in rows)),
                "no reference": len({row["account_id"] for row in rows if row["account_id"] is not None and not (row["reference"] or "").strip()}),
            }
        )
    return {name: +problems for name, problems in found.items()}


def _map_problems(world: World, name: str) -> dict[str, int]:
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
        "null": len({row["target_id"] if row["source_id"] is None else row["source_id"] for row in rows if None in (row["source_id"], row["target_id"])}),
        "fan-out": len(world.crosswalk.repeated[name]),
        "fan-in": sum(sum((name, source, target) not in world.crosswalk.merges for source in ids) > 1 for target, ids in sources.items()),
        "collision": len(_collisions(world, name, sources)),
        "unmapped": len(unmapped),
    }


def _collisions(world: World, name: str, sources: Mapping[Any, set[Any]]) -> set[Any]:
    """Return the target ids that the target's own rows had before, and that no declared merge gives away."""
    home = next((entity for entity in world.contract.entities if entity.name == name and entity.merge is not None), None)
    if home is None or home.own_id is None:
        return set()
    before = {row.values[home.own_id.name] for row in world.own(home, "baseline")}
    return {target for target, ids in sources.items() if target in before and not all((name, source, target) in world.crosswalk.merges for source in ids)}


def _batch_problems(world: World) -> dict[str, int]:
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
        "null": len({row["account_id"] for row in rows if None in (row["account_id"], row["batch"])}),
        "unknown batch": len({row["account_id"] for row in rows if row["batch"] is not None and row["batch"] not in regions}),
        "wrong region": len({row["account_id"] for row in rows if row["batch"] in regions and row["region"] != regions[row["batch"]]}),
        "overlap": sum(count > 1 for count in times.values()),
        "unplaced": len(unplaced),
    }


def _merge_problems(world: World) -> dict[str, int]:
    """Count the ids of merges that the crosswalk does not show, or whose surviving row is not there."""
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
    return {problem: len(ids) for problem, ids in problems.items()}


def _stood_before(world: World, name: str, target: Any) -> bool:
    home = next((entity for entity in world.contract.entities if entity.name == name and entity.merge is not None and entity.own_id is not None), None)
    if home is None or home.own_id is None:
        return True
    return any(row.values[home.own_id.name] == target for row in world.own(home, "baseline"))
