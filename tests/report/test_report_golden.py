"""Golden files hold: none is missing, none is orphaned, each is what is rendered."""

from __future__ import annotations

import pytest
from golden import CASES, FOLDER


def test_each_golden_file_belongs_to_a_case_and_each_case_has_one() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_what_is_rendered_is_what_was_looked_at(name: str) -> None:
    assert CASES[name]() == FOLDER.joinpath(name).read_text(encoding="utf-8")
