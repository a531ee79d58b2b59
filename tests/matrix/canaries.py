"""The one place that releases the canaries alone: the clean demo is measured once, and its canaries again under every spoilt comparison.

What only canaries can tell of needs no further run: nothing else is asked of a demo in which nothing differs. That a run is NOT PROVEN where
one of its canaries is, a spoilt run shows (F36.nothing).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dq_fixtures.corruptions.registry import FIRST

import dq.measuring
from dq.answering import attached
from dq.aside import aside
from dq.asking import ask
from dq.attempts import Attempts
from dq.canaries import release, release_maps
from dq.contract.reading import read_contract
from dq.engine import Engine
from dq.judgement.canaries import judge_canary, judge_crosswalk_canary
from dq.measuring import Facts
from dq.record import Check
from dq.running import Options, opened_stores
from dq.sql import Query, path

from .judging import compare_checks
from .sabotage import SABOTAGES
from .spoiling import SEED
from .stages import SETTINGS, Case


def run_canaries(base: Path, names: Sequence[str]) -> Mapping[str, list[str]]:
    """Return by sabotage what its canaries told otherwise than expected."""
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = Case(base / str(FIRST.moved), Path(work), FIRST)
        contract = read_contract(case.contract)
        with opened_stores(contract, Options(runs=case.work / "runs", snapshots=case.clean)) as opened:
            manifests = {side: item.manifest for side, item in opened.items()}
            question = ask(contract, manifests, command=FIRST.command, batch=FIRST.batch, as_of=None)
            with attached(opened, settings=replace(SETTINGS, temp=case.work)) as engine:
                facts = dq.measuring.measure_migration(engine, contract, asked=question.asked, attempt=Attempts())
                return {name: _spoilt(engine, facts, name) for name in names}


def _spoilt(engine: Engine, facts: Facts, name: str) -> list[str]:
    it = SABOTAGES[name]
    _forget(engine)
    with it.spoil():
        return list(compare_checks(_released(engine, facts), it.expected(())))


def _released(engine: Engine, facts: Facts) -> Iterator[Check]:
    """Release and judge the canaries the way a run does."""
    attempt = Attempts()
    entities = [item.entity for item in facts.entities]
    for item in facts.entities:
        natives = item.entity.name == dq.measuring.whose_natives(entities, SEED)
        claims = None if natives else ()
        with aside(engine) as later:
            released = [(f"canary.{item.entity.name}", later(release, item.entity, SEED, natives=natives, claims=claims))]
            if item.entity.name == dq.measuring.whose_export(entities, SEED):
                released += dq.measuring.in_files(later, item.exported, seed=SEED)
            found = dq.measuring.canary_of(released, seed=SEED, attempt=attempt)
        yield judge_canary(item.entity, found, item.evidence)
    yield judge_crosswalk_canary(attempt("canary.crosswalk", release_maps, engine, facts.ground.contract, facts.ground.scope, SEED))


def _forget(engine: Engine) -> None:
    """Drop the evidence of the canaries that were released before."""
    sql = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'evidence' AND table_name LIKE 'canary.%'"
    for (table,) in engine.execute(Query(sql)):
        engine.execute(Query(f"DROP TABLE {path('evidence', table)}"))
