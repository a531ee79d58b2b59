"""Random combinations of corruptions are judged by a run as the slow oracle judges them; `make matrix-random` draws many more."""

from __future__ import annotations

from pathlib import Path

import pytest
from dq_fixtures.corruptions import CORRUPTIONS

from tests.matrix import combinations
from tests.matrix.combinations import build, demo_of, drawable, judged, run
from tests.oracle.seeds import seeded

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demos of the draws are built."""
    return tmp_path_factory.mktemp("demos")


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_draw_is_judged_alike(base: Path, seed: int) -> None:
    demo = demo_of(seeded(seed))
    if not (base / str(demo)).exists():
        build(base, demo)
    drawn = run(base, seed)
    assert drawn.differences == ()
    assert 2 <= len(drawn.names) <= 5


@pytest.mark.slow
def test_what_changes_the_shape_of_a_store_or_finds_nothing_is_left_out_and_a_verdict_of_something_else_is_noticed(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = min(combinations.DEMOS)
    if not (base / str(demo)).exists():
        build(base, demo)
    monkeypatch.setattr(combinations, "verdict", lambda *_, **__: ())
    drawn = judged(base, ["P02", "C09", "C01", "A13"], seed=0, demo=demo, wanted=2)
    assert (drawn.names, drawn.left_out) == (("C09", "A13"), ("P02", "C01"))
    assert any("accounts.values: expected PASSED, found FAILED" in line for line in drawn.differences)


def test_every_corruption_of_the_open_stores_can_be_drawn_unless_it_is_refused() -> None:
    assert [CORRUPTIONS[name].place for name in drawable()] == ["stores"] * len(drawable())
    assert len(drawable()) > 150
    assert not [name for name in drawable() if CORRUPTIONS[name].refused]
