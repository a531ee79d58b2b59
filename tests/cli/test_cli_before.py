"""The crosswalk of before on the command line: what a batch was proven with, beside what it is now; a changed mapping is told, and so is another file."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from small import BASELINE, MOMENT, Dq, Small, assert_refused

pytestmark = pytest.mark.slow  # seconds together

NAMED = 'snapshot = "../crosswalk.duckdb"\n'
LATER = ("INSERT INTO accounts SELECT i, 1000 + i FROM range(21, 41) AS t(i)",)  # of batch 2


@pytest.fixture
def kept(batched: Small) -> Small:
    """The small migration, whose contract names the crosswalk as it was: a copy of the sealed one."""
    batched.edit("migration.toml", NAMED, f'{NAMED}before = "../crosswalk-before.duckdb"\n')
    keep(batched)
    return batched


def keep(small: Small) -> None:
    """Copy the sealed crosswalk and its manifest aside."""
    for end in ("duckdb", "manifest.json"):
        shutil.copyfile(small.folder / f"crosswalk.{end}", small.folder / f"crosswalk-before.{end}")


def remap(small: Small, *statements: str) -> None:
    """Seal the crosswalk anew, after some statements."""
    small.reseal("crosswalk", *statements)


def test_a_crosswalk_that_is_what_it_was_is_proven_and_says_so(kept: Small, run: Dq) -> None:
    assert (run(kept, "--batch", 1).status, kept.outcomes()) == (0, {})
    assert kept.check("snapshot.crosswalk_before")["outcome"] == "PASSED"
    assert kept.check("crosswalk.accounts")["details"] == ["Held against 20 rows of the crosswalk of before."]
    record = kept.record()
    assert [item["side"] for item in record["snapshots"]] == ["source", "target", "baseline", "crosswalk", "crosswalk_before"]
    assert record["snapshots"][3]["content"] == record["snapshots"][4]["content"]
    assert not any("crosswalk of before" in line for line in record["not_checked"])


def test_a_mapping_that_changed_together_with_its_rows_is_told(kept: Small, run: Dq) -> None:
    remap(kept, "UPDATE accounts SET target_id = 1999 WHERE source_id = 3")
    kept.reseal(
        "target",
        "UPDATE customers SET customer_id = 1999 WHERE customer_id = 1003",
        "UPDATE vouchers SET customer_id = 1999 WHERE customer_id = 1003",
    )
    said = run(kept, "--batch", 1)
    assert (said.status, kept.outcomes()) == (1, {"crosswalk.accounts": "FAILED"})
    check = kept.check("crosswalk.accounts")
    assert (check["statuses"], check["sentence"]) == ({"changed since": 1}, "1 id breaks it: 1 changed since.")
    assert check["examples"][0]["status"] == "changed since"
    assert "1 changed since" in said.out


def test_an_account_that_was_put_into_another_batch_shuts_the_gate(kept: Small, run: Dq) -> None:
    remap(kept, "UPDATE batches SET batch = 2, region = 'GB' WHERE account_id = 3", "DELETE FROM accounts WHERE source_id = 3")
    kept.reseal("target", "DELETE FROM customers WHERE customer_id = 1003", "DELETE FROM vouchers WHERE customer_id = 1003")
    said = run(kept, "--batch", 2, command="gate")
    assert (said.status, kept.outcomes()) == (1, {"crosswalk.accounts": "FAILED", "crosswalk.batches": "FAILED"})
    assert {name: kept.check(f"crosswalk.{name}")["statuses"] for name in ("accounts", "batches")} == {
        "accounts": {"dropped since": 1},
        "batches": {"changed since": 1},
    }


def test_a_map_made_in_advance_may_be_made_anew_for_a_later_batch(kept: Small, run: Dq) -> None:
    remap(kept, *LATER)
    keep(kept)
    remap(kept)
    assert (run(kept, "--batch", 1).status, kept.outcomes()) == (0, {})


def test_of_a_crosswalk_from_before_the_first_batch_nothing_binds(kept: Small, run: Dq) -> None:
    kept.reseal("crosswalk", "UPDATE accounts SET target_id = 1999 WHERE source_id = 3", batch=0)
    keep(kept)
    kept.reseal("crosswalk")
    assert (run(kept, "--batch", 1).status, kept.outcomes()) == (0, {})
    assert "The crosswalk of before was taken before the first batch: nothing of it binds." in kept.record()["not_checked"]


def test_a_contract_that_names_none_says_what_is_not_known(batched: Small, run: Dq) -> None:
    assert run(batched, "--batch", 1).status == 0
    assert any(line.startswith("There is no crosswalk of before: ") for line in batched.record()["not_checked"])


def test_it_may_be_older_than_other_snapshots_and_of_the_crosswalk_s_own_moment(kept: Small, run: Dq) -> None:
    kept.reseal("crosswalk", moment=BASELINE - timedelta(days=30))
    keep(kept)
    kept.reseal("crosswalk")
    assert run(kept, "--batch", 1).status == 0


def test_one_that_is_younger_than_the_crosswalk_proves_nothing(kept: Small, run: Dq) -> None:
    kept.reseal("crosswalk", moment=MOMENT - timedelta(minutes=1))
    assert (run(kept, "--batch", 1).status, kept.outcomes()) == (3, {"snapshot.crosswalk_before": "NOT PROVEN"})
    assert kept.check("snapshot.crosswalk_before")["reason"] == "it was taken after the crosswalk"


OTHERS = (
    ({"side": "target"}, "crosswalk_before snapshot: its manifest's side is 'target', not 'crosswalk'"),
    ({"store": "new"}, "crosswalk_before snapshot: its manifest's store is 'new', not 'old-new'"),
    ({"migration": "other"}, "crosswalk_before snapshot: its manifest's migration is 'other', not 'small'"),
    ({"batch": None}, "crosswalk_before snapshot: its manifest names no batch"),
    ({"batch": 9}, "crosswalk_before snapshot: batch 9 is not in migration.toml (1 to 2)"),
    ({"batch": 2}, "crosswalk_before snapshot: it is of batch 2, the crosswalk's of batch 1: it is from after"),
    ({"region": "IT"}, "crosswalk_before snapshot: unknown region 'IT'"),
    ({"file_bytes": 1}, "crosswalk-before.duckdb: has"),
    ({"file_sha256": "0" * 64}, "crosswalk-before.duckdb: its SHA-256 is not the one in crosswalk-before.manifest.json"),
)


@pytest.mark.parametrize(("changed", "words"), OTHERS, ids=[str(changed) for changed, _ in OTHERS])
def test_another_file_than_a_crosswalk_of_before_is_refused(kept: Small, run: Dq, changed: dict[str, object], words: str) -> None:
    manifest = kept.folder / "crosswalk-before.manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | changed))
    assert_refused(run(kept, "--batch", 1), 3, words)
    assert kept.litter() == []


def test_one_of_all_regions_is_not_held_against_one_of_a_single_region(kept: Small, run: Dq) -> None:
    kept.write_manifest("crosswalk", region="ID")
    assert_refused(run(kept, "--batch", 1), 3, "crosswalk_before snapshot: it is of all regions, the crosswalk's of region 'ID'")


def test_one_of_a_single_region_is_held_against_one_of_all(kept: Small, run: Dq) -> None:
    manifest = kept.folder / "crosswalk-before.manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"region": "GB"}))
    assert run(kept, "--batch", 1).status == 0


def test_a_missing_file_is_told_by_who_named_it(kept: Small, run: Dq) -> None:
    kept.snapshot("crosswalk-before").unlink()
    assert_refused(run(kept, "--batch", 1), 3, "crosswalk_before snapshot", "crosswalk-before.duckdb: no such file")
    assert_refused(run(kept, "--batch", 1, "--crosswalk-before", "nowhere.duckdb"), 2, "crosswalk_before snapshot nowhere.duckdb: no such file")


def test_another_file_may_be_named_on_the_command_line(kept: Small, run: Dq, dq: Dq) -> None:
    elsewhere = kept.folder / "elsewhere.duckdb"
    kept.snapshot("crosswalk-before").rename(elsewhere)
    (kept.folder / "crosswalk-before.manifest.json").rename(kept.folder / "elsewhere.manifest.json")
    assert run(kept, "--batch", 1, "--crosswalk-before", elsewhere).status == 0
    assert dq("check", "--contract", kept.contract, "--crosswalk-before", elsewhere).status == 0
    assert run(kept, "--batch", 1, command="gate").status == 3  # where the contract says, there is none


def test_a_contract_that_names_none_takes_none(batched: Small, run: Dq) -> None:
    assert_refused(run(batched, "--crosswalk-before", batched.snapshot("crosswalk")), 2, "names no crosswalk_before store, so --crosswalk-before means nothing")


def test_the_crosswalk_s_own_file_is_no_crosswalk_of_before(kept: Small, run: Dq) -> None:
    said = run(kept, "--batch", 1, "--crosswalk-before", kept.snapshot("crosswalk"))
    assert_refused(said, 3, "crosswalk_before and crosswalk are the same snapshot")


def test_a_copy_of_another_side_is_no_crosswalk_of_before(kept: Small, run: Dq) -> None:
    shutil.copyfile(kept.snapshot("target"), kept.snapshot("crosswalk-before"))
    manifest = kept.manifest("target") | {"side": "crosswalk", "store": "old-new"}
    (kept.folder / "crosswalk-before.manifest.json").write_text(json.dumps(manifest))
    assert_refused(run(kept, "--batch", 1), 3, "crosswalk_before and target are the same snapshot")


def test_what_is_not_in_its_manifest_proves_nothing(kept: Small, run: Dq) -> None:
    kept.seal_by_hand("crosswalk", "CREATE VIEW smuggled AS SELECT 1 AS a")
    keep(kept)
    kept.reseal("crosswalk")
    assert (run(kept, "--batch", 1).status, kept.outcomes()) == (3, {"snapshot.crosswalk_before": "NOT PROVEN"})


def test_it_is_no_side_that_a_store_is_sealed_as(kept: Small, dq: Dq, tmp_path: Path) -> None:
    said = dq("snapshot", "crosswalk_before", "--from", tmp_path / "x.duckdb", "--contract", kept.contract)
    assert_refused(said, 2, "there is no side 'crosswalk_before'; did you mean 'crosswalk'?")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("before =", "befor =", "migration.toml: stores.crosswalk.befor: unknown key; did you mean 'before'?"),
        ('"../crosswalk-before.duckdb"', "7", "migration.toml: stores.crosswalk.before: "),
    ],
)
def test_a_contract_that_names_it_wrongly_is_refused(kept: Small, run: Dq, old: str, new: str, words: str) -> None:
    kept.edit("migration.toml", old, new)
    assert_refused(run(kept, "--batch", 1), 2, words)


def test_another_store_has_nothing_of_before(kept: Small, run: Dq) -> None:
    kept.edit("migration.toml", 'snapshot = "../target.duckdb"\n', 'snapshot = "../target.duckdb"\nbefore = "../old.duckdb"\n')
    assert_refused(run(kept, "--batch", 1), 2, "migration.toml: stores.target.before: unknown key")
