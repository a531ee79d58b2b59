"""The one place for the page over all runs: how each question stands, what became of its findings from run to run, and a row a run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from dq.history import Asked, History, PastRun, Signers
from dq.record import Record
from dq.report.blocks import MARKS, MINUS, NOTHING, Mark, count, moment, moneys
from dq.report.language import ENGLISH, say, writing
from dq.report.outline import Shown
from dq.report.pictures import WIDE
from dq.report.retelling import retold
from dq.report.verdict import verdict
from dq.report.visible import clip

HIGH: Final = 60  # of a trend's drawing
_RUNS: Final = 500  # rows
_QUESTIONS: Final = 100
_POINTS: Final = 40  # of a trend: the newest runs
_TITLE: Final = 200


@dataclass(frozen=True, slots=True)
class Trend:
    """Findings from run to run, as a line of a drawing of WIDE by HIGH."""

    said: str
    points: str


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run as a row: what was asked, how it came out, and its numbers as texts."""

    folder: str
    link: str  # to its page, from beside its folder
    command: str
    batch: str
    asked: str
    at: str
    words: str
    mark: Mark
    compared: int
    findings: int
    trend: str
    people: int | None
    money: tuple[str, ...]
    signed: tuple[str, ...] = ()  # who signed, and how far that was verified; empty where nobody did


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, how it stands by its newest run, and what became of its findings."""

    newest: RunLine
    headline: str
    runs: int
    trend: Trend | None


def run_line(run: PastRun) -> RunLine:
    """Return a run as a row, in the language that is being written in."""
    found = verdict(run.record)
    return RunLine(
        folder=run.folder,
        link=f"./{quote(os.fsencode(run.folder))}/report.html",
        command=run.record.command,
        batch=say("all") if run.record.batch is None else str(run.record.batch),
        asked=asked_in_short(run.record),
        at=moment(run.record.as_of),
        words=found.words,
        mark=MARKS[run.record.outcome],
        compared=run.compared,
        findings=run.findings,
        trend=trend_text(run.trend),
        people=run.people,
        money=moneys(run.money),
        signed=() if run.signers is None else _signed(run.signers),
    )


def _signed(signers: Signers) -> tuple[str, ...]:
    """Return a line a person, and last what the roster makes of it, or that nobody looked."""
    told = tuple(
        say("rejected by {person} ({role})", person=item.person, role=item.role) if item.decision == "reject" else f"{item.role}: {item.person}"
        for item in signers.signatures
    )
    return (*told, signers.word or say("unverified"))


def said_unreadable(folder: str) -> str:
    """Return that a folder's record cannot be read."""
    return say("{folder}: its record cannot be read", folder=folder)


def said_page(path: Path) -> str:
    """Return where the page is."""
    return say("Page: {path}", path=path)


def asked_in_short(record: Record) -> str:
    """Return what a run was asked: `run, batch 1`, `gate, batch 2`."""
    return f"{record.command}, {verdict(record).about}{' (' + ', '.join(record.only) + ')' if record.only else ''}"


def trend_text(trend: int | None) -> str:
    """Return `+12`, `−3`, `±0`; a dash where nothing is known."""
    if trend is None:
        return NOTHING
    return f"{'+' if trend > 0 else MINUS if trend < 0 else '±'}{count(abs(trend))}"


def render_history(history: History, *, language: str = ENGLISH) -> str:
    """Return the page over all runs, whose links lead to the pages in their folders beside it."""
    from dq.report.templating import page  # noqa: PLC0415 - the template engine loads where a page is made

    with writing(language):
        newest_first = tuple(reversed(history.runs))
        titles = dict.fromkeys(run.record.title for run in newest_first)
        return page(
            "history.html",
            sheet="style.css",
            title=clip(", ".join(titles), _TITLE),
            questions=Shown.of(history.asked, limit=_QUESTIONS).map(_question),
            runs=Shown.of(newest_first, limit=_RUNS).map(run_line),
            with_signers=any(run.signers is not None for run in newest_first),
            unreadable=Shown.of(history.unreadable, limit=_QUESTIONS),
            wide=WIDE,
            high=HIGH,
        )


def _question(asked: Asked) -> Question:
    newest = asked.newest
    return Question(run_line(newest), clip(retold(newest.record.headline), 2 * _TITLE), len(asked.runs), _trend(asked.runs))


def _trend(runs: Sequence[PastRun]) -> Trend | None:
    """Return the line of the newest proven runs; None where there are not two, or nothing was ever found."""
    proven = [run for run in runs if run.is_proven][-_POINTS:]
    most = max((run.findings for run in proven), default=0)
    if len(proven) < 2 or not most:  # noqa: PLR2004 - a line has two ends
        return None
    points = (f"{number * WIDE // (len(proven) - 1)},{HIGH - run.findings * HIGH // most}" for number, run in enumerate(proven))
    return Trend(say("Findings, run by run: {numbers}.", numbers=", ".join(count(run.findings) for run in proven)), " ".join(points))
