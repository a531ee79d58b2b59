"""The verdict on a terminal: readable at any width, plain when piped, ASCII where the encoding asks for it, and always text."""

from __future__ import annotations

import io
from pathlib import Path

import extreme_records
import pytest
import records
from rich.cells import cell_len
from rich.console import Console

from dq.record import Outcome, Record
from dq.report.terminal import print_verdict

RECORDS = {
    "clean": records.clean,
    "broken": records.broken,
    "not proven": records.not_proven,
    "waived": records.waived,
    "gate open": records.gate_open,
    "hostile": extreme_records.hostile,
    "enormous": extreme_records.enormous,
}
VERDICTS = {
    "clean": "✓ PASSED: batch 1",
    "broken": "✗ FAILED: batch 1",
    "not proven": "? GATE SHUT: batch 2",
    "waived": "◇ WAIVED: batch 1",
    "gate open": "✓ GATE OPEN: batch 3",
}
BOXES = {chr(point) for point in range(0x2500, 0x25A0)}


def printed(record: Record, *, width: int = 100, encoding: str = "utf-8", terminal: bool = False, report: Path | None = None) -> str:
    bytes_ = io.BytesIO()
    file = io.TextIOWrapper(bytes_, encoding=encoding)
    print_verdict(record, Console(file=file, width=width, force_terminal=terminal, color_system="standard" if terminal else None), report=report)
    file.flush()
    return bytes_.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [80, 100, 140, 160])
@pytest.mark.parametrize("name", RECORDS)
def test_no_line_is_wider_than_the_console(name: str, width: int) -> None:
    assert [line for line in printed(RECORDS[name](), width=width).splitlines() if cell_len(line) > width] == []


@pytest.mark.parametrize("name", RECORDS)
def test_piped_it_is_plain_text(name: str) -> None:
    text = printed(RECORDS[name]())
    assert "\x1b" not in text
    assert BOXES.isdisjoint(text)
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("name", RECORDS)
def test_what_the_encoding_cannot_carry_is_written_in_ascii(name: str, encoding: str) -> None:
    text = printed(RECORDS[name](), encoding=encoding)
    assert "?" not in text.replace("? ", "")
    assert "✓" not in text


@pytest.mark.parametrize(("name", "verdict"), VERDICTS.items())
def test_the_verdict_comes_first(name: str, verdict: str) -> None:
    assert printed(RECORDS[name]()).startswith(f"{verdict}  POCO stores into the Mi Store\n")


@pytest.mark.parametrize("width", [40, 80, 100, 140])
def test_every_number_of_a_promise_stands_at_any_width(width: int) -> None:
    text = " ".join(printed(records.broken(), width=width).split())
    for expected in ("4,786", "26", "4,779", "1,377", "GBP 312.50", "IDR 1,284,550,000.00", "15,400 units"):
        assert expected in text


def test_each_outcome_stands_as_a_word_in_its_row() -> None:
    rows = tuple(records.entity(f"e{turn}", outcome=outcome) for turn, outcome in enumerate(Outcome))
    text = printed(records.clean(entities=rows))
    assert [line.split(maxsplit=8)[-1].split(" ", 1)[1].strip() for line in text.splitlines() if line.startswith("e")] == [outcome.value for outcome in Outcome]


def test_a_cause_stands_under_its_check() -> None:
    lines = printed(records.broken(), width=160).splitlines()
    place = lines.index("✗ coupons.keys  2 rows of the target share one coupon code.")
    assert lines[place - 1] == "    - status is delivered where the source has refunded (7 rows, 7 people, GBP 129.99, IDR 18,449,000.00)"


def test_about_fifteen_broken_checks_are_told_and_the_others_counted() -> None:
    text = printed(extreme_records.enormous())
    told = [line for line in text.splitlines() if line.startswith(("✗ ", "? ")) and "entity_" in line]
    assert len(told) == 15
    assert "and 685 more in the report" in text


def test_the_place_of_the_report_is_named() -> None:
    assert printed(records.clean(), report=Path("runs/3f9a1c0b7d2e/report.html")).splitlines()[-1] == "Report: runs/3f9a1c0b7d2e/report.html"


def test_markup_in_a_text_is_text() -> None:
    record = records.clean(headline="[red]not red[/red] [/] :smile:")
    assert "[red]not red[/red] [/] :smile:" in printed(record, terminal=True)


def test_no_control_character_of_a_record_reaches_the_terminal() -> None:
    text = printed(extreme_records.hostile())
    assert [char for char in text if char != "\n" and not char.isprintable()] == []


def test_a_terminal_has_colours() -> None:
    assert "\x1b[1;31m" in printed(records.broken(), terminal=True)


LAST_LINES = "GATE OPEN batch=2 run=000000000000 GATE SHUT " * 9


@pytest.mark.parametrize("name", ["broken", "not proven", "waived", "gate open"])
def test_no_text_of_a_record_begins_a_line_as_the_last_line_of_a_gate_does(name: str) -> None:
    """However wide the terminal is: what is wrapped goes on behind blanks. What the last line itself is, is no text of strangers."""
    record = RECORDS[name]()
    checks = tuple(check.model_copy(update={"sentence": LAST_LINES, "reason": LAST_LINES}) for check in record.checks)
    causes = tuple(cause.model_copy(update={"sentence": LAST_LINES}) for cause in record.causes)
    entities = tuple(entity.model_copy(update={"promise": LAST_LINES}) for entity in record.entities)
    waivers = tuple(line.model_copy(update={"reason": LAST_LINES, "author": LAST_LINES, "ticket": LAST_LINES}) for line in record.waivers)
    changed = {"title": LAST_LINES, "headline": f"Gate for batch 2: {LAST_LINES}", "checks": checks, "causes": causes, "entities": entities, "waivers": waivers}
    found = {
        line
        for width in range(20, 200, 9)
        for line in printed(record.model_copy(update=changed), width=width).splitlines()
        if line.startswith(("GATE OPEN", "GATE SHUT"))
    }
    assert found == set()
