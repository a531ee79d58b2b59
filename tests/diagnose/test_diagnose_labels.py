"""In what way two cells differ: every kind of label, and the words that it is told in; no value of a row is in either."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dq.contract.columns import read_columns
from dq.contract.models import Column
from dq.diagnose.labels import label_of
from dq.diagnose.sentences import said, why
from dq.engine import Engine, open_engine
from dq.sql import Query

KIND = {"type": "ENUM", "target": {"1": "used", "2": "unused"}}
NOON = datetime(2024, 10, 20, 12, 34, 56, 789123, tzinfo=UTC)
HOUR = timedelta(hours=1)

LABELS: tuple[tuple[Any, Any, Any, str, str], ...] = (
    ("VARCHAR", None, "", "null to empty", "c NULL became ''"),
    ("VARCHAR", "", None, "empty to null", "c '' became NULL"),
    ("VARCHAR", "Anna", None, "to null", "c became NULL"),
    ("VARCHAR", None, "Anna", "from null", "c was NULL and has a value"),
    ("VARCHAR", "Anna", "", "to empty", "c became empty"),
    ("VARCHAR", "", "Anna", "from empty", "c was empty and has a value"),
    ("VARCHAR", "Zo\u00eb", "Zoe\u0308", "form", "c is in another Unicode form"),
    ("VARCHAR", "a\r\nb", "a\nb", "line ends", "c has other line ends"),
    ("VARCHAR", "Anna", "Anna\u00a0", "blanks", "c has other blanks at its ends"),
    ("VARCHAR", " Anna", "Anna", "blanks", "c has other blanks at its ends"),
    ("VARCHAR", "Anna", "Anna\u200b", "blanks", "c has other blanks at its ends"),
    ("VARCHAR", "Anna", "ANNA", "case", "c is in another case"),
    ("VARCHAR", "Zoë", "Zo?", "lost characters", "c has ? for characters that were lost"),
    ("VARCHAR", "ok 😀", "ok ?", "lost characters", "c has ? for characters that were lost"),
    ("VARCHAR", "a long text", "a long", "cut:6", "c is cut at 6 characters"),
    ("VARCHAR", "a long", "a long text", "longer", "c has something added at its end"),
    ("VARCHAR", "Anna", "Berta", "other", "c has another value"),
    ("INSTANT", NOON, None, "to null", "c became NULL"),
    ("INSTANT", None, NOON, "from null", "c was NULL and has a value"),
    ("INSTANT", NOON, NOON.replace(microsecond=789000), "precision:milliseconds", "c is cut to whole milliseconds"),
    ("INSTANT", NOON, NOON.replace(microsecond=0), "precision:seconds", "c is cut to whole seconds"),
    ("INSTANT", NOON, NOON.replace(second=0, microsecond=0), "precision:minutes", "c is cut to whole minutes"),
    ("INSTANT", NOON, datetime(2024, 10, 20, tzinfo=UTC), "precision:days", "c is cut to whole days"),
    ("INSTANT", NOON, NOON - 7 * HOUR, "offset:-25200000000", "c is 7 h early"),
    ("INSTANT", NOON, NOON + timedelta(days=1), "offset:86400000000", "c is 1 day late"),
    ("INSTANT", NOON, NOON + timedelta(days=400, hours=2, seconds=5), "offset:34567205000000", "c is 400 days 2 h late"),
    ("INSTANT", NOON, NOON + timedelta(microseconds=1), "offset:1", "c is 1 µs late"),
    ("INSTANT", NOON, NOON + timedelta(minutes=5, seconds=30), "offset:330000000", "c is 5 min 30 s late"),
    ("DATE", date(2024, 2, 29), date(2024, 3, 1), "offset:86400000000", "c is 1 day late"),
    ("DATE", date(2024, 2, 29), date(2023, 2, 28), "offset:-31622400000000", "c is 366 days early"),
    ("JSON", '{"a":1}', "{}", "to empty", "c became empty"),
    ("JSON", '{"a":1}', "null", "to empty", "c became empty"),
    ("JSON", '{"a":1}', '{"a":2}', "other", "c has another value"),
    ("DECIMAL(18,2)", "5.00", "-5.00", "sign", "c has the other sign"),
    ("DECIMAL(18,2)", "5.00", "0.00", "to zero", "c became 0"),
    ("DECIMAL(18,2)", "0.00", "5.00", "from zero", "c was 0 and has another value"),
    ("DECIMAL(18,2)", "5.00", "50.00", "factor:10", "c is 10 times as much"),
    ("DECIMAL(18,2)", "5.00", "500.00", "factor:100", "c is 100 times as much"),
    ("DECIMAL(18,2)", "5.00", "5000.00", "factor:1000", "c is 1000 times as much"),
    ("DECIMAL(18,2)", "500.00", "5.00", "part:100", "c is a 100th"),
    ("DECIMAL(18,2)", "5.55", "6.00", "rounded:0", "c is rounded to 0 decimals"),
    ("DECIMAL(18,2)", "5.55", "5.60", "rounded:1", "c is rounded to 1 decimals"),
    ("DECIMAL(18,2)", "5.55", "7.55", "difference:2.00", "c is 2.00 more"),
    ("DECIMAL(18,2)", "7.55", "5.55", "difference:-2.00", "c is 2.00 less"),
    ("INTEGER", 3, 4, "difference:1", "c is 1 more"),
    ("BIGINT", 2**62, -(2**62), "sign", "c has the other sign"),
    ("BIGINT", -(2**63), 2**63 - 1, "difference:18446744073709551615", "c is 18446744073709551615 more"),
    ("HUGEINT", 10**20, 10**22, "factor:100", "c is 100 times as much"),
    ("BOOLEAN", None, True, "became:NULL:true", "c went from NULL to true"),
    ("BOOLEAN", True, False, "became:true:false", "c went from true to false"),
    ("CURRENCY", "IDR", "MYR", "became:IDR:MYR", "c went from IDR to MYR"),
    ("CURRENCY", "anna@example.org", "IDR", "became:an unknown currency:IDR", "c went from an unknown currency to IDR"),
    (KIND, "used", "unused", "became:used:unused", "c went from used to unused"),
    (KIND, None, "used", "became:NULL:used", "c went from NULL to used"),
    (KIND, "used", "target code anna@example.org", "became:used:an unknown word", "c went from used to an unknown word"),
    ("ENUM", "anna@example.org", "used", "other", "c has another value"),
    ("ENUM", "anna@example.org", None, "to null", "c became NULL"),
    ("UUID", "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002", "other", "c has another value"),
    ("BLOB", b"\x00", b"\x01", "other", "c has another value"),
    ({"type": "BIGINT", "through": "people"}, 5, 500, "other", "c has another value"),
    ({"type": "BIGINT", "through": "people"}, 5, None, "to null", "c became NULL"),
)
UNBOUNDED = (
    ("INSTANT", "infinity", "2024-01-01 00:00:00+00", "other"),
    ("INSTANT", "290308-12-21 (BC) 00:00:00+00", "294246-12-31 00:00:00+00", "other"),
    ("DATE", "infinity", "2024-01-01", "other"),
    ("DATE", "0001-01-01", "9999-12-31", "offset:315537811200000000"),
    ("DECIMAL(38,2)", "9" * 36 + ".99", "-" + "9" * 36 + ".98", "other"),
    ("HUGEINT", str(2**127 - 1), str(-(2**126)), "other"),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine({})
    yield opened
    opened.close()


def column_of(spec: Any) -> Column:
    return read_columns({"k": "INTEGER", "c": spec}, key=("k",), file="t.toml")[1]


def label(engine: Engine, column: Column, source: Any, target: Any) -> str:
    kind = column.type.sql
    sql = f"SELECT {label_of(column)} FROM (SELECT CAST($1 AS {kind}) AS s, CAST($2 AS {kind}) AS t)"
    (found,) = engine.one(Query(sql, (source, target)))
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("case", LABELS, ids=[f"{case[3]}-{place}" for place, case in enumerate(LABELS)])
def test_two_cells_differ_in_a_way_that_has_a_label_and_words(case: tuple[Any, Any, Any, str, str], engine: Engine) -> None:
    spec, source, target, expected, sentence = case
    assert expected == label(engine, column_of(spec), source, target)
    assert sentence == said("c", expected)


@pytest.mark.parametrize(("spec", "source", "target", "expected"), UNBOUNDED, ids=[f"{case[0]}-{case[3]}" for case in UNBOUNDED])
def test_values_at_the_ends_of_their_types_are_labelled_too(spec: str, source: str, target: str, expected: str, engine: Engine) -> None:
    assert expected == label(engine, column_of(spec), source, target)


@pytest.mark.parametrize("case", LABELS, ids=[f"{case[3]}-{place}" for place, case in enumerate(LABELS)])
def test_no_value_of_a_row_is_in_a_label(case: tuple[Any, Any, Any, str, str]) -> None:
    _, source, target, expected, sentence = case
    words = {"used", "unused", "IDR", "MYR", "True", "False", "NULL", "None", ""}
    texts = [str(value) for value in (source, target) if str(value) not in words and len(str(value)) > 1]
    assert [text for text in texts if text in expected or text in sentence] == []


REASONS = (
    ("offset:-86400000000", "the last day counted not at all"),
    ("offset:86400000000", "the last day counted twice"),
    ("offset:3600000000", "a neighbouring zone, or summer time"),
    ("offset:-3600000000", "a neighbouring zone, or summer time"),
    ("offset:25200000000", "local time read as UTC"),
    ("offset:-25200000000", "the zone's offset taken off twice"),
    ("offset:20700000000", "local time read as UTC"),
    ("offset:54000000000", ""),
    ("offset:1", ""),
    ("factor:100", "minor units read as major ones"),
    ("part:100", "major units read as minor ones"),
    ("precision:seconds", "a type with fewer digits"),
    ("case", ""),
    ("other", ""),
    ("became:used:unused", ""),
)


@pytest.mark.parametrize(("label_", "reason"), REASONS)
def test_a_label_has_the_likeliest_explanation_or_none(label_: str, reason: str) -> None:
    assert reason == why(label_)
