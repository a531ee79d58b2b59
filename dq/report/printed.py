"""The one place for what a print copy shows of a record: plain lists and texts, made visible and cut, for the template that lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from dq.record import EntityResult, Record
from dq.report.blocks import MARKS, NOTHING, count, counted, moment, moneys
from dq.report.calendar import SENTENCE, calendar_view
from dq.report.checkview import CheckView, Sliced, check_view
from dq.report.coverage import coverage
from dq.report.facts import Fact, inputs
from dq.report.language import current, say
from dq.report.outline import QUERIES, Block, Entry, Outline, outline
from dq.report.pictures import GROWN, HIGH, WIDE, burndown, growths, rows_strip
from dq.report.retelling import retold
from dq.report.summary import MEANINGS, summary
from dq.report.verdict import asked, verdict
from dq.report.visible import clip, visible
from dq.report.waivers import WaiverView, waiver_views

_UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)
_IN_FULL: Final = 60  # checks
_NAME, _TEXT, _LINE = 80, 600, 400
_HEADS: Final = ("Compared", "Missing", "Extra", "Changed", "Duplicate", "People", "Money at stake")


def printed(record: Record, *, queries: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Return what the print copy shows, in the current language; `queries` are check id to its query, for the appendix."""
    shown = outline(record, in_full=_IN_FULL)
    found = verdict(record)
    data = {
        "language": current().code,
        "date": _date(record.as_of),
        "title": clip(record.title, 200),
        "what": f"{say('Parity report, {command}', command=record.command)} {record.run}",
        "foot": say("Print copy of run {run}. The evidence is report.json.", run=record.run),
        "words": _words(),
        "verdict": {"slug": found.mark.slug, "words": found.words, "plain": _plain(found.words), "about": found.about},
        "headline": clip(retold(record.headline), 400),
        "facts": _facts(asked(record)),
        "summary": _summary(record, shown),
        "meanings": [
            {"slug": MARKS[outcome].slug, "word": MARKS[outcome].word, "text": say(text)}
            for outcome, text in MEANINGS
            if any(check.outcome is outcome for check in record.checks)
        ],
        "promises": {
            "head": [say("Entity"), *(say(head) for head in _HEADS), say("Outcome")],
            "rows": [_promise(promise.entity, group.text if turn == 0 else "") for group in shown.promises for turn, promise in enumerate(group.promises)],
        },
        "growths": [
            {
                "cells": [clip(row.name, _NAME), count(row.before), count(row.gone), count(row.moved), count(row.own), count(row.now)],
                "parts": [{"slug": part.slug, "x": part.x, "width": part.width} for part in row.strip.parts],
            }
            for row in growths(record)
        ],
        "calendar": _calendar(record),
        "burndown": _burndown(record),
        "broken": [_group(group.heading, group.promise, group.blocks, record, group.number) for group in shown.broken],
        "broken_left": say("and {n} more in report.json", n=count(shown.broken_left)) if shown.broken_left else "",
        "waived": [_check(entry) for entry in shown.waived.items],
        "waivers": [_waiver(view) for view in waiver_views(record).items],
        "kept": [
            {**_group(kept.entity.entity, kept.entity.promise, (), record, kept.number), "passed": _passed(len(kept.passed.items) + kept.passed.left)}
            for kept in shown.kept
        ],
        "passed": _passed(len(shown.passed.items) + shown.passed.left),
        "coverage": {
            "head": [
                say("Side"),
                say("Tables"),
                say("Columns"),
                say("Compared"),
                say("Used to find rows"),
                say("Excluded with a reason"),
                say("Uncovered"),
            ],
            "rows": [
                [say(side.side), count(side.tables), count(side.columns), *(count(found.columns) for found in side.lists)] for side in coverage(record.coverage)
            ],
        },
        "unchecked": [clip(retold(line), _TEXT) for line in shown.not_checked.items] or [say("The record names nothing that this run left out.")],
        "inputs": _facts(inputs(record)),
        "snapshots": [
            {
                "side": say(item.side),
                "said": f"{clip(item.store, _NAME)}, {moment(item.moment)}, {counted(item.tables, 'table')}, {counted(item.rows, 'row')}",
                "content": clip(item.content, 200),
            }
            for item in record.snapshots
        ],
        "queries": [_query(name, text) for name, text in list(queries.items())[:QUERIES]],
    }
    return dict(_visible(data))


