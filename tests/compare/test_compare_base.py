"""Rows of the driving table that the SQL loses, repeats or brings back, however the numbers of rows add up."""

from __future__ import annotations

from pathlib import Path

import pytest
from sides_compared import statuses
from tiny import FILES, looked_at, rows_of

from dq.compare.base import count_base_rows
from dq.compare.evidence import EntityEvidence
from dq.sql import Query, path

pytestmark = pytest.mark.usefixtures("no_canaries")

COUPONS = ("source", "coupons")
NAMES = ("source_lost", "source_multiplied", "target_lost", "target_multiplied")


def base_rows(evidence: EntityEvidence | None) -> dict[str, int]:
    """Return what of the driving tables' rows did not come out once, by name."""
    assert evidence is not None
    return {name: rows for name in NAMES if (rows := getattr(evidence.population, name))}


def test_a_filter_of_an_sql_that_joins_nothing_loses_no_row_unnoticed(tmp_path: Path) -> None:
    sql = f"{FILES['sql/target/coupons.sql'].strip()} WHERE points <> 30"
    with looked_at(tmp_path, files={"sql/target/coupons.sql": sql}) as (engine, facts):
        (item,) = facts.entities
        assert {key[0] for key, _ in statuses(engine, item.entity)} == {"B1"}
        assert base_rows(item.evidence) == {"target_lost": 1}


def test_a_row_that_was_lost_is_named_by_the_tables_own_key_or_by_its_number(tmp_path: Path) -> None:
    sql = f"{FILES['sql/target/coupons.sql'].strip()} WHERE points <> 30"
    with looked_at(tmp_path, files={"sql/target/coupons.sql": sql}) as (engine, facts):
        (prepared,) = facts.ground.prepared
        select, columns = prepared.selects["target"], prepared.driving_columns["target"]
        count_base_rows(engine, select, entity=prepared.entity, side="target", columns=columns, key=("voucher_id", "code"))
        rows = engine.execute(Query(f"SELECT key FROM {path('evidence', 'coupons.base')} WHERE problem = 'lost'"))
        assert sorted(key for (key,) in rows) == [["103", "B1"], ["row 2"]]


def test_a_row_lost_for_each_that_is_brought_back_is_counted_also_where_nothing_is_joined(tmp_path: Path) -> None:
    files = {
        "sql/target/coupons.sql": f"{FILES['sql/target/coupons.sql'].strip()} WHERE code <> 'B1'",
        "coupons.toml": f"""{FILES["coupons.toml"]}
[[excluded]]
side   = "target"
where  = "code = 'N3'"
reason = "a test"
""",
    }
    with looked_at(tmp_path, files=files) as (_, facts):
        assert base_rows(facts.entities[0].evidence) == {"target_lost": 2}


def test_a_row_lost_for_each_that_is_repeated_or_brought_back_is_counted(tmp_path: Path) -> None:
    files = {"sql/source/coupons.sql": FILES["sql/source/coupons.sql"].replace(" WHERE c.gone = 0", " WHERE c.code <> 'B1'")}
    for changed, lost, multiplied in (
        ({}, 2, 0),  # A3 is brought back, B1 lost
        ({COUPONS: [(1, "A1", 1, 1, 10, 0), (2, "A2", 1, 2, 20, 0), (3, "C1", 3, 7, 40, 0)], ("source", "kinds"): [(1, "x"), (2, "y"), (2, "z")]}, 1, 1),
        ({COUPONS: rows_of(COUPONS, without=(3, 6))}, 0, 0),
    ):
        with looked_at(tmp_path / str(lost), changed, files=files) as (_, facts):
            found = base_rows(facts.entities[0].evidence)
            assert (found.get("source_lost", 0), found.get("source_multiplied", 0)) == (lost, multiplied)


def test_a_row_lost_for_each_that_is_repeated_is_counted_where_nothing_is_excluded(tmp_path: Path) -> None:
    files = {
        "sql/source/coupons.sql": FILES["sql/source/coupons.sql"].replace(" WHERE c.gone = 0", ""),
        "coupons.toml": FILES["coupons.toml"].replace('[[excluded]]\nside   = "source"\nwhere  = "gone = 1"\nreason = "withdrawn"\n', ""),
    }
    changed = {COUPONS: [(1, "A1", 1, 1, 10, 0), (2, "A2", 1, 2, 20, 0), (3, "B1", 2, 7, 30, 0)], ("source", "kinds"): [(1, "x"), (2, "y"), (2, "z")]}
    with looked_at(tmp_path, changed, files=files) as (_, facts):
        assert base_rows(facts.entities[0].evidence) == {"source_lost": 1, "source_multiplied": 1}


def test_a_row_that_the_contract_excludes_and_the_sql_brings_back_is_counted(tmp_path: Path) -> None:
    sql = FILES["sql/source/coupons.sql"].replace(" WHERE c.gone = 0", "")
    with looked_at(tmp_path, files={"sql/source/coupons.sql": sql}) as (_, facts):
        assert base_rows(facts.entities[0].evidence) == {"source_lost": 1}
