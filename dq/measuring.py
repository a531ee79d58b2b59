"""The one place that measures a migration: attached snapshots and a contract in, frozen facts out, nothing judged.

Every step goes through `attempt`, which turns a crash into a fact of its own, so that one broken check disturbs no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dq.aside import Aside, aside
from dq.canaries import CanaryResult, release, release_maps, together, which_claim, whose_export, whose_natives
from dq.compare.carried import Digests, carry
from dq.compare.crosswalk import crosswalk_evidence
from dq.compare.declared import record_outside
from dq.compare.entity import SINCE, measure
from dq.compare.evidence import Broken, Crash, CrosswalkEvidence, EntityEvidence, SumPair
from dq.compare.exported import Exported, People, compare_export, look_at_people
from dq.compare.freeze import Late, check_freeze
from dq.compare.invariants import check_invariant
from dq.compare.later import blocked_by
from dq.compare.natives import Natives, check_natives
from dq.compare.owners import OwnedRows
from dq.compare.persons import PersonSums, compare_persons
from dq.compare.progress import Progress, count_batches, moments_of
from dq.compare.schema import Prepared
from dq.compare.sides import make_moved
from dq.compare.sums import compare_sums, forget_sums
from dq.contract.claims import Invariant
from dq.contract.models import Contract, Entity
from dq.engine import Engine
from dq.ground import Asked, Attempt, Ground, lay_ground

Sums = tuple[SumPair, ...]
Released = tuple[str, Callable[[], CanaryResult]]  # a step, and what waits for its canaries


@dataclass(frozen=True, slots=True)
class EntityFacts:
    """What was measured of one entity; nothing of it where `problems` or `blocked` say why."""

    entity: Entity
    problems: tuple[str, ...] = ()  # what is not as pinned or declared
    pinned: bool = True  # something was pinned
    blocked: str | None = None
    evidence: EntityEvidence | None = None
    sums: Mapping[str, Sums | Crash] = field(default_factory=dict)  # check id
    persons: Mapping[str, PersonSums | Crash] = field(default_factory=dict)  # check id
    invariants: Mapping[str, Broken | Crash] = field(default_factory=dict)  # name
    natives: Natives | Crash | None = None
    canary: CanaryResult | Crash | None = None
    freeze: Late | Crash | None = None
    exported: Exported | Crash | None = None
    people: People | Crash | None = None  # who has a file in the export


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured of a migration."""

    ground: Ground
    entities: tuple[EntityFacts, ...]
    crosswalks: Mapping[str, CrosswalkEvidence | Crash]
    canary: CanaryResult | Crash | None = None  # of the crosswalk; None where nothing goes through one
    carried: Digests | Crash | None = None  # what stands in the target of each batch; None where nobody asks

    @property
    def lossy(self) -> frozenset[str]:
        """The names of the entities of which rows are missing."""
        return frozenset(item.entity.name for item in self.entities if item.evidence is not None and item.evidence.harms["rows"].statuses.get("missing"))


def measure_migration(engine: Engine, contract: Contract, *, asked: Asked, attempt: Attempt, told: Callable[[str], None] = lambda _: None) -> Facts:
    """Measure everything that the contract declares and implies.

    Args:
        engine: the snapshots are attached as `<side>_snapshot`.
        contract: the contract.
        asked: what is compared.
        attempt: runs each step.
        told: called with what is done next: once, and twice for each entity; `dq.running.steps_told` counts on it.

    Raises:
        ContractError: the contract's SQL is not what it may be.
    """
    told("schema and crosswalk")
    ground = lay_ground(engine, contract, asked=asked, attempt=attempt)
    wanted = [prepared.entity for prepared in ground.prepared if not prepared.problems and _barred(ground, prepared.entity, asked=asked) is None]
    with aside(engine) as later:  # the canaries
        of_maps = later(release_maps, contract, ground.scope, asked.seed, kept=bool(ground.kept)) if contract.crosswalks else None
        canaries: dict[str, list[Released]] = {}
        rows: list[EntityFacts] = []
        compared: dict[str, Entity] = {}
        for prepared in ground.prepared:
            entity = prepared.entity
            told(f"{entity.name}: rows")
            facts = _rows(engine, ground, prepared, compared=compared, asked=asked, attempt=attempt)
            rows.append(facts)
            if facts.evidence is not None:
                compared[entity.name] = entity
                canaries[entity.name] = [_release(later, entity, fetched=facts.evidence.fetched, among=wanted, seed=asked.seed)]
        people = _people(engine, ground, attempt=attempt)
        claimed: list[EntityFacts] = []
        for facts in rows:  # a claim about one entity may need another's rows
            told(f"{facts.entity.name}: sums and claims")
            if facts.evidence is None:
                claimed.append(facts)
                continue
            found = _claims(engine, facts, ground=ground, compared=compared, asked=asked, attempt=attempt)
            exported = _exported(engine, ground, found, people=people, attempt=attempt)
            if whose_export(wanted, asked.seed) == facts.entity.name:
                canaries[facts.entity.name] += in_files(later, exported, seed=asked.seed)
            claimed.append(replace(found, exported=exported, people=people))
        names = dict.fromkeys((*ground.rows, *ground.kept))
        crosswalks = {name: _crosswalk(engine, ground, name, attempt=attempt) for name in names}
        carried = None
        if asked.carries or asked.signed:
            since = [facts.entity.name for facts in rows if facts.evidence is not None and SINCE in facts.evidence.population.excused]
            carried = attempt("carried", carry, engine, list(compared.values()), scope=ground.scope, since=since)
        released = {name: canary_of(answers, seed=asked.seed, attempt=attempt) for name, answers in canaries.items()}
        canary = attempt("canary.crosswalk", of_maps) if of_maps is not None else None
    entities = tuple(replace(facts, canary=released.get(facts.entity.name)) for facts in claimed)
    return Facts(ground, entities, crosswalks, canary, carried)


