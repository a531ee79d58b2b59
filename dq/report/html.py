"""The one place for the HTML report: one file without script or outside address, the same bytes for the same record."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Final

from dq.record import Record
from dq.report import blocks
from dq.report.calendar import calendar_view
from dq.report.coverage import coverage
from dq.report.facts import Fact
from dq.report.outline import BROKEN_IN_FULL, outline
from dq.report.templating import rendered, style
from dq.report.verdict import asked, verdict

LARGEST: Final = 1_900_000  # bytes of a page that a browser shows in a second
_POLICY: Final = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


def render_html(record: Record) -> str:
    """Return the report as one HTML page; the more there is of each broken check, the fewer stand there in full."""
    page = ""
    for in_full in (BROKEN_IN_FULL, BROKEN_IN_FULL // 3, BROKEN_IN_FULL // 10):
        page = _page(record, in_full=in_full)
        if len(page.encode()) <= LARGEST:
            break
    return page


def _page(record: Record, *, in_full: int) -> str:
    sheet = style("style.css")
    page = rendered(
        "report.html",
        record=record,
        outline=outline(record, in_full=in_full),
        verdict=verdict(record),
        calendar=calendar_view(record.calendar),
        coverage=coverage(record.coverage),
        facts=asked(record),
        inputs=_inputs(record),
        style=sheet,
        policy=_POLICY.format(b64encode(hashlib.sha256(sheet.encode()).digest()).decode()),
    )
    return page + "\n"


def _inputs(record: Record) -> tuple[Fact, ...]:
    versions = tuple(f"{name} {version}" for name, version in sorted(record.versions.items()))
    return (
        Fact("Migration", (record.migration,)),
        Fact("Freeze", (blocks.moment(record.freeze),)),
        Fact("Deadline", (blocks.moment(record.deadline),)),
        Fact("Versions that decide", (", ".join(versions) or blocks.NOTHING,)),
        Fact("Contract", (record.contract,), is_digest=True),
    )
