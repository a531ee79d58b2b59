"""The one place for the slow second opinion on a comparison: a contract and raw Python rows in, what must be found out.

It is written from DESIGN, DECISIONS and docs/contract.md, and shares nothing with `dq.compare`: no SQL engine, no view, no hash.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from dq.contract.models import Contract, Entity

from tests.oracle.equality import is_same, rule_between
from tests.oracle.expressions import expression
from tests.oracle.people import Asked, Crosswalk, read_crosswalk
from tests.oracle.reading import Unreadable, canonical, look_at, text_of, wall
from tests.oracle.selects import Come, Tables, read, run

Key = tuple[str | None, ...]
Stores = Mapping[str, Tables]  # side to table to rows


@dataclass(frozen=True)
class Own:
    """A canonical row with the ids of its own store; for the target also its base row's id and times."""

    values: Mapping[str, Any]
    id: Any = None
    created_at: datetime | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Sided:
    """A row as it is compared: ids in the target's space; a column that the crosswalk could not map is named."""

    values: Mapping[str, Any]
    unmapped: frozenset[str] = frozenset()


@dataclass
class Harm:
    """What broken rows come to."""

    keys: set[Any] = field(default_factory=set)  # a NULL key is a row of its own
    cells: int = 0
    people: set[Any] = field(default_factory=set)
    money: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    columns: Counter[str] = field(default_factory=Counter)


@dataclass
class Base:
    """What became of a driving table's rows."""

    lost: int = 0
    multiplied: int = 0
    returned: int = 0
    excluded: Counter[str] = field(default_factory=Counter)


@dataclass
class Answer:
    """What must be found of one entity."""

    blocked: bool = False
    sides: dict[str, list[Sided]] = field(default_factory=dict)
    statuses: dict[Key, tuple[str, frozenset[str]]] = field(default_factory=dict)  # all but `same`
    same: int = 0
    excused: Counter[str] = field(default_factory=Counter)
    unmapped: int = 0
    unplaced: int = 0
    native: int = 0
    native_new: int = 0
    base: dict[str, Base] = field(default_factory=dict)
    equal_after: Counter[str] = field(default_factory=Counter)
    harms: dict[str, Harm] = field(default_factory=dict)  # kind of check, '' for all
    clocks: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (side, column, gap or overlap)


@dataclass(frozen=True)
class World:
    """Everything that the oracle is told."""

    contract: Contract
    stores: Stores
    asked: Asked
    moment: datetime | None
    crosswalk: Crosswalk
    read_once: dict[tuple[str, str], list[Own]] = field(default_factory=dict)  # canonical rows by entity and side: they do not depend on what is asked

    def rows(self, entity: Entity, side: str) -> list[Come]:
        """Return what comes out of the contract's SELECT; the baseline is read like the target."""
        query = read(self.contract.sql["source" if side == "source" else "target", entity.name])
        return run(query, self.stores[side])

    def own(self, entity: Entity, side: str) -> list[Own]:
        """Return an entity's canonical rows in the ids of their own store."""
        if (entity.name, side) not in self.read_once:
            found = self.read_once[entity.name, side] = []
            for come in self.rows(entity, side):
                values = {column.name: canonical(come.outputs, column, side, entity=entity, contract=self.contract) for column in entity.columns}
                found.append(Own(values, *self._merged(entity, come, side=side)))
        return self.read_once[entity.name, side]

    def _merged(self, entity: Entity, come: Come, *, side: str) -> tuple[Any, ...]:
        if entity.merge is None or side == "source":
            return ()
        alias = read(self.contract.sql["target", entity.name]).alias_of(entity.merge.table)
        return tuple(come.joined[f"{alias}.{name}"] for name in (entity.merge.id, entity.merge.created_at, entity.merge.changed_at))

    def is_in_scope(self, entity: Entity, owner: Any) -> bool:
        """Return whether an account's rows are compared."""
        if entity.owner is None or not self.crosswalk.has_batches:
            return True
        return bool(self.crosswalk.batches_of.get(owner, frozenset()) & self.asked.batches)


def make_world(contract: Contract, stores: Stores, *, asked: Asked, moment: datetime | None) -> World:
    """Return the world that a contract's stores show."""
    return World(contract, stores, asked, moment, read_crosswalk(contract, stores.get("crosswalk", {})))


def judge(world: World, entity: Entity) -> Answer:
    """Say what must be found of an entity's rows."""
    answer = Answer()
    if any(world.crosswalk.repeated[str(column.through)] for column in entity.columns if column.through):
        answer.blocked = True  # a fan-out would multiply rows: nothing that goes through it is compared
        return answer
    for side in ("source", "target"):
        answer.base[side] = _base(world, entity, side)
        _look_at_clocks(world, entity, side, answer)
    answer.sides["source"] = _source(world, entity, answer)
    answer.sides["target"] = _target(world, entity, answer)
    _compare(entity, answer)
    return answer


