"""The one place for the HTML report: one file without script or outside address, the same bytes for the same record and language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dq.record import Record
from dq.report import blocks
from dq.report.calendar import calendar_view
from dq.report.coverage import coverage
from dq.report.facts import inputs
from dq.report.language import ENGLISH, say, writing
from dq.report.outline import BROKEN_IN_FULL, QUERIES, outline
from dq.report.pictures import GROWN, burndown, growths, rows_strip
from dq.report.summary import MEANINGS, summary
from dq.report.templating import page
from dq.report.values import Values
from dq.report.verdict import asked, verdict
from dq.report.waivers import waiver_views

if TYPE_CHECKING:
    from dq.report.signed import SignedView
    from dq.signoff.verifying import Verified

LARGEST: Final = 1_900_000  # bytes of a page that a browser shows in a second


def render_html(
    record: Record,
    *,
    language: str = ENGLISH,
    queries: Mapping[str, str] | None = None,
    values: Values | None = None,
    signed: Verified | None = None,
) -> str:
    """Return the report as one HTML page; the more there is of each broken check, the fewer stand there in full.

    Args:
        record: what was found.
        language: of the page.
        queries: check id to its query, of checks that are broken or not proven; those are shown in an appendix.
        values: what stands in the examples of broken rows: personal data, and the page says so; None: no value does.
        signed: what verifying the run came to, which the page begins with; None: nothing of signatures is said, as in every run's own page.
    """
    html = ""
    with writing(language):
        for in_full in (BROKEN_IN_FULL, BROKEN_IN_FULL // 3, BROKEN_IN_FULL // 10):
            html = _page(record, in_full=in_full, queries=queries or {}, values=values, signed=signed)
            if len(html.encode()) <= LARGEST:
                break
    return html


def _signed(found: Verified | None) -> SignedView | None:
    """Return what verifying came to, as the page shows it; the signature library loads only where that is asked for."""
    if found is None:
        return None
    from dq.report.signed import signed_view  # noqa: PLC0415

    return signed_view(found)


def _page(record: Record, *, in_full: int, queries: Mapping[str, str], values: Values | None, signed: Verified | None) -> str:
    shown = outline(record, in_full=in_full)
    return page(
        "report.html",
        sheet="style.css" if values is None else "restricted_style.css",
        record=record,
        outline=shown,
        summary=summary(record, shown),
        verdict=verdict(record),
        calendar=calendar_view(record.calendar),
        burndown=burndown(record),
        growths=growths(record),
        grown=say(GROWN),
        rows_strip=rows_strip,
        coverage=coverage(record.coverage),
        facts=asked(record),
        inputs=inputs(record),
        meanings=[(blocks.MARKS[outcome], say(text)) for outcome, text in MEANINGS if outcome in {check.outcome for check in record.checks}],
        queries=dict(list(queries.items())[:QUERIES]),
        waivers=waiver_views(record),
        values=values,
        signed=_signed(signed),
    )
