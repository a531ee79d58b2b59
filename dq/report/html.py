"""The one place for the HTML report: one file without script or outside address, the same bytes for the same record."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import lru_cache
from typing import Final

import jinja2
from markupsafe import Markup, escape

from dq.record import Record
from dq.report import blocks
from dq.report.checkview import Fact, check_view
from dq.report.outline import BROKEN_IN_FULL, Outline, outline
from dq.report.visible import clip, visible

_LARGEST: Final = 1_900_000  # bytes of a page that a browser shows in a second
_LONGEST: Final = 1_000  # characters of any one text on the page, whatever a template forgets to cut
_POLICY: Final = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


def render_html(record: Record) -> str:
    """Return the report as one HTML page; the more there is of each broken check, the fewer stand there in full."""
    page = ""
    for in_full in (BROKEN_IN_FULL, BROKEN_IN_FULL // 3, BROKEN_IN_FULL // 10):
        page = _page(record, in_full=in_full)
        if len(page.encode()) <= _LARGEST:
            break
    return page


def _page(record: Record, *, in_full: int) -> str:
    templates = environment()
    style = _tidy(templates.get_template("style.css").render())
    shown = outline(record, in_full=in_full)
    page = templates.get_template("report.html").render(
        record=record,
        outline=shown,
        mark=blocks.MARKS[record.outcome],
        batch=_batch(record),
        facts=_facts(record, shown),
        inputs=_inputs(record),
        style=Markup(style),  # noqa: S704 - our own file, no value in it
        policy=_POLICY.format(b64encode(hashlib.sha256(style.encode()).digest()).decode()),
    )
    return _tidy(page) + "\n"


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return the templates' environment: every value is made visible and escaped, an unknown name is an error."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("dq.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["clip"] = clip
    templates.globals.update(
        check_view=check_view,
        count=blocks.count,
        counted=blocks.counted,
        largest_first=blocks.largest_first,
        marks=blocks.MARKS,
        moment=blocks.moment,
        moneys=blocks.moneys,
    )
    return templates


def _shown(value: object) -> object:
    """Return a value as the page holds it: text visible, cut and escaped; `//` as entities, so that no address can stand there."""
    if isinstance(value, Markup):
        return value
    return Markup(str(escape(visible(clip(str(value), _LONGEST)))).replace("//", "&#47;&#47;"))  # noqa: S704 - escaped here


def _tidy(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip())


def _batch(record: Record) -> str:
    return "all that has moved" if record.batch is None else f"batch {record.batch}"


def _facts(record: Record, shown: Outline) -> tuple[Fact, ...]:
    tally = tuple(f"{blocks.count(number)} {outcome.value.lower()}" for outcome, number in reversed(shown.tally) if number)
    batch = "all that has moved" if record.batch is None else blocks.count(record.batch)
    compared = ", ".join(str(number) for number in record.batches)
    return (
        Fact("Batch", (batch,), aside=f"compared: {compared}" if compared and record.batches != (record.batch,) else ""),
        Fact("Region", (record.region or "all",)),
        Fact("As of", (blocks.moment(record.as_of),)),
        Fact("Exit status", (str(record.exit_status),)),
        Fact("Checks", (", ".join(tally) or blocks.NOTHING,)),
    )


def _inputs(record: Record) -> tuple[Fact, ...]:
    versions = tuple(f"{name} {version}" for name, version in sorted(record.versions.items()))
    return (
        Fact("Migration", (record.migration,)),
        Fact("Freeze", (blocks.moment(record.freeze),)),
        Fact("Deadline", (blocks.moment(record.deadline),)),
        Fact("Versions that decide", (", ".join(versions) or blocks.NOTHING,)),
        Fact("Contract", (record.contract,)),
    )
