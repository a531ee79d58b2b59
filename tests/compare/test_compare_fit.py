"""Whose rows are asked whether they are fit to move: those of one batch, and those of nobody; of none at all nothing is asked where there may be none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import FILES, Place, Rows, looked_at, rows_of

from dq import fit
from dq.attempts import Attempts
from dq.engine import Engine
from dq.expect.fitness import FitResult
from dq.fit import fit_ids, judge_fitness
from dq.judgement.base import not_proven
from dq.measuring import Facts
from dq.record import Check, Outcome
from dq.sql import Query

pytestmark = pytest.mark.usefixtures("no_canaries")

FIT = '[[fit]]\nname = "there"\ntype = "expect_column_values_to_not_be_null"\ncolumn = "points"\n'
COUPONS, BATCHES, ERASURES = ("source", "coupons"), ("crosswalk", "batches"), ("crosswalk", "erasures")
Asked = list[set[str]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Return the codes that each expectation was asked of; it answers that two of seven break it."""
    found: Asked = []

    def run_fitness(connection: object, *, table: str, fits: list[fit.fitness.Fit]) -> list[FitResult]:
        found.append({row[0] for row in connection.execute(f"SELECT code FROM {table}").fetchall()})  # type: ignore[attr-defined]
        return [FitResult(one.name, "FAILED", 7, 2, None, f"{one.type} {dict(one.arguments)}") for one in fits]

    monkeypatch.setattr(fit.fitness, "run_fitness", run_fitness)
    return found


def judged(engine: Engine, facts: Facts, *, batch: int | None) -> tuple[Check, ...]:
    return judge_fitness(engine, facts.ground, batch=batch, attempt=Attempts())


@pytest.mark.parametrize(
    ("changed", "batch", "codes"),
    [
        ({}, 1, {"A1", "A2", "B1"}),
        ({}, 2, {"C1", "D1"}),
        ({}, None, {"A1", "A2", "B1", "C1", "D1"}),
        ({COUPONS: rows_of(COUPONS, (7, "Z1", None, 1, 70, 0), (8, "Z2", 99, 1, 70, 0))}, 2, {"C1", "D1", "Z1", "Z2"}),
        ({BATCHES: rows_of(BATCHES, without=(3,))}, 1, {"A1", "A2", "B1", "C1"}),
        ({ERASURES: [(2, "DSR-1")]}, 1, {"A1", "A2"}),
        ({BATCHES: rows_of(BATCHES, (1, 2, "ID"))}, 2, {"A1", "A2", "C1", "D1"}),
    ],
)
def test_the_rows_of_the_batch_and_of_nobody_are_asked(changed: dict[Place, Rows], batch: int | None, codes: set[str], asked: Asked, tmp_path: Path) -> None:
    with looked_at(tmp_path, changed, files={"coupons.toml": FILES["coupons.toml"] + FIT}) as (engine, facts):
        found = judged(engine, facts, batch=batch)
        assert fit_ids(facts.ground.contract) == ("coupons.fit.there",)
    assert asked == [codes]
    sentence = "expect_column_values_to_not_be_null {'column': 'points'}"
    assert found == (
        Check(id="coupons.fit.there", entity="coupons", kind="fit", name="there", outcome=Outcome.FAILED, sentence=sentence, looked_at=7, broken=2),
    )


def test_without_batches_every_row_is_asked(asked: Asked, tmp_path: Path) -> None:
    migration = FILES["migration.toml"].partition("[[batches]]")[0]
    with looked_at(tmp_path, files={"migration.toml": migration, "coupons.toml": FILES["coupons.toml"] + FIT}) as (engine, facts):
        judged(engine, facts, batch=1)
    assert asked == [{"A1", "A2", "B1", "C1", "D1"}]


@pytest.mark.parametrize("may_be_empty", [True, False])
def test_of_no_row_nothing_is_asked_only_where_there_may_be_none(may_be_empty: bool, asked: Asked, tmp_path: Path) -> None:  # noqa: FBT001 - a row of the table
    text = ('may_be_empty = "none yet"\n' if may_be_empty else "") + FILES["coupons.toml"] + FIT
    with looked_at(tmp_path, {COUPONS: rows_of(COUPONS, without=(4, 5))}, files={"coupons.toml": text}) as (engine, facts):
        (found,) = judged(engine, facts, batch=2)
    assert asked == ([] if may_be_empty else [set()])
    if may_be_empty:
        sentence = "There is no row to move: none yet."
        assert found == Check(id="coupons.fit.there", entity="coupons", kind="fit", name="there", outcome=Outcome.PASSED, sentence=sentence)


def test_rows_that_are_there_are_asked_also_where_there_might_be_none(asked: Asked, tmp_path: Path) -> None:
    text = f'may_be_empty = "none yet"\n{FILES["coupons.toml"]}{FIT}'
    with looked_at(tmp_path, files={"coupons.toml": text}) as (engine, facts):
        judged(engine, facts, batch=2)
        judged(engine, facts, batch=1)
        assert engine.one(Query("SELECT count(*) FROM fit.coupons")) == (3,)
    assert asked == [{"C1", "D1"}, {"A1", "A2", "B1"}]


def test_what_was_not_asked_or_crashed_is_not_proven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(fit.fitness, "run_fitness", crash)
    with looked_at(tmp_path, files={"coupons.toml": FILES["coupons.toml"] + FIT}) as (engine, facts):
        (crashed,) = judged(engine, facts, batch=1)
    assert (crashed.outcome, crashed.name, str(crashed.reason)[:37]) == (Outcome.NOT_PROVEN, "there", "the check crashed (ZeroDivisionError ")
    sql = FILES["sql/source/coupons.sql"].replace("FROM coupons", "FROM coupon")
    with looked_at(tmp_path / "misshapen", files={"coupons.toml": FILES["coupons.toml"] + FIT, "sql/source/coupons.sql": sql}) as (engine, facts):
        (unread,) = judged(engine, facts, batch=1)
    reason = "the store is not as it is pinned or declared"
    assert unread == not_proven("coupons.fit.there", entity="coupons", kind="fit", name="there", reason=reason)
