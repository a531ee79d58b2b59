"""The one place for how a value is corrupted in a copy: small functions over values as the engine writes them.

A value is text, or None for NULL, so that nothing here shares a line with the comparison that must notice. A role's operators apply
to a NULL as well as to a value: no column is without one that does something.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from dq.canaries.operators import INTEGERS, Cell, Cells, Changes, Value, cell, change_of, type_role, units
from dq.contract.models import Column

_LARGE = 10**17  # smallest units; sums of a slice of such numbers fit whatever sums may
_BEYOND = 0xFFFF  # code points past that are lost by a store with three bytes a character

# Any column whose values may be lost.


@cell("a value lost", "text", "code", "number", "instant", "day", "truth", "id", "json", "uuid", "blob")
def _lost(_: Column, value: Value) -> Value:
    return None if value != "" else value


# Text.


@cell("NULL made empty text", "text", "code")
def _null_to_empty(_: Column, value: Value) -> Value:
    return "" if value is None else value


@cell("empty text made NULL", "text")
def _empty_to_null(_: Column, value: Value) -> Value:
    return value or None


@cell("upper and lower case exchanged", "text", "code")
def _case(_: Column, value: Value) -> Value:
    return value.swapcase() if value is not None else None


@cell("a space at the end", "text")
def _space(_: Column, value: Value) -> Value:
    return f"{value} " if value is not None else None


@cell("a no-break space at the end", "text")
def _no_break_space(_: Column, value: Value) -> Value:
    return f"{value}\u00a0" if value is not None else None


@cell("an invisible character at the beginning", "text")
def _invisible(_: Column, value: Value) -> Value:
    return f"\u200b{value}" if value is not None else None


@cell("accents written as characters of their own", "text")
def _decomposed(_: Column, value: Value) -> Value:
    return unicodedata.normalize("NFD", value) if value is not None else None


@cell("the last character cut off", "text")
def _truncated(_: Column, value: Value) -> Value:
    return value[:-1] if value else value


@cell("one character replaced", "text")
def _replaced(_: Column, value: Value) -> Value:
    return _other_character(value, len(value) // 2) if value else value


@cell("the last character replaced", "text")
def _last_replaced(_: Column, value: Value) -> Value:
    return _other_character(value, len(value) - 1) if value else value


def _other_character(value: str, place: int) -> str:
    return f"{value[:place]}{'#' if value[place] == '~' else '~'}{value[place + 1 :]}"


@cell("an emoji lost", "text")
def _emoji(_: Column, value: Value) -> Value:
    return "".join("?" if ord(char) > _BEYOND else char for char in value) if value is not None else None


# Codes: words of a list.


@change_of("another known word", "code")
def _another_word(column: Column, cells: Cells, place: int) -> Changes:
    codes = {*(column.source.codes or {}).values(), *(column.target.codes or {}).values()}
    others = sorted({*codes, *(value for value in cells if value is not None)} - {cells[place]})
    return {place: others[place % len(others)]} if others else {}


# Numbers, as integers of the smallest unit.


def number(column: Column, many: int) -> str | None:
    """Return smallest units as the engine writes them, or None where the column's type cannot hold them."""
    kind = column.type
    if abs(many) >= (10**kind.precision if kind.name == "DECIMAL" else 2 ** INTEGERS[kind.name]):
        return None
    whole, rest = divmod(abs(many), 10**kind.scale)
    return f"{'-' if many < 0 else ''}{whole}{f'.{rest:0{kind.scale}d}' if kind.scale else ''}"


def step(column: Column) -> int:
    """Return the smallest difference that counts, in smallest units: one, or one more than the tolerance."""
    return int((column.tolerance or 0) * 10**column.type.scale) + 1


def _moved(column: Column, value: Value, to: Callable[[int], int], *, most: int | None = None) -> Value:
    many = to(units(value)) if value is not None else 0
    return value if value is None or (most is not None and abs(many) > most) else number(column, many) or value


@cell("one unit more", "number")
def _more(column: Column, value: Value) -> Value:
    return _moved(column, value, lambda many: many + step(column))


@cell("one unit less", "number")
def _less(column: Column, value: Value) -> Value:
    return _moved(column, value, lambda many: many - step(column))


@cell("the sign flipped", "number")
def _flipped(column: Column, value: Value) -> Value:
    return _moved(column, value, lambda many: -many)


@cell("a hundred times as much", "number")
def _hundredfold(column: Column, value: Value) -> Value:
    return _moved(column, value, lambda many: many * 100, most=_LARGE)


