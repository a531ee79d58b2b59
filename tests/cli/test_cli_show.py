"""`dq show`: runs found again by name, their findings listed and written, their history."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from small import PERSONAL, Dq, Said, Small, assert_refused, copied

from dq.running import Options, run_contract

BROKEN = (
    "DELETE FROM vouchers WHERE code = 'C-001'",
    "UPDATE vouchers SET note = '=1+1' WHERE code = 'C-002'",
    "UPDATE vouchers SET note = NULL, amount = 9007199254740993.25 WHERE code = 'C-003'",
    "INSERT INTO vouchers VALUES ('C-999', 'x', 1)",
)
FINDINGS = 4
RECORDS = 7  # and three cells

Show = Callable[..., Said]


@pytest.fixture(scope="module")
def broken_template(plain_template: Small, tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A migration whose one run failed."""
    small = copied(plain_template, tmp_path_factory.mktemp("broken"))
    small.reseal("target", *BROKEN)
    run_contract(small.contract, options=Options(runs=small.runs))
    return small


@pytest.fixture
def broken(broken_template: Small, tmp_path: Path) -> Small:
    """An own copy of it."""
    return copied(broken_template, tmp_path / "broken")


@pytest.fixture
def show(dq: Dq, broken: Small) -> Show:
    """Call `dq show` in its runs' folder."""
    return lambda *arguments: dq("show", *arguments, "--runs", broken.runs)


def _copy(small: Small, name: str) -> Path:
    """Put another run beside: the same record under another name."""
    (folder,) = small.runs.iterdir()
    target = small.runs / name
    shutil.copytree(folder, target)
    os.utime(target / "report.json", ns=(2 * 10**18, 2 * 10**18))
    return target


def test_the_latest_run_is_shown_as_it_was(broken: Small, show: Show, run: Dq) -> None:
    again = run(broken)
    said = show()
    assert (said.status, said.out, said.err) == (0, again.out, "")


@pytest.mark.parametrize("length", [12, 6, 1])
def test_a_run_is_found_by_its_beginning(broken: Small, show: Show, length: int) -> None:
    name = broken.record()["run"]
    assert show(name[:length]).last == f"FAILED batch=all run={name}"


def test_a_run_is_found_by_its_folder(broken: Small, dq: Dq) -> None:
    folder = broken.runs / broken.record()["run"]
    assert dq("show", folder).last == f"FAILED batch=all run={folder.name}"


def test_a_beginning_of_several_runs_names_them(broken: Small, show: Show) -> None:
    name = broken.record()["run"]
    other = _copy(broken, f"{name[:6]}000000").name
    assert_refused(show(name[:6]), 2, f"'{name[:6]}' begins 2 runs", name, other)


def test_a_run_that_is_not_there_names_the_near_miss(broken: Small, show: Show) -> None:
    name = broken.record()["run"]
    assert_refused(show(f"x{name[1:]}"), 2, "there is no run", f"did you mean '{name}'?")


def test_no_run_at_all_is_said(plain: Small, dq: Dq) -> None:
    assert_refused(dq("show", "--runs", plain.runs), 2, "there is no run yet")


def test_the_latest_is_the_one_recorded_last(broken: Small, show: Show) -> None:
    _copy(broken, "ffffffffffff")
    assert str(broken.runs / "ffffffffffff") in show("--json").out


def test_a_report_that_is_none_is_said(broken: Small, show: Show) -> None:
    (broken.runs / broken.record()["run"] / "report.json").write_text("{}")
    assert_refused(show(), 2, "report.json", "not a record of a run")


def test_a_draft_is_no_run(broken: Small, show: Show) -> None:
    _copy(broken, ".draft-1")
    assert show("--history", "--json").out.count('"command"') == 1


def test_json_says_what_the_run_said(broken: Small, show: Show, run: Dq) -> None:
    assert show("--json").out == run(broken, "--json").out


