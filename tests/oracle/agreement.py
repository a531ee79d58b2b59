"""The one place that holds the engine's answer beside the oracle's, claim by claim, and says where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from decimal import Decimal
from typing import Any

from dq.canaries import CanaryResult
from dq.compare.evidence import Crash, EntityEvidence
from dq.compare.rows import bits
from dq.contract.models import Entity
from dq.engine import Engine
from dq.measuring import EntityFacts, Facts
from dq.sql import Query, path
from tests.oracle.answers import Answer
from tests.oracle.claims import invariant, late, persons, sums
from tests.oracle.crosswalk_problems import crosswalk_problems
from tests.oracle.native_rows import natives
from tests.oracle.oracle import judge
from tests.oracle.world import Key, World


def differences(engine: Engine, facts: Facts, world: World) -> list[str]:
    """Return one line for every claim in which the two do not agree."""
    found = [*_crosswalks(facts, world), *(_canary(facts.canary) if facts.ground.contract.crosswalks else ())]
    for item in facts.entities:
        found += [f"{item.entity.name}: {line}" for line in _entity(engine, item, world, facts)]
    return found


def _told(what: str, engine: Any, oracle: Any) -> Iterator[str]:
    if engine != oracle:
        yield f"{what}: dq {engine!r}, oracle {oracle!r}"


def _crosswalks(facts: Facts, world: World) -> Iterator[str]:
    for name, problems in crosswalk_problems(world).items():
        found = facts.crosswalks.get(name)
        if isinstance(found, Crash) or found is None:
            yield f"crosswalk.{name}: {found}"
            continue
        yield from _told(f"crosswalk.{name}", dict(found.problems), {problem: len(ids) for problem, ids in problems.items()})
        yield from _told(f"crosswalk.{name} rows", found.rows, world.crosswalk.rows[name])


def _entity(engine: Engine, item: EntityFacts, world: World, facts: Facts) -> Iterator[str]:
    entity, answer = item.entity, judge(world, item.entity)
    yield from _told("problems", item.problems, ())
    yield from _told("blocked", item.blocked is not None, answer.blocked)
    evidence = item.evidence
    if evidence is None or answer.blocked:
        return
    yield from _told("statuses", statuses(engine, entity), answer.statuses)
    yield from _told("both ways agree", evidence.agrees, True)
    yield from _population(evidence, answer)
    yield from _told("equal after", dict(evidence.equal_after), dict(answer.equal_after))
    yield from _harms(evidence, answer)
    yield from _claims(item, world, answer)
    yield from _freeze(item, world)
    yield from _canary(item.canary)
    yield from _clocks(facts, entity, answer)


def _clocks(facts: Facts, entity: Entity, answer: Answer) -> Iterator[str]:
    """Compare how many wall clocks no clock showed, or one showed twice."""
    raws = facts.ground.raws[entity.name]
    found: Counter[tuple[str, str, str]] = Counter()
    for side in () if isinstance(raws, Crash) else ("source", "target"):
        for column, _, kind, rows in raws[side].unsound:  # type: ignore[index]
            found[side, column, kind] += rows
    yield from _told("clocks", dict(found), {clock: rows for clock, rows in answer.clocks.items() if rows and clock[2] != "unknown"})


def statuses(engine: Engine, entity: Entity) -> dict[Key, tuple[str, frozenset[str]]]:
    """Return the engine's rows that are not the same: key to status and columns."""
    table = path("evidence", f"{entity.name}.rows")
    names = [name for name, _ in engine.columns(Query(f"SELECT * FROM {table}"))]
    keys, masks = ([name for name in names if name.startswith(prefix)] for prefix in ("k_", "mask_"))
    listed = ", ".join((*(f"CAST({key} AS VARCHAR)" for key in keys), "status", *masks))
    places = [(int(mask.removeprefix("mask_")), bit, column.name) for _, mask, bit, column in bits(entity)]
    found = {}
    for row in engine.execute(Query(f"SELECT {listed} FROM {table} WHERE status <> 'excused'")):
        words = row[len(keys) + 1 :]
        found[row[: len(keys)]] = (row[len(keys)], frozenset(name for word, bit, name in places if words[word] & bit))
    return found


