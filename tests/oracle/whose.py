"""The one place that says whose a row is: which rows of both sides are compared, and which are set apart for what reason.

Source: DECISIONS "Merge", "Crosswalk", "Batches"; docs/contract.md, the last paragraph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from typing import Any

from dq.contract.claims import LedgerSum
from dq.contract.models import Column, Entity
from tests.oracle.answers import Answer
from tests.oracle.equality import is_same
from tests.oracle.expressions import expression
from tests.oracle.world import Own, Sided, World, fate, mapped


def source_rows(world: World, entity: Entity, answer: Answer) -> list[Sided]:
    """Return the source's rows that are compared, and count those set apart."""
    kept, others = [], []
    for row in world.own(entity, "source"):
        fates = fate(world, entity, row)
        answer.excused["erased on request"] += fates == "erased"
        answer.excused["absorbed by a declared merge"] += fates in ("absorbed", "gave way")
        answer.unmapped += fates == "unmapped"
        answer.unplaced += fates == "unplaced"
        if fates == "compared":
            kept.append(mapped(world, entity, row))
        if fates == "other":
            others.append(mapped(world, entity, row))
    answer.excused.update(answer.base["source"].excluded)
    return _summed(entity, kept, others) if entity.aggregate else kept


def _summed(entity: Entity, rows: list[Sided], others: list[Sided]) -> list[Sided]:
    """Return one row a person: what they have in the batch, and with it what they had moved before."""
    grouped: dict[tuple[Any, ...], list[Sided]] = defaultdict(list)
    for row in rows:
        grouped[_person(entity, row)].append(row)
    for row in others:
        if _person(entity, row) in grouped:
            grouped[_person(entity, row)].append(row)
    return [Sided({**same[0].values, **{name: total(row.values[name] for row in same) for name in entity.aggregate}}) for same in grouped.values()]


def _person(entity: Entity, row: Sided) -> tuple[Any, ...]:
    return tuple(row.values[column.name] for column in entity.columns if column.name not in entity.aggregate)


def total(values: Iterable[Any]) -> Any:
    """Return an exact sum; of nothing but NULL it is NULL."""
    there = [value for value in values if value is not None]
    return sum(there[1:], there[0]) if there else None


def target_rows(world: World, entity: Entity, answer: Answer) -> list[Sided]:
    """Return the target's rows that are compared: the migration's, and what is nobody's; count the target's own."""
    if entity.merge is None:
        return [Sided(row.values) for row in world.own(entity, "target")]
    baseline, before = world.own(entity, "baseline"), {row.id for row in world.own(entity, "baseline")}
    since = since_before(world, entity)
    rows = divided(world, entity)
    # a row is known by its id: what else has the id of one that is compared is compared with it
    compared = {row.id for row, fates in rows if fates is not None and _is_compared(world, row, fates, before=before)}
    kept = []
    for row, fates in rows:
        if fates is None:
            answer.native += row.id in before
            answer.native_new += row.id not in before
        if row.id in compared:
            kept += [Sided(values) for values in less(entity, row, baseline, since)]
    return kept


def _is_compared(world: World, row: Own, fates: set[str], *, before: Container[Any]) -> bool:
    left = {"erased", "gave way"} | ({"early", "gone"} if world.asked.batches == world.asked.moved else set())
    return "compared" in fates or bool(fates & left and "other" not in fates and row.id not in before)


def divided(world: World, entity: Entity) -> list[tuple[Own, set[str] | None]]:
    """Return the target's rows with what becomes of the source rows that claim them; None: it is the target's own."""
    if (entity.name, world.asked) not in world.divided_once:
        world.divided_once[entity.name, world.asked] = list(_divided(world, entity))
    return world.divided_once[entity.name, world.asked]


