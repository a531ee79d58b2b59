"""The page of a case: it holds its person's data, nobody else's, and nothing that runs or leaves."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from case_shop import BROKEN, CLEAN, ERASED, PERSONS, RENAMED, SOURCES, TARGETS, email_of, name_of, order_of
from playwright.sync_api import sync_playwright

from dq.errors import UsageError
from dq.report.case import render_case
from dq.result import Run
from tests.axe import ARGUMENTS, CHROMIUM, violations


@pytest.mark.parametrize("person", PERSONS, ids=str)
def test_nothing_of_another_customer_is_on_the_page(run: Run, person: tuple[int, ...]) -> None:
    case = run.case(f"source:{person[0]}")
    told = {
        "page": render_case(case.data),
        "in Indonesian": render_case(case.data, language="id"),
        "notebook": case._repr_html_(),
        "json": json.dumps(asdict(case.data)),
    }
    targets = {TARGETS.get(account) for account in person}
    for where, text in told.items():
        words = set(re.findall(r"[\w.@-]+", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)))
        for other in set(SOURCES) - set(person):
            ids = {str(other), str(TARGETS.get(other, other))} - {str(mine) for mine in (*targets, *person)}
            assert not ids & words, (where, other)
            assert name_of(other) not in text, (where, other)
            assert not {email_of(other), order_of(other), f"C-{other:05d}-1", f"E-{other:05d}-1"} & words, (where, other)


@pytest.mark.parametrize("person", [BROKEN, CLEAN, ERASED, RENAMED, *(f"source:{person[0]}" for person in PERSONS)], ids=str)
def test_an_indonesian_page_says_nothing_of_ours_in_english(run: Run, person: object) -> None:
    case = run.case(str(person)).data
    page = render_case(case, language="id")
    texts = {part.strip() for part in re.split(r"<[^>]*>", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))}
    own = {section.promise for section in case.sections} | {case.title}
    english = re.compile(r"\b(?:the|is|are|was|were|of|and|not|rows?|has|which|what)\b")
    assert {text for text in texts - own - {"NOT AS PROMISED"} if english.search(text)} == set()


def test_the_page_shows_its_persons_data(run: Run) -> None:
    page = render_case(run.case(BROKEN).data)
    for text in (name_of(BROKEN), email_of(BROKEN), order_of(BROKEN), "C-31012-1", "99.00", "NOT AS PROMISED", "RESTRICTED"):
        assert text in page


def test_an_erased_persons_page_shows_no_data_of_theirs(run: Run) -> None:
    page = render_case(run.case(ERASED).data)
    assert "DSR-1" in page
    assert not any(text in page for text in (name_of(ERASED), email_of(ERASED), order_of(ERASED)))


def test_the_page_holds_no_script_and_no_outside_address(run: Run) -> None:
    page = render_case(run.case(RENAMED).data)
    assert re.findall(r"<script|javascript:|https?://|//[a-z]|url\(|@import|<img|<link", page) == []
    assert "default-src &#39;none&#39;" in page
    assert "@media print" in page


def test_the_page_is_the_same_every_time(run: Run) -> None:
    assert render_case(run.case(BROKEN).data) == render_case(run.case(BROKEN).data)


def test_the_file_is_its_owners_alone(run: Run, tmp_path: Path) -> None:
    run.case(CLEAN).save(tmp_path / "case.html")
    assert oct((tmp_path / "case.html").stat().st_mode & 0o777) == "0o600"
    with pytest.raises(UsageError, match=r"ends in \.html"):
        run.case(CLEAN).save(tmp_path / "case.pdf")


@pytest.mark.browser
def test_axe_finds_nothing_on_the_page(run: Run, tmp_path: Path) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        found = violations(chromium, render_case(run.case(BROKEN).data, language="id"), tmp_path)
        chromium.close()
    assert found == {"light": [], "dark": []}
