"""The pages hold against axe's rules of WCAG 2 A and AA, in the real browser: report, restricted report and a customer's case; light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import records
from playwright.sync_api import Browser, Page, sync_playwright
from test_report_browser import ARGUMENTS, CHROMIUM, UNFOLD, WIDER

from dq.report.html import render_html
from dq.report.values import ValuedCell, Values

pytestmark = pytest.mark.browser

AXE = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RULES = """async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}))
    .violations.map(found => [found.id, found.nodes.slice(0, 3).map(node => node.html.slice(0, 160))])"""
VALUES = Values({"coupons#1": "ID-0001"}, {"coupons#1": (ValuedCell("expires_at", "2024-12-31", "2024-12-30"),)})
PAGES = {
    "clean": lambda: render_html(records.clean()),
    "broken": lambda: render_html(records.broken()),
    "not proven, Indonesian": lambda: render_html(records.not_proven(), language="id"),
    "broken, Indonesian": lambda: render_html(records.broken(), language="id", queries={"coupons.rows": "SELECT 1\nFROM x"}),
    "with values": lambda: render_html(records.broken(), values=VALUES),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def opened(browser: Browser, source: str, folder: Path, *, width: int, scheme: Any, bypass: bool = True) -> Page:
    """Open a page with everything unfolded; `bypass` lets the test's own script in, past the page's policy."""
    file = folder / "page.html"
    file.write_text(source, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=bypass)
    page.goto(file.as_uri())
    page.evaluate(UNFOLD)
    return page


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, name: str) -> None:
    page = opened(browser, PAGES[name](), tmp_path, width=1280, scheme="light")
    page.add_script_tag(content=AXE)
    light = page.evaluate(RULES)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(RULES)
    page.close()
    assert (light, dark) == ([], [])


@pytest.mark.parametrize("name", ["broken, Indonesian", "with values"])
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
