"""The one place for the oracle's view of the crosswalk: maps, batches, merges and erasures that do not hold.

Source: DECISIONS "Crosswalk", "Batches".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from tests.oracle.oracle import judge
from tests.oracle.people import says_something
from tests.oracle.world import World, fate


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
            if row["kept"] == "source" and not any(_stands_for(world, name, other, source) for other in kept):
                problems["without a survivor"].add(source)
            if row["kept"] == "target" and not _stood_before(world, name, target):
                problems["without a survivor"].add(source)
    return problems


def _stands_for(world: World, name: str, other: Any, source: Any) -> bool:
    """Return whether a row of the source is there for one that gave way to it: nobody's who was erased, and moved where the other has."""
    home = next((entity for entity in world.contract.entities if entity.name == name and entity.own_id is not None), None)
    if home is None or home.own_id is None:
        return True
    owners: dict[Any, list[Any]] = defaultdict(list)
    for row in world.own(home, "source"):
        owners[row.values[home.own_id.name]].append(row.values[home.owner] if home.owner is not None else None)
    moved = any(_has_moved(world, owner) is True for owner in owners[source])
    return any(owner not in world.crosswalk.erased and (_has_moved(world, owner) is not False or not moved) for owner in owners[other])


def _has_moved(world: World, owner: Any) -> bool | None:
    """Return whether a person has moved; None where nobody says when they do."""
    if owner in world.crosswalk.erased:
        return False
    batches = world.crosswalk.batches_of.get(owner, frozenset())
    return bool(batches & world.asked.moved) if batches else None


def _stood_before(world: World, name: str, target: Any) -> bool:
    home = next((entity for entity in world.contract.entities if entity.name == name and entity.merge is not None and entity.own_id is not None), None)
    if home is None or home.own_id is None:
        return True
    return any(row.values[home.own_id.name] == target for row in world.own(home, "baseline"))
