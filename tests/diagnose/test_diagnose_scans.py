"""Whether all rows are read again to explain some depends on how many those are."""

from types import SimpleNamespace
from typing import Any

import pytest

from dq.diagnose import Subject


@pytest.mark.parametrize(
    ("rows", "broken", "worth"),
    [(1_000_000, 1, True), (1_000_001, 1, False), (10_000_000, 9_999, False), (10_000_000, 10_000, True), (0, 0, True)],
)
def test_all_rows_are_read_again_only_where_enough_are_broken(rows: int, broken: int, *, worth: bool) -> None:
    evidence: Any = SimpleNamespace(population=SimpleNamespace(source_rows=rows), harms={"": SimpleNamespace(keys=broken)})
    entity: Any = None
    assert Subject(entity, evidence).is_worth_a_scan is worth
