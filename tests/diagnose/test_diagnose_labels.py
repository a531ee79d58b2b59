"""In what way two cells differ: every kind of label, and the words that it is told in; no value of a row is in either."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dq.contract.columns import read_columns
from dq.contract.models import Column
from dq.diagnose.labels import EPOCHS, beforehand, labels_of
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
    ("VARCHAR", "Zo\u00eb", "Zoe\u0308", "form:decomposed", "c is in another Unicode form (decomposed)"),
    ("VARCHAR", "Zoe\u0308", "Zo\u00eb", "form:composed", "c is in another Unicode form (composed)"),
    ("VARCHAR", "a\r\nb", "a\nb", "line ends:CR LF became LF", "c has other line ends (CR LF became LF)"),
    ("VARCHAR", "a\nb", "a\r\nb", "line ends:LF became CR LF", "c has other line ends (LF became CR LF)"),
    ("VARCHAR", "a\r\nb", "a b", "line ends:they are gone", "c has other line ends (they are gone)"),
    ("VARCHAR", "Anna", "Anna\u00a0", "blanks", "c has other blanks at its ends"),
    ("VARCHAR", " Anna", "Anna", "blanks:trimmed", "c has other blanks at its ends (trimmed)"),
    ("VARCHAR", "Anna", "Anna\u200b", "blanks", "c has other blanks at its ends"),
    ("VARCHAR", "Anna", "ANNA", "case:upper", "c is in another case (upper)"),
    ("VARCHAR", "Anna", "anna", "case:lower", "c is in another case (lower)"),
    ("VARCHAR", "anna b", "Anna B", "case", "c is in another case"),
    ("VARCHAR", "Zoë", "Zo?", "lost characters", "c has ? for characters that were lost"),
    ("VARCHAR", "ok 😀", "ok ?", "lost characters", "c has ? for characters that were lost"),
    ("VARCHAR", "ok 👍 😀", "ok ? 😀", "lost characters", "c has ? for characters that were lost"),
    ("VARCHAR", "Zoë", "Zo\ufffd", "lost characters", "c has ? for characters that were lost"),
    ("VARCHAR", "ok 😀!", "ok !", "emoji gone", "c lost its emoji"),
    ("VARCHAR", "ok 😀!", "ok ", "emoji cut", "c is cut at its first emoji"),
    ("VARCHAR", "Zoë 好 😀", "ZoÃ« å¥½ ð\x9f\x98\x80", "mojibake:Latin-1", "c was read as Latin-1"),
    ("VARCHAR", "don’t €5 😀", "donâ€™t â‚¬5 ðŸ˜€", "mojibake:Windows-1252", "c was read as Windows-1252"),
    ("VARCHAR", "Zoë", "ZoÃ\x83Â«", "mojibake:twice", "c was read in another character set twice"),
    ("VARCHAR", "Zoë ‘a’", "ZoÃƒÂ« Ã¢â‚¬Ëœa\u00c3\u00a2\u00e2\u201a\u00ac\u00e2\u201e\u00a2", "mojibake:twice", "c was read in another character set twice"),
    ("VARCHAR", "a & b", "a &amp; b", "escaped", "c is escaped for HTML"),
    ("VARCHAR", "<b> 'x' & \"y\"", "&lt;b&gt; &#39;x&#39; &amp; &quot;y&quot;", "escaped", "c is escaped for HTML"),
    ("VARCHAR", "a < b", "a &amp;lt; b", "escaped:twice", "c is escaped for HTML twice"),
    ("VARCHAR", "a &amp; b", "a & b", "unescaped", "c lost its escapes for HTML"),
    ("VARCHAR", "a long text", "a long", "cut:6", "c is cut at 6 characters"),
    ("VARCHAR", "a long", "a long text", "longer", "c has something added at its end"),
    ("VARCHAR", "Anna", "Berta", "other", "c has another value"),
    ("INSTANT", NOON, None, "to null", "c became NULL"),
    ("INSTANT", None, NOON, "from null", "c was NULL and has a value"),
    ("INSTANT", NOON, NOON.replace(microsecond=789000), "precision:milliseconds", "c is cut to whole milliseconds"),
    ("INSTANT", NOON, NOON.replace(microsecond=0), "precision:seconds", "c is cut to whole seconds"),
    ("INSTANT", NOON, NOON.replace(second=0, microsecond=0), "precision:minutes", "c is cut to whole minutes"),
    ("INSTANT", NOON, datetime(2024, 10, 20, tzinfo=UTC), "precision:days", "c is cut to whole days"),
    ("INSTANT", NOON, datetime(1970, 1, 1, tzinfo=UTC), "default:1970-01-01", "c became 1970-01-01"),
    ("INSTANT", None, datetime(9999, 12, 31, tzinfo=UTC), "default:9999-12-31", "c became 9999-12-31"),
    ("DATE", date(2024, 2, 29), date(1900, 1, 1), "default:1900-01-01", "c became 1900-01-01"),
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
    ("DECIMAL(18,2)", "5.50", "5.00", "rounded down:0", "c is rounded down to 0 decimals"),
    ("DECIMAL(18,2)", "4.50", "4.00", "rounded to even:0", "c is rounded to 0 decimals, half to even"),
    ("DECIMAL(18,2)", "5.25", "6.00", "rounded up:0", "c is rounded up to 0 decimals"),
    ("DECIMAL(18,2)", "-5.75", "-5.00", "rounded up:0", "c is rounded up to 0 decimals"),
    ("DECIMAL(18,2)", None, "0.00", "null to zero", "c was NULL and became 0"),
    ("DECIMAL(18,2)", "0.00", None, "zero to null", "c was 0 and became NULL"),
    ("BIGINT", 3_000_000_000, -1_294_967_296, "wrapped", "c went through 32 bits"),
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
    ("DATE", "0001-01-02", "9999-12-30", "offset:315537638400000000"),
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
    sql = f"SELECT {labels_of(column)} FROM {beforehand(f'(SELECT CAST($1 AS {kind}) AS s, CAST($2 AS {kind}) AS t)', column)}"
    (found,) = engine.one(Query(sql, (source, target)))
    return str(found[0]) if found else "other"


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
    words = {"used", "unused", "IDR", "MYR", "True", "False", "NULL", "None", "", *EPOCHS}
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


ZONES = ("Asia/Jakarta", "Asia/Makassar", "Europe/London")
MIDNIGHT = datetime(2024, 6, 30, 17, tzinfo=UTC)  # in Jakarta
JULY, JANUARY = datetime(2024, 7, 1, 12, tzinfo=UTC), datetime(2024, 1, 1, 12, tzinfo=UTC)
SECOND_ONE = datetime(2024, 10, 27, 1, 30, tzinfo=UTC)  # half past one in London, for the second time
CLOCKS: tuple[tuple[str, datetime, timedelta, tuple[str, ...]], ...] = (
    ("Asia/Jakarta", NOON, 7 * HOUR, ("zone:Asia/Jakarta:UTC", "offset:25200000000")),
    ("Asia/Jakarta", NOON, -7 * HOUR, ("offset twice:Asia/Jakarta", "offset:-25200000000")),
    ("Asia/Makassar", NOON, HOUR, ("zone:Asia/Makassar:Asia/Jakarta", "offset:3600000000")),
    ("Asia/Jakarta", NOON, -HOUR, ("zone:Asia/Jakarta:Asia/Makassar", "offset:-3600000000")),
    ("Asia/Makassar", JANUARY, 7 * HOUR, ("offset:25200000000",)),
    ("Asia/Jakarta", NOON, timedelta(days=-1), ("day end:not at all", "offset:-86400000000")),
    ("Asia/Jakarta", NOON, timedelta(days=-1, hours=7), ("zone and day:Asia/Jakarta:UTC:not at all", "offset:-61200000000")),
    ("Asia/Jakarta", MIDNIGHT, timedelta(microseconds=-1), ("day end:last moment", "offset:-1")),
    ("Asia/Jakarta", MIDNIGHT + HOUR, -HOUR, ("zone:Asia/Jakarta:Asia/Makassar", "local day:Asia/Jakarta", "offset:-3600000000")),
    ("Europe/London", JULY, HOUR, ("summer:left out:Europe/London", "zone:Europe/London:UTC", "offset:3600000000")),
    ("Europe/London", JULY, -HOUR, ("summer:counted twice:Europe/London", "offset twice:Europe/London", "offset:-3600000000")),
    ("Europe/London", JANUARY, HOUR, ("offset:3600000000",)),
    ("Europe/London", SECOND_ONE, -HOUR, ("overlap:Europe/London", "offset:-3600000000")),
    ("Mars/Olympus", NOON, 7 * HOUR, ("offset:25200000000",)),
)


@pytest.mark.parametrize(("zone", "source", "apart", "expected"), CLOCKS)
def test_an_instant_is_held_against_the_clock_of_its_rows_zone(
    zone: str, source: datetime, apart: timedelta, expected: tuple[str, ...], engine: Engine
) -> None:
    column = column_of({"type": "INSTANT", "source": {"zone": "zone", "day_end": "inclusive"}})
    cells = "(SELECT CAST($1 AS TIMESTAMPTZ) AS s, CAST($2 AS TIMESTAMPTZ) AS t, $3 AS z)"
    sql = f"SELECT {labels_of(column, zones=ZONES)} FROM {beforehand(cells, column, zones=ZONES)}"
    (found,) = engine.one(Query(sql, (source, source + apart, zone)))
    assert expected == tuple(found)


def test_a_zone_that_is_read_as_another_is_said_with_what_comes_of_it() -> None:
    label_ = "zone:Asia/Makassar:Asia/Jakarta"
    assert said("c", label_, span=(3_600_000_000, 3_600_000_000)) == "c is 1 h late"
    assert said("c", label_, span=(3_600_000_000, 7_200_000_000)) == "c is 1 h late to 2 h late"
    assert said("c", label_) == "c is another moment (Asia/Makassar wall clock read as Asia/Jakarta)"
    assert why(label_) == "Asia/Makassar wall clock read as Asia/Jakarta"
    assert why("offset:25200000000", zoned=True) == "a constant offset, whatever the zone of the row"
    assert why("difference:-0.01", digits=2) == "one unit of the last digit, as another way of rounding gives"


@pytest.mark.parametrize(("label_", "reason"), REASONS)
def test_a_label_has_the_likeliest_explanation_or_none(label_: str, reason: str) -> None:
    assert reason == why(label_)
