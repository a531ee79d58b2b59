"""A case is told from the snapshots that the run compared, and from no others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from case_shop import CLEAN, TAKEN, Shop, seal

import dq
from dq.errors import DqError, SnapshotError, UsageError
from dq.result import Run
from dq.stores import opening
from dq.stores.manifest import manifest_path
from tests.cli.small import flip


def test_snapshots_are_looked_for_where_the_contract_says(copy: tuple[Shop, Run]) -> None:
    shop, run = copy
    assert run.case(CLEAN, contract=shop.contract).data.broken == 0


def test_another_snapshot_is_refused_with_the_right_one_beside_it(copy: tuple[Shop, Run]) -> None:
    shop, run = copy
    target = shop.snapshot("target")
    for file in (target, manifest_path(target)):
        shutil.move(file, file.with_name(file.name.replace("target", "kept")))
    seal(shop.folder, "baseline", to=target)
    with pytest.raises(SnapshotError, match=rf"target snapshot .*: its content is .*, run {run.record.run} compared .*; 'kept.duckdb' beside it is the one"):
        run.case(CLEAN, contract=shop.contract)
    assert run.case(CLEAN, contract=shop.contract, snapshots={"target": shop.folder / "kept.duckdb"}).data.broken == 0


def test_a_snapshot_that_is_gone_is_named_with_the_near_miss(copy: tuple[Shop, Run]) -> None:
    shop, run = copy
    shutil.move(shop.snapshot("source"), shop.folder / "sources.duckdb")
    with pytest.raises(SnapshotError, match=r"source\.duckdb: no such file; did you mean 'sources\.duckdb'\?"):
        run.case(CLEAN, contract=shop.contract)


@pytest.mark.parametrize(("named", "status"), [(True, 2), (False, 3)])
def test_a_file_that_was_named_is_wrong_usage(copy: tuple[Shop, Run], named: bool, status: int) -> None:  # noqa: FBT001 - a case of the table
    shop, run = copy
    seal(shop.folder, "baseline", to=shop.snapshot("target"))
    with pytest.raises(DqError, match="its content is") as refused:
        run.case(CLEAN, contract=shop.contract, snapshots={"target": shop.snapshot("target")} if named else None)
    assert refused.value.exit_status == status


def test_a_file_that_was_changed_since_is_refused(copy: tuple[Shop, Run]) -> None:
    shop, run = copy
    shop.snapshot("source").chmod(0o600)
    flip(shop.snapshot("source"), 5000)
    with pytest.raises(SnapshotError, match="was changed after it was sealed"):
        run.case(CLEAN, contract=shop.contract)


def test_what_was_hashed_and_is_untouched_is_not_hashed_again(run: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(opening, "_check_digest", lambda item, **_: hashed.append(item.side))
    run.case(CLEAN)
    assert hashed == []
    shop.snapshot("source").touch()
    run.case(CLEAN)
    assert hashed == ["source"]


def test_another_contract_is_refused(copy: tuple[Shop, Run]) -> None:
    shop, run = copy
    with (shop.contract / "coupons.toml").open("a") as file:
        file.write("\n# changed\n")
    with pytest.raises(UsageError, match="is not the contract of run"):
        run.case(CLEAN, contract=shop.contract)


def test_without_findings_nothing_is_told(copy: tuple[Shop, Run]) -> None:
    shop, run = copy
    (run.folder / "restricted" / "findings.parquet").unlink()
    with pytest.raises(UsageError, match=r"findings\.parquet: is not there"):
        run.case(CLEAN, contract=shop.contract)


def test_a_run_says_beside_its_record_where_everything_lay(shop: Shop, run: Run) -> None:
    varying = json.loads((run.folder / "run.json").read_text())
    assert Path(varying["contract"]) == shop.contract
    assert Path(varying["snapshots"]["target"]["path"]) == shop.snapshot("target")
    assert str(shop.folder) not in (run.folder / "report.json").read_text()


def test_whom_the_run_did_not_compare_is_compared_for_the_case(copy: tuple[Shop, Run]) -> None:
    """A gate of the first batch compares nothing: the case does, and says so."""
    shop, _ = copy
    gated = dq.gate(1, shop.contract, runs=shop.folder / "gated")
    case = gated.case(CLEAN).data
    assert case.broken == 0
    assert any("did not compare batch 1" in sentence for sentence in case.sentences)
    taken = next(section for section in gated.case(TAKEN).data.sections if section.entity == "orders")
    assert [row.key for row in taken.rows if row.elsewhere == "source"] == [()]
