"""The one place for a customer's case in HTML: one page to print, without script or outside address, and a fragment for notebooks."""

from __future__ import annotations

from pathlib import Path

from dq.case.model import CaseData
from dq.errors import UsageError
from dq.report.caseview import case_facts, case_verdict, meanings, section_views
from dq.report.exports import private_file
from dq.report.language import ENGLISH, writing
from dq.report.templating import page, rendered, style


def render_case(case: CaseData, *, language: str = ENGLISH) -> str:
    """Return the case as one HTML page; in another language statuses and sentences are, and what the stores and the contract say stays as it is."""
    with writing(language):
        return page("case.html", sheet="case_style.css", **_values(case))


def case_display(case: CaseData) -> str:
    """Return the case as a fragment for a notebook."""
    return f'<div class="dq-display">\n<style>{style("case_display.css")}</style>\n{rendered("display_case.html", **_values(case))}\n</div>\n'


def write_case(case: CaseData, path: Path, *, language: str = ENGLISH) -> None:
    """Write the page with mode 0600, since it holds personal data. Raises UsageError where it cannot be written there, or there is no such language."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{path}: a case is a page: name a file that ends in .html")
    with private_file(path) as file:
        file.write(render_case(case, language=language).encode())


def _values(case: CaseData) -> dict[str, object]:
    return {
        "case": case,
        "verdict": case_verdict(case),
        "facts": case_facts(case),
        "sections": section_views(case),
        "meanings": meanings(case),
    }
