"""The engine and a slow, plain oracle agree on small shops made at random: whole, and corrupted in random ways."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle.oracle import judge
from tests.oracle.seeds import seeded
from tests.oracle.shops_compared import Drawn, disagreements, draw

FIXED = settings(derandomize=True, deadline=None, database=None, max_examples=4, suppress_health_check=list(HealthCheck))
WHOLE = range(3)
CORRUPTED = range(100, 104)
RECORDED = range(200, 202)
MANY = range(1000, 1080)


@pytest.mark.parametrize("seed", WHOLE)
def test_a_faithful_shop_is_whole_in_both_eyes(seed: int, tmp_path: Path) -> None:
    drawn = draw(seeded(seed), tmp_path, corruptions=0)
    assert disagreements(drawn) == []
    assert {entity.name: judge(drawn.world, entity).statuses for entity in drawn.small.contract.entities if judge(drawn.world, entity).statuses} == {}


@pytest.mark.parametrize("seed", CORRUPTED)
def test_a_corrupted_shop_is_judged_alike(seed: int, tmp_path: Path) -> None:
    assert disagreements(draw(seeded(seed), tmp_path, corruptions=8)) == []


@given(rng=st.randoms(use_true_random=False))
@FIXED
def test_whatever_is_drawn_is_judged_alike(rng: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert disagreements(draw(rng, Path(folder) / "shop", corruptions=5)) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_many_corrupted_shops_are_judged_alike(seed: int, tmp_path: Path) -> None:
    assert disagreements(draw(seeded(seed), tmp_path, corruptions=10)) == []


@pytest.mark.parametrize("seed", RECORDED)
def test_the_findings_of_a_run_name_the_rows_that_the_oracle_finds(seed: int, tmp_path: Path) -> None:
    drawn = draw(seeded(seed), tmp_path, corruptions=8)
    finished = drawn.small.run(tmp_path / "runs", batch=drawn.batch)
    findings = pl.read_parquet(finished.folder / "restricted" / "findings.parquet")
    assert wanted(drawn) == found(drawn, findings)


def wanted(drawn: Drawn) -> dict[str, set[tuple[object, ...]]]:
    answers = {entity.name: judge(drawn.world, entity) for entity in drawn.small.contract.entities}
    return {name: {(key, status, columns) for key, (status, columns) in answer.statuses.items()} for name, answer in answers.items()}


def found(drawn: Drawn, findings: pl.DataFrame) -> dict[str, set[tuple[object, ...]]]:
    rows = findings.filter(pl.col("column").is_null() & pl.col("status").is_in(["missing", "extra", "changed", "duplicate"]))
    compared = [row for row in rows.iter_rows(named=True) if row["check"] is None or row["check"].endswith((".rows", ".keys"))]
    return {
        entity.name: {(tuple(row["key"]), row["status"], frozenset(row["columns"])) for row in compared if row["entity"] == entity.name}
        for entity in drawn.small.contract.entities
    }
