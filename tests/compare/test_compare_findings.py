"""However many rows are broken, findings.parquet has them in one order: rows by key, and after each its cells, of a column the first ones by key."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from sides_compared import make_entity

from dq.compare import cells, fingerprint, parts, views
from dq.compare.equality import JSON_SAME, json_same
from dq.compare.harm import harms
from dq.compare.keys import count_keys
from dq.compare.localise import localise
from dq.compare.rows import tables
from dq.compare.sides import UNMAPPED
from dq.engine import Engine, open_engine
from dq.findings import number_findings, write_findings
from dq.settings import Settings
from dq.sql import Query, path

ROWS, KEPT = 400_000, 1000  # more than three row groups of a Parquet file
THINGS = make_entity({"k": "BIGINT", "a": "VARCHAR", "b": "INTEGER"}, key="k", name="things")
WAYS = {"fetched": {}, "joined in place": {"FEW": 0, "_SMALL": 0, "_MOST": -1.0, "PART": 150_000}}


def compared(engine: Engine) -> Any:
    """Compare a shuffled copy of which every row has another `b`, and every tenth another `a` as well; return the facts."""
    rows = f"SELECT range AS k, 'a' || range % 7 AS a, CAST(range % 11 AS INTEGER) AS b FROM range({ROWS})"
    engine.execute(Query(f"CREATE TABLE {path('source', 'things')} AS SELECT *, CAST(0 AS BIGINT) AS {path(UNMAPPED)} FROM ({rows}) ORDER BY hash(k, 1)"))
    engine.execute(
        Query(
            f"""CREATE TABLE {path("target", "things")} AS
                SELECT k, CASE WHEN k % 10 = 0 THEN 'z' ELSE a END AS a, CAST(b + 1 AS INTEGER) AS b FROM ({rows}) ORDER BY hash(k, 2)"""
        )
    )
    prints = fingerprint.take(engine, THINGS, unmapped=UNMAPPED)
    found = localise(engine, THINGS, prints=prints, source_keys=count_keys(engine, path("source", "things"), [("k", "BIGINT")], step="keys"))
    assert found.agrees
    engine.execute(Query(f"CREATE TABLE {path('evidence', 'things.base')} (side VARCHAR, problem VARCHAR, key VARCHAR[])"))
    evidence = SimpleNamespace(harms=harms(engine, THINGS, tables=tables(THINGS)), in_order=found.in_order)
    return SimpleNamespace(
        crosswalks={}, entities=(SimpleNamespace(entity=THINGS, evidence=evidence, persons={}, invariants={}, natives=None, freeze=None, exported=None),)
    )


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_many_findings_are_written_in_the_order_of_their_keys(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in WAYS[way].items():
        monkeypatch.setattr(parts, name, limit)
    monkeypatch.setattr(cells, "VALUES_KEPT", KEPT)
    engine = open_engine({}, settings=Settings(threads=2, temp=tmp_path))
    engine.register(JSON_SAME, json_same, takes=("VARCHAR", "VARCHAR"), gives="BOOLEAN")
    views.make_schemas(engine)
    facts = compared(engine)
    records = write_findings(engine, number_findings(engine, facts), tmp_path / "findings.parquet")
    engine.close()
    frame = pl.read_parquet(tmp_path / "findings.parquet")
    rows, kept = frame.filter(pl.col("column").is_null()), frame.filter(pl.col("column").is_not_null())
    assert records == frame.height == ROWS + 2 * KEPT
    assert list(range(1, ROWS + 1)) == rows["row"].to_list()
    assert list(map(str, range(ROWS))) == rows["key"].list.first().to_list()
    assert [["a", "b"] if number % 10 == 0 else ["b"] for number in range(ROWS)] == rows["columns"].to_list()
    assert list(range(KEPT)) == kept.filter(pl.col("column") == "b")["key"].list.first().cast(pl.Int64).to_list()
    assert list(range(0, 10 * KEPT, 10)) == kept.filter(pl.col("column") == "a")["key"].list.first().cast(pl.Int64).to_list()
    assert frame.select("row", place=pl.col("column").fill_null("")).equals(frame.select("row", place=pl.col("column").fill_null("")).sort("row", "place"))
    assert {"entity": pl.String, "status": pl.String, "columns": pl.List(pl.String)}.items() <= dict(frame.schema).items()
