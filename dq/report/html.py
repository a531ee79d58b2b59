"""The one place for the HTML report: one file without script or outside address, the same bytes for the same record."""

from __future__ import annotations

from typing import Final

from dq.record import Record
from dq.report import blocks
from dq.report.calendar import calendar_view
from dq.report.coverage import coverage
from dq.report.facts import Fact
from dq.report.outline import BROKEN_IN_FULL, outline
from dq.report.templating import page
from dq.report.verdict import asked, verdict

LARGEST: Final = 1_900_000  # bytes of a page that a browser shows in a second


def render_html(record: Record) -> str:
    """Return the report as one HTML page; the more there is of each broken check, the fewer stand there in full."""
    html = ""
    for in_full in (BROKEN_IN_FULL, BROKEN_IN_FULL // 3, BROKEN_IN_FULL // 10):
        html = _page(record, in_full=in_full)
        if len(html.encode()) <= LARGEST:
            break
    return html


def _page(record: Record, *, in_full: int) -> str:
    return page(
        "report.html",
        sheet="style.css",
        record=record,
        outline=outline(record, in_full=in_full),
        verdict=verdict(record),
        calendar=calendar_view(record.calendar),
        coverage=coverage(record.coverage),
        facts=asked(record),
        inputs=_inputs(record),
    )


def _inputs(record: Record) -> tuple[Fact, ...]:
    versions = tuple(f"{name} {version}" for name, version in sorted(record.versions.items()))
    return (
        Fact("Migration", (record.migration,)),
        Fact("Freeze", (blocks.moment(record.freeze),)),
        Fact("Deadline", (blocks.moment(record.deadline),)),
        Fact("Versions that decide", (", ".join(versions) or blocks.NOTHING,)),
        Fact("Contract", (record.contract,), is_digest=True),
    )
