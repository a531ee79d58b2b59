"""What may stand in waivers.toml: one failure a waiver, with reason, author and end; anything else is refused in one line."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from small_contract import write

from dq.contract.reading import read_contract
from dq.contract.waivable import why_never
from dq.contract.waivers import Waiver
from dq.errors import ContractError

ROWS = f'rows = {{ count = 3, sha256 = "{"ab" * 32}" }}'
CAP = 'cause = "title is cut at 40 characters"\nat_most = { rows = 3, money = { IDR = "12000.00" } }'
WAIVER = f"""\
[[waiver]]
check = "entries.values"
batch = 1
{ROWS}
reason = "points are written off"
ticket = "MIG-7"
author = "Ayu Lestari"
approver_role = "data-owner"
expires = 2024-11-30
"""
ONLY_DAYS = "is no day, e.g. 2024-12-01, and no instant, e.g. 2024-12-01T17:00:00Z"

REFUSED = (
    ('reason = "points are written off"', 'resson = "points are written off"', "waivers.toml: waiver.0.resson: unknown key; did you mean 'reason'?"),
    ('reason = "points are written off"\n', "", "waivers.toml: waiver.0.reason: missing"),
    ("points are written off", " ", "waivers.toml: waiver.0.reason: is empty"),
    ('author = "Ayu Lestari"\n', "", "waivers.toml: waiver.0.author: missing"),
    ("Ayu Lestari", "", "waivers.toml: waiver.0.author: is empty"),
    ('approver_role = "data-owner"\n', "", "waivers.toml: waiver.0.approver_role: missing"),
    ("expires = 2024-11-30\n", "", "waivers.toml: waiver.0.expires: missing"),
    ("2024-11-30", '"next week"', f"waivers.toml: waiver.0.expires: 'next week' {ONLY_DAYS}"),
    ("2024-11-30", '"2024-11-31"', f"waivers.toml: waiver.0.expires: '2024-11-31' {ONLY_DAYS}"),
    ("2024-11-30", "2024-11-31", "waivers.toml: not TOML: Invalid date or datetime (at line 9, column 11)"),
    ("2024-11-30", "20241130", f"waivers.toml: waiver.0.expires: {ONLY_DAYS}"),
    ("2024-11-30", "2024-11-30T17:00:00", "waivers.toml: waiver.0.expires: an instant needs an offset, e.g. 2024-12-01T17:00:00Z"),
    ("2024-11-30", '"2024-11-30T17:00:00"', "waivers.toml: waiver.0.expires: an instant needs an offset, e.g. 2024-12-01T17:00:00Z"),
    ("2024-11-30", "9999-12-31", "waivers.toml: waiver.0.expires: the year 9999 is none between 1970 and 9000"),
    ("2024-11-30", "2024-12-13", "waivers.toml: waiver.0.expires: 2024-12-13 ends after the deadline, 2024-12-12T17:00:00+00:00 (migration.toml)"),
    ("batch = 1", "batch = 3", "waivers.toml: waiver.0.batch: there is no batch 3 (1 to 2)"),
    ("batch = 1", "batch = 0", "waivers.toml: waiver.0.batch: input should be greater than or equal to 1"),
    ("batch = 1", "batch = true", "waivers.toml: waiver.0.batch: input should be a valid integer"),
    ("[[waiver]]", "[waiver]", "waivers.toml: waiver: is a list of tables: write [[waiver]]"),
    ("[[waiver]]", "[[waivers]]", "waivers.toml: waivers: unknown key; did you mean 'waiver'?"),
    ("entries.values", "entries.value", "waivers.toml: waiver.0.check: there is no check 'entries.value'; did you mean 'entries.values'?"),
    ("entries.values", "coupons.values", "waivers.toml: waiver.0.approver_role: 'data-owner' is not enough: coupons.values is about money or points"),
    (f"{ROWS}\n", "", "waivers.toml: waiver.0: needs either 'rows', or 'cause' with 'at_most'"),
    (ROWS, f"{ROWS}\n{CAP}", "waivers.toml: waiver.0: needs either 'rows', or 'cause' with 'at_most'"),
    (ROWS, 'cause = "x"', "waivers.toml: waiver.0: 'cause' and 'at_most' go together"),
    (ROWS, "at_most = { rows = 1 }", "waivers.toml: waiver.0: 'cause' and 'at_most' go together"),
    ("count = 3", "count = 0", "waivers.toml: waiver.0.rows.count: input should be greater than or equal to 1"),
    ("ab" * 32, "AB", "waivers.toml: waiver.0.rows.sha256: string should match pattern '^[0-9a-f]{64}$'"),
    (ROWS, CAP, "waivers.toml: waiver.0.at_most.money: entries has no money: a cap in rows is all there is"),
)
OF_MONEY = (
    ('"12000.00"', "12000.00", """waivers.toml: waiver.0.at_most.money.IDR: an amount is decimal text, 0 or more, e.g. "12000.00\""""),
    ('"12000.00"', '"-1"', """waivers.toml: waiver.0.at_most.money.IDR: an amount is decimal text, 0 or more, e.g. "12000.00\""""),
    ('"12000.00"', '"1e38"', "waivers.toml: waiver.0.at_most.money.IDR: '1e38' fits in no DECIMAL"),
    ('"12000.00"', '"1e-999999999"', "waivers.toml: waiver.0.at_most.money.IDR: '1e-999999999' fits in no DECIMAL"),
    ('"12000.00"', '"NaN"', """waivers.toml: waiver.0.at_most.money.IDR: an amount is decimal text, 0 or more, e.g. "12000.00\""""),
    (', money = { IDR = "12000.00" }', "", "waivers.toml: waiver.0.at_most: coupons has money: a cap in rows needs one in 'money', too"),
)
NEVER = (
    "coupons.schema",
    "coupons.fit.code.match_regex",
    "canary.coupons",
    "canary.crosswalk",
    "crosswalk.accounts",
    "crosswalk.batches",
    "snapshot.target",
    "coverage.source",
    "calendar.deadline",
    "waivers.live",
)


