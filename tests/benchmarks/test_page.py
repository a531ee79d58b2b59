"""The page and its pictures say what was measured, and nothing else of the page changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.answers import RIGHT
from benchmarks.drawing import bars, lines
from benchmarks.peer import read_peers
from benchmarks.races import JOIN, OURS
from benchmarks.results import Result, Results

from .examples import ten_cells, timing

PEERS = read_peers()


def found_races() -> Mapping[str, Result]:
    about = {
        "machine": {"cores": 2, "memory_gb": 24, "processor": "A processor", "system": "Debian 12"},
        "versions": {"dq": "0.1.0", "DuckDB": "1.5.6"},
        "command": "ROUNDS=2 make bench",
        "rounds": 2,
        "peer_seconds": 300,
        "peer_gb": 16,
        "at": "2026-11-29 20:00",
    }
    base = replace(ten_cells(), title="a tenth", axes={"rows": "1000000", "share": "10 cells"})
    return {"ten_cells": Result(ten_cells(), about), "axis-base": Result(base, about)}


def test_the_page_says_machine_versions_and_command_and_who_was_quicker_and_why() -> None:
    told = "\n\n".join(page.sections(found_races(), {PEERS[0].name: {"equal": RIGHT}}))
    for words in ("2 cores (A processor), 24 GB, Debian 12", "DuckDB 1.5.6", "`ROUNDS=2 make bench`", "2026-11-29", "not ended after 300 s"):
        assert words in told
    assert "- ten cells: polars (2.00 s); “dq run, process” took 3.00 s." in told
    assert page.WHY in told
    assert "| 10 cells changed: the engine, beside the full outer join by hand | 0.5 | 0.6 | met |" in told


def test_the_page_shows_every_picture_that_is_drawn() -> None:
    told = "\n\n".join(page.sections(found_races(), {}))
    drawn = page.pictures(found_races())
    assert drawn.keys() == {"speed-ten_cells.svg", "speed-by-rows.svg"}
    assert [name for name in drawn if f"(pictures/{name})" not in told] == []


def test_what_was_measured_stands_between_its_marks_and_nothing_else_changes() -> None:
    before = f"# Speed\n\n{page.BEGIN}\n\nold\n\n{page.END}\n\n## The gate\n"
    once = page.placed(before, "new")
    assert once == f"# Speed\n\n{page.BEGIN}\n\nnew\n\n{page.END}\n\n## The gate\n"
    assert page.placed(once, "new") == once


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="the marks of what is measured are not there once each"):
        page.placed("# Speed\n", "new")


def test_the_page_of_the_project_has_its_marks() -> None:
    written = (page.DOCS / "benchmarks.md").read_text(encoding="utf-8")
    assert "new" in page.placed(written, "new")


def test_a_picture_names_every_contender_and_why_one_failed() -> None:
    drawn = bars(ten_cells(), title="Ten cells")
    for words in (JOIN, OURS, "quick", "not ended after 300 s", "Ten cells"):
        assert words in drawn


def test_a_line_has_two_points_at_least() -> None:
    first, second = ten_cells(), replace(ten_cells(), timings={OURS: timing(10.0), JOIN: timing(40.0)}, axes={"rows": "100000000"})
    drawn = lines([first, second], "rows", title="By rows", label="rows", numeric=True)
    assert OURS in drawn
    assert "quick" not in drawn


def test_results_are_plain_json(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.begin({}, ["ten"])
    results.measured("ten", ten_cells, about={})
    assert json.loads((tmp_path / "ten.json").read_text())["race"]["failed"] == {"failed": "not ended after 300 s"}
