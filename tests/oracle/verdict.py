"""The one place that says what a whole run must find, by the oracle alone: every check's outcome, counts and keys, in the words of the corruptions.

Source: DESIGN, laws 1, 2 and 4; DECISIONS "Count of a check", "Duplicate key"; docs/how-it-works.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from dq_fixtures.corruptions.expected import Expected, Fault, Unproven, cells, ids, rows, slices, unproven

from dq.contract.models import Entity
from tests.oracle.answers import Answer
from tests.oracle.claims import invariant, late, moved_before, persons, sums
from tests.oracle.crosswalk_problems import crosswalk_problems
from tests.oracle.exported import exported, is_provable
from tests.oracle.native_rows import natives
from tests.oracle.oracle import judge
from tests.oracle.world import World, key_of

PAIRED = ("values", "attribution", "instants")
"""Kinds that look at the keys that both sides have."""

Keys = Mapping[str, Mapping[str, tuple[str, ...]]]  # side to table to its primary key


def verdict(world: World, *, keys: Keys) -> Expected:
    """Return everything that a run of stores shaped as they should be must find.

    Not looked at: what tables, columns and types there are (`schema`, `coverage`), and what stands in a manifest (`snapshot`, `calendar.deadline`).

    Args:
        world: what the oracle is told.
        keys: the stores' primary keys, by which rows that the SQL loses are named.
    """
    found = [item for name, problems in crosswalk_problems(world).items() for item in _crosswalk(world, name, problems)]
    for entity in world.contract.entities:
        found += _entity(world, entity, keys=keys)
    if any(moved_before(world, entity) for entity in world.contract.entities if not judge(world, entity).blocked):
        found.append(Unproven("snapshot.baseline"))
    nameless = [item for item in found if isinstance(item, Fault) and item.status == "duplicate" and None in item.key]  # each is a row of its own
    return (*dict.fromkeys(item for item in found if item not in nameless), *nameless)


def _crosswalk(world: World, name: str, problems: Mapping[str, set[Any]]) -> Iterator[Fault | Unproven]:
    for problem, broken in problems.items():
        yield from ids(name, problem, ("NULL" if one is None else one for one in broken))
    if problems.get("fan-out") or not (world.crosswalk.rows[name] or name in ("merges", "erasures")):
        yield Unproven(f"crosswalk.{name}")


def _entity(world: World, entity: Entity, *, keys: Keys) -> Iterator[Fault | Unproven]:
    answer = judge(world, entity)
    if answer.blocked:
        yield from unproven(f"{entity.name}.{kind}" for kind in _kinds(entity))
        yield Unproven(f"canary.{entity.name}")
        return
    yield from _rows(entity, answer)
    for side in ("source", "target"):
        query_table = world.driving(entity, side)
        for problem, place, row in answer.base[side].rows:
            named = keys[side].get(query_table, ())
            key = tuple(str(row[name]) for name in named) or (f"row {place}",)
            yield Fault(f"{entity.name}.rows", problem, key)
    for check, column, by in entity.sum_checks():
        lines = sums(entity, answer, column=column, by=by)
        yield from slices(check, {part for part, line in lines.items() if not line.agrees})
    for check, item in entity.person_sums():
        _, unequal = persons(entity, item, answer=answer)
        yield from rows(check, "unequal", ((None if one is None else str(one),) for one in unequal))
    yield from _invariants(world, entity, answer)
    if entity.merge is not None:
        yield from _natives(world, entity)
    if entity.created is not None:
        looked_at, after, undated = late(world, entity)
        yield from rows(f"{entity.name}.freeze", "late", after)
        yield from rows(f"{entity.name}.freeze", "undated", undated)
        if looked_at < entity.at_least:
            yield Unproven(f"{entity.name}.freeze")
    if entity.exported:
        yield from _exported(world, entity)
    yield from _weak(entity, answer)


def _invariants(world: World, entity: Entity, answer: Answer) -> Iterator[Fault | Unproven]:
    for claim in entity.invariant:
        check = f"{entity.name}.invariant.{claim.name}"
        if claim.equals is not None and judge(world, world.contract.entity(claim.equals.entity)).blocked:
            yield Unproven(check)
            continue
        broken = invariant(world, entity, claim, answer=answer)
        yield from rows(check, "pre-existing", broken.both)
        yield from rows(check, "source only", broken.source - broken.both)
        yield from rows(check, "broken", broken.target - broken.both)


def _natives(world: World, entity: Entity) -> Iterator[Fault]:
    own = natives(world, entity)
    harmed = {"missing": own.missing, "changed": own.changed, "repeated": own.repeated}
    harmed |= {"given away": own.given_away, "overwritten": own.overwritten, "turned back": own.turned_back, "ahead": own.ahead}
    for status, found in harmed.items():
        yield from rows(f"{entity.name}.natives", status, ((None if one is None else str(one),) for one in found))


def _exported(world: World, entity: Entity) -> Iterator[Fault | Unproven]:
    check = f"{entity.name}.export"
    if not is_provable(world, entity):
        yield Unproven(check)
    if len(judge(world, entity).sides["source"]) < entity.at_least and entity.may_be_empty is None:
        return  # then nobody looks at it
    answer = exported(world, entity)
    for key, (status, columns) in answer.statuses.items():
        yield from cells(check, [key], *sorted(columns)) if status == "changed" else rows(check, status, [key] * _times(entity, answer, key))


def _rows(entity: Entity, answer: Answer) -> Iterator[Fault]:
    kinds = {column.name: column.kind for column in entity.columns}
    for key, (status, columns) in answer.statuses.items():
        if status == "changed":
            yield from (Fault(f"{entity.name}.{kinds[name]}", status, key, name) for name in sorted(columns))
        else:
            yield from [Fault(f"{entity.name}.{'keys' if status == 'duplicate' else 'rows'}", status, key)] * _times(entity, answer, key)


def _times(entity: Entity, answer: Answer, key: tuple[str | None, ...]) -> int:
    """Return how often a key is told: a NULL key is a row of its own."""
    return len({tuple(row.values.items()) for side in answer.sides.values() for row in side if key_of(entity, row) == key}) if None in key else 1


def _weak(entity: Entity, answer: Answer) -> Iterator[Unproven]:
    """Yield the checks that had too little to look at: empty is not equal."""
    there = max(len(found) for found in answer.sides.values())
    if there == 0 and entity.may_be_empty is not None:
        return
    pairs = answer.same + sum(status == "changed" for status, _ in answer.statuses.values())
    for kind in _kinds(entity):
        if kind not in ("natives", "freeze", "export") and (pairs if kind in PAIRED else there) < entity.at_least:
            yield Unproven(f"{entity.name}.{kind}")
    if not _has_a_row_to_copy(entity, answer):
        yield Unproven(f"canary.{entity.name}")
    if any(rows for (_, _, what), rows in answer.clocks.items() if what == "unknown"):
        yield Unproven(f"{entity.name}.instants")
    if answer.unfit:
        yield Unproven(f"{entity.name}.values")


def _has_a_row_to_copy(entity: Entity, answer: Answer) -> bool:
    """Return whether the side from which canaries are taken, the target where it has rows, has a whole key that stands once."""
    times = Counter(key_of(entity, row) for row in answer.sides["target"] or answer.sides["source"])
    return any(count == 1 and None not in key for key, count in times.items())


def _kinds(entity: Entity) -> list[str]:
    """Return what follows the entity's name in the ids of its checks, but for the schema."""
    return [check.partition(".")[2] for check, kind, _ in entity.check_ids() if kind != "schema"]
