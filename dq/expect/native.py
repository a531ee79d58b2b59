"""The one place that says stock expectations in plain SQL, where that is provably what Great Expectations answers on DuckDB.

Great Expectations takes seconds to import and reads a table once or more for each claim; the claims that contracts make most
are conditions on a row, and here they are the very conditions that it is given in `patterns` and `metrics`, or that it has itself.
A test asks both ways about random tables. Whatever is not known here is put to Great Expectations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dq.expect.exact import as_decimal, exact_literal, is_number, survives
from dq.expect.families import family
from dq.expect.refuse import columns_of
from dq.sql import listed, quote


@dataclass(frozen=True, slots=True)
class Claim:
    """What is true of a row that keeps an expectation: a condition and its bound values, or columns that no two rows share."""

    condition: str = ""
    values: tuple[object, ...] = ()
    unique: tuple[str, ...] = ()


_Says = Callable[[Mapping[str, Any], Mapping[str, str]], Claim | None]


def claim(type_name: str, arguments: Mapping[str, Any], types: Mapping[str, str]) -> Claim | None:
    """Return what a fit that is not refused claims of each row that it looks at; None where only Great Expectations knows.

    Args:
        type_name: the stock expectation.
        arguments: its arguments, as the contract has them.
        types: the table's columns by DuckDB's type names.
    """
    if type_name in _UNIQUE:
        return Claim(unique=columns_of(arguments))
    says = _SAYS.get(type_name)
    return None if says is None else says(arguments, types)


def _bounded(value: str, arguments: Mapping[str, Any]) -> Claim:
    signs = (("min_value", ">" if arguments.get("strict_min") else ">="), ("max_value", "<" if arguments.get("strict_max") else "<="))
    return Claim(" AND ".join(f"{value} {sign} {exact_literal(arguments[name])}" for name, sign in signs if arguments.get(name) is not None))


def _between(arguments: Mapping[str, Any], _types: Mapping[str, str]) -> Claim:
    return _bounded(quote(arguments["column"]), arguments)


def _lengths_between(arguments: Mapping[str, Any], _types: Mapping[str, str]) -> Claim:
    return _bounded(f"length({quote(arguments['column'])})", arguments)


def _lengths_equal(arguments: Mapping[str, Any], _types: Mapping[str, str]) -> Claim:
    return Claim(f"length({quote(arguments['column'])}) = {exact_literal(arguments['value'])}")


def _in_set(word: str) -> _Says:
    def says(arguments: Mapping[str, Any], types: Mapping[str, str]) -> Claim | None:
        column, found = arguments["column"], [_constant(value, types[arguments["column"]]) for value in arguments["value_set"]]
        constants = [constant for constant in found if constant is not None]
        if len(constants) < len(found):
            return None
        return Claim(f"{quote(column)} {word} ({listed(sql for sql, _ in constants)})", tuple(value for _, values in constants for value in values))

    return says


def _constant(value: Any, type_: str) -> tuple[str, tuple[object, ...]] | None:
    """Return a value of a set as SQL and what is bound in it; None for a number with more digits than a bound may have."""
    if family(type_) in ("text", "uuid", "boolean"):
        return "?", (value,)
    if is_number(value):
        return (exact_literal(int(value) if value == int(value) else as_decimal(value)), ()) if survives(value) else None
    return (exact_literal(value), ()) if isinstance(value, date) else None


def _searched(prefix: str) -> _Says:
    return lambda arguments, _types: Claim(f"{prefix}regexp_matches({quote(arguments['column'])}, ?)", (arguments["regex"],))


def _like(word: str) -> _Says:
    def says(arguments: Mapping[str, Any], _types: Mapping[str, str]) -> Claim | None:
        if arguments.get("escape") is not None:
            return None
        return Claim(f"{quote(arguments['column'])} {word} ?", (arguments["like_pattern"],))

    return says


def _greater(arguments: Mapping[str, Any], _types: Mapping[str, str]) -> Claim:
    one, other = _pair(arguments)
    return Claim(f"{one} >= {other} OR ({one} IS NULL AND {other} IS NULL)" if arguments.get("or_equal") else f"{one} > {other}")


def _equal(arguments: Mapping[str, Any], _types: Mapping[str, str]) -> Claim:
    one, other = _pair(arguments)
    return Claim(f"{one} = {other}")


def _pair(arguments: Mapping[str, Any]) -> Sequence[str]:
    return [quote(name) for name in columns_of(arguments)]


def _null(condition: str) -> _Says:
    return lambda arguments, _types: Claim(f"{quote(arguments['column'])} {condition}")


_UNIQUE = ("expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique")

_SAYS: Mapping[str, _Says] = {
    "expect_column_values_to_be_null": _null("IS NULL"),
    "expect_column_values_to_not_be_null": _null("IS NOT NULL"),
    "expect_column_values_to_be_in_set": _in_set("IN"),
    "expect_column_values_to_not_be_in_set": _in_set("NOT IN"),
    "expect_column_values_to_be_between": _between,
    "expect_column_value_lengths_to_be_between": _lengths_between,
    "expect_column_value_lengths_to_equal": _lengths_equal,
    "expect_column_values_to_match_regex": _searched(""),
    "expect_column_values_to_not_match_regex": _searched("NOT "),
    "expect_column_values_to_match_like_pattern": _like("LIKE"),
    "expect_column_values_to_not_match_like_pattern": _like("NOT LIKE"),
    "expect_column_pair_values_a_to_be_greater_than_b": _greater,
    "expect_column_pair_values_to_be_equal": _equal,
}
NATIVE = frozenset((*_UNIQUE, *_SAYS))
"""Expectations that are answered here; one with arguments that are not is put to Great Expectations."""