def _divided(world: World, entity: Entity) -> Iterable[tuple[Own, set[str] | None]]:
    before = {row.id for row in world.own(entity, "baseline")}
    sources = world.own(entity, "source")
    claimed = claims(world, entity, sources)
    told = world.mapped(entity)
    withdrawn = [] if entity.aggregate else world.withdrawn(entity)
    keys = {key for one in (*told, *withdrawn) if None not in (key := tuple(one.values[name] for name in entity.key))}  # no key is that of a row without
    own_columns = _own_columns(entity)
    known = {_known_by(entity, one.values) for one in told if not one.unmapped & own_columns} - {None}
    not_moved = [*withdrawn, *(one for row, one in zip(sources, told, strict=True) if entity.owner and _stays(world, row.values[entity.owner]))]
    theirs: dict[Any, set[str]] = defaultdict(set)  # where keys claim: the ids of the rows that they claim, whatever else has such an id
    for row in world.own(entity, "target") if entity.own_id is None else ():
        theirs[row.id] |= claimed.get(tuple(row.values[key] for key in entity.key), set())
    for row in world.own(entity, "target"):
        name = row.values[entity.own_id.name] if entity.own_id else tuple(row.values[key] for key in entity.key)
        fates = claimed.get(name, set()) if entity.own_id else theirs[row.id]
        if fates == {"dangling"}:
            fates = {"compared"} if _is_ours(world, entity, row) else {"other"}
        elif not fates:
            key = tuple(row.values[name] for name in entity.key)
            is_new = row.created_at is not None and world.moment is not None and row.created_at > world.moment
            is_new = is_new and not (world.until is not None and row.created_at > world.until) and _known_by(entity, row.values) not in known
            is_new = is_new and not any(_is_again(entity, row.values, one) for one in not_moved)
            if row.id in before or (is_new and key not in keys and not _belongs(world, entity, row)):
                yield row, None
                continue
            fates = {"compared"} if _is_ours(world, entity, row) else {"other"}
        yield row, fates


def natives(world: World, entity: Entity) -> list[Own]:
    """Return the target's own rows."""
    theirs = _claimed(world, entity)
    return [row for row, _ in divided(world, entity) if row.id not in theirs]


def brought(world: World, entity: Entity) -> list[Own]:
    """Return the target's rows that are not its own."""
    theirs = _claimed(world, entity)
    return [row for row, _ in divided(world, entity) if row.id in theirs]


def _claimed(world: World, entity: Entity) -> set[Any]:
    """Return the ids of the migration's rows: what has one of them is none of the target's own, whatever else it is."""
    return {row.id for row, fates in divided(world, entity) if fates is not None}


def _stays(world: World, owner: Any) -> bool:
    """Return whether nothing of a person's may be there: they were erased, or are in batches that have not moved."""
    batches = world.crosswalk.batches_of.get(owner, frozenset())
    return owner in world.crosswalk.erased or bool(batches and not batches & world.asked.moved)


def since_before(world: World, entity: Entity) -> dict[str, dict[tuple[Any, ...], Any]]:
    """Return by column and person what the target's own entries come to now, less what they came to before the first batch."""
    return {name: _since(world, entity, ledger) for name, ledger in entity.later.items()}


def _since(world: World, entity: Entity, ledger: LedgerSum) -> dict[tuple[Any, ...], Any]:
    other = world.contract.entity(ledger.entity)
    theirs = _claimed(world, other)
    found: dict[tuple[Any, ...], Any] = defaultdict(int)
    for row, sign in (*((row, 1) for row in natives(world, other)), *((row, -1) for row in world.own(other, "baseline") if row.id not in theirs)):
        found[tuple(row.values[name] for name in entity.key)] += sign * (row.values[ledger.sum] or 0)
    return found


def _own_columns(entity: Entity) -> set[str]:
    return {*entity.key, *([entity.own_id.name] if entity.own_id else [])}


def _telling(entity: Entity, values: Mapping[str, Any]) -> list[Column]:
    """Return the columns that a row is known by but for its ids; none where nothing tells it from another."""
    own = _own_columns(entity)
    columns = [column for column in entity.columns if column.name not in own and not column.rules and column.type.name != "JSON"]
    names = {column.name for column in columns}
    marks = [{column.name} for column in columns if column.type.name == "INSTANT"]
    marks += [set(claim.unique) for claim in entity.invariant if claim.unique is not None and names >= set(claim.unique)]
    is_owners = entity.owner in entity.key and (entity.own_id is None or entity.own_id.name != entity.owner)
    is_marked = any(all(values[name] is not None for name in mark) for mark in marks)
    tells = entity.owner is not None and not is_owners and not entity.aggregate and is_marked
    return columns if tells else []


