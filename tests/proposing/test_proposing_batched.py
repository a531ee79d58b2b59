"""A living target, ids that change, batches: baseline and crosswalk are read, and what they say is proposed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dq.contract import read_contract
from dq.proposing import propose
from dq.running import Options, run_contract
from tests.cli.small import Small, build


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return build(tmp_path_factory.mktemp("small"), "batched")


def test_maps_owners_batches_and_the_targets_own_rows_are_proposed(small: Small, tmp_path: Path) -> None:
    folder = tmp_path / "proposed"
    propose(folder, {side: small.snapshot(side) for side in ("source", "target", "baseline", "crosswalk")})
    contract = read_contract(folder)
    assert (contract.migration.accounts, [(batch.number, batch.region) for batch in contract.migration.batches]) == ("accounts", [(1, "ID"), (2, "GB")])
    coupons = contract.entity("coupons")
    assert (coupons.key, coupons.owner, coupons.column("user_id").through) == (("code",), "user_id", "accounts")
    assert coupons.merge is not None
    assert (coupons.merge.id, coupons.merge.created_at, coupons.merge.changed_at) == ("voucher_id", "created", "changed")
    assert contract.entity("accounts").column("user_id").through == "accounts"
    for file in folder.glob("*.toml"):
        file.write_text(re.sub(r'"TODO: [^"]*"', '"so it is"', file.read_text()))
    record = run_contract(folder, batch=1, options=Options(runs=tmp_path / "runs")).record
    assert {check.id: check.sentence for check in record.checks if check.outcome.value != "PASSED"} == {}


def test_without_a_baseline_the_targets_own_rows_are_extra_and_nobody_says_otherwise(small: Small, tmp_path: Path) -> None:
    folder = tmp_path / "proposed"
    propose(folder, {side: small.snapshot(side) for side in ("source", "target", "crosswalk")})
    record = run_contract(folder, batch=1, options=Options(runs=tmp_path / "runs")).record
    rows = next(check for check in record.checks if check.id == "coupons.rows")
    assert (rows.outcome.value, rows.broken) == ("FAILED", 5)
