"""By hand and by dq the same cells of every shape are found, however it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import data as making
from benchmarks import shape_sql
from benchmarks.contenders import Handwritten, Ours
from benchmarks.shape import Shape
from benchmarks.shaping import changed, make, pair

ROWS = 10_000
SHAPES = [Shape(ROWS, share=share) for share in ("same", "ten", "one_percent", "all_rows")]
SHAPES += [Shape(ROWS, columns=30), Shape(ROWS, text=100), Shape(ROWS, key="text"), Shape(ROWS, key="composite"), Shape(ROWS, mapped=True)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(making, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_the_engine_and_the_join_by_hand_find_the_same_cells_of_a_shape(shape: Shape) -> None:
    made = make(shape, tell=lambda _: None)
    rows: Any = Handwritten(shape_sql.full_join(shape), made.stores)()()
    assert rows[0][:5] == (ROWS, ROWS, ROWS, 0, 0)
    counted = {name: count for name, count in zip(shape.values, rows[0][5:], strict=True) if count}
    found: Any = Ours(made.contract, made.stores)()()
    assert counted == found["cells"]
    assert found["statuses"].get("changed", 0) == changed(shape)


@pytest.mark.usefixtures("folder")
def test_a_shape_in_chunks_has_every_row_once_and_the_target_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape_sql, "CHUNK", 3000)
    shape = Shape(ROWS)
    made = make(shape, tell=lambda _: None)
    in_order = "SELECT count(*) FILTER (order_id < before) FROM (SELECT order_id, lag(order_id) OVER (ORDER BY rowid) AS before FROM {}.orders)"
    back: Any = [Handwritten(in_order.format(side), made.stores)()() for side in ("source", "target")]
    assert back[0] == [(0,)]
    assert back[1][0][0] > ROWS // 3
    rows: Any = Handwritten(shape_sql.full_join(shape), made.stores)()()
    assert rows[0][:5] == (ROWS, ROWS, ROWS, 0, 0)


def test_who_compares_within_a_database_gets_both_sides_as_tables(folder: Path) -> None:
    made = make(Shape(ROWS), tell=lambda _: None)
    file = pair(folder, made.parquet("source"), made.parquet("target"))
    counted: Any = Handwritten("SELECT (SELECT count(*) FROM pair.source), (SELECT count(*) FROM pair.target)", {"pair": file})()()
    assert counted == [(ROWS, ROWS)]