def _plain(words: str) -> str:
    """Return what the machine's words mean, in a language in which they are not plain."""
    meant = say(words)
    return "" if meant == words else f"({meant})"


def _date(text: str) -> list[int]:
    """Return year, month and day of the record's moment: a print copy of the same record has the same bytes whenever it is made."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = _UNDATED
    return [at.year, at.month, at.day]


def _words() -> dict[str, Any]:
    return {
        "promises": say("Promises"),
        "money": say("Money is what is at stake, currency by currency, never added up."),
        "stores": say("The target store: before, moved, now"),
        "stores_said": say(GROWN),
        "stores_head": [say("Entity"), say("Before"), say("− Gone"), say("+ Moved"), say("+ Own since"), say("= Now")],
        "calendar": say("Calendar"),
        "broken": say("What is broken or not proven"),
        "why_not": say("Why it is not proven:"),
        "causes_head": [say("Why"), say("Rows"), say("People"), say("Money at stake")],
        "waived": say("Waived"),
        "waivers": say("Waivers"),
        "passed": say("What passed"),
        "coverage": say("How much of the stores this covers"),
        "unchecked": say("What was not checked"),
        "made": say("How this was made"),
        "so_far": say("so far"),
        "ahead": say("at the present pace"),
        "deadline": say("deadline"),
        "queries": say("The queries"),
        "queries_said": say(
            "Each check of an entity's rows is a query that returns what breaks it. These are those of the checks that are broken or not proven; "
            "{command} prints any other.",
            command="dq show --sql",
        ),
    }


def _facts(items: Iterable[Fact]) -> list[dict[str, Any]]:
    return [{"label": fact.label, "values": list(fact.values), "aside": fact.aside} for fact in items]


def _waiver(view: WaiverView) -> dict[str, Any]:
    lines = [f"{view.why} {view.signing}".strip()]
    return {
        "id": view.check,
        "slug": view.mark.slug,
        "word": view.mark.word,
        "sentence": view.reason,
        "reason": "",
        "facts": _facts(view.facts),
        "causes": [],
        "lines": lines,
        "tables": [],
    }


def _summary(record: Record, shown: Outline) -> list[dict[str, Any]]:
    view = summary(record, shown)
    broken = [f"{line.names}: {line.said}" for line in view.broken.items] + ([view.people] if view.people else [])
    waived = [f"{line.names}: {line.said}" for line in view.waived.items]
    unproven = [": ".join(part for part in (line.names, line.said) if part) for line in view.unproven.items]
    parts = (
        (say("What was moved"), view.moved),
        (say("What is proven"), view.proven),
        (say("What is broken"), broken),
        (say("What is waived"), waived),
        (say("What could not be proven"), unproven),
        (say("What was not checked"), view.unchecked.items or (say("The record names nothing that this run left out."),)),
        (say("What to do next"), view.steps),
    )
    return [{"title": title, "lines": list(lines)} for title, lines in parts if lines]


def _promise(entity: EntityResult, text: str) -> dict[str, Any]:
    numbers = (entity.compared, entity.missing, entity.extra, entity.changed, entity.duplicate, entity.people)
    mark = MARKS[entity.outcome]
    return {
        "promise": clip(text, 300),
        "entity": clip(entity.entity, _NAME),
        "numbers": [count(number) for number in numbers],
        "money": [clip(item, _NAME) for item in moneys(entity.money)] or [NOTHING],
        "slug": mark.slug,
        "outcome": mark.word,
    }


def _calendar(record: Record) -> dict[str, Any] | None:
    view = calendar_view(record.calendar)
    if view is None:
        return None
    return {
        "sentences": [clip(retold(sentence), SENTENCE) for sentence in (view.countdown, *view.further)],
        "head": [say("Batch"), say("Region"), say("Accounts"), say("Rows"), say("By this run")],
        "rows": [
            [str(row.line.number), clip(row.line.region, _NAME), count(row.line.accounts), count(row.line.rows), say(row.line.status)]
            for row in view.batches.items
        ],
    }


def _burndown(record: Record) -> dict[str, Any] | None:
    """Return accounts left over time, in parts of a thousand of the drawing's width and height."""
    view = burndown(record)
    if view is None:
        return None
    return {"said": view.said, "left": _points(view.left), "ahead": _points(view.ahead), "end": view.end}


