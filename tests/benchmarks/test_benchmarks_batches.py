"""What a gate costs as batches grow is measured of gates that are open, on a past that was really signed."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.asked import Asked
from benchmarks.batches import PARTS, Cost, asked_of, seconds_of, table
from benchmarks.measure import Timing
from benchmarks.past import ALL, State, build_past
from dq.contract.reading import read_contract
from dq.signoff.file import SIGN_OFFS


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    """The demo after one batch of fifty, which two have signed."""
    return build_past(tmp_path_factory.mktemp("past") / "made", accounts=600, gates=[2], tell=lambda _: None)[2]


@pytest.mark.slow
def test_the_accounts_are_cut_into_fifty_batches_of_which_those_before_the_gate_are_signed(state: State) -> None:
    assert [batch.number for batch in read_contract(state.contract).migration.batches] == list(range(1, ALL + 1))
    assert len(list(state.runs.glob(f"*/{SIGN_OFFS}"))) == 1


@pytest.mark.slow
def test_an_open_gate_is_counted_and_timed(state: State) -> None:
    asked, seconds = asked_of(state), seconds_of(state)
    assert asked.scans_of("target")["target.vouchers"] > 0
    assert [step for step in asked.joins if step.startswith("canary.coupons:")] == ["canary.coupons: compare rows"]
    assert [part for part in PARTS if seconds[part] > 0] == list(PARTS)


def test_a_line_of_the_table_is_a_gate() -> None:
    asked = Asked(
        texts=Counter({("SELECT 1", "()"): 2}), scans=Counter({("coupons", "target.vouchers"): 3}), joins=Counter({"canary.coupons: compare rows": 1})
    )
    cost = Cost(asked, Timing((3.0,), (2.0,), 1.0, None), dict.fromkeys(PARTS, 0.25))
    *_, line = table({5: cost})
    assert [cell.strip() for cell in line.strip("|").split("|")] == ["5", "4", "2", "0", "3", "0", "0", "0", "0", "1", "2.00", "0.25", "0.25", "0.25", "3.00"]
