"""Snapshots that are whole but not the ones meant: another migration, side, store, region, batch or time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from small import BASELINE, MOMENT, Dq, Small, assert_refused

# side, what its manifest says instead, what the line must hold
OTHERS = [
    ("source", {"migration": "smal"}, ("source snapshot", "migration is 'smal', not 'small'")),
    ("target", {"side": "source"}, ("target snapshot", "side is 'source', not 'target'")),
    ("baseline", {"side": "target"}, ("baseline snapshot", "side is 'target', not 'baseline'")),
    ("source", {"store": "new"}, ("source snapshot", "store is 'new', not 'old'")),
    ("source", {"region": "DI"}, ("source snapshot", "unknown region 'DI'; known: GB, ID")),
    ("source", {"region": "GB"}, ("source snapshot", "of region 'GB'", "batch 1 is of region 'ID'")),
    ("target", {"batch": None}, ("target snapshot", "names no batch", "--batch")),
    ("crosswalk", {"batch": None}, ("crosswalk snapshot", "names no batch")),
    ("target", {"batch": 7}, ("target snapshot", "batch 7 is not in migration.toml")),
    ("crosswalk", {"batch": 2}, ("the target snapshot is of batch 1, the crosswalk's of batch 2",)),
    ("crosswalk", {"batch": 0}, ("the target snapshot is of batch 1, the crosswalk's of batch 0",)),
    ("baseline", {"batch": 1}, ("the baseline snapshot is of batch 1", "before the first")),
]


@pytest.mark.parametrize(("side", "changed", "parts"), OTHERS, ids=[f"{side} {changed}" for side, changed, _ in OTHERS])
def test_another_snapshot_than_the_one_meant_is_refused(batched: Small, run: Dq, side: str, changed: dict[str, object], parts: tuple[str, ...]) -> None:
    batched.write_manifest(side, **changed)
    assert_refused(run(batched, "--batch", 1), 3, *parts)
    assert batched.litter() == []


def test_a_side_that_nobody_knows_is_said(batched: Small, run: Dq) -> None:
    batched.write_manifest("source", side="left")
    assert_refused(run(batched, "--batch", 1), 3, "source.manifest.json", "side", "'source'")


@pytest.mark.parametrize("batch", [0, 3, -1, 10**20])
@pytest.mark.parametrize("command", ["run", "gate", "check"])
def test_a_batch_that_is_not_in_the_contract_is_wrong_usage(batched: Small, dq: Dq, command: str, batch: int) -> None:
    runs = () if command == "check" else ("--runs", batched.runs)
    assert_refused(dq(command, "--contract", batched.contract, *runs, "--batch", batch), 2, f"there is no batch {batch} (1 to 2)")


def test_a_batch_of_a_contract_without_batches_is_wrong_usage(plain: Small, run: Dq) -> None:
    assert_refused(run(plain, "--batch", 1), 2, "there is no batch 1", "the contract has none")


def test_a_batch_that_has_not_moved_cannot_be_compared(batched: Small, run: Dq) -> None:
    assert_refused(run(batched, "--batch", 2), 3, "batch 2 has not moved", "target snapshot, which is of batch 1")


def test_nothing_has_moved_yet_so_there_is_nothing_to_compare(batched: Small, run: Dq) -> None:
    batched.write_manifest("target", batch=0)
    batched.write_manifest("crosswalk", batch=0)
    assert_refused(run(batched), 3, "no batch has moved")


def test_a_gate_needs_what_came_before_it(batched: Small, run: Dq) -> None:
    batched.write_manifest("target", batch=0)
    batched.write_manifest("crosswalk", batch=0)
    assert_refused(run(batched, "--batch", 2, command="gate"), 3, "batch 1 has not moved")


# what is told of which snapshot; moments of source, target, baseline; --as-of
HOUR = timedelta(hours=1)
UNTIMELY = {
    "too old": ({"source": MOMENT - 73 * HOUR, "target": MOMENT - 73 * HOUR}, MOMENT, {"source": "73 h old, the contract allows 72 h", "target": "73 h old"}),
    "too old by minutes": (
        {"source": MOMENT - 72 * HOUR},
        MOMENT + timedelta(minutes=5),
        {"source": "72 h 5 min old", "target": "source and target are 72 h apart"},
    ),
    "from the future": ({"source": MOMENT + HOUR}, MOMENT, {"source": "after the moment that the run is judged as of"}),
    "too far apart": ({"source": MOMENT - 25 * HOUR}, MOMENT, {"target": "source and target are 25 h apart, the contract allows 24 h"}),
    "a baseline after the target": ({"baseline": MOMENT + HOUR}, MOMENT + 2 * HOUR, {"baseline": "not taken before the target"}),
    "a baseline of the target's moment": ({"baseline": MOMENT}, MOMENT, {"baseline": "not taken before the target"}),
}


@pytest.mark.parametrize(("moments", "as_of", "told"), UNTIMELY.values(), ids=UNTIMELY)
def test_a_snapshot_of_another_time_proves_nothing(batched: Small, run: Dq, moments: dict[str, object], as_of: object, told: dict[str, str]) -> None:
    for side, moment in moments.items():
        batched.write_manifest(side, moment=moment.isoformat())  # type: ignore[attr-defined]
    said = run(batched, "--batch", 1, "--as-of", as_of.isoformat())  # type: ignore[attr-defined]
    reasons = {check["name"]: check["reason"] for check in batched.record()["checks"] if check["kind"] == "snapshot" and check["reason"]}
    assert (said.status, set(reasons)) == (3, set(told))
    for side, part in told.items():
        assert part in reasons[side]


@pytest.mark.parametrize("hours", [24, -24])
def test_limits_are_inclusive(batched: Small, run: Dq, hours: int) -> None:
    batched.write_manifest("source", moment=(MOMENT + hours * HOUR).isoformat())
    assert run(batched, "--batch", 1, "--as-of", (MOMENT + 24 * HOUR).isoformat()).status == 0


def test_moments_with_other_offsets_are_the_same_instants(batched: Small, run: Dq) -> None:
    batched.write_manifest("source", moment="2024-11-06T03:00:00+07:00")
    batched.write_manifest("target", moment="2024-11-05T12:00:00-08:00")
    assert run(batched, "--batch", 1).status == 0


@pytest.mark.parametrize("moment", ["yesterday", "2024-11-05T20:00:00", "2024-11-05", "", "2024-13-05T00:00:00Z", "9" * 400])
def test_a_moment_that_is_none_is_wrong_usage(batched: Small, run: Dq, moment: str) -> None:
    assert_refused(run(batched, "--batch", 1, "--as-of", moment), 2, "--as-of", "2024-11-05T20:30:00+00:00")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_of_no_time_of_ours_is_refused(batched: Small, run: Dq, moment: str) -> None:
    assert_refused(run(batched, "--batch", 1, "--as-of", moment), 2, "--as-of", "is none between 1970 and 9000")
    batched.write_manifest("target", moment=moment)
    assert_refused(run(batched, "--batch", 1), 3, "target.manifest.json", "moment", "is none between 1970 and 9000")


def test_a_region_without_a_row_is_not_proven(batched: Small, run: Dq) -> None:
    """Batch 1 has accounts, but none of them has a row in either store."""
    batched.reseal("source", "DELETE FROM users WHERE user_id <= 20", "DELETE FROM coupons WHERE user_id <= 20")
    batched.reseal("target", "DELETE FROM customers", "DELETE FROM vouchers WHERE voucher_id > 100")
    batched.seal_by_hand("target", "CREATE TABLE more (i INTEGER)", "DROP TABLE more")  # else it were the baseline's very file
    said = run(batched, "--batch", 1)
    outcomes = batched.outcomes()
    assert (said.status, {outcomes[f"{entity}.rows"] for entity in ("accounts", "coupons")}) == (3, {"NOT PROVEN"})


def test_a_batch_without_an_account_is_not_proven(batched: Small, run: Dq) -> None:
    batched.reseal("crosswalk", "UPDATE batches SET batch = 2, region = 'GB'")
    said = run(batched, "--batch", 1)
    assert (said.status, batched.outcomes()["accounts.values"]) == (3, "NOT PROVEN")


def test_the_moment_of_the_target_is_what_a_run_is_judged_as_of(batched: Small, run: Dq) -> None:
    run(batched, "--batch", 1)
    assert batched.record()["as_of"] == MOMENT.isoformat()
    assert next(item for item in batched.record()["snapshots"] if item["side"] == "baseline")["moment"] == BASELINE.isoformat()
