"""The one place for the slow second opinion on a comparison: a contract and raw Python rows in, what must be found out.

It is written from DESIGN, DECISIONS and docs/contract.md, and shares nothing with `dq.compare`: no SQL engine, no view, no hash.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from dq.contract.models import Entity
from tests.oracle.answers import Answer, Base, Harm
from tests.oracle.equality import is_same, rule_between
from tests.oracle.expressions import expression
from tests.oracle.reading import Unreadable, amount_of, fits, is_zone, look_at, wall
from tests.oracle.selects import read
from tests.oracle.whose import source_rows, target_rows
from tests.oracle.world import Key, Sided, World, key_of


def judge(world: World, entity: Entity) -> Answer:
    """Say what must be found of an entity's rows."""
    if (entity.name, world.asked) not in world.judged_once:
        world.judged_once[entity.name, world.asked] = _judged(world, entity)
    return world.judged_once[entity.name, world.asked]


def _judged(world: World, entity: Entity) -> Answer:
    answer = Answer()
    if any(world.crosswalk.repeated[str(column.through)] for column in entity.columns if column.through):
        answer.blocked = True  # a fan-out would multiply rows: nothing that goes through it is compared
    for ledger in entity.later.values():  # whose entries explain it, nobody could say
        answer.blocked |= judge(world, world.contract.entity(ledger.entity)).blocked
    if answer.blocked:
        return answer
    for side in ("source", "target"):
        answer.base[side] = _base(world, entity, side)
        _look_at_clocks(world, entity, side, answer)
        _look_at_units(world, entity, side, answer)
    answer.sides["source"] = source_rows(world, entity, answer)
    answer.sides["target"] = target_rows(world, entity, answer)
    compare(entity, answer)
    return answer


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
        problem = "multiplied" if times[place] > 1 else "returned" if reasons and times[place] else "" if reasons or times[place] else "lost"
        if problem:
            found.rows.append((problem, place, row))
    return found


def _look_at_units(world: World, entity: Entity, side: str, answer: Answer) -> None:
    """Count amounts in minor units that their type cannot hold."""
    columns = [column for column in entity.columns if column.reading(side).minor is not None]  # type: ignore[arg-type]
    for come in world.rows(entity, side):
        raw = come.outputs
        there = [column for column in columns if raw[column.name] is not None]
        answer.unfit += sum(not fits(amount_of(raw, column, side, entity=entity, contract=world.contract), column) for column in there)


def _look_at_clocks(world: World, entity: Entity, side: str, answer: Answer) -> None:
    """Count wall clocks that no clock showed, that one showed twice, or in a zone that nobody knows."""
    for come in world.rows(entity, side):
        for column in entity.columns:
            reading = column.reading(side)  # type: ignore[arg-type]
            raw, zone = come.outputs[column.name], come.outputs.get(str(reading.zone), reading.zone)
            if reading.zone is None or raw is None:
                continue
            if not is_zone(zone):
                answer.clocks[side, column.name, "unknown"] += 1
            else:
                clock = look_at(wall(raw, reading.day_end), zone)
                answer.clocks[side, column.name, "gap"] += clock.is_gap
                answer.clocks[side, column.name, "overlap"] += clock.is_overlap


def compare(entity: Entity, answer: Answer) -> None:
    """Hold the two sides of an answer against each other, row by row, and add up what that comes to."""
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
        if column.name in source.unmapped or is_same(one, other):  # what the crosswalk does not map is told there, once
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
    """Add the source's amount of what is missing or repeated, and the absolute difference of what changed, in the first currency that is known."""
    money = entity.money
    if money is None:
        return
    for row in sources if status in ("missing", "duplicate") else sources[:1] if status == "changed" else ():
        told = [row, *(targets[:1] if status == "changed" else ())]
        currency = (
            money.unit if money.currency is None else str(next((one.values[money.currency] for one in told if one.values[money.currency] is not None), ""))
        )
        amount = Decimal(row.values[money.amount] or 0)
        harm.money[currency] += amount if status != "changed" else abs(amount - Decimal(targets[0].values[money.amount] or 0))
