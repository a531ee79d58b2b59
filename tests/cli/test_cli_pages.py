"""The report in another language, with values, and as a print copy: where it stands, who may read it, and what does not change."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from small import PERSONAL, Dq, Said, Small, assert_refused, copied

from dq.report import pdf

BROKEN = ("DELETE FROM vouchers WHERE code = 'C-001'", "UPDATE vouchers SET amount = 9007199254740993.25 WHERE code = 'C-003'")
Show = Callable[..., Said]


@pytest.fixture
def broken(plain_template: Small, tmp_path: Path) -> Small:
    """A migration with two broken rows, which nobody has compared yet."""
    small = copied(plain_template, tmp_path / "broken")
    small.reseal("target", *BROKEN)
    return small


@pytest.fixture
def run(dq: Dq, broken: Small) -> Dq:
    """Call `dq run` on it."""
    return lambda *arguments: dq("run", *arguments, "--contract", broken.contract, "--runs", broken.runs)


@pytest.fixture
def show(dq: Dq, broken: Small) -> Show:
    """Call `dq show` on its runs."""
    return lambda *arguments: dq("show", *arguments, "--contract", broken.contract, "--runs", broken.runs)


def test_a_run_in_indonesian_has_an_indonesian_page_and_the_same_record(broken: Small, run: Dq, show: Show) -> None:
    run("--lang", "id")
    (folder,) = broken.runs.iterdir()
    page, record = (folder / "report.html").read_bytes(), (folder / "report.json").read_bytes()
    assert b'<html lang="id"' in page
    again = run()
    english = folder / "report.en.html"
    assert again.out.splitlines()[-2] == f"Report: {english}"
    assert b'<html lang="en"' in english.read_bytes()
    assert ((folder / "report.html").read_bytes(), (folder / "report.json").read_bytes()) == (page, record)
    assert f"Laporan: {folder / 'report.html'}" in show("--lang", "id").out
    assert f"Report: {folder / 'report.html'}" in show().out
    assert sorted(path.name for path in folder.glob("report.*html")) == ["report.en.html", "report.html"]


def test_what_show_writes_is_what_run_writes(broken: Small, run: Dq, show: Show, tmp_path: Path) -> None:
    run()
    (folder,) = broken.runs.iterdir()
    show("--lang", "id")
    shown = (folder / "report.id.html").read_bytes()
    other = copied(broken, tmp_path / "other")
    for path in other.runs.iterdir():
        for file in sorted(path.rglob("*"), reverse=True):
            file.unlink() if file.is_file() else file.rmdir()
        path.rmdir()
    broken.runs.rename(tmp_path / "put away")
    run("--lang", "id")
    assert (folder / "report.html").read_bytes() == shown


def test_values_stand_on_the_restricted_page_alone(broken: Small, run: Dq) -> None:
    said = run("--show-values")
    (folder,) = broken.runs.iterdir()
    restricted = folder / "restricted" / "report.html"
    assert f"Report: {restricted}" in said.out
    assert stat.S_IMODE(restricted.stat().st_mode) == 0o600
    text = restricted.read_text(encoding="utf-8")
    assert all(part in text for part in ("C-001", "C-003", "9007199254740993.25", "RESTRICTED", "@top-left"))
    plain = (folder / "report.html").read_text(encoding="utf-8")
    assert [part for part in ("C-001", "C-003", "9007199254740993.25", PERSONAL) if part in plain] == []


def test_values_can_be_asked_for_later(broken: Small, run: Dq, show: Show) -> None:
    run()
    (folder,) = broken.runs.iterdir()
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert f"Laporan: {folder / 'restricted' / 'report.html'}" in show("--show-values", "--lang", "id").out
    assert "TERBATAS" in (folder / "restricted" / "report.html").read_text(encoding="utf-8")
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_the_appendix_holds_the_queries_of_what_is_broken(broken: Small, run: Dq) -> None:
    run()
    (folder,) = broken.runs.iterdir()
    page = (folder / "report.html").read_text(encoding="utf-8")
    failed = [check["id"] for check in json.loads((folder / "report.json").read_bytes())["checks"] if check["outcome"] == "FAILED"]
    assert 'id="queries"' in page
    assert "FULL JOIN" in page
    assert "coupons.rows" in failed


def test_a_print_copy_holds_no_values(run: Dq, show: Show, tmp_path: Path) -> None:
    run()
    assert_refused(show("--pdf", tmp_path / "report.pdf", "--show-values"), 2, "a print copy holds no values")
    assert_refused(show("--pdf", tmp_path / "report.txt"), 2, "a print copy's name ends in .pdf")
    assert list(tmp_path.glob("report.*")) == []


def test_a_print_copy_says_where_it_has_no_queries(broken: Small, run: Dq, dq: Dq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    given: list[Mapping[str, str]] = []
    monkeypatch.setattr(pdf, "write_pdf", lambda *_, queries, **__: given.append(queries))
    shown = [dq("show", "--runs", broken.runs, "--pdf", tmp_path / "r.pdf", "--contract", contract).out for contract in (broken.contract, tmp_path)]
    assert shown == [
        f"print copy: {tmp_path / 'r.pdf'}\n",
        f"print copy: {tmp_path / 'r.pdf'}; without the queries: {tmp_path} is not the run's contract, or has changed since\n",
    ]
    assert ["coupons.rows" in queries for queries in given] == [True, False]


def test_an_unknown_language_is_refused_before_anything_is_read(broken: Small, run: Dq, show: Show) -> None:
    assert_refused(run("--lang", "fr"), 2, "there is no language 'fr'")
    assert not broken.runs.exists() or list(broken.runs.iterdir()) == []
    run()
    assert_refused(show("--lang", "fr"), 2, "there is no language 'fr'")