def _population(evidence: EntityEvidence, answer: Answer) -> Iterator[str]:
    population = evidence.population
    for side in ("source", "target"):
        base = answer.base[side]
        yield from _told(f"{side} rows", getattr(population, f"{side}_rows"), len(answer.sides[side]))
        yield from _told(f"{side} lost", getattr(population, f"{side}_lost"), base.times("lost") + base.times("returned"))
        yield from _told(f"{side} multiplied", getattr(population, f"{side}_multiplied"), base.times("multiplied"))
    yield from _told("native", (population.native, population.native_new), (answer.native, answer.native_new))
    yield from _told("excused", {reason: count for reason, count in population.excused.items() if count}, dict(+answer.excused))
    yield from _told("unmapped", (population.unmapped, population.unplaced), (answer.unmapped, answer.unplaced))
    yield from _told("same", evidence.same, answer.same)
    yield from _told("compared", evidence.compared, answer.same + sum(status == "changed" for status, _ in answer.statuses.values()))


def _harms(evidence: EntityEvidence, answer: Answer) -> Iterator[str]:
    for kind, harm in answer.harms.items():
        found = evidence.harms[kind]
        name = kind or "all kinds"
        yield from _told(f"{name}: keys", found.keys, len(harm.keys))
        yield from _told(f"{name}: cells", found.cells, harm.cells)
        yield from _told(f"{name}: columns", {column: count for column, count in found.columns.items() if count}, dict(harm.columns))
        if found.people is not None:
            yield from _told(f"{name}: people", found.people, len(harm.people))
        money = {currency: amount for currency, amount in found.money if amount}
        yield from _told(f"{name}: money", money, {currency: amount for currency, amount in harm.money.items() if amount})


def _claims(item: EntityFacts, world: World, answer: Answer) -> Iterator[str]:
    entity = item.entity
    for check_id, column, by in entity.sum_checks():
        found = item.sums[check_id]
        if isinstance(found, Crash):
            yield f"{check_id}: {found.reason}"
            continue
        lines = {pair.by: ((pair.source_net, pair.target_net), (pair.source_gross, pair.target_gross)) for pair in found}
        wanted = {by: (tuple(line.net), tuple(line.gross)) for by, line in sums(entity, answer, column=column, by=by).items()}
        yield from _told(check_id, _plain(lines), _plain(wanted))
    for check_id, sum_ in entity.person_sums():
        found_persons = item.persons[check_id]
        engine = found_persons.reason if isinstance(found_persons, Crash) else (found_persons.looked_at, found_persons.unequal)
        looked_at, unequal = persons(entity, sum_, answer=answer)
        yield from _told(check_id, engine, (looked_at, len(unequal)))
    for claim in entity.invariant:
        broken = item.invariants[claim.name]
        if claim.equals is not None and judge(world, world.contract.entity(claim.equals.entity)).blocked:
            yield from _told(f"invariant {claim.name} cannot be judged", isinstance(broken, Crash), True)
            continue
        wrong = invariant(world, entity, claim, answer=answer)
        if isinstance(broken, Crash):
            yield f"invariant {claim.name}: {broken.reason}"
            continue
        counts = (len(wrong.source | wrong.target), len(wrong.both), len(wrong.source - wrong.target))
        yield from _told(f"invariant {claim.name}", (broken.keys, broken.pre_existing, broken.source_only), counts)
    if item.natives is not None and not isinstance(item.natives, Crash):
        harmed, own = item.natives, natives(world, entity)
        told = (own.missing, own.changed, own.alive, own.repeated, own.given_away, own.overwritten, own.turned_back, own.ahead)
        counts = (own.looked_at, *(len({*ids}) for ids in told))
        yield from _told("natives", astuple(harmed), counts)


def _freeze(item: EntityFacts, world: World) -> Iterator[str]:
    found = item.freeze
    if item.entity.created is None or found is None or isinstance(found, Crash):
        yield from _told("freeze", found, None)
        return
    rows, after, undated = late(world, item.entity)
    yield from _told("freeze", (found.looked_at, found.late, found.undated), (rows, len(after), len(undated)))


def _plain(lines: Mapping[Any, Any]) -> dict[Any, tuple[tuple[Decimal, ...], ...]]:
    return {by: tuple(tuple(Decimal(value) for value in pair) for pair in line) for by, line in lines.items()}


def _canary(canary: CanaryResult | Crash | None) -> Iterator[str]:
    if canary is None or isinstance(canary, Crash) or canary.missed or canary.invented:
        yield f"canary: {canary}"
