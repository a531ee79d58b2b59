"""Shares of the matrix as tests that a mutant must get past: ten corruptions a run, each to be found to the last key. No other run collects them."""

from __future__ import annotations

from pathlib import Path

import pytest
from dq_fixtures.corruptions import CORRUPTIONS

from tests.matrix import stages
from tests.matrix.listing import Item, items, run_item
from tests.matrix.sharing import run_corruptions, shares

TOGETHER = [[item.id for item in share] for share in shares(items()) if share[0].kind == "corruption" and len(share) > 1]
ALONE = [item for item in items() if item.id in {"demo", "N01", "N04", "N14", "K12.rows", "K12.sums", "F36.column", "S02", "Y.deadline", "U01", "N00"}]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demos of the matrix are built."""
    return tmp_path_factory.mktemp("matrix")


def _built(base: Path, moved: int) -> Path:
    if not (base / str(moved)).exists():
        stages.build(base, moved=moved)
    return base


@pytest.mark.parametrize("names", TOGETHER, ids=lambda names: names[0])
def test_a_share_is_judged_as_it_must_be(base: Path, names: list[str]) -> None:
    assert run_corruptions(_built(base, CORRUPTIONS[names[0]].stage.moved), names) == []


@pytest.mark.parametrize("item", ALONE, ids=lambda item: item.id)
def test_a_case_is_judged_as_it_must_be(base: Path, item: Item) -> None:
    assert run_item(_built(base, item.moved), item) == []