def test_findings_are_listed_without_keys_and_values(show: Show) -> None:
    said = show("--findings", "coupons")
    assert (said.status, said.err) == (0, "")
    assert said.last.startswith(f"{FINDINGS} findings. ")
    assert "coupons#1" in said.out
    for personal in (PERSONAL, "C-001", "C-999", "=1+1"):
        assert personal not in said.out


def test_findings_of_everything_are_all_of_them(show: Show) -> None:
    assert show("--findings", "all").last.startswith(f"{FINDINGS} findings. ")


def test_an_entity_that_is_not_there_names_the_near_miss(show: Show) -> None:
    assert_refused(show("--findings", "coupon"), 2, "there is no entity 'coupon'", "did you mean 'coupons'?")


def test_findings_that_are_gone_are_said(broken: Small, show: Show) -> None:
    (broken.runs / broken.record()["run"] / "restricted" / "findings.parquet").unlink()
    assert_refused(show("--findings", "all"), 2, "findings.parquet: is not there")


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_findings_are_written_with_keys_and_values(show: Show, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"findings.{suffix}"
    said = show("--findings", "coupons", "--to", file)
    assert (said.status, said.last) == (0, f"{RECORDS} records with keys and values: {file}")
    if suffix == "csv":
        with file.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert (len(rows), [row["target"] for row in rows if row["column"] == "note"]) == (RECORDS, ["'=1+1", ""])
    elif suffix == "parquet":
        frame = pl.read_parquet(file)
        assert (frame.height, frame.filter(pl.col("column") == "amount")["target"].to_list()) == (RECORDS, ["9007199254740993.25"])
    else:
        assert file.read_bytes().startswith(b"PK")


def test_an_unknown_format_names_the_near_miss(show: Show, tmp_path: Path) -> None:
    assert_refused(show("--findings", "all", "--to", tmp_path / "findings.xls"), 2, "'.xls' is no known suffix; did you mean '.xlsx'?")


def test_a_folder_that_is_not_there_is_said(show: Show, tmp_path: Path) -> None:
    assert_refused(show("--findings", "all", "--to", tmp_path / "nowhere" / "findings.csv"), 2, "cannot write 'findings.csv'", "nowhere")


def test_the_history_lists_all_runs_the_latest_last(broken: Small, show: Show) -> None:
    name = broken.record()["run"]
    _copy(broken, "ffffffffffff")
    lines = show("--history").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [name, "ffffffffffff"]
    assert "FAILED" in lines[1]


def test_the_history_leaves_a_page_and_says_where_on_standard_error(broken: Small, show: Show) -> None:
    said = show("--history", "--lang", "id")
    page = broken.runs / "index.html"
    assert (said.status, said.err) == (0, f"Halaman: {page}\n")
    assert '<html lang="id"' in page.read_text()


def test_a_history_that_can_leave_no_page_is_told_all_the_same(broken: Small, show: Show) -> None:
    (broken.runs / "index.html").mkdir()
    said = show("--history")
    assert (said.status, len(said.out.splitlines())) == (0, 2)
    assert "index.html: cannot be written (is a directory)" in said.err


def test_the_history_in_json_has_numbers_of_each_run(show: Show) -> None:
    (run,) = json.loads(show("--history", "--json").out)["runs"]
    assert (run["compared"], run["findings"], run["trend"], run["people"], run["money"]) == (39, RECORDS, None, None, {})


def test_a_torn_record_is_named_beside_the_history(broken: Small, show: Show) -> None:
    (_copy(broken, "ffffffffffff") / "report.json").write_text("{}")
    said = show("--history")
    assert (said.status, len(said.out.splitlines())) == (0, 2)
    assert "ffffffffffff: its record cannot be read" in said.err


def test_the_history_of_nothing_is_empty(plain: Small, dq: Dq) -> None:
    assert dq("show", "--runs", plain.runs, "--history", "--json").out == '{"runs": []}\n'


def test_the_history_of_a_file_is_wrong_usage(plain: Small, dq: Dq) -> None:
    plain.runs.write_text("", encoding="utf-8")
    said = dq("show", "--runs", plain.runs, "--history")
    assert (said.status, said.out) == (2, "")
    assert f"{plain.runs}: is no folder" in said.err
