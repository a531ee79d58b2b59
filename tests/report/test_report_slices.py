"""Slices and what is unexplained, in every rendering: once, in plain words, and never live."""

from __future__ import annotations

import io
import re

import pytest
from records import broken, check
from rich.console import Console

from dq.record import Cause, Outcome, Record, Slice
from dq.report.checkview import check_view
from dq.report.facts import cause_line, facts, where
from dq.report.html import render_html
from dq.report.junit import render_junit
from dq.report.markdown import render_markdown
from dq.report.terminal import print_verdict


def a_slice(value: str, sentence: str) -> Slice:
    return Slice(by={"region": value}, broken=412, of=415, rows=1200, looked_at=10_000, lift="8.3", sentence=sentence)


GB = a_slice("GB", "412 of 415 are of region GB (12 % of all rows)")
USED = a_slice("ID", "all 412 are of status used (4 % of all rows)")
CAUSE = Cause(
    entity="coupons",
    kind="cut",
    sentence="body is cut at 40 characters",
    columns=("body",),
    checks=("coupons.values",),
    rows=412,
    people=400,
    overrepresented=(GB,),
)
CHECK = check("coupons.values", outcome=Outcome.FAILED, broken=415, explained=412, overrepresented=(GB, USED))


def record(*slices: Slice) -> Record:
    """Return a record of which one check has slices."""
    others = tuple(one for one in broken().checks if one.id != CHECK.id)
    shown = CHECK.model_copy(update={"overrepresented": slices})
    return broken().model_copy(update={"checks": (*others, shown), "causes": (CAUSE,)})


def terminal(shown: Record) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_verdict(shown, console, report=None)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_cause_says_where_its_rows_are() -> None:
    assert cause_line(CAUSE) == "body is cut at 40 characters (412 rows, 400 people); 412 of 415 are of region GB (12 % of all rows)"


def test_a_check_says_where_its_rows_are_but_for_what_its_causes_said() -> None:
    assert where(CHECK, [CAUSE]) == (USED.sentence,)
    assert check_view(CHECK, [CAUSE]).where.items == (USED.sentence,)
    assert where(CHECK) == (GB.sentence, USED.sentence)


def test_what_no_cause_explains_is_counted() -> None:
    (fact,) = (one for one in facts(CHECK) if one.label == "Explained by causes")
    assert (fact.values, fact.aside) == (("412 rows",), "3 unexplained")


@pytest.mark.parametrize(("explained", "expected"), [(None, []), (415, [""])])
def test_nothing_is_said_where_no_cause_is_looked_for_and_nothing_more_where_all_is_explained(explained: int | None, expected: list[str]) -> None:
    shown = CHECK.model_copy(update={"explained": explained})
    assert expected == [one.aside for one in facts(shown) if one.label == "Explained by causes"]


@pytest.mark.parametrize("render", [render_html, render_markdown, render_junit, terminal])
def test_every_rendering_names_a_slice_once(render: object) -> None:
    text = render(record(GB, USED))  # type: ignore[operator]
    plain = text.replace("`", "")
    assert (plain.count("are of region GB"), plain.count("are of status used")) == (1, 1)


def test_a_slices_value_is_never_live() -> None:
    hostile = a_slice("x", "412 of 415 are of region <script>alert(1)</script> [a](http://b.example) (12 % of all rows)")
    assert "<script>alert" not in render_html(record(hostile))
    assert "<script" not in re.sub(r"`[^`]*`", "", render_markdown(record(hostile)))  # in a code span nothing is live
    assert "<script" not in render_junit(record(hostile))
