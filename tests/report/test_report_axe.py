"""The report holds against axe's rules, clean and broken, in both languages, light and dark, with values too; and the longer one fits any screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import records
from playwright.sync_api import Browser, sync_playwright
from test_report_browser import WIDER

from dq.history import Asked, History, PastRun, Signature, Signers
from dq.report.history import render_history
from dq.report.html import render_html
from dq.report.values import ValuedCell, Values
from tests.axe import ARGUMENTS, CHROMIUM, opened, violations

pytestmark = pytest.mark.browser

VALUES = Values({"coupons#1": "ID-0001"}, {"coupons#1": (ValuedCell("expires_at", "2024-12-31", "2024-12-30"),)})
SIGNERS = Signers((Signature("sri", "data-owner", "accept", ""), Signature("n" * 80, "business-owner", "reject", "")), None)
RUNS = tuple(
    PastRun(
        f"{number:012x}",
        record,
        compared=1_000,
        findings=number,
        people=number,
        money=record.entities[0].money,
        trend=number or None,
        signers=SIGNERS if number else None,
    )
    for number, record in enumerate((records.broken(), records.not_proven(), records.clean(), records.waived(), records.gate_shut()))
)
HISTORY = History(RUNS, (Asked(RUNS[:3]), Asked(RUNS[3:])), ("torn",))
PAGES = {
    "clean": lambda: render_html(records.clean()),
    "not proven, Indonesian": lambda: render_html(records.not_proven(), language="id"),
    "broken, Indonesian": lambda: render_html(records.broken(), language="id", queries={"coupons.rows": "SELECT 1\nFROM x"}),
    "history": lambda: render_history(HISTORY),
    "history, Indonesian": lambda: render_history(HISTORY, language="id"),
    "with values": lambda: render_html(records.broken(), values=VALUES),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, name: str) -> None:
    assert violations(browser, PAGES[name](), tmp_path) == {"light": [], "dark": []}


@pytest.mark.parametrize("name", ["broken, Indonesian", "with values", "history, Indonesian"])
def test_the_longer_page_fits_narrow_and_wide_and_asks_for_nothing(browser: Browser, tmp_path: Path, name: str) -> None:
    page = opened(browser, PAGES[name](), tmp_path, width=360, scheme="dark", bypass=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    found = {}
    for width in (360, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        found[width] = (page.evaluate("() => document.documentElement.scrollWidth"), page.evaluate(WIDER))
    page.close()
    assert found == {360: (360, []), 1600: (1600, [])}
    assert asked == []
