"""Random combinations of corruptions are judged by a run as the slow oracle judges them; `make matrix-random` draws many more."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from dq_fixtures.corruptions import CORRUPTIONS
from dq_fixtures.corruptions.picks import STORES

from tests.matrix import combinations
from tests.matrix.chances import KINDS, NoChanceError, take_chance
from tests.matrix.combinations import build, demo_of, drawable, judged, run
from tests.oracle.seeds import seeded

SEEDS = (2, 3, 4)  # with the fourth canaries are planted


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
    assert 2 <= len([name for name in drawn.names if name in drawable()]) <= 5


@pytest.mark.slow
def test_what_changes_the_shape_of_a_store_or_finds_nothing_is_left_out_and_a_verdict_of_something_else_is_noticed(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = _built(base)
    monkeypatch.setattr(combinations, "verdict", lambda *_, **__: ())
    drawn = judged(base, ["P02", "C09", "C01", "A13"], seed=0, demo=demo, wanted=2)
    assert (drawn.names, drawn.left_out) == (("C09", "A13"), ("P02", "C01"))
    assert any("accounts.values: expected PASSED, found FAILED" in line for line in drawn.differences)


def test_every_corruption_of_the_open_stores_can_be_drawn_unless_it_is_refused() -> None:
    assert {CORRUPTIONS[name].place for name in drawable()} == {"stores", "exports"}
    assert len(drawable()) > 150
    assert not [name for name in drawable() if CORRUPTIONS[name].refused]


@pytest.mark.slow
def test_what_a_run_may_find_beside_rows_is_known_to_the_oracle(base: Path) -> None:
    names = ["O24", "T01.unequal", "N.owner.said", "N.ahead", "Y.baseline", "U02"]
    drawn = judged(base, names, seed=0, demo=_built(base), wanted=len(names), chances=1)
    assert (drawn.names[:-1], drawn.left_out, drawn.differences) == (tuple(names), (), ())


@pytest.fixture(scope="module")
def stores(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the unsealed stores of a demo."""
    return Path(shutil.copytree(base / str(_built(base)) / "unsealed", tmp_path_factory.mktemp("stores") / "unsealed"))


@pytest.mark.slow
def test_a_seed_takes_the_same_chances_and_each_keeps_the_shape_of_the_stores(stores: Path, tmp_path: Path) -> None:
    copies = [Path(shutil.copytree(stores, tmp_path / name)) for name in ("one", "other")]
    said = [[take_chance(copy, seeded(seed)) for seed in range(40)] for copy in copies]
    assert said[0] == said[1]
    assert {kind for kind in KINDS if any(f" {kind}" in line for line in said[0])} == set(KINDS)
    assert {combinations.shape_of(copy) for copy in copies} == {combinations.shape_of(stores)}


def test_where_nothing_can_be_changed_there_is_no_chance(tmp_path: Path) -> None:
    for store in STORES:
        with duckdb.connect(str(tmp_path / f"{store}.duckdb")) as db:
            db.execute("CREATE TABLE empty (id BIGINT)")
    with pytest.raises(NoChanceError):
        take_chance(tmp_path, seeded(1))


def _built(base: Path) -> int:
    demo = min(combinations.DEMOS)
    if not (base / str(demo)).exists():
        build(base, demo)
    return demo