def measure_freeze(engine: Engine, ground: Ground, entity: Entity, *, asked: Asked, attempt: Attempt) -> Late | Crash | None:
    """Look for rows of the source that are not from before the freeze; None where the entity does not say when its rows came to be."""
    freeze = ground.contract.migration.freeze
    if entity.created is None or freeze is None:
        return None
    reason = ground.unread(entity)
    if reason is not None:
        return Crash(reason)
    return attempt(f"{entity.name}.freeze", check_freeze, engine, entity, freeze=freeze, taken=asked.source_moment)


def measure_progress(engine: Engine, ground: Ground, *, asked: Asked, as_of: datetime, compared: Mapping[str, OwnedRows]) -> Progress:
    """Count how far the migration is.

    Args:
        engine: the engine.
        ground: what stands there.
        asked: what is compared.
        as_of: the moment that the run is judged as of.
        compared: the entities whose rows were compared, and what was counted of them.
    """
    entities = ground.contract.entities
    owned = [entity for entity in entities if entity.owner is not None]
    read = [entity for entity in owned if ground.unread(entity) is None]
    sizes = count_batches(engine, ground.contract.migration.batches, scope=ground.scope, owned=read, counted=compared, is_whole=len(read) == len(owned))
    if asked.baseline_moment is None:
        return Progress(sizes)
    merged = [entity for entity in entities if entity.merge is not None and entity.name in compared]
    return Progress(sizes, *moments_of(engine, merged, since=datetime.fromisoformat(asked.baseline_moment), until=as_of))


def _barred(ground: Ground, entity: Entity, *, asked: Asked) -> str | None:
    """Return why an entity's rows cannot be compared, whatever others hold; a schema that does not hold is told apart."""
    left_out = f"left out: --only {' --only '.join(asked.only)}" if asked.only and entity.name not in asked.only else None
    return left_out or ground.blocks(entity)


def _rows(engine: Engine, ground: Ground, prepared: Prepared, *, compared: Mapping[str, Entity], asked: Asked, attempt: Attempt) -> EntityFacts:
    """Compare an entity's rows; those of others that were compared before may have to tell what came later."""
    entity, name = prepared.entity, prepared.entity.name
    raws = ground.raws.get(name)
    blocked = _barred(ground, entity, asked=asked) or blocked_by(entity, compared)
    if prepared.problems or blocked is not None or raws is None or isinstance(raws, Crash):
        return EntityFacts(entity, problems=prepared.problems, pinned=prepared.pinned, blocked=blocked)
    evidence = attempt(
        name, measure, engine, prepared, raws=raws, scope=ground.scope, moment=asked.baseline_moment, until=asked.target_moment, signed=asked.signed
    )
    made = attempt(name, make_moved, engine, entity=entity, accounts=ground.scope.accounts)
    outside = attempt(name, record_outside, engine, entity, batches=ground.contract.migration.batches) if ground.scope.batched else None
    for found in (evidence, made, outside):
        if isinstance(found, Crash):
            return EntityFacts(entity, pinned=prepared.pinned, blocked=found.reason)
    return EntityFacts(entity, pinned=prepared.pinned, evidence=evidence if isinstance(evidence, EntityEvidence) else None)


def _claims(engine: Engine, facts: EntityFacts, *, ground: Ground, compared: Mapping[str, Entity], asked: Asked, attempt: Attempt) -> EntityFacts:
    """Measure what is claimed beside the rows: sums, invariants, the native rows."""
    entity, moment = facts.entity, asked.baseline_moment
    natives: Natives | Crash | None = None
    if entity.merge is not None and moment is not None:
        natives = attempt(f"{entity.name}.natives", check_natives, engine, entity, moment=moment, until=asked.target_moment)
    return replace(
        facts,
        sums=_sums(engine, entity, attempt=attempt),
        persons={check_id: attempt(check_id, compare_persons, engine, entity, item) for check_id, item in entity.person_sums()},
        invariants={item.name: _invariant(engine, entity, item, compared=compared, attempt=attempt) for item in entity.invariant},
        natives=natives,
        freeze=measure_freeze(engine, ground, entity, asked=asked, attempt=attempt),
    )


