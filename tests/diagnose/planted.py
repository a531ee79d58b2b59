"""The one place that lets corruptions with causes loose on the unsealed demo, several at once, and diagnoses what they brought about."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from dq_fixtures import build_demo
from dq_fixtures.build import describe
from dq_fixtures.corruptions import CORRUPTIONS, Corruption
from dq_fixtures.corruptions.expected import CELL, Expected, Fault
from dq_fixtures.corruptions.picks import STORES
from dq_fixtures.corruptions.registry import FIRST, apply_each

from dq.attempts import Attempts
from dq.compare.evidence import Crash
from dq.compare.rows import key_names
from dq.compare.views import snapshot
from dq.contract.models import Contract, Entity
from dq.contract.reading import read_contract
from dq.diagnose import Diagnosis, Subject, diagnose, make_labelled
from dq.diagnose.cells import labelled
from dq.engine import Engine, open_engine
from dq.ground import Asked
from dq.measuring import EntityFacts, Facts, measure_migration
from dq.settings import Settings
from dq.sql import Query

ACCOUNTS = 500
SEED = 20241212
Key = tuple[str | None, ...]
Changed = tuple[str, str]


def planted() -> list[Corruption]:
    """Return the corruptions of the first batch's stores that name a cause."""
    return [it for it in CORRUPTIONS.values() if it.causes and it.stage == FIRST and it.place == "stores"]


def groups(found: Iterable[Corruption]) -> list[list[Corruption]]:
    """Put corruptions together that change other columns, each where there is room first; of an entity whose rows come and go nothing else changes."""
    together: list[tuple[list[Corruption], set[Changed]]] = []
    for it in sorted(found, key=lambda it: not _whole(_changed(it))):
        changed = _changed(it)
        room = next((members for members in together if _fit(changed, members[1])), None)
        if room is None:
            together.append(([it], changed))
        else:
            room[0].append(it)
            room[1].update(changed)
    return [members for members, _ in together]


def _fit(some: set[Changed], others: set[Changed]) -> bool:
    entities, their_entities = {entity for entity, _ in some}, {entity for entity, _ in others}
    return some.isdisjoint(others) and _whole(some).isdisjoint(their_entities) and _whole(others).isdisjoint(entities)


def _whole(changed: set[Changed]) -> set[str]:
    return {entity for entity, column in changed if not column}


def _changed(it: Corruption) -> set[Changed]:
    """Return what a corruption changes: (entity, column) as its causes say it; (entity, '') where rows come and go."""
    entities = {check.partition(".")[0] for check in it.fails}
    words = {words.partition(" ")[0] for words in it.causes}
    columns = {(entity, word) for entity in entities for word in words if word.isidentifier()}
    return columns | {(check.partition(".")[0], "") for check in it.fails if check.endswith((".rows", ".keys"))}


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """One entity with its findings: facts, diagnosis, and where the labelled cells stand."""

    engine: Engine
    facts: EntityFacts
    found: Diagnosis

    def cells(self, column: str) -> dict[Key, tuple[str, bool]]:
        """Return key to label and whether it is claimed, of a column's cells."""
        entity = self.facts.entity
        place = next(place for place, one in enumerate(entity.compared) if one.name == column)
        keys = ", ".join(f"CAST({key} AS VARCHAR)" for key in key_names(entity))
        rows = self.engine.execute(Query(f"SELECT {keys}, label, claimed FROM {labelled(entity)} WHERE c = {place}"))
        return {tuple(row[:-2]): (row[-2], row[-1]) for row in rows}


@contextmanager
def diagnosed(base: Path, work: Path, names: Sequence[str]) -> Iterator[tuple[Mapping[str, Diagnosed], Mapping[str, Expected]]]:
    """Let corruptions loose on a copy of the demo in `base`; yield each entity with findings, and what each corruption brought about."""
    shutil.copytree(base, work)
    expected = apply_each(work, names)
    entities = {fault.check.partition(".")[0] for told in expected.values() for fault in told}
    engine = open_engine({snapshot(side): str(work / f"{side}.duckdb") for side in STORES}, settings=Settings(threads=1))
    try:
        yield {item.facts.entity.name: item for item in _diagnosed(engine, _facts(engine, work, entities))}, expected
    finally:
        engine.close()


def build(folder: Path) -> None:
    """Build the demo."""
    build_demo(folder, accounts=ACCOUNTS, seed=SEED, moved_batches=FIRST.moved)


def cells_of(told: Expected) -> Iterator[Fault]:
    """Yield the cells of what must be found."""
    yield from (fault for fault in told if isinstance(fault, Fault) and fault.status == CELL and fault.column is not None)


def diagnose_all(engine: Engine, facts: Facts) -> Iterator[Diagnosed]:
    """Diagnose every entity with findings, as a run does."""
    yield from _diagnosed(engine, facts)


def _diagnosed(engine: Engine, facts: Facts) -> Iterator[Diagnosed]:
    for item in facts.entities:
        if item.evidence is not None and item.evidence.harms[""].keys:
            make_labelled(engine, item.entity)
            yield Diagnosed(engine, item, diagnose(engine, Subject.of(facts.ground, item.entity, item.evidence, lossy=facts.lossy)))


def _facts(engine: Engine, work: Path, entities: set[str]) -> Facts:
    stores = describe(work, accounts=ACCOUNTS, seed=SEED, moved_batches=FIRST.moved)
    asked = Asked((1,), (1,), stores.baseline.moment.isoformat(), target_moment=stores.target.moment.isoformat())
    attempts = Attempts()
    facts = measure_migration(engine, _contract(entities), asked=asked, attempt=attempts)
    crashes: list[tuple[str, Crash]] = attempts.crashes
    assert not crashes, crashes[0]
    return facts


def _contract(names: set[str]) -> Contract:
    """Return the shipped contract, without the export, of some entities and those that their claims need."""
    with resources.as_file(resources.files("dq_expectations")) as folder:
        contract = read_contract(folder)
    needed = set(names) & {entity.name for entity in contract.entities}
    needed |= {one for entity in contract.entities if entity.name in needed for one in _others(entity)}
    stores = contract.migration.stores.model_copy(update={"export": None})
    migration = contract.migration.model_copy(update={"stores": stores})
    return contract.model_copy(update={"migration": migration, "entities": tuple(entity for entity in contract.entities if entity.name in needed)})


def _others(entity: Entity) -> Iterator[str]:
    yield from (item.equals.entity for item in entity.invariant if item.equals is not None)
    yield from (ledger.entity for ledger in entity.later.values())
