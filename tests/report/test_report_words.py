"""How the report writes counts, money, moments, slices and what cannot be seen."""

from __future__ import annotations

import pytest

from dq.record import Money
from dq.report import blocks
from dq.report.visible import clip, printable_in, visible

VISIBLE = {
    "plain words, 1,234": "plain words, 1,234",
    "好评 👍 é": "好评 👍 é",
    "a\u202eb": "a‹U+202E›b",
    "\u200b": "‹U+200B›",
    "\u00a0": "‹U+00A0›",
    "\ufeff": "‹U+FEFF›",
    "a\tb\r\nc": "a‹U+0009›b‹U+000D›‹U+000A›c",
    "\x1b[31m": "‹U+001B›[31m",
    "\x7f": "‹U+007F›",
    "\ud800": "‹U+D800›",
    "\uffff": "‹U+FFFF›",
    "\U000e0041": "‹U+E0041›",
    "\u2028": "‹U+2028›",
    "\ue000": "‹U+E000›",
    "\u3164": "‹U+3164›",
    "e\u0301": "e\u0301",
    "\u0301x": "‹U+0301›x",
    "e" + "\u0301" * 5: "e" + "\u0301" * 3 + "‹U+0301›‹U+0301›",
}
AMOUNTS = {
    "1234567.89": "1,234,567.89",
    "-15400": "−15,400",
    "999": "999",
    "0.00": "0.00",
    "1e5": "1e5",
    "": "",
    "123456789012345678901234567890.12": "123,456,789,012,345,678,901,234,567,890.12",
}
MOMENTS = {
    "2024-10-20T17:00:00+00:00": "20 Oct 2024, 17:00 UTC",
    "2024-10-21T00:00:00+07:00": "21 Oct 2024, 00:00 +07:00",
    "2024-11-05T02:30:01.250000+00:00": "5 Nov 2024, 02:30:01.250000 UTC",
    "not a moment": "not a moment",
    None: "–",
}
SLICES = {None: "NULL", "": "''", "NULL": "'NULL'", " ID": "' ID'", "ID": "ID"}


@pytest.mark.parametrize(("text", "expected"), VISIBLE.items())
def test_what_a_reader_could_not_see_is_a_code_point(text: str, expected: str) -> None:
    assert visible(text) == expected


@pytest.mark.parametrize(("text", "expected"), AMOUNTS.items())
def test_an_amount_keeps_every_digit(text: str, expected: str) -> None:
    assert blocks.amount(text) == expected


@pytest.mark.parametrize(("text", "expected"), MOMENTS.items())
def test_a_moment_is_written_for_a_person(text: str | None, expected: str) -> None:
    assert blocks.moment(text) == expected


@pytest.mark.parametrize(("value", "expected"), SLICES.items())
def test_null_empty_and_the_word_null_differ(value: str | None, expected: str) -> None:
    assert blocks.slice_value(value) == expected


def test_money_stands_by_currency_without_zeros() -> None:
    items = (
        Money(currency="", amount="15400"),
        Money(currency="IDR", amount="2600000.00"),
        Money(currency="EUR", amount="0.00"),
        Money(currency="GBP", amount="-1.5"),
    )
    assert blocks.moneys(items) == ("GBP −1.5", "IDR 2,600,000.00", "15,400 units")


def test_nothing_to_count_is_not_zero() -> None:
    assert (blocks.count(None), blocks.count(0), blocks.count(-12345)) == ("–", "0", "−12,345")


def test_equal_counts_stand_by_name() -> None:
    assert blocks.largest_first({"total": 3, "status": 7, "note": 3}) == (("status", 7), ("note", 3), ("total", 3))


def test_what_was_cut_is_counted() -> None:
    assert (clip("abcdef", 6), clip("abcdefg", 3)) == ("abcdef", "abc… (+4 characters)")


def test_a_bar_of_something_is_never_empty() -> None:
    assert [blocks.share(part, 1_000, of=100) for part in (0, 1, 500, 1_000, 2_000)] == [0, 1, 50, 100, 100]


def test_what_an_encoding_cannot_carry_is_a_code_point() -> None:
    assert (printable_in("é 好", encoding="latin-1"), printable_in("é 好", encoding="utf-8")) == ("é <U+597D>", "é 好")
