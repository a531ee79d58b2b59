"""Gaps and overlaps of a zone's wall clock, to the second, as the zone database has them; currencies as ISO 4217 has them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dq.compare.clocks import Unsound, unsound
from dq.compare.currencies import by_number, exponents

SPANS = (
    ("Europe/Paris", "2024-01-01", "2024-12-31", [("gap", "2024-03-31 02:00", "2024-03-31 03:00"), ("overlap", "2024-10-27 02:00", "2024-10-27 03:00")]),
    ("America/New_York", "2024-01-01", "2024-12-31", [("gap", "2024-03-10 02:00", "2024-03-10 03:00"), ("overlap", "2024-11-03 01:00", "2024-11-03 02:00")]),
    ("Australia/Lord_Howe", "2024-01-01", "2024-12-31", [("overlap", "2024-04-07 01:30", "2024-04-07 02:00"), ("gap", "2024-10-06 02:00", "2024-10-06 02:30")]),
    ("Pacific/Apia", "2011-12-01", "2011-12-31", [("gap", "2011-12-30 00:00", "2011-12-31 00:00")]),
    ("Asia/Jakarta", "1970-01-01", "2099-12-31", []),
    ("UTC", "1970-01-01", "2099-12-31", []),
    ("Europe/Paris", "2024-03-31 02:59:59", "2024-03-31 02:59:59", [("gap", "2024-03-31 02:00", "2024-03-31 03:00")]),
    ("Europe/Paris", "2024-03-31 03:00", "2024-03-31 03:00", []),
    ("Europe/Paris", "2024-03-31 02:00", "2024-03-31 02:00", [("gap", "2024-03-31 02:00", "2024-03-31 03:00")]),
    ("europe/PARIS", "2024-03-31 02:00", "2024-03-31 02:00", [("gap", "2024-03-31 02:00", "2024-03-31 03:00")]),
    ("Europe/Paris", "2024-12-31", "2024-01-01", []),
    ("Europe/Paris", "1900-01-01", "1969-12-31", []),
)


@pytest.mark.parametrize(("zone", "low", "high", "spans"), SPANS, ids=[f"{case[0]} {case[1]}" for case in SPANS])
def test_the_unsound_hours_of_a_zone_are_found_to_the_second(zone: str, low: str, high: str, spans: list[tuple[str, str, str]]) -> None:
    expected = tuple(Unsound(kind, datetime.fromisoformat(begin), datetime.fromisoformat(end)) for kind, begin, end in spans)  # type: ignore[arg-type]
    assert unsound(zone, datetime.fromisoformat(low), datetime.fromisoformat(high)) == expected


def test_spans_stand_in_order_and_none_is_empty() -> None:
    spans = unsound("Africa/Casablanca", datetime(1970, 1, 1), datetime(2024, 1, 1))  # noqa: DTZ001
    assert list(spans) == sorted(spans, key=lambda span: span.begin)
    assert all(timedelta(0) < span.end - span.begin <= timedelta(days=1) for span in spans)
    assert len(spans) > 20


@pytest.mark.parametrize(
    ("number", "letters", "digits"), [(360, "IDR", 2), (392, "JPY", 0), (414, "KWD", 3), (990, "CLF", 4), (978, "EUR", 2), (826, "GBP", 2)]
)
def test_a_currency_has_its_number_and_its_digits(number: int, letters: str, digits: int) -> None:
    assert (letters, digits) == (by_number()[number], exponents()[letters])