def _passed(number: int) -> str:
    return say("{checks} passed", checks=counted(number, "check"))


def _points(line: str) -> list[list[int]]:
    """Return `x,y x,y` as pairs in parts of a thousand."""
    pairs = (point.split(",") for point in line.split())
    return [[int(x) * 1000 // WIDE, int(y) * 1000 // HIGH] for x, y in pairs]


def _query(name: str, text: str) -> dict[str, Any]:
    return {"id": clip(name, _NAME), "lines": [clip(line, _LINE) for line in text.splitlines()]}


def _group(heading: str, promise: str, blocks: Iterable[Block], record: Record, number: int | None) -> dict[str, Any]:
    strip = rows_strip(record.entities[number - 1]) if number is not None else None
    return {
        "heading": clip(heading, _NAME),
        "promise": clip(promise, 300),
        "said": ", ".join(f"{part.count} {part.name}" for part in strip.parts) if strip else "",
        "parts": [{"slug": part.slug, "x": part.x, "width": part.width} for part in strip.parts] if strip else [],
        "checks": [_check(block.first, together=len(block.entries)) for block in blocks],
    }


def _check(entry: Entry, *, together: int = 1) -> dict[str, Any]:
    view = check_view(entry.check, entry.causes)
    more = f" {say('and {n} more', n=count(together - 1))}" if together > 1 else ""
    return {
        "id": f"{view.id}{more}",
        "slug": view.mark.slug,
        "word": view.mark.word,
        "sentence": view.sentence,
        "reason": view.reason,
        "facts": _facts(view.facts),
        "causes": [
            [f"{cause.sentence}{''.join(f' {line}' for line in cause.where)}", count(cause.rows), count(cause.people), ", ".join(cause.money) or NOTHING]
            for cause in view.causes.items
        ],
        "lines": [*view.where.items, *view.details.items],
        "tables": list(_tables(view)),
    }


def _tables(view: CheckView) -> Iterable[dict[str, Any]]:
    if view.columns.items:
        yield {
            "title": say("Columns that differ"),
            "head": [say("Column"), say("Cells")],
            "numbers": 1,
            "rows": [[one.name, one.count] for one in view.columns.items],
        }
    if view.slices.rows.items:
        yield _sliced(say("Where the broken rows are"), view.slices, [say("Source"), say("Target"), say("Broken")])
    if view.sums.rows.items and view.is_count:
        yield _sliced(say("Counts that disagree"), view.sums, [say("Source"), say("Target")])
    elif view.sums.rows.items:
        yield _sliced(say("Sums that disagree"), view.sums, [say("Source, net"), say("Target, net"), say("Source, gross"), say("Target, gross")])
    if view.examples:
        rows = [[example.status, example.rows, example.columns or NOTHING, example.note or NOTHING] for example in view.examples]
        head = [say("Status"), say("Rows"), say("Columns"), say("What is different")]
        yield {"title": say("Examples, masked"), "head": head, "numbers": 0, "rows": rows}


def _sliced(title: str, view: Sliced, numbers: list[str]) -> dict[str, Any]:
    return {"title": title, "head": [*view.heads, *numbers], "numbers": len(numbers), "rows": [[*row.place, *row.numbers] for row in view.rows.items]}


def _visible(data: Any) -> Any:
    """Return the data with every text made visible."""
    if isinstance(data, str):
        return visible(data)
    if isinstance(data, Mapping):
        return {key: _visible(value) for key, value in data.items()}
    return [_visible(item) for item in data] if isinstance(data, list) else data
