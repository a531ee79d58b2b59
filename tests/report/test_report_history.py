"""The page over all runs, and what it is made of: a line a run, how each question stands, trends between runs that asked the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import extreme_records
import pytest
import records
from parsed import Page
from rich.console import Console

from dq.folder import record_bytes
from dq.history import Asked, History, PastRun, Signature, Signers, read_history
from dq.record import Money, Outcome, Record
from dq.report.history import render_history, trend_text
from dq.report.terminal import print_history

Kept = Callable[..., History]
FIRST, SECOND, THIRD = (f"2024-11-0{day}T20:30:00+00:00" for day in (5, 6, 7))


def moved(record: Record, **changes: Any) -> Record:
    return record.model_copy(update=changes)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Return a function that keeps records by folder and reads their history."""

    def keep(**found: Record) -> History:
        for name, record in found.items():
            (tmp_path / name).mkdir()
            (tmp_path / name / "report.json").write_bytes(record_bytes(record))
        return read_history(tmp_path)

    return keep


def test_a_trend_is_what_was_found_more_than_in_the_run_of_the_moment_before(kept: Kept) -> None:
    broken = records.broken()
    later = moved(broken, as_of=SECOND, findings=broken.findings - 10)
    history = kept(b=later, a=moved(broken, as_of=FIRST), c=moved(broken, as_of=THIRD))
    assert {run.folder: run.trend for run in history.runs} == {"a": None, "b": -10, "c": 10}


def test_runs_that_asked_something_else_have_no_trend_together(kept: Kept) -> None:
    broken = records.broken()
    history = kept(a=broken, b=moved(broken, batch=2), c=moved(broken, command="gate"), d=moved(broken, only=("coupons",)), e=moved(broken, migration="other"))
    assert [run.trend for run in history.runs] == [None] * 5
    assert len(history.asked) == 5


def test_what_could_not_be_proven_has_no_trend(kept: Kept) -> None:
    history = kept(
        a=moved(records.broken(), as_of=FIRST),
        b=moved(records.broken(), as_of=SECOND, outcome=Outcome.NOT_PROVEN),
        c=moved(records.broken(), as_of=THIRD),
    )
    assert [run.trend for run in history.runs] == [None, None, None]


def test_amounts_are_the_largest_of_an_entity_by_currency(kept: Kept) -> None:
    def entity(name: str, *money: Money) -> Any:
        return records.entity(name, money=money, people=len(money))

    entities = (
        entity("orders", Money(currency="IDR", amount="9007199254740993.25"), Money(currency="GBP", amount="1.00")),
        entity("coupons", Money(currency="IDR", amount="12.00")),
    )
    (run,) = kept(a=moved(records.broken(), entities=entities)).runs
    assert {one.currency: one.amount for one in run.money} == {"IDR": "9007199254740993.25", "GBP": "1.00"}
    assert run.people == 2


def test_a_folder_whose_record_cannot_be_read_is_named(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "report.json").write_text(json.dumps({"format": "dq.record/1"}))
    history = kept(a=records.clean())
    assert (history.unreadable, [run.folder for run in history.runs]) == (("torn",), ["a"])
    assert "torn" in render_history(history)


@pytest.mark.parametrize(("trend", "text"), [(None, "–"), (0, "±0"), (1200, "+1,200"), (-3, "−3")])
def test_a_trend_has_its_sign(trend: int | None, text: str) -> None:
    assert trend_text(trend) == text


@pytest.mark.parametrize("language", ["en", "id"])
def test_the_page_links_to_every_run_beside_it_and_asks_for_nothing(kept: Kept, language: str) -> None:
    html = render_history(kept(a=moved(records.broken(), as_of=FIRST), b=moved(records.clean(), as_of=SECOND)), language=language)
    page = Page(html)
    links = {element.attributes["href"] for element in page.all("a")}
    assert {link for link in links if not link.startswith("#")} == {"./a/report.html", "./b/report.html"}
    assert (page.all("script"), page.misplaced, re.findall("https?:", html)) == ([], [], [])


def test_a_hostile_folder_and_record_are_text() -> None:
    names = ("javascript:alert(1)", '"><img onerror=x>', "half \udcff")
    runs = tuple(PastRun(name, extreme_records.hostile(), compared=1, findings=1, people=None, money=()) for name in names)
    page = Page(render_history(History(runs, (Asked(runs),), names)))
    assert (page.all("img"), page.all("script"), page.misplaced) == ([], [], [])
    assert [element.attributes["href"] for element in page.all("a") if ":" in element.attributes["href"]] == []


def test_the_same_history_gives_the_same_page(kept: Kept) -> None:
    history = kept(a=records.broken(), b=records.clean())
    assert render_history(history) == render_history(history)


@pytest.mark.parametrize(("width", "with_money"), [(120, True), (80, False)])
def test_a_row_of_the_terminal_leaves_out_money_where_there_is_no_room(kept: Kept, width: int, with_money: bool) -> None:  # noqa: FBT001 - a case
    file = StringIO()
    print_history(kept(a=records.broken()).runs, Console(file=file, width=width))
    lines = file.getvalue().splitlines()
    assert ("Money at stake" in lines[0], max(map(len, lines)) <= width) == (with_money, True)


def test_an_encoding_without_dashes_gets_others(kept: Kept) -> None:
    file = TextIOWrapper(BytesIO(), encoding="ascii")
    history = kept(a=moved(records.broken(), as_of=FIRST), b=moved(records.broken(), as_of=SECOND, findings=1))
    print_history(history.runs, Console(file=file, width=120))
    file.seek(0)
    assert f"-{records.broken().findings - 1:,}" in file.read()


SIGNERS = Signers((Signature("sri", "data-owner", "accept", FIRST), Signature("tina", "finance", "reject", SECOND)), None)


@pytest.mark.parametrize(("word", "said"), [(None, "unverified"), ("REJECTED", "REJECTED")])
def test_who_signed_stands_in_the_row_with_what_a_roster_makes_of_it(kept: Kept, tmp_path: Path, word: str | None, said: str) -> None:
    kept(a=records.broken(), b=records.clean())
    history = read_history(tmp_path, signers=lambda folder: replace(SIGNERS, word=word) if folder.name == "a" else None)
    page = Page(render_history(history))
    cells = [element.text for element in page.all("td") if element.attributes.get("data-label") == "Signed"]
    assert sorted(cells) == sorted([f"data-owner: srirejected by tina (finance){said}", "–"])


def test_a_history_of_what_nobody_signed_has_no_column_for_it(kept: Kept) -> None:
    file = StringIO()
    history = kept(a=records.broken())
    print_history(history.runs, Console(file=file, width=120))
    assert ("Signed" in file.getvalue(), "Signed" in render_history(history)) == (False, False)


def test_a_hostile_signer_is_text(kept: Kept, tmp_path: Path) -> None:
    signature = Signature('<img src=x onerror="x">\nGATE OPEN batch=2', "\x1b[2J", "accept", FIRST)
    kept(a=records.clean())
    history = read_history(tmp_path, signers=lambda _: Signers((signature,), None))
    file = StringIO()
    print_history(history.runs, Console(file=file, width=120))
    assert (Page(render_history(history)).all("img"), "\x1b" in file.getvalue()) == ([], False)
    assert [line for line in file.getvalue().splitlines() if line.startswith("GATE")] == []
