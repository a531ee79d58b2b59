"""The reference is what the code says, and what a run leaves is what the reference says."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from dq.folder import read_record

from .checks_page import kinds, pattern
from .conftest import Tour
from .contract_page import undescribed
from .files_page import FINDINGS, RUN
from .pages import DOCS
from .reference import PAGES, render

pytestmark = pytest.mark.xdist_group("docs")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_what_the_code_says(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == render(page)


def test_there_is_no_page_that_nobody_writes() -> None:
    assert sorted((DOCS / "reference").iterdir()) == sorted(PAGES)


def test_every_key_of_a_contract_says_what_it_means() -> None:
    assert undescribed() == []


@pytest.mark.slow
def test_a_runs_folder_holds_the_files_of_the_page(tour: Tour) -> None:
    folder = tour.folder / "runs" / tour.run
    found = {path.relative_to(folder).as_posix(): f"{path.stat().st_mode & 0o777:04o}" for path in folder.rglob("*") if path.is_file()}
    assert found == {name: mode for name, (mode, _) in RUN.items()}
    assert (folder / "restricted").stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_a_snapshots_files_are_readable_by_their_owner_alone(tour: Tour) -> None:
    found = {path.name: f"{path.stat().st_mode & 0o777:04o}" for path in (tour.folder / "snapshots").iterdir()}
    assert found == {f"{side}.{end}": "0600" for side in ("source", "target", "baseline", "crosswalk", "export") for end in ("duckdb", "manifest.json")}


@pytest.mark.slow
def test_the_findings_have_the_columns_of_the_page(tour: Tour) -> None:
    assert pl.read_parquet_schema(tour.folder / "runs" / tour.run / "restricted" / "findings.parquet").keys() == FINDINGS.keys()


@pytest.mark.slow
def test_every_check_of_a_gate_is_of_a_kind_and_its_id_is_made_as_the_page_says(tour: Tour) -> None:
    checks = read_record(tour.folder / "runs" / tour.run).checks
    assert {check.kind for check in checks} == {*kinds(), "fit", "room"}
    assert [check.id for check in checks if not _form(check.kind).fullmatch(check.id)] == []


def _form(kind: str) -> re.Pattern[str]:
    named = re.escape(pattern(kind)).replace(r"\[", "(?:").replace(r"\]", ")?")
    return re.compile(named.replace("<entity>", r"\w+").replace("<side>", r"\w+").replace("<name>", r"[\w.]+"))
