"""The page in a browser: it fits the screen, is quiet, asks for nothing, runs nothing, follows the reader's colour scheme and prints."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import extreme_records
import pytest
import records
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from dq.report.displays import check_display, entity_display, run_display
from dq.report.html import render_html

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RECORDS = {
    "clean": records.clean,
    "broken": records.broken,
    "not proven": records.not_proven,
    "gate shut": records.gate_shut,
    "hostile": extreme_records.hostile,
    "enormous": extreme_records.enormous,
}
WIDTHS = (320, 390, 768, 940, 1024, 1280)
PAPER = {"light": "rgb(253, 253, 251)", "dark": "rgb(20, 23, 26)"}
UNFOLD = "() => document.querySelectorAll('details').forEach(item => { item.open = true })"
WIDER = """() => [...document.querySelectorAll('body *')].filter(item => item.getBoundingClientRect().right > innerWidth + 1
    && !item.closest('.skip, .unseen, thead')).map(item => item.tagName + '.' + item.getAttribute('class'))"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, downloads_path=tmp_path_factory.mktemp("downloads"))
        yield chromium
        chromium.close()


@cache
def rendered(name: str) -> str:
    return render_html(RECORDS[name]())


class Visit:
    """A page in a window of its own, with what it said and what it asked for."""

    def __init__(self, browser: Browser, source: str, folder: Path, *, width: int = 1280, scheme: str = "light") -> None:
        """Write the page, open it, and listen."""
        self.said: list[str] = []
        self.asked: list[str] = []
        file = folder / "report.html"
        file.write_text(source, encoding="utf-8")
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", self._requested)
        self.page.goto(file.as_uri())

    def _heard(self, message: ConsoleMessage) -> None:
        self.said.append(message.text)

    def _requested(self, request: Request) -> None:
        self.asked.append(request.url.rsplit("/", 1)[-1])

    def close(self) -> None:
        """Close the window."""
        self.page.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", RECORDS)
def test_nothing_is_wider_than_the_screen(browser: Browser, tmp_path: Path, name: str, width: int) -> None:
    visit = Visit(browser, rendered(name), tmp_path, width=width)
    visit.page.evaluate(UNFOLD)
    scroll = visit.page.evaluate("() => document.documentElement.scrollWidth")
    wider = visit.page.evaluate(WIDER)
    visit.close()
    assert (scroll, wider) == (width, [])


@pytest.mark.parametrize("name", RECORDS)
def test_the_page_is_quiet_and_asks_for_nothing(browser: Browser, tmp_path: Path, name: str) -> None:
    visit = Visit(browser, rendered(name), tmp_path)
    visit.page.evaluate(UNFOLD)
    visit.page.wait_for_timeout(50)
    visit.close()
    assert (visit.said, visit.asked) == ([], ["report.html"])


def test_the_policy_is_in_force(browser: Browser, tmp_path: Path) -> None:
    page = render_html(records.clean()).replace("</main>", '<script>document.title = "ran"</script><p style="color: red">x</p></main>')
    visit = Visit(browser, page, tmp_path)
    title = visit.page.title()
    visit.close()
    assert title.startswith("PASSED")
    assert len(visit.said) == 2


@pytest.mark.parametrize(("scheme", "paper"), PAPER.items())
def test_the_page_follows_the_colour_scheme(browser: Browser, tmp_path: Path, scheme: str, paper: str) -> None:
    visit = Visit(browser, render_html(records.broken()), tmp_path, scheme=scheme)
    background = visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    visit.close()
    assert background == paper


def test_paper_is_light_and_has_everything_unfolded(browser: Browser, tmp_path: Path) -> None:
    visit = Visit(browser, render_html(records.broken()), tmp_path, scheme="dark")
    visit.page.emulate_media(media="print", color_scheme="dark")
    background = visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    height = visit.page.locator("details table").last.bounding_box()
    visit.close()
    assert background == PAPER["light"]
    assert height is not None
    assert height["height"] > 0


def test_the_verdict_and_all_that_is_said_in_short_stand_on_the_first_screen(browser: Browser, tmp_path: Path) -> None:
    visit = Visit(browser, render_html(records.gate_shut()), tmp_path)
    below = visit.page.evaluate("() => document.querySelector('.short').getBoundingClientRect().bottom")
    visit.close()
    assert below <= 900


@pytest.mark.parametrize("theme", PAPER)
@pytest.mark.parametrize("width", [500, 1000])
def test_a_display_fits_its_cell_and_follows_the_notebooks_theme(browser: Browser, tmp_path: Path, width: int, theme: str) -> None:
    record = records.broken()
    fragments = run_display(record) + entity_display(record, "coupons") + check_display(record.check("coupons.rows"), record.causes)
    light = "true" if theme == "light" else "false"
    page = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>x</title><body data-jp-theme-light="{light}">{fragments}</body></html>'
    visit = Visit(browser, page, tmp_path, width=width, scheme="light" if theme == "dark" else "dark")
    background = visit.page.evaluate("() => getComputedStyle(document.querySelector('.dq-display')).backgroundColor")
    scroll = visit.page.evaluate("() => document.documentElement.scrollWidth")
    visit.close()
    assert (background, scroll, visit.said, visit.asked) == (PAPER[theme], width, [], ["report.html"])
