"""What is measured is measured of equals: by hand and by dq the same cells are found, and each contender says what it found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import data as making
from benchmarks.contenders import Handwritten, Ours
from benchmarks.data import Data, build
from benchmarks.measure import Timing
from benchmarks.races import CONTRACTS
from benchmarks.table import Race, last_line, table

ROWS = 20_000
CHANGED = {  # store to column to cells
    "ten": {"account_id": 2, "status": 4, "total": 2, "created_at": 2},
    "one_percent": {"status": 62, "total": 71, "created_at": 68},
    "all_rows": {"status": 1993, "total": 208, "created_at": ROWS},
}
COLUMNS = ("account_id", "region", "status", "currency", "total", "created_at")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Data]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "FOLDER", tmp_path_factory.mktemp("data"))
        yield build(ROWS, tell=lambda _: None)


def stores(data: Data, *, target: str = "ten") -> dict[str, Path]:
    return {"source": data.store("source"), "target": data.store(target)}


@pytest.mark.parametrize("target", CHANGED)
def test_the_engine_finds_the_cells_that_were_changed(target: str, data: Data) -> None:
    found: Any = Ours(CONTRACTS / "plain", stores(data, target=target))()()
    assert CHANGED[target] == found["cells"]
    assert (found["canary"].missed, found["canary"].invented) == (0, 0)


@pytest.mark.parametrize("target", CHANGED)
def test_the_join_by_hand_counts_the_same_cells(target: str, data: Data) -> None:
    rows: Any = Handwritten("full_join", stores(data, target=target))()()
    counted = dict(zip(COLUMNS, rows[0][5:], strict=True))
    assert CHANGED[target] == {name: count for name, count in counted.items() if count}


@pytest.mark.parametrize("script", ["conformed_join", "conformed_fingerprints"])
def test_both_ways_by_hand_find_the_ten_cells_between_stores_of_other_habits(script: str, data: Data) -> None:
    sides = {"source": data.store("shop"), "target": data.store("merged"), "crosswalk": data.store("crosswalk")}
    rows: Any = Handwritten(script, sides)()()
    assert [row[1] for row in rows] == ["changed"] * 10
    counted = dict(zip(COLUMNS, (sum(row[2 + place] for row in rows) for place in range(len(COLUMNS))), strict=True))
    assert CHANGED["ten"] == {name: count for name, count in counted.items() if count}
    found: Any = Ours(CONTRACTS / "conformed", sides)()()
    assert CHANGED["ten"] == found["cells"]


def test_fingerprints_by_hand_say_which_buckets_differ(data: Data) -> None:
    rows: Any = Handwritten("fingerprints", stores(data))()()
    assert len(rows) == 10


def test_the_table_shows_ratios_of_rounds_beside_their_limits() -> None:
    timings = {"by hand": Timing((2.0, 4.0, 2.0), (1.0, 1.0, 1.0), 100.0, None), "ours": Timing((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), 90.0, None)}
    race = Race("ten cells", timings, "by hand", {"ours": 0.7})
    assert race.ratio("ours") == 0.5
    lines = table([race]).splitlines()
    assert [cell.strip() for cell in lines[-1].strip("|").split("|")] == ["ours", "1.00", "1.00", "1.00", "90", "0.50", "0.70", ""]


def test_the_last_line_names_what_was_not_measured_as_null() -> None:
    assert last_line({"engine_vs_full_join": 2 / 3, "engine_vs_peer": None}) == '{"engine_vs_full_join": 0.667, "engine_vs_peer": null}'
