"""The one place for the oracle's view of the target's own rows: what became of those that stood in the baseline.

Source: DECISIONS "Merge"; MIGRATION "It is a merge".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from dq.contract.models import Entity
from tests.oracle.expressions import expression
from tests.oracle.whose import claims, divided
from tests.oracle.world import Key, Own, Sided, World, fate, key_of, mapped


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