def waived(folder: Path, text: str) -> Path:
    return write(folder, file="waivers.toml", new=text)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ContractError) as error:
        read_contract(waived(folder, text))
    assert error.value.exit_status == 2
    return str(error.value)


def test_a_contract_without_the_file_waives_nothing(tmp_path: Path) -> None:
    assert read_contract(write(tmp_path)).waivers == ()


def test_an_empty_file_waives_nothing(tmp_path: Path) -> None:
    assert read_contract(waived(tmp_path, "# nothing yet\n")).waivers == ()


def test_the_shipped_contract_waives_nothing(contract_folder: Path) -> None:
    assert read_contract(contract_folder).waivers == ()


def test_a_waiver_is_read_as_it_is_written(tmp_path: Path) -> None:
    (found,) = read_contract(waived(tmp_path, WAIVER)).waivers
    assert (found.check, found.batch, found.rows and found.rows.count, found.ticket, found.author) == ("entries.values", 1, 3, "MIG-7", "Ayu Lestari")


def test_a_cap_in_money_is_exact(tmp_path: Path) -> None:
    text = WAIVER.replace("entries", "coupons").replace("data-owner", "finance").replace(ROWS, CAP)
    (found,) = read_contract(waived(tmp_path, text)).waivers
    assert found.at_most
    assert found.at_most.money == {"IDR": Decimal("12000.00")}


@pytest.mark.parametrize(("old", "new", "said"), REFUSED, ids=[said for _, _, said in REFUSED])
def test_what_is_no_waiver_is_refused_in_one_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in WAIVER
    assert refused(tmp_path, WAIVER.replace(old, new)).startswith(said)


@pytest.mark.parametrize(("old", "new", "said"), OF_MONEY, ids=[new for _, new, _ in OF_MONEY])
def test_a_cap_without_exact_money_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    text = WAIVER.replace("entries", "coupons").replace("data-owner", "finance").replace(ROWS, CAP)
    assert old in text
    assert refused(tmp_path, text.replace(old, new)) == said


def test_a_cap_in_points_is_named_by_their_unit(tmp_path: Path) -> None:
    text = WAIVER.replace(ROWS, CAP).replace("data-owner", "finance")
    folder = waived(tmp_path, text)
    entries = folder / "entries.toml"
    entries.write_text(entries.read_text().replace("[columns]", 'money = { amount = "points", unit = "points" }\n[columns]'))
    with pytest.raises(ContractError) as error:
        read_contract(folder)
    assert str(error.value) == "waivers.toml: waiver.0.at_most.money: entries counts in 'points': write { points = … }"


@pytest.mark.parametrize("check", NEVER)
def test_what_guards_the_others_cannot_be_waived(check: str, tmp_path: Path) -> None:
    said = refused(tmp_path, WAIVER.replace("entries.values", check))
    assert said.startswith(f"waivers.toml: waiver.0.check: {check} cannot be waived: ")


def test_every_other_check_of_an_entity_can_be_waived(tmp_path: Path) -> None:
    contract = read_contract(write(tmp_path))
    ids = [check_id for entity in contract.entities for check_id, kind, _ in entity.check_ids() if kind != "schema"]
    assert [check_id for check_id in ids if why_never(contract, check_id) is not None] == []
    assert len(ids) > 15


def test_a_second_waiver_of_the_same_rows_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, f"{WAIVER}\n{WAIVER}")
    assert said == "waivers.toml: waiver.1: a second one for entries.values and the same batch: take waiver.0 out first"


def test_each_batch_may_have_a_waiver_of_the_same_check(tmp_path: Path) -> None:
    assert len(read_contract(waived(tmp_path, f"{WAIVER}\n{WAIVER.replace('batch = 1', 'batch = 2')}")).waivers) == 2


def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "waivers.toml").mkdir()
    with pytest.raises(ContractError, match=r"waivers\.toml: is no file"):
        read_contract(folder)


@pytest.mark.parametrize(
    ("expires", "zone", "end"),
    [
        ("2024-11-30", "Asia/Jakarta", datetime(2024, 11, 30, 17, tzinfo=UTC)),
        ("2024-11-30", "UTC", datetime(2024, 12, 1, tzinfo=UTC)),
        ("2024-11-30T17:00:00+07:00", "UTC", datetime(2024, 11, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_day_counts_to_its_end_in_the_migrations_zone_and_an_instant_by_itself(expires: str, zone: str, end: datetime) -> None:
    said = {"check": "a.b", "rows": {"count": 1, "sha256": "0" * 64}, "reason": "r", "author": "a", "approver_role": "finance", "expires": expires}
    assert Waiver.model_validate(said).ends(zone=zone) == end


def test_the_last_day_before_the_deadline_is_not_after_it(tmp_path: Path) -> None:
    folder = waived(tmp_path, WAIVER.replace("2024-11-30", "2024-12-12"))
    migration = folder / "migration.toml"
    migration.write_text(f'zone = "Asia/Jakarta"\n{migration.read_text()}')
    assert len(read_contract(folder).waivers) == 1