def key_of(entity: Entity, row: Sided) -> Key:
    """Return a row's key as texts."""
    return tuple(text_of(row.values[column.name], column) for column in entity.keys)


def mapped(world: World, entity: Entity, row: Own) -> Sided:
    """Return a source row in the target's ids."""
    values = {column.name: world.crosswalk.target_of(column, row.values[column.name]) for column in entity.columns}
    return Sided(values, frozenset(column.name for column in entity.columns if world.crosswalk.is_unmapped(column, row.values[column.name])))


def fate(world: World, entity: Entity, row: Own) -> str:
    """Say what becomes of a source row.

    Returns:
        compared; erased (and this run's), gone (erased, and another run's), unplaced, other (a batch that has moved), early (one that has not),
        absorbed, unmapped.
    """
    crosswalk = world.crosswalk
    owner = row.values[entity.owner] if entity.owner is not None else None
    if owner is not None:
        batches = crosswalk.batches_of.get(owner, frozenset())
        if owner in crosswalk.erased:
            return "erased" if not batches or batches & world.asked.batches else "gone"
        if crosswalk.has_batches and not batches:
            return "unplaced"
        if not world.is_in_scope(entity, owner):
            return "other" if batches & world.asked.moved else "early"
    if crosswalk.is_absorbed(entity, row.values):
        return "absorbed"
    return "unmapped" if mapped(world, entity, row).unmapped & set(entity.key) else "compared"


def _base(world: World, entity: Entity, side: str) -> Base:
    """Count the driving table's rows in against the rows that came out."""
    query = read(world.contract.sql[side, entity.name])  # type: ignore[index]
    found = Base()
    times = Counter(come.place for come in world.rows(entity, side))
    wheres = [(item.reason, expression(item.where)) for item in entity.excluded if item.side == side]
    for place, row in enumerate(world.stores[side][query.driving]):
        reasons = [reason for reason, where in wheres if where(row) is True]
        if reasons:
            found.excluded[reasons[0]] += 1
            found.returned += times[place] > 0
        else:
            found.lost += times[place] == 0
            found.multiplied += times[place] > 1
    return found


def _look_at_clocks(world: World, entity: Entity, side: str, answer: Answer) -> None:
    """Count wall clocks that no clock showed, or that one showed twice."""
    for come in world.rows(entity, side):
        for column in entity.columns:
            reading = column.reading(side)  # type: ignore[arg-type]
            raw, zone = come.outputs[column.name], come.outputs.get(str(reading.zone), reading.zone)
            if reading.zone is not None and raw is not None and zone is not None:
                clock = look_at(wall(raw, reading.day_end), zone)
                answer.clocks[side, column.name, "gap"] += clock.is_gap
                answer.clocks[side, column.name, "overlap"] += clock.is_overlap


def _source(world: World, entity: Entity, answer: Answer) -> list[Sided]:
    kept, others = [], []
    for row in world.own(entity, "source"):
        fates = fate(world, entity, row)
        answer.excused["erased on request"] += fates == "erased"
        answer.excused["absorbed by a declared merge"] += fates == "absorbed"
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


def _target(world: World, entity: Entity, answer: Answer) -> list[Sided]:
    rows = world.own(entity, "target")
    if entity.merge is None:
        return [Sided(row.values) for row in rows]
    baseline = world.own(entity, "baseline")
    before = {row.id for row in baseline}
    sources = world.own(entity, "source")
    claimed = _claims(world, entity, sources)
    keys = {tuple(mapped(world, entity, row).values[name] for name in entity.key) for row in sources}
    kept = []
    for row in rows:
        name = row.values[entity.own_id.name] if entity.own_id else tuple(row.values[key] for key in entity.key)
        fates = claimed.get(name, set())
        if fates == {"dangling"}:
            fates = {"compared"} if _is_ours(world, entity, row) else {"other"}
        elif not fates:
            key = tuple(row.values[name] for name in entity.key)
            is_new = row.created_at is not None and world.moment is not None and row.created_at > world.moment
            if row.id in before:
                answer.native += 1
                continue
            if is_new and key not in keys:
                answer.native_new += 1
                continue
            fates = {"compared"} if _is_ours(world, entity, row) else {"other"}
        left = {"erased", "early"} if world.asked.batches == world.asked.moved else {"erased"}
        is_left_over = fates & left and not fates & {"other", "absorbed"} and row.id not in before
        if "compared" in fates or is_left_over:
            kept += [Sided(values) for values in _less(entity, row, baseline)]
    return kept


