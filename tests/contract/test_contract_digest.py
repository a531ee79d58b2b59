"""The contract's digest changes with every file that decides, and with nothing else; what is read is what is written."""

from __future__ import annotations

import os
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from small_contract import FILES, write

from dq.contract.models import Column, Reading
from dq.contract.reading import read_contract
from dq.contract.types import ColumnType

DECIDING = (*FILES, "waivers.toml", "signers.toml")
OTHERS = ("README.md", "coupons.toml.bak", "notes.txt", "sql/README.md", "sql/source/coupons.sql~", "sql/source/deep/coupons.sql", ".hidden.yaml")


@pytest.mark.parametrize("file", DECIDING)
def test_a_file_that_decides_changes_the_digest_with_its_last_byte(file: str, tmp_path: Path) -> None:
    before = read_contract(write(tmp_path / "one")).digest
    folder = write(tmp_path / "two")
    with (folder / file).open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert before != read_contract(folder).digest


@pytest.mark.parametrize("file", OTHERS)
def test_no_other_file_changes_the_digest(file: str, tmp_path: Path) -> None:
    before = read_contract(write(tmp_path / "one")).digest
    folder = write(tmp_path / "two")
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text("something else", encoding="utf-8")
    assert before == read_contract(folder).digest


def test_neither_the_folder_s_name_nor_the_files_times_change_the_digest(tmp_path: Path) -> None:
    folder = write(tmp_path / "one")
    before = read_contract(folder).digest
    shutil.copytree(folder, tmp_path / "a copy")
    for file in (tmp_path / "a copy").rglob("*.*"):
        os.utime(file, (1, 1))
    assert before == read_contract(tmp_path / "a copy").digest


def test_two_files_that_exchange_their_contents_change_the_digest(tmp_path: Path) -> None:
    before = read_contract(write(tmp_path / "one")).digest
    folder = write(tmp_path / "two")
    source, target = folder / "sql/source/entries.sql", folder / "sql/target/entries.sql"
    ours, theirs = source.read_bytes(), target.read_bytes()
    source.write_bytes(theirs)
    target.write_bytes(ours)
    assert before != read_contract(folder).digest


COUPONS = (
    Column(name="code", type=ColumnType("VARCHAR"), kind="keys"),
    Column(name="coupon_id", type=ColumnType("BIGINT"), kind="attribution", through="coupons"),
    Column(name="account_id", type=ColumnType("BIGINT"), kind="attribution", through="accounts", severity="warning"),
    Column(name="kind", type=ColumnType("ENUM"), kind="values", target=Reading(codes={"1": "amount", "2": "percent"})),
    Column(name="face", type=ColumnType("DECIMAL", 18, 2), kind="values", target=Reading(minor=""), tolerance=Decimal("0.01"), reason="rounded"),
    Column(name="currency", type=ColumnType("CURRENCY"), kind="values", target=Reading(iso_numeric=True)),
    Column(name="title", type=ColumnType("VARCHAR"), kind="values", equal_after=("nfc", "trim"), reason="typed by hand"),
    Column(name="ends", type=ColumnType("INSTANT"), kind="instants", source=Reading(zone="zone", day_end="inclusive")),
)
CHECKS = (
    "coupons.schema",
    "coupons.keys",
    "coupons.rows",
    "coupons.values",
    "coupons.attribution",
    "coupons.instants",
    "coupons.natives",
    "coupons.counts",
    "coupons.counts.currencies",
    "coupons.sums.face",
    "coupons.invariant.positive",
)


def test_columns_are_read_into_full_ones_each_of_one_check(tmp_path: Path) -> None:
    assert read_contract(write(tmp_path)).entity("coupons").columns == COUPONS


def test_an_entity_implies_its_checks_and_declares_the_others(tmp_path: Path) -> None:
    assert tuple(check_id for check_id, _, _ in read_contract(write(tmp_path)).entity("coupons").check_ids()) == CHECKS


def test_a_fit_is_named_by_its_column_and_claim(tmp_path: Path) -> None:
    assert [check_id for check_id, _ in read_contract(write(tmp_path)).entity("coupons").fit_ids()] == ["coupons.fit.code.match_regex"]


def test_a_snapshot_lies_where_the_contract_s_folder_says(tmp_path: Path) -> None:
    contract = read_contract(write(tmp_path))
    assert {side: store.snapshot for side, store in contract.migration.stores.present()} == {
        side: tmp_path / f"{side}.duckdb" for side in ("source", "target", "baseline", "crosswalk")
    }


def test_every_crosswalk_that_a_column_goes_through_is_known(tmp_path: Path) -> None:
    assert read_contract(write(tmp_path)).crosswalks == ("accounts", "coupons")


def test_the_shipped_contract_is_read(contract_folder: Path) -> None:
    contract = read_contract(contract_folder)
    assert len(contract.entities) == len(contract.migration.entities)
    assert contract.pinned is not None


def test_a_moment_of_creation_implies_a_check_of_the_freeze(tmp_path: Path) -> None:
    folder = write(tmp_path, file="coupons.toml", old="at_least = 1", new='created = "ends"')
    implied = [check_id for check_id, _, _ in read_contract(folder).entity("coupons").check_ids()]
    assert [check_id for check_id in implied if check_id not in CHECKS] == ["coupons.freeze"]
