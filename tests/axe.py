"""The one place that asks axe about a page in the real browser: WCAG 2 A and AA, and axe's best practices; in dark, the contrast."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update")
UNFOLD = "() => document.querySelectorAll('details').forEach(item => { item.open = true })"
AXE = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ONLY = {"light": {"type": "tag", "values": RULES}, "dark": {"type": "rule", "values": ["color-contrast"]}}  # the rest knows no colour
ASK = """async only => (await axe.run(document, {runOnly: only, resultTypes: ['violations']}))
    .violations.map(found => [found.id, found.nodes.slice(0, 3).map(node => node.html.slice(0, 160))])"""


def opened(browser: Browser, source: str, folder: Path, *, width: int, scheme: Any = "light", bypass: bool = True) -> Page:
    """Open a page with everything unfolded; `bypass` lets a test's own script in, past the page's policy."""
    file = folder / "page.html"
    file.write_text(source, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=bypass)
    page.goto(file.as_uri())
    page.evaluate(UNFOLD)
    return page


def violations(browser: Browser, source: str, folder: Path) -> dict[str, list[Any]]:
    """Return by colour scheme what axe finds: rule, and the first elements that break it."""
    page = opened(browser, source, folder, width=1280)
    page.add_script_tag(content=AXE)
    found = {}
    for scheme, only in ONLY.items():
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found[scheme] = page.evaluate(ASK, only)
    page.close()
    return found
