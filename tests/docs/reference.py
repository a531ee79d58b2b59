"""The one place that writes `docs/reference/` from the code: `python -m tests.docs.reference` writes it anew, a test holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from . import checks_page, commands_page, contract_page, files_page
from .pages import DOCS

NOTE = "<!-- Made from the code: `make docs` writes this page anew (python -m tests.docs.reference), and a test holds it. -->\n\n"

PAGES: Mapping[Path, Callable[[], str]] = {
    DOCS / "reference" / "contract.md": contract_page.render,
    DOCS / "reference" / "commands.md": commands_page.render,
    DOCS / "reference" / "checks.md": checks_page.checks,
    DOCS / "reference" / "expectations.md": checks_page.expectations,
    DOCS / "reference" / "files.md": files_page.files,
    DOCS / "reference" / "record.md": files_page.fields,
}


def render(page: Path) -> str:
    """Return a page as it must be."""
    return NOTE + PAGES[page]().rstrip() + "\n"


if __name__ == "__main__":
    for written in PAGES:
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(render(written), encoding="utf-8")
