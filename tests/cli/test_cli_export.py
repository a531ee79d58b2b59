"""What persons downloaded, from the folder to the verdict: sealed, pinned, compared; a breach is told without anybody's data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from small import PERSONAL, PRIVATE, Dq, Small, assert_refused

STORE = '[stores.export]\nname = "page"\nsnapshot = "../export.duckdb"\nperson = "customer"\nmade = "made"\n'
COUPONS = "SELECT code, person AS account_id, note, amount FROM coupons\n"
MADE = "2024-11-06T02:00:00+07:00"


def person(number: int, *, made: str = MADE) -> dict[str, Any]:
    """Return what the account page gives to one who moved."""
    coupon = {"code": f"C-{number:03}", "note": f"{PERSONAL} {number}", "amount": f"{number}.00"}
    return {"customer": 1000 + number, "made": made, "name": f"{PERSONAL} {number}", "coupons": [coupon]}


def write(folder: Path, *people: dict[str, Any]) -> Path:
    """Write people's files."""
    folder.mkdir(exist_ok=True)
    for place, content in enumerate(people, start=1):
        (folder / f"{place}.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return folder


@pytest.fixture
def exported(batched: Small, dq: Dq) -> Small:
    """The small migration with two people's exports, sealed as text, pinned, the amount's type put right, and sealed again."""
    (batched.contract / "migration.toml").write_text((batched.contract / "migration.toml").read_text() + STORE)
    (batched.contract / "sql" / "export").mkdir()
    (batched.contract / "sql" / "export" / "coupons.sql").write_text(COUPONS)
    folder = write(batched.folder / "people", person(1), person(2))
    seal(batched, dq, folder)
    assert dq("check", "--contract", batched.contract, "--pin").status == 0
    lock = batched.contract / "stores.lock.toml"
    assert 'amount = "VARCHAR"' in lock.read_text()
    lock.write_text(lock.read_text().replace('amount = "VARCHAR"', 'amount = "DECIMAL(18,2)"').replace('person = "VARCHAR"', 'person = "BIGINT"'))
    seal(batched, dq, folder)
    return batched


def seal(small: Small, dq: Dq, folder: Path) -> None:
    said = dq("snapshot", "export", "--from", folder, "--contract", small.contract, "--batch", "1", "--force")
    assert said.status == 0, said


def refilled(small: Small, dq: Dq, *people: dict[str, Any]) -> None:
    """Seal other people's files."""
    folder = small.folder / "people"
    for file in folder.iterdir():
        file.unlink()
    seal(small, dq, write(folder, *people))


def test_what_people_downloaded_is_what_was_migrated(exported: Small, run: Dq) -> None:
    said = run(exported, "--batch", "1")
    assert (said.status, exported.outcomes()) == (0, {})
    assert exported.check("coupons.export")["sentence"] == "2 files say what was migrated: 2 rows."
    assert exported.check("coupons.export")["looked_at"] == 4


def test_a_difference_is_counted_by_column_and_tells_nobody_s_data(exported: Small, dq: Dq, run: Dq) -> None:
    wrong, other = person(1), person(2)
    wrong["coupons"][0]["amount"] = "1.01"
    other["coupons"] += person(3)["coupons"]
    refilled(exported, dq, wrong, other)
    said = run(exported, "--batch", "1")
    assert (said.status, exported.outcomes()) == (1, {"coupons.export": "FAILED"})
    check = exported.check("coupons.export")
    assert (check["broken"], check["columns"], check["statuses"], check["people"]) == (2, {"amount": 1}, {"changed": 1, "extra": 1}, 2)
    assert check["sentence"] == "2 rows in 2 files are not as migrated: 1 different (amount 1) and 1 in a file only."
    (folder,) = exported.runs.iterdir()
    for file in ("report.json", "report.html", "summary.md", "junit.xml"):
        text = (folder / file).read_text(encoding="utf-8")
        told = text + said.out
        assert not any(secret in told for secret in (*PRIVATE, "C-001", "C-003"))
        assert not re.search(r"(?<![\w.])100[12](?![\w.])", told)


def test_a_file_of_somebody_who_did_not_move_is_named_by_its_place(exported: Small, dq: Dq, run: Dq) -> None:
    refilled(exported, dq, person(1), {**person(2), "customer": 7, "coupons": []})
    assert run(exported, "--batch", "1").status == 3
    assert exported.outcomes() == {"coupons.export": "NOT PROVEN"}
    assert exported.check("coupons.export")["reason"] == "file 2 of the export, by name, is of a person in no batch"


def test_an_amount_that_is_none_proves_nothing(exported: Small, dq: Dq, run: Dq) -> None:
    wrong = person(1)
    wrong["coupons"][0]["amount"] = "1e0"
    refilled(exported, dq, wrong)
    assert run(exported, "--batch", "1").status == 3
    assert exported.check("coupons.export")["reason"] == "export: column 'coupons.amount' is VARCHAR, pinned as DECIMAL(18,2)"


def test_files_that_are_too_old_prove_nothing(exported: Small, dq: Dq, run: Dq) -> None:
    refilled(exported, dq, person(1, made="2024-11-02T00:00:00Z"), person(2))
    assert run(exported, "--batch", "1").status == 3
    assert exported.outcomes() == {"snapshot.export": "NOT PROVEN"}


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--from", "nowhere"], 2, "nowhere is no folder of one JSON file a person"),
        (["--from", "postgresql://reader@db.example/mi"], 2, "is no folder of one JSON file a person"),
    ],
)
def test_what_is_no_folder_is_refused(exported: Small, dq: Dq, arguments: list[str], status: int, words: str) -> None:
    assert_refused(dq("snapshot", "export", *arguments, "--contract", exported.contract, "--batch", "1", "--force"), status, words)


def test_a_missing_snapshot_of_the_export_is_told(exported: Small, run: Dq) -> None:
    exported.snapshot("export").unlink()
    assert_refused(run(exported, "--batch", "1"), 3, "export snapshot", "no such file")


def test_an_export_of_before_the_batch_is_refused(exported: Small, dq: Dq, run: Dq) -> None:
    assert dq("snapshot", "export", "--from", exported.folder / "people", "--contract", exported.contract, "--batch", "0", "--force").status == 0
    assert_refused(run(exported, "--batch", "1"), 3, "the target snapshot is of batch 1, the export's of batch 0")


def test_a_contract_without_an_export_takes_none(batched: Small, dq: Dq, tmp_path: Path) -> None:
    folder = write(tmp_path / "people", person(1))
    assert_refused(dq("snapshot", "export", "--from", folder, "--contract", batched.contract, "--batch", "1"), 2, "the contract names no export store")
