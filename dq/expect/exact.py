"""The one place where a number or a moment becomes SQL without losing a digit or an hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal


def exact_literal(value: object) -> str:
    """Write a bound as SQL that DuckDB reads exactly.

    Great Expectations turns every numeric bound into a float, and DuckDB compares DECIMAL with DOUBLE as DOUBLE. The float's
    shortest text is the number that its author wrote, as long as that has at most 15 digits (`survives` asks).

    Raises:
        TypeError: neither a number nor a moment.
    """
    if isinstance(value, bool) or value is None:
        message = f"a bound is a number, a date or a moment, not {value!r}"
        raise TypeError(message)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        if not number.is_finite():
            message = "a bound is a finite number"
            raise TypeError(message)
        return format(number, "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        return f"TIMESTAMPTZ '{value.astimezone(UTC).isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    message = f"a bound is a number, a date or a moment, not {type(value).__name__}"
    raise TypeError(message)


def survives(number: object) -> bool:
    """Return whether a number is the same after Great Expectations made a float of it."""
    if not isinstance(number, (int, float, Decimal)) or isinstance(number, bool):
        return True
    as_float = float(number)
    return Decimal(repr(as_float)) == (Decimal(repr(number)) if isinstance(number, float) else Decimal(number))


def same(given: object, kept: object) -> bool:
    """Return whether Great Expectations kept an argument as it was given; numbers may change their type, not their value."""
    if isinstance(given, bool) or isinstance(kept, bool) or given is None or kept is None:
        return given is kept
    if isinstance(given, (int, float, Decimal)) and isinstance(kept, (int, float, Decimal)):
        left, right = (Decimal(repr(item)) if isinstance(item, float) else Decimal(item) for item in (given, kept))
        return left == right
    if isinstance(given, (list, tuple)) and isinstance(kept, (list, tuple)):
        return len(given) == len(kept) and all(same(one, other) for one, other in zip(given, kept, strict=True))
    if isinstance(given, Mapping) and isinstance(kept, Mapping):
        return set(given) == set(kept) and all(same(given[key], kept[key]) for key in given)
    if isinstance(given, str) and isinstance(kept, str):  # a literal of Great Expectations may come back as an enumeration
        return str.__eq__(given, kept) is True
    return type(given) is type(kept) and given == kept
