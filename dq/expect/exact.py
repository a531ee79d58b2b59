"""The one place where a number or a moment becomes SQL without losing a digit or an hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeGuard

from dq.sql import literal

DIGITS = 15  # a decimal number of so many digits comes back from a float as it was; sys.float_info.dig


def exact_literal(value: object) -> str:
    """Write a bound as SQL that DuckDB reads exactly.

    Great Expectations turns every numeric bound into a float, and DuckDB compares DECIMAL with DOUBLE as DOUBLE. The float's
    shortest text is the number that its author wrote, as long as that has at most 15 digits.

    Raises:
        TypeError: neither a finite number nor a moment, or a float that may have lost digits.
    """
    if isinstance(value, float) and not survives(value):
        message = f"a bound has at most {DIGITS} digits in Great Expectations: what was written is lost"
        raise TypeError(message)
    if is_number(value) and as_decimal(value).is_finite():
        return format(as_decimal(value), "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        return f"TIMESTAMPTZ '{value.astimezone(UTC).isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):  # a moment that stood in a suite's file
        return literal(value)
    message = f"a bound is a finite number, a date or a moment, not {value!r}"
    raise TypeError(message)


def is_number(value: object) -> TypeGuard[int | float | Decimal]:
    """Return whether a value is a number; true and false are none."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def as_decimal(number: float | Decimal) -> Decimal:
    """Return a number as its author wrote it: a float by its shortest text."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def survives(number: float | Decimal) -> bool:
    """Return whether a number is the same after Great Expectations made a float of it."""
    return len(as_decimal(number).normalize().as_tuple().digits) <= DIGITS


def same(given: object, kept: object) -> bool:
    """Return whether Great Expectations kept an argument as it was given; numbers may change their type, not their value."""
    if isinstance(given, bool) or isinstance(kept, bool) or given is None or kept is None:
        return given is kept
    if is_number(given) and is_number(kept):
        return as_decimal(given) == as_decimal(kept)
    if isinstance(given, (list, tuple)) and isinstance(kept, (list, tuple)):
        return len(given) == len(kept) and all(same(one, other) for one, other in zip(given, kept, strict=True))
    if isinstance(given, Mapping) and isinstance(kept, Mapping):
        return set(given) == set(kept) and all(same(given[key], kept[key]) for key in given)
    if isinstance(given, str) and isinstance(kept, str):  # a literal of Great Expectations may come back as an enumeration
        return str.__eq__(given, kept) is True
    return type(given) is type(kept) and given == kept
