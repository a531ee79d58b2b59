"""JUnit XML: one case a check, counts that are right, valid whatever text comes, the same bytes for the same record."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import extreme_records
import pytest
import records
from shuffled import reversed_mappings

from dq.record import Outcome, Record
from dq.report.junit import render_junit

RECORDS = {
    "clean": records.clean,
    "broken": records.broken,
    "not proven": records.not_proven,
    "waived": records.waived,
    "gate shut": records.gate_shut,
    "hostile": extreme_records.hostile,
    "enormous": extreme_records.enormous,
}
COUNTED = {"failures": Outcome.FAILED, "errors": Outcome.NOT_PROVEN}
CHILDREN = {Outcome.PASSED: [], Outcome.WAIVED: ["system-out"], Outcome.FAILED: ["failure"], Outcome.NOT_PROVEN: ["error"]}


def parsed(record: Record) -> ET.Element:
    return ET.fromstring(render_junit(record).encode())  # noqa: S314 - our own document


@pytest.mark.parametrize("name", RECORDS)
def test_each_check_is_one_case(name: str) -> None:
    record = RECORDS[name]()
    assert len(parsed(record).findall("testsuite/testcase")) == len(record.checks)


@pytest.mark.parametrize("name", RECORDS)
def test_the_counts_are_those_of_the_outcomes(name: str) -> None:
    record = RECORDS[name]()
    root = parsed(record)
    assert root.attrib["tests"] == str(len(record.checks))
    for attribute, outcome in COUNTED.items():
        assert root.attrib[attribute] == str(sum(check.outcome is outcome for check in record.checks))


@pytest.mark.parametrize("name", RECORDS)
def test_the_counts_of_a_suite_are_those_of_its_cases(name: str) -> None:
    for suite in parsed(RECORDS[name]()).findall("testsuite"):
        found = [len(suite.findall("testcase")), len(suite.findall("testcase/failure")), len(suite.findall("testcase/error"))]
        assert found == [int(suite.attrib[attribute]) for attribute in ("tests", "failures", "errors")]


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_has_its_element(outcome: Outcome) -> None:
    case = parsed(records.clean(checks=(records.check("coupons.rows", outcome=outcome),), outcome=outcome)).find("testsuite/testcase")
    assert case is not None
    assert [child.tag for child in case] == CHILDREN[outcome]


def test_a_suite_is_an_entity_or_a_group_of_checks() -> None:
    names = [suite.attrib["name"] for suite in parsed(records.clean()).findall("testsuite")]
    assert names == ["The snapshots", "The crosswalk", "The coverage of both stores", "The calendar", "The proof that this run can fail", *records.ROWS]


def test_a_waived_check_passes_with_a_note() -> None:
    notes = [note.text or "" for note in parsed(records.waived()).iter("system-out")]
    assert [note.split("\n")[0] for note in notes] == ["WAIVED: 3 reviews have another text: a trailing space is gone. Waived until 1 December 2024."]


def test_a_failure_tells_its_causes() -> None:
    case = parsed(records.broken()).find("testsuite/testcase[@name='coupons.instants']/failure")
    assert case is not None
    assert "Cause: expires_at is 7 h early: local time read as UTC (4,612 rows, 1,344 people, EUR 89.90, GBP 312.50, IDR 1,284,550,000.00)" in (case.text or "")


def test_messages_are_short() -> None:
    messages = [element.attrib["message"] for element in parsed(extreme_records.enormous()).iter() if "message" in element.attrib]
    assert messages
    assert max(len(message) for message in messages) <= 230


def test_no_duration_and_no_moment_stands_in_it() -> None:
    root = parsed(records.broken())
    assert {element.attrib["time"] for element in root.iter() if "time" in element.attrib} == {"0"}
    assert [element.tag for element in root.iter() if "timestamp" in element.attrib] == []


def test_a_record_without_a_check_is_an_error() -> None:
    record = records.clean(checks=(), outcome=Outcome.NOT_PROVEN)
    root = parsed(record)
    assert (root.attrib["tests"], root.attrib["errors"]) == ("1", "1")


def test_a_gate_that_no_check_shuts_is_a_failure_still() -> None:
    record = records.gate_open().model_copy(update={"exit_status": 1})
    assert parsed(record).attrib["failures"] == "1"


def test_control_characters_are_code_points() -> None:
    text = render_junit(extreme_records.hostile())
    assert "‹U+0000›" in text
    assert [char for char in text if char != "\n" and not char.isprintable()] == []


@pytest.mark.parametrize("name", RECORDS)
def test_the_order_of_mappings_does_not_reach_it(name: str) -> None:
    record = RECORDS[name]()
    assert render_junit(record) == render_junit(reversed_mappings(record))
