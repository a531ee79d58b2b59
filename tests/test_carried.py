"""What was signed of a batch is held against today's target: it carries over, or the gate says what became of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from dq_fixtures.corruptions.picks import attach
from dq_fixtures.corruptions.registry import Stage

from dq.compare.entity import SINCE
from dq.compare.signed import BatchSignOff, Carried, Digest, Signed
from dq.judgement.past import judge_past
from dq.record import Outcome
from dq.running import Finished, Options, run_contract
from tests.matrix.stages import SETTINGS, Case, build

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("carried")]  # the signed past is made once

GATE = Stage(moved=2, command="gate", batch=3)
FIRST_MOVED, LATER = "2024-11-05 01:00:00+00", "2024-11-09 10:00:00+00"  # batch 1 came into the target, and a customer of it acted
COUPON = f"voucher_id = (SELECT min(voucher_id) FROM target.vouchers WHERE created_ts = TIMESTAMPTZ '{FIRST_MOVED}' AND state = 1)"
ANOTHER = f"(SELECT max(customer_id) FROM target.vouchers WHERE created_ts = TIMESTAMPTZ '{FIRST_MOVED}')"
LATEST = f"voucher_id = (SELECT min(voucher_id) FROM target.vouchers WHERE created_ts > TIMESTAMPTZ '{LATER}' AND code LIKE 'PC-%' AND state = 1)"


@dataclass(frozen=True)
class Past:
    """The demo with one batch moved and with two, and what was seen of each."""

    folder: Path
    signoffs: tuple[BatchSignOff, ...]
    plain: tuple[Finished, Finished]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """Run batches 1 and 2 when each has just moved, and sign what was seen."""
    base = tmp_path_factory.mktemp("past")
    runs = []
    for number in (1, 2):
        build(base, moved=number)
        case = Case(base / str(number), base / "work", Stage(moved=number, command="run", batch=number))
        options = Options(runs=base / "runs", snapshots=case.clean, settings=SETTINGS, carries=True)
        runs.append(run_contract(case.contract, command="run", batch=number, options=options))
    return Past(base, tuple(_signed(run) for run in runs), (runs[0], runs[1]))


def _signed(run: Finished) -> BatchSignOff:
    batch, target = run.record.batch, next(one for one in run.record.snapshots if one.side == "target")
    assert batch is not None
    assert run.carried is not None
    return BatchSignOff(batch, ("data-owner", "finance"), signed=Signed(batch, target.moment, run.carried, statement=f"statement {batch}"))


def gate(past: Past, work: Path, changes: str | None = None, *, signoffs: tuple[BatchSignOff, ...] | None = None) -> Finished:
    """Ask whether batch 3 may start, after the target changed."""
    case = Case(past.folder / "2", work, GATE)
    files: Mapping[str, Path] = case.clean

    def change(copy: Path) -> None:
        with attach(copy) as db:
            db.execute(str(changes))

    if changes is not None:
        files, _ = case.changed(change)
    options = Options(runs=work / "runs", snapshots=files, settings=SETTINGS, signoffs=past.signoffs if signoffs is None else signoffs)
    finished = run_contract(case.contract, command="gate", batch=3, options=options)
    shutil.rmtree(work / "unsealed", ignore_errors=True)
    return finished


def failed(finished: Finished) -> set[str]:
    """Return the ids of the checks that are not PASSED."""
    return {check.id for check in finished.record.checks if check.outcome is not Outcome.PASSED}


def test_batches_that_stand_as_they_were_signed_carry_over(past: Past, tmp_path: Path) -> None:
    finished = gate(past, tmp_path)
    assert failed(finished) == set()
    assert {check.id: check.looked_at for check in finished.record.checks if check.kind == "carried"} == {
        f"carried.{one.batch}": sum(
            digest.rows for digest in (*one.signed.carried.own.values(), *(one.signed.carried.shared.values() if one.batch == len(past.signoffs) else ()))
        )
        for one in past.signoffs
        if one.signed is not None
    }


USED = "state = 2, uses_left = 0, used_sale_id = (SELECT min(s.sale_id) FROM target.sales AS s WHERE s.customer_id = vouchers.customer_id)"
CASES = {
    "a coupon that was spent later, and says so": (f"UPDATE target.vouchers SET {USED}, updated_ts = TIMESTAMPTZ '{LATER}' WHERE {COUPON}", set[str]()),
    "a coupon of another value that does not say so": (
        f"UPDATE target.vouchers SET face_minor = face_minor + 100 WHERE {COUPON}",
        {"coupons.values", "coupons.sums.face_value", "coupons.sums.liability", "carried.1"},
    ),
    "a change that says it is from after the snapshot": (
        f"UPDATE target.vouchers SET title = 'x', updated_ts = TIMESTAMPTZ '2030-01-01 00:00:00+00' WHERE {COUPON}",
        {"coupons.values", "carried.1"},
    ),
    "a coupon that was given to somebody else, and says so": (
        f"UPDATE target.vouchers SET customer_id = {ANOTHER}, updated_ts = TIMESTAMPTZ '{LATER}' WHERE {COUPON}",
        {"coupons.attribution", "carried.1"},
    ),
    "a coupon of a later batch that changed before that was signed": (
        f"UPDATE target.vouchers SET title = 'x', updated_ts = TIMESTAMPTZ '{LATER}' WHERE {LATEST}",
        {"coupons.values", "carried.2"},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_only_what_says_so_may_have_changed_since(past: Past, tmp_path: Path, name: str) -> None:
    changes, expected = CASES[name]
    assert failed(gate(past, tmp_path, changes)) == expected


def test_what_changed_since_is_counted(past: Past, tmp_path: Path) -> None:
    finished = gate(past, tmp_path, CASES["a coupon that was spent later, and says so"][0])
    since = {entity.entity: {reason: rows for reason, rows in entity.excused_by.items() if "since" in reason} for entity in finished.record.entities}
    assert {entity: rows for entity, rows in since.items() if rows} == {"coupons": {SINCE: 1}}


def test_taking_digests_changes_no_record(past: Past) -> None:
    case = Case(past.folder / "1", past.folder / "work", Stage(moved=1, command="run", batch=1))
    options = Options(runs=past.folder / "again", snapshots=case.clean, settings=SETTINGS)
    again = run_contract(case.contract, command="run", batch=1, options=options)
    assert again.record == past.plain[0].record
    assert again.carried is None


def _outcomes(*signoffs: BatchSignOff, now: dict[int | None, dict[str, Digest]] | None = None) -> dict[str, Outcome]:
    return {check.id: check.outcome for check in judge_past(signoffs, now)}


ROWS = {"coupons": Digest(3, "aa")}


def test_a_batch_that_nobody_signed_is_not_proven() -> None:
    assert _outcomes(BatchSignOff(1), now={1: ROWS}) == {"signoff.1": Outcome.NOT_PROVEN, "carried.1": Outcome.NOT_PROVEN}


def test_a_batch_that_somebody_rejected_failed() -> None:
    assert _outcomes(BatchSignOff(1, rejected="finance: the sums are not ours"), now={1: ROWS})["signoff.1"] is Outcome.FAILED


@pytest.mark.parametrize("now", [{1: {"coupons": Digest(3, "ab")}}, {1: {"coupons": Digest(2, "aa")}}, {1: {}}, {}, {1: {**ROWS, "orders": Digest(1, "cc")}}])
def test_other_rows_than_were_signed_fail(now: dict[int | None, dict[str, Digest]]) -> None:
    assert _outcomes(BatchSignOff(1, ("finance",), signed=Signed(1, "2024-11-05T00:00:00+00:00", Carried(ROWS))), now=now)["carried.1"] is Outcome.FAILED


def test_rows_of_no_account_are_held_against_the_last_batch_alone() -> None:
    carried = {batch: Carried(ROWS, {"products": Digest(batch, "p")}) for batch in (1, 2)}
    first, last = (BatchSignOff(batch, ("finance",), signed=Signed(batch, "2024-11-05T00:00:00+00:00", carried[batch])) for batch in (1, 2))
    found = _outcomes(first, last, now={1: ROWS, 2: ROWS, None: {"products": Digest(2, "p")}})
    assert found == dict.fromkeys(("signoff.1", "carried.1", "signoff.2", "carried.2"), Outcome.PASSED)


def test_a_sign_off_that_names_no_row_proves_nothing() -> None:
    assert _outcomes(BatchSignOff(1, ("finance",), signed=Signed(1, "2024-11-05T00:00:00+00:00")), now={1: ROWS})["carried.1"] is Outcome.NOT_PROVEN
