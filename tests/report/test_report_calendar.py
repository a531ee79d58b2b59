"""Every rendering counts down and names the batches; where there is no calendar, none is invented."""

from __future__ import annotations

import io

import extreme_records
import pytest
import records
from parsed import Page
from rich.console import Console

from dq.record import BatchLine, Record
from dq.report.calendar import calendar_view
from dq.report.html import render_html
from dq.report.markdown import render_markdown
from dq.report.terminal import print_verdict

COUNTDOWN = "37 days to the deadline on 12 Dec 2024 24:00 Asia/Jakarta."
PACE = "At the present pace (1,450 accounts since 4 Nov 2024) done on 7 Nov 2024, 34 days before the deadline."


def terminal(record: Record) -> str:
    file = io.StringIO()
    print_verdict(record, Console(file=file, width=160), report=None)
    return file.getvalue()


def page(record: Record) -> str:
    return Page(render_html(record)).all("main")[0].text


@pytest.mark.parametrize("rendered", [page, render_markdown, terminal])
def test_the_countdown_stands_in_every_rendering(rendered: object) -> None:
    assert COUNTDOWN.replace("Asia/Jakarta.", "") in rendered(records.clean())  # type: ignore[operator]


@pytest.mark.parametrize("rendered", [page, render_markdown])
def test_page_and_summary_tell_the_pace_and_a_row_a_batch(rendered: object) -> None:
    text = rendered(records.clean())  # type: ignore[operator]
    assert PACE in text
    assert all(word in text for word in ("18,392", "proven", "to move", "1,452", "661"))


@pytest.mark.parametrize("rendered", [page, render_markdown, terminal])
def test_without_a_calendar_nothing_is_said_of_one(rendered: object) -> None:
    text = rendered(records.clean(calendar=None, checks=()))  # type: ignore[operator]
    assert "alendar" not in text
    assert "deadline" not in text.replace("Deadline", "")


def test_the_largest_batch_has_the_whole_bar_and_an_unknown_one_none() -> None:
    lines = [
        BatchLine(number=number, region="ID", status="to move", accounts=accounts, rows=None) for number, accounts in ((1, 50), (2, 200), (3, None), (4, 0))
    ]
    view = calendar_view(records.calendar(batches=tuple(lines)))
    assert view is not None
    assert [row.bar for row in view.batches.items] == [25, 100, 0, 0]


def test_many_batches_are_cut_and_counted() -> None:
    view = calendar_view(extreme_records.enormous().calendar)
    assert view is not None
    assert len(view.batches.items) + view.batches.left == 4_999
    assert view.batches.left > 0


def test_a_calendar_without_a_sentence_is_not_shown() -> None:
    assert calendar_view(records.calendar(sentences=())) is None
