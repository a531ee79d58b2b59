"""What tells a row but for its ids: nothing that may differ by a rule, and nothing without an owner and a mark: a moment, or what may stand once."""

from __future__ import annotations

from typing import Any

import pytest
from sides_compared import make_entity

from dq.compare.copies import alike, telling

COLUMNS: dict[str, Any] = {
    "k": "VARCHAR",
    "id": {"type": "BIGINT", "through": "things"},
    "who": {"type": "BIGINT", "through": "accounts"},
    "at": "INSTANT",
    "title": {"type": "VARCHAR", "equal_after": ["trim"], "reason": "typed by hand"},
    "near": {"type": "DECIMAL(4,2)", "tolerance": "0.01", "reason": "rounded"},
    "more": "JSON",
    "n": "BIGINT",
}


@pytest.mark.parametrize(
    ("columns", "options", "names"),
    [
        (COLUMNS, {"owner": "who"}, ["who", "at", "n"]),
        (COLUMNS, {}, []),
        ({**COLUMNS, "at": "DATE"}, {"owner": "who"}, []),
        (COLUMNS, {"owner": "who", "aggregate": {"n": "sum"}}, []),
    ],
)
def test_a_row_is_told_by_what_may_not_change(columns: dict[str, Any], options: dict[str, Any], names: list[str]) -> None:
    assert [column.name for column in telling(make_entity(columns, key="k", **options))] == names


def test_two_rows_are_alike_where_all_that_tells_them_is_the_same_and_one_has_a_moment() -> None:
    entity = make_entity(COLUMNS, key="k", owner="who")
    same = " AND ".join(f'f."{name}" IS NOT DISTINCT FROM s."{name}"' for name in ("who", "at", "n"))
    assert alike(entity, "f", "s").replace('"', "") == f'{same} AND (f."at" IS NOT NULL)'.replace('"', "")