def _accounts(world: World, entity: Entity, person: Any) -> list[Any]:
    """Return the accounts of a person that are in a batch; one that was erased moves with none."""
    crosswalk = world.crosswalk
    maps = crosswalk.maps[str(entity.column(str(entity.owner)).through)]
    return [source for source, targets in maps.items() if person in targets and source in crosswalk.batches_of and source not in crosswalk.erased]


def _claims(world: World, entity: Entity, sources: list[Own]) -> dict[Any, set[str]]:
    """Return the target's id (or key, where the entity has no map of its own) to what becomes of the source rows that claim it."""
    found: dict[Any, set[str]] = defaultdict(set)
    own = entity.own_id
    seen = set()
    for row in sources:
        fates = fate(world, entity, row)
        values = mapped(world, entity, row).values
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


def _is_ours(world: World, entity: Entity, row: Own) -> bool:
    """Return whether a row that nobody claims is this run's: its owner is in the batch, or in none."""
    if entity.owner is None or not world.crosswalk.has_batches:
        return True
    theirs = _accounts(world, entity, row.values[entity.owner])
    return not theirs or any(world.is_in_scope(entity, source) for source in theirs)


def _less(entity: Entity, row: Own, baseline: list[Own]) -> list[Mapping[str, Any]]:
    """Return a target row without what the person had there before."""
    if not entity.aggregate:
        return [row.values]
    before = [other.values for other in baseline if all(other.values[name] == row.values[name] is not None for name in entity.key)]
    return [
        {**row.values, **{name: None if row.values[name] is None else row.values[name] - (values.get(name) or 0) for name in entity.aggregate}}
        for values in before or [{}]
    ]


def _compare(entity: Entity, answer: Answer) -> None:
    grouped: dict[Key, tuple[list[Sided], list[Sided]]] = defaultdict(lambda: ([], []))
    for place, side in enumerate(("source", "target")):
        for row in answer.sides[side]:
            grouped[key_of(entity, row)][place].append(row)
    for key, (sources, targets) in grouped.items():
        if None in key or len(sources) > 1 or len(targets) > 1:
            answer.statuses[key] = ("duplicate", frozenset())
        elif not targets:
            answer.statuses[key] = ("missing", frozenset())
        elif not sources:
            answer.statuses[key] = ("extra", frozenset())
        else:
            columns = frozenset(_broken(entity, sources[0], targets[0], answer))
            answer.same += not columns
            if columns:
                answer.statuses[key] = ("changed", columns)
    _add_up(entity, grouped, answer)


def _broken(entity: Entity, source: Sided, target: Sided, answer: Answer) -> Iterable[str]:
    for column in entity.compared:
        one, other = source.values[column.name], target.values[column.name]
        if column.name in source.unmapped or is_same(column, one, other):  # what the crosswalk does not map is told there, once
            continue
        rule = None if isinstance(one, Unreadable) or isinstance(other, Unreadable) else rule_between(column, one, other)
        if rule is None:
            yield column.name
        else:
            answer.equal_after[f"{column.name}: {rule}"] += 1


def _add_up(entity: Entity, grouped: Mapping[Key, tuple[list[Sided], list[Sided]]], answer: Answer) -> None:
    kinds = {column.name: column.kind for column in entity.columns}
    for kind in ("", "keys", "rows", "values", "attribution", "instants"):
        harm = answer.harms[kind] = Harm()
        for key, (status, columns) in answer.statuses.items():
            theirs = [name for name in columns if kind in ("", kinds[name])]
            if kind and not theirs and (status, kind) not in (("duplicate", "keys"), ("missing", "rows"), ("extra", "rows")):
                continue
            sources, targets = grouped[key]
            rows = [*sources, *targets] if None in key else []
            harm.keys |= {(key, tuple(row.values.items())) for row in rows} or {(key, ())}
            harm.cells += len(theirs)
            harm.columns.update(theirs)
            if entity.owner is not None:
                owners = [row.values[entity.owner] for row in (*sources, *targets)]
                harm.people |= {*owners} - {None} if status == "duplicate" else {*[owner for owner in owners if owner is not None][:1]}
            if kind not in ("attribution", "instants"):
                _money(entity, status, sources, targets, harm)


def _money(entity: Entity, status: str, sources: list[Sided], targets: list[Sided], harm: Harm) -> None:
    """Add the source's amount of what is missing or repeated, and the absolute difference of what changed."""
    money = entity.money
    if money is None:
        return
    for row in sources if status in ("missing", "duplicate") else sources[:1] if status == "changed" else ():
        currency = str(row.values[money.currency] or "") if money.currency is not None else money.unit
        amount = Decimal(row.values[money.amount] or 0)
        harm.money[currency] += amount if status != "changed" else abs(amount - Decimal(targets[0].values[money.amount] or 0))
