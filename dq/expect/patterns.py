"""The one place for regex and LIKE on DuckDB, which Great Expectations does not know there."""

from __future__ import annotations

from collections.abc import Sequence

from dq.expect.condition import VALUES, Column, Condition, claim, not_empty
from dq.expect.door import sa


def _any_or_all(conditions: Sequence[Condition], match_on: str | None) -> Condition:
    return (sa.and_ if match_on == "all" else sa.or_)(*conditions)


def _regex(column: Column, regex: str) -> Condition:
    """RE2, searched anywhere in the text: anchor it with ^ and $."""
    return sa.func.regexp_matches(column, regex)


@claim(VALUES, "column_values.match_regex")
def match_regex(column: Column, *, regex: str) -> Condition:
    """A match somewhere in the text."""
    return _regex(column, regex)


@claim(VALUES, "column_values.not_match_regex")
def not_match_regex(column: Column, *, regex: str) -> Condition:
    """No match anywhere in the text."""
    return sa.not_(_regex(column, regex))


@claim(VALUES, "column_values.match_regex_list")
def match_regex_list(column: Column, *, regex_list: Sequence[str] | None, match_on: str | None) -> Condition:
    """One of several, or all of them."""
    return _any_or_all([_regex(column, regex) for regex in not_empty(regex_list)], match_on)


@claim(VALUES, "column_values.not_match_regex_list")
def not_match_regex_list(column: Column, *, regex_list: Sequence[str] | None) -> Condition:
    """None of several."""
    return sa.not_(sa.or_(*(_regex(column, regex) for regex in not_empty(regex_list))))


@claim(VALUES, "column_values.match_like_pattern")
def match_like(column: Column, *, like_pattern: str, escape: str | None) -> Condition:
    """LIKE."""
    return column.like(like_pattern, escape=escape)


@claim(VALUES, "column_values.not_match_like_pattern")
def not_match_like(column: Column, *, like_pattern: str, escape: str | None) -> Condition:
    """NOT LIKE."""
    return sa.not_(column.like(like_pattern, escape=escape))


@claim(VALUES, "column_values.match_like_pattern_list")
def match_like_list(column: Column, *, like_pattern_list: Sequence[str] | None, match_on: str | None, escape: str | None) -> Condition:
    """LIKE one of several, or all of them."""
    return _any_or_all([column.like(pattern, escape=escape) for pattern in not_empty(like_pattern_list)], match_on)


@claim(VALUES, "column_values.not_match_like_pattern_list")
def not_match_like_list(column: Column, *, like_pattern_list: Sequence[str] | None, escape: str | None) -> Condition:
    """NOT LIKE any of several."""
    return sa.not_(sa.or_(*(column.like(pattern, escape=escape) for pattern in not_empty(like_pattern_list))))