def _release(later: Aside, entity: Entity, *, fetched: int, among: Sequence[Entity], seed: str) -> Released:
    """Release an entity's canaries; what is asked alike of all entities is asked of one among them."""
    claim = which_claim(among, seed)
    claims = {claim[1]} if claim is not None and claim[0] == entity.name else set()
    return f"canary.{entity.name}", later(release, entity, seed, fetched=fetched, natives=entity.name == whose_natives(among, seed), claims=claims)


def in_files(later: Aside, exported: Exported | Crash | None, *, seed: str) -> list[Released]:
    """Release canaries among an entity's rows in persons' files, where any were compared."""
    if not isinstance(exported, Exported) or exported.entity is None:
        return []
    return [(f"canary.{exported.entity.name}", later(release, exported.entity, seed, natives=False, claims=()))]


def canary_of(released: Sequence[Released], *, seed: str, attempt: Attempt) -> CanaryResult | Crash:
    """Return what became of an entity's canaries together; a crash of one of them is one of all."""
    found: list[CanaryResult] = []
    for step, answer in released:
        one = attempt(step, answer)
        if isinstance(one, Crash):
            return one
        found.append(one)
    return together(found, seed=seed)


def _crosswalk(engine: Engine, ground: Ground, name: str, *, attempt: Attempt) -> CrosswalkEvidence | Crash:
    """Return what was found of a table of the crosswalk; one that was declared before may be there no more."""
    rows, kept = ground.rows.get(name, 0), ground.kept.get(name)
    if isinstance(rows, Crash):
        return rows
    if isinstance(kept, Crash):
        return kept
    return attempt(f"crosswalk {name}", crosswalk_evidence, engine, name, rows=rows, kept=kept)


def _people(engine: Engine, ground: Ground, *, attempt: Attempt) -> People | Crash | None:
    """Look who has a file in the export."""
    if ground.contract.migration.stores.export is None:
        return None
    found = attempt("export: persons", look_at_people, engine, ground.contract, scope=ground.scope, catalogue=ground.catalogue)
    return Crash(found) if isinstance(found, str) else found


def _exported(engine: Engine, ground: Ground, facts: EntityFacts, *, people: People | Crash | None, attempt: Attempt) -> Exported | Crash | None:
    """Compare an entity's rows in the export, where enough of the source is known to say what was migrated."""
    entity, evidence = facts.entity, facts.evidence
    if not entity.exported or evidence is None or not isinstance(people, People):
        return None
    rows = evidence.population.source_rows
    if rows < entity.at_least and entity.may_be_empty is None:
        return Exported(problems=(f"of the source {rows:,} rows are to compare, at least {entity.at_least:,} are needed",))
    return attempt(
        f"{entity.name}.export",
        compare_export,
        engine,
        entity,
        select=ground.selects[entity.name]["export"],
        scope=ground.scope,
        catalogue=ground.catalogue,
        pinned=ground.contract.pinned,
        minor_units=ground.contract.migration.minor_units,
    )


def _invariant(engine: Engine, entity: Entity, invariant: Invariant, *, compared: Mapping[str, Entity], attempt: Attempt) -> Broken | Crash:
    """Check an invariant; the other entity that it needs must have been compared."""
    other = invariant.equals.entity if invariant.equals is not None else None
    if other is not None and other not in compared:
        return Crash(f"the rows of {other} could not be compared")
    ledger = compared[other] if other is not None else None
    return attempt(f"{entity.name}.invariant.{invariant.name}", check_invariant, engine, entity, invariant, ledger=ledger)


def _sums(engine: Engine, entity: Entity, *, attempt: Attempt) -> dict[str, Sums | Crash]:
    """Measure counts and sums, one scan a side for all that are sliced alike."""
    wanted: dict[tuple[str, ...], dict[str, str | None]] = {}
    for check_id, column, by in entity.sum_checks():
        wanted.setdefault(tuple(by), {})[check_id] = column
    found: dict[str, Sums | Crash] = {}
    for by, checks in wanted.items():
        columns = sorted({column for column in checks.values() if column is not None})
        sums = attempt(next(iter(checks)), compare_sums, engine, entity, by=by, columns=columns)
        for check_id, column in checks.items():
            alone = sums
            if isinstance(sums, Crash) and len(checks) > 1:  # one that is too large disturbs no other
                alone = attempt(check_id, compare_sums, engine, entity, by=by, columns=[] if column is None else [column])
            found[check_id] = alone if isinstance(alone, Crash) else alone[column]
    forget_sums(engine, entity)
    return found
