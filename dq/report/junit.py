"""The one place for the record as JUnit XML, for the test tab of a CI: FAILED is a failure, NOT PROVEN an error, WAIVED passes with a note.

No duration and no moment stands in it: the same bytes for the same record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from dq.record import Outcome, Record
from dq.report.blocks import counted
from dq.report.facts import cause_line, facts, where
from dq.report.language import ENGLISH, say, writing
from dq.report.outline import Entry, Shown, entries
from dq.report.retelling import retold
from dq.report.sections import Sections
from dq.report.verdict import verdict
from dq.report.visible import clip, visible
from dq.report.waivers import waiver_text

_NAME, _MESSAGE, _LINE = 200, 200, 400
_CAUSES: Final = 5
_TAGS: Final = {Outcome.FAILED: "failure", Outcome.NOT_PROVEN: "error"}


@dataclass(frozen=True, slots=True)
class _Case:
    """One test case: what it is called and what became of it."""

    suite: str
    name: str
    outcome: Outcome
    message: str
    lines: tuple[str, ...]


def render_junit(record: Record, *, language: str = ENGLISH) -> str:
    """Return the record as JUnit XML: one case a check, one suite an entity or group of checks.

    Names of suites and cases and the words of outcomes are read by machines, which know a case again by them: they are the same in every language.
    """
    name, names = f"{record.title}, {verdict(record).line}", _suites(record)
    with writing(language):
        cases = [*_cases(record, names), *_unspoken(record)]
    root = ET.Element("testsuites", {"name": _shown(name, _NAME), **_counts(cases)})
    for suite in dict.fromkeys(case.suite for case in cases):
        members = [case for case in cases if case.suite == suite]
        parent = ET.SubElement(root, "testsuite", {"name": suite, **_counts(members)})
        for case in members:
            _add(parent, case)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suites(record: Record) -> dict[int, str]:
    """Return the name of the suite that each check belongs to, by its place in the record."""
    sections = Sections.of(record)
    return {entry.number: _shown(sections.heading(entry.check), _NAME) for entry in entries(record)}


def _cases(record: Record, names: Mapping[int, str]) -> Iterable[_Case]:
    sections = Sections.of(record)
    for entry in sorted(entries(record), key=lambda entry: (sections.place(entry.check), entry.number)):
        check = entry.check
        waivers = tuple(_shown(f"Waiver: {waiver_text(line)}", 2 * _LINE) for line in record.waivers if line.check == check.id)
        lines = (*_lines(entry), *waivers)
        yield _Case(names[entry.number], _shown(check.id, _NAME), check.outcome, _shown(retold(check.sentence), _MESSAGE), lines)


def _unspoken(record: Record) -> Iterable[_Case]:
    """Return a case for a verdict that no check carries: a record without a check is no success."""
    found = verdict(record)
    if found.exit_status and not any(check.outcome.exit_status for check in record.checks):
        outcome = Outcome.FAILED if found.exit_status == Outcome.FAILED.exit_status else Outcome.NOT_PROVEN
        yield _Case("The run", "verdict", outcome, _shown(retold(record.headline), _MESSAGE), ())


def _add(parent: ET.Element, case: _Case) -> None:
    element = ET.SubElement(parent, "testcase", classname=case.suite, name=case.name, time="0")
    body = "\n".join((case.message, *case.lines))
    if case.outcome in _TAGS:
        ET.SubElement(element, _TAGS[case.outcome], message=case.message, type=case.outcome.value).text = body
    elif case.outcome is Outcome.WAIVED:
        ET.SubElement(element, "system-out").text = f"{Outcome.WAIVED.value}: {body}"


def _lines(entry: Entry) -> tuple[str, ...]:
    """Return what stands below a case's message: why it is not proven, its numbers, its causes."""
    check = entry.check
    reason = (f"{say('Why it is not proven:')} {retold(check.reason)}",) if check.reason and check.reason not in check.sentence else ()
    numbers = "; ".join(f"{fact.label}: {', '.join(fact.values)}" for fact in facts(check))
    causes = Shown.of(entry.causes, limit=_CAUSES)
    told = (f"{say('Cause')}: {cause_line(cause)}" for cause in causes.items)
    places = (f"{say('Where')}: {sentence}" for sentence in where(check, causes.items))
    more = (say("and {more} in report.json", more=counted(causes.left, "more cause")),) if causes.left else ()
    return tuple(_shown(line, _LINE) for line in (*reason, numbers, *told, *places, *more) if line)


def _counts(cases: list[_Case]) -> dict[str, str]:
    failures = sum(case.outcome is Outcome.FAILED for case in cases)
    errors = sum(case.outcome is Outcome.NOT_PROVEN for case in cases)
    return {"tests": str(len(cases)), "failures": str(failures), "errors": str(errors), "skipped": "0", "time": "0"}


def _shown(text: str, limit: int) -> str:
    """Return text that XML 1.0 can hold: what it forbids is shown as code points."""
    return visible(clip(text, limit))