def _is_again(entity: Entity, values: Mapping[str, Any], source: Sided) -> bool:
    """Return whether a row of the target is one of the source that was not to be moved; of that one an id that nothing maps tells nothing."""
    columns = [column.name for column in _telling(entity, values)]
    return bool(columns) and all(name in source.unmapped or is_same(values[name], source.values[name]) for name in columns)


def _known_by(entity: Entity, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return what a row is known by but for its ids: its person, its moment and all else. None: nothing tells it from another."""
    own, columns = _own_columns(entity), _telling(entity, values)
    if not columns or entity.owner is None:
        return None
    if entity.owner not in own and entity.column(entity.owner).through and values[entity.owner] is None:
        return None
    return tuple((type(values[column.name]), values[column.name]) for column in columns)


def claims(world: World, entity: Entity, sources: list[Own]) -> dict[Any, set[str]]:
    """Return the target's id (or key, where the entity has no map of its own) to what becomes of the source rows that claim it."""
    found: dict[Any, set[str]] = defaultdict(set)
    own = entity.own_id
    seen = set()
    for row, one in zip(sources, world.mapped(entity), strict=True):
        fates, values = fate(world, entity, row), one.values
        name = values[own.name] if own else tuple(values[key] for key in entity.key)
        if own:
            seen.add(row.values[own.name])
        if not (name is None if own else None in name):
            found[name].add(fates)
    for source, targets in world.crosswalk.maps.get(entity.name, {}).items() if own else ():
        if source not in seen:
            for target in targets:
                found[target].add("dangling")  # the crosswalk names it, and no source row is there
    for target in world.crosswalk.orphans.get(entity.name, ()) if own else ():
        found[target].add("dangling")
    return found


def _belongs(world: World, entity: Entity, row: Own) -> bool:
    """Return whether a row that is newer than the baseline is of something that was moved, and of no source row with an unmapped key."""
    merge = entity.merge
    if merge is None:
        return False
    if merge.ours is not None and expression(merge.ours)(row.values) is True:
        return True
    if merge.of is None:
        return False
    of, parent = merge.of, row.values[merge.of]
    targets = {target for found in world.crosswalk.maps[str(entity.column(of).through)].values() for target in found}
    same = [source for source in world.mapped(entity) if source.values[of] == parent]
    others = [column.name for column in entity.keys if column.through and column.name != of]
    return parent is not None and parent in targets and not any(source.values[name] is None for source in same for name in others)


def _is_ours(world: World, entity: Entity, row: Own) -> bool:
    """Return whether a row that nobody claims is this run's: its owner is in the batch (be it erased), or in none."""
    crosswalk = world.crosswalk
    if entity.owner is None or not crosswalk.has_batches:
        return True
    maps = crosswalk.maps[str(entity.column(entity.owner).through)]
    accounts = [source for source, targets in maps.items() if row.values[entity.owner] in targets]
    batches = [crosswalk.batches_of.get(source, frozenset()) for source in accounts]
    placed = [found for source, found in zip(accounts, batches, strict=True) if found or source in crosswalk.erased]
    return not placed or any(not found or found & world.asked.batches for found in placed)


def less(entity: Entity, row: Own, baseline: list[Own], since: Mapping[str, Mapping[tuple[Any, ...], Any]]) -> list[Mapping[str, Any]]:
    """Return a target row without what the person had there before, and without what their own entries brought since."""
    if not entity.aggregate:
        return [row.values]
    person = tuple(row.values[name] for name in entity.key)
    later = {name: found.get(person, 0) for name, found in since.items()}
    before = [other.values for other in baseline if all(other.values[name] == row.values[name] is not None for name in entity.key)]
    return [
        {
            **row.values,
            **{name: None if row.values[name] is None else row.values[name] - (values.get(name) or 0) - later.get(name, 0) for name in entity.aggregate},
        }
        for values in before or [{}]
    ]
