"""A comparison that is broken on purpose finds its canaries dead: what a run plants in a copy is missed, and the run is not proven."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tiny import ROWS, Place, Rows, looked_at, moved

from dq import measuring
from dq.canaries import CanaryResult
from dq.compare.evidence import Crash
from dq.engine import Engine, Row
from dq.judgement.canaries import judge_canary
from dq.record import Outcome
from dq.sql import Query

MANY = range(1, 41)
SHOP: dict[Place, Rows] = {
    ("source", "coupons"): [(number, f"A{number}", 1 + number % 2, 1, number, 0) for number in MANY],
    ("source", "kinds"): [(1, None)],
    ("target", "vouchers"): [
        (*moved(100 + number, f"A{number}", 11 + number % 2, number)[:3], None, number, *ROWS["target", "vouchers"][0][5:]) for number in MANY
    ],
    ("crosswalk", "coupons"): [(number, 100 + number) for number in MANY],
}
BREAKAGES = (
    ("a join that sees no missing and no extra row", r"FULL JOIN", "JOIN"),
    ("a comparison that ignores NULL", r"IS DISTINCT FROM", "<>"),
    ("a fingerprint that ignores a column", r'hash\(("code"[^()]*), "points"\)', r"hash(\1)"),
    ("a comparison that never sees a column differ", r's\."points" IS DISTINCT FROM t\."points"', "false"),
    ("a comparison of one column with another", r't\."account_id"', 't."coupon_id"'),
    ("rows that stand twice taken for one", r"HAVING count\(\*\) > 1", "HAVING count(*) > 2"),
    ("differing buckets that are never looked at", r"FILTER \(differs\)", "FILTER (false)"),
    ("rows joined on any key", r's\."code" = t\."code"', "true"),
)


def canary(folder: Path) -> CanaryResult | Crash | None:
    with looked_at(folder, SHOP) as (_, facts):
        (item,) = facts.entities
        assert item.evidence is not None
        assert item.canary is not None
        outcome = judge_canary(item.entity, item.canary, item.evidence).outcome
        assert (outcome is Outcome.PASSED) == (isinstance(item.canary, CanaryResult) and item.canary.missed == item.canary.invented == 0)
        return item.canary


def test_a_sound_comparison_finds_everything_that_was_planted(tmp_path: Path) -> None:
    found = canary(tmp_path)
    assert isinstance(found, CanaryResult)
    assert found.planted >= 7
    assert (found.missed, found.invented) == (0, 0)


@pytest.mark.parametrize(("old", "new"), [item[1:] for item in BREAKAGES], ids=[item[0] for item in BREAKAGES])
def test_a_broken_comparison_is_not_proven(old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken: list[str] = []
    sound = Engine.execute

    def execute(engine: Engine, query: Query) -> list[Row]:
        if query.step.startswith("canary.coupons"):
            sql, times = re.subn(old, new, query.sql)
            broken.extend([query.step] * times)
            query = Query(sql, query.values, query.step)
        return sound(engine, query)

    monkeypatch.setattr(Engine, "execute", execute)
    found = canary(tmp_path)
    assert broken
    assert isinstance(found, Crash) or found.missed or found.invented  # type: ignore[union-attr]


def test_a_canary_that_crashes_is_not_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "release", lambda *_, **__: 1 / 0)
    with pytest.raises(AssertionError, match=r"canary\.coupons: the check crashed \(ZeroDivisionError"):
        canary(tmp_path)


def test_an_entity_without_a_row_has_no_canary_to_die(tmp_path: Path) -> None:
    nothing: dict[Place, Rows] = {("source", "coupons"): [], ("target", "vouchers"): [], ("baseline", "vouchers"): [], ("crosswalk", "coupons"): []}
    with looked_at(tmp_path, nothing) as (_, facts):
        (item,) = facts.entities
        assert item.canary is not None
        assert not isinstance(item.canary, Crash)
        assert (item.canary.planted, item.canary.missed, item.canary.invented) == (0, 0, 0)
        check = judge_canary(item.entity, item.canary, item.evidence)
        assert (check.outcome, check.reason) == (Outcome.NOT_PROVEN, "there is no row to plant a corruption in")