@cell("2^32 more", "number")
def _beyond_32_bits(column: Column, value: Value) -> Value:
    return _moved(column, value, lambda many: many + 2**32, most=_LARGE)


@cell("NULL made 0", "number")
def _null_to_zero(column: Column, value: Value) -> Value:
    return number(column, 0) if value is None else value


# Instants and days.


def _later(value: Value, by: timedelta) -> Value:
    try:
        return (datetime.fromisoformat(str(value)) + by).isoformat(" ")
    except (ValueError, OverflowError):  # NULL, an infinite moment, one before Christ
        return value


def _cut(value: Value, to: int) -> Value:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return value
    rest = moment.microsecond % to
    return (moment - timedelta(microseconds=rest)).isoformat(" ") if rest else value


@cell("seven hours later", "instant")
def _seven_later(_: Column, value: Value) -> Value:
    return _later(value, timedelta(hours=7))


@cell("seven hours earlier", "instant")
def _seven_earlier(_: Column, value: Value) -> Value:
    return _later(value, timedelta(hours=-7))


@cell("one day earlier", "instant")
def _day_earlier(_: Column, value: Value) -> Value:
    return _later(value, timedelta(days=-1))


@cell("a microsecond later", "instant")
def _microsecond(_: Column, value: Value) -> Value:
    return _later(value, timedelta(microseconds=1))


@cell("cut to milliseconds", "instant")
def _milliseconds(_: Column, value: Value) -> Value:
    return _cut(value, 1000)


@cell("cut to seconds", "instant")
def _seconds(_: Column, value: Value) -> Value:
    return _cut(value, 1_000_000)


@cell("NULL made a moment", "instant")
def _null_to_moment(_: Column, value: Value) -> Value:
    return datetime.fromtimestamp(0, tz=UTC).isoformat(" ") if value is None else value


@cell("the day before", "day")
def _day_before(_: Column, value: Value) -> Value:
    try:
        return (date.fromisoformat(str(value)) - timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return value


@cell("NULL made a day", "day")
def _null_to_day(_: Column, value: Value) -> Value:
    return "1970-01-01" if value is None else value


# Truth, and what else there is.


@cell("NULL made true", "truth")
def _null_to_true(_: Column, value: Value) -> Value:
    return "true" if value is None else value


@cell("true and false exchanged", "truth")
def _opposite(_: Column, value: Value) -> Value:
    return {"true": "false", "false": "true"}.get(value, value) if value is not None else None


@cell("another document", "json")
def _document(_: Column, value: Value) -> Value:
    return '["b"]' if value == '["a"]' else '["a"]'


@cell("one digit replaced", "uuid")
def _digit(_: Column, value: Value) -> Value:
    return f"{value[:-1]}{'0' if value[-1] == '1' else '1'}" if value else "00000000-0000-4000-8000-000000000000"


@cell("a zero byte at the end", "blob")
def _zero_byte(_: Column, value: Value) -> Value:
    return f"{value or ''}\\x00"


# Ids: whose a row is, and what it is about.


def _next_other(cells: Cells, place: int) -> int | None:
    """Return the next row with another id, beginning again at the first after the last."""
    after = (*range(place + 1, len(cells)), *range(place))
    return next((other for other in after if cells[other] is not None and cells[other] != cells[place]), None)


@change_of("two rows' ids exchanged", "id")
def _swapped(_: Column, cells: Cells, place: int) -> Changes:
    other = _next_other(cells, place)
    return {} if other is None or cells[place] is None else {place: cells[other], other: cells[place]}


@change_of("another row's id", "id")
def _anothers(_: Column, cells: Cells, place: int) -> Changes:
    other = _next_other(cells, place)
    return {} if other is None else {place: cells[other]}


_NEAREST: dict[str, Cell] = {
    "text": _replaced,
    "code": _case,
    "number": _more,
    "instant": _microsecond,
    "day": _day_before,
    "truth": _opposite,
    "uuid": _digit,
    "json": _document,
    "blob": _zero_byte,
}


def fresh(column: Column, value: Value, *, used: set[Value]) -> Value:
    """Return a value that differs from one as little as its type allows and that no row has, or None where there is none."""
    change = _NEAREST[type_role(column)]
    for _ in range(len(used) + 1):
        value = change(column, value)
        if value is not None and value not in used:
            return value
        value = f"{value}~" if type_role(column) in ("text", "code") else value
    return None
