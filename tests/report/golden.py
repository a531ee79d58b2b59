"""The one place for golden files: small renderings as a reader sees them. `python tests/report/golden.py` writes them anew."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

import records
from rich.console import Console

from dq.report.checkview import check_view
from dq.report.junit import render_junit
from dq.report.markdown import render_markdown
from dq.report.templating import rendered
from dq.report.terminal import print_verdict

FOLDER: Final = Path(__file__).with_name("golden")


def waived_check() -> str:
    """Return a check of the page as HTML."""
    return rendered("display_check.html", view=check_view(records.waived().check("reviews.values"))) + "\n"


def small_junit() -> str:
    """Return a record of one check an outcome as JUnit."""
    kept = {"snapshot.target", "products.schema", "accounts.rows"}
    shown = (*(check for check in records.not_proven().checks if check.id in kept), records.waived().check("reviews.values"))
    return render_junit(records.not_proven().model_copy(update={"checks": shown}))


def terminal() -> str:
    """Return the verdict of a broken batch as it is piped."""
    file = io.StringIO()
    print_verdict(records.broken(), Console(file=file, width=100), report=Path("runs/3f9a1c0b7d2e/report.html"))
    return file.getvalue()


CASES: Final[dict[str, Callable[[], str]]] = {
    "check_waived.html": waived_check,
    "gate_shut.md": lambda: render_markdown(records.not_proven()),
    "one_of_each.xml": small_junit,
    "broken.txt": terminal,
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, make in CASES.items():
        FOLDER.joinpath(name).write_text(make(), encoding="utf-8")
