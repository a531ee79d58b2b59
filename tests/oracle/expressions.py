"""The one place that reads and evaluates an expression of a contract without an engine: comparisons, AND/OR/NOT, arithmetic, `->` and `->>`.

NULL is `None`, and unknown is not false: comparisons and logic have three values, as SQL says.
"""

from __future__ import annotations

import json
import operator
import re
import sys
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any

Row = Mapping[str, Any]
Expression = Callable[[Row], Any]

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<sign>->>|->|<>|!=|<=|>=|[-+*/%=<>(),]))")
COMPARED = {"=": operator.eq, "<>": operator.ne, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
RECKONED = {"+": operator.add, "-": operator.sub, "*": operator.mul, "%": operator.mod}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "greatest": max,
    "least": min,
    "regexp_full_match": lambda text, pattern: re.fullmatch(in_python(pattern), text) is not None,
}


@cache
def in_python(pattern: str) -> str:
    """Return a pattern of the engine's with its categories of characters (in a class) spelt out, which Python does not know."""
    return re.sub(r"\\p([A-Z])", lambda found: category(found[1]), pattern)


@cache
def category(letter: str) -> str:
    """Return the characters of a category, as runs that stand in a class; those that are not assigned are of none."""
    points = (point for point in range(sys.maxunicode + 1) if unicodedata.category(chr(point)).startswith(letter) and unicodedata.category(chr(point)) != "Cn")
    runs = [[point for _, point in run] for _, run in groupby(enumerate(points), key=lambda one: one[1] - one[0])]
    return "".join(f"{re.escape(chr(run[0]))}-{re.escape(chr(run[-1]))}" for run in runs)


def tokens_of(text: str) -> list[str]:
    """Split a text into tokens; raises ValueError where it cannot."""
    found, place, text = [], 0, re.sub(r"--[^\n]*", "", text).rstrip().rstrip(";")
    while place < len(text.rstrip()):
        match = TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"not understood: {text[place : place + 20]!r}")
        found.append(match.group().strip())
        place = match.end()
    return found


@dataclass
class Tokens:
    """Tokens, and the place that was reached."""

    items: list[str]
    place: int = 0

    def peek(self) -> str:
        """Return the next token in upper case where it is a key word, '' at the end."""
        return self.items[self.place].upper() if self.place < len(self.items) else ""

    def take(self, *wanted: str) -> bool:
        """Pass over tokens if they are next."""
        there = [item.upper() for item in self.items[self.place : self.place + len(wanted)]]
        if there == list(wanted):
            self.place += len(wanted)
            return True
        return False

    def need(self, wanted: str) -> None:
        """Pass over a token that must be next; raises ValueError."""
        if not self.take(wanted):
            raise ValueError(f"not understood: {self.peek() or 'the end'} where {wanted} must stand")

    def next(self) -> str:
        """Return the next token as it is written."""
        self.place += 1
        return self.items[self.place - 1]


def expression(text: str) -> Expression:
    """Read one expression."""
    tokens = Tokens(tokens_of(text))
    found = either(tokens)
    if tokens.peek():
        raise ValueError(f"not understood: {tokens.peek()}")
    return found


def either(tokens: Tokens) -> Expression:
    """Read terms joined by OR."""
    found = both(tokens)
    while tokens.take("OR"):
        one, other = found, both(tokens)
        found = lambda row, one=one, other=other: unless(one(row), other(row), stops=True)  # noqa: E731
    return found


def both(tokens: Tokens) -> Expression:
    """Read terms joined by AND."""
    found = negated(tokens)
    while tokens.take("AND"):
        one, other = found, negated(tokens)
        found = lambda row, one=one, other=other: unless(one(row), other(row), stops=False)  # noqa: E731
    return found


def unless(one: Any, other: Any, *, stops: bool) -> bool | None:
    """Return AND (stops=False) or OR (stops=True) of two claims that may be unknown."""
    if one is stops or other is stops:
        return stops
    return None if one is None or other is None else not stops


def negated(tokens: Tokens) -> Expression:
    """Read a term that may have NOT before it."""
    if tokens.take("NOT"):
        inner = negated(tokens)
        return lambda row: None if inner(row) is None else not inner(row)
    return compared(tokens)


def compared(tokens: Tokens) -> Expression:  # noqa: C901, PLR0911 - one branch a form
    """Read a comparison, IS [NOT] NULL, IS [NOT] DISTINCT FROM, IN, [NOT] LIKE or BETWEEN."""
    one = summed(tokens)
    if tokens.take("IS", "NOT", "NULL"):
        return lambda row: one(row) is not None
    if tokens.take("IS", "NULL"):
        return lambda row: one(row) is None
    if tokens.take("IS", "DISTINCT", "FROM"):
        apart = summed(tokens)
        return lambda row: one(row) != apart(row)
    if tokens.take("IS", "NOT", "DISTINCT", "FROM"):
        same = summed(tokens)
        return lambda row: one(row) == same(row)
    if tokens.take("LIKE"):
        shape = summed(tokens)
        return lambda row: pair(alike, one(row), shape(row))
    if tokens.take("NOT", "LIKE"):
        other_shape = summed(tokens)
        return lambda row: pair(lambda text, shape: not alike(text, shape), one(row), other_shape(row))
    if tokens.take("IN", "("):
        words = [summed(tokens)]
        while tokens.take(","):
            words.append(summed(tokens))
        tokens.need(")")
        return lambda row: among(one(row), [word(row) for word in words])
    if tokens.take("BETWEEN"):
        low = summed(tokens)
        tokens.need("AND")
        high = summed(tokens)
        return lambda row: unless(pair(operator.ge, one(row), low(row)), pair(operator.le, one(row), high(row)), stops=False)
    if tokens.peek() in COMPARED:
        compare, other = COMPARED[tokens.next()], summed(tokens)
        return lambda row: pair(compare, one(row), other(row))
    return one


def alike(text: str, shape: str) -> bool:
    """Return whether a text has a shape in which `%` stands for anything and `_` for one character."""
    return _pattern(shape).fullmatch(text) is not None


@cache
def _pattern(shape: str) -> re.Pattern[str]:
    return re.compile("".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in shape), re.DOTALL)


def among(value: Any, words: list[Any]) -> bool | None:
    """Return whether a value is one of several."""
    found: bool | None = False
    for word in words:
        found = unless(found, pair(operator.eq, value, word), stops=True)
    return found


def pair(function: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    """Apply a function to two values; of NULL it is NULL. A text beside a moment or a day is read as one."""
    if one is None or other is None:
        return None
    if isinstance(other, str) and isinstance(one, date):
        other = moment(other, like=one)
    if isinstance(one, str) and isinstance(other, date):
        one = moment(one, like=other)
    return function(one, other)


def moment(text: str, *, like: date) -> date:
    """Read a moment or a day from a text."""
    if not isinstance(like, datetime):
        return date.fromisoformat(text)
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if like.tzinfo is not None and found.tzinfo is None else found


def summed(tokens: Tokens) -> Expression:
    """Read what is added and multiplied, from left to right; products first."""
    found = multiplied(tokens)
    while tokens.peek() in ("+", "-"):
        function, one, other = RECKONED[tokens.next()], found, multiplied(tokens)
        found = lambda row, function=function, one=one, other=other: pair(function, one(row), other(row))  # noqa: E731
    return found


def multiplied(tokens: Tokens) -> Expression:
    """Read a product."""
    found = single(tokens)
    while tokens.peek() in ("*", "%"):
        function, one, other = RECKONED[tokens.next()], found, single(tokens)
        found = lambda row, function=function, one=one, other=other: pair(function, one(row), other(row))  # noqa: E731
    return found


def single(tokens: Tokens) -> Expression:
    """Read a column, a constant, a function or something in brackets; then the members taken out of it."""
    item = tokens.next()
    if item == "(":
        found = either(tokens)
        tokens.need(")")
    elif item == "-":
        inner = single(tokens)
        found = lambda row: None if inner(row) is None else -inner(row)  # noqa: E731
    elif item.startswith("'"):
        found = constant(item[1:-1].replace("''", "'"))
    elif item[0].isdigit():
        found = constant(Decimal(item) if "." in item else int(item))
    elif item.upper() in ("NULL", "TRUE", "FALSE"):
        found = constant({"NULL": None, "TRUE": True, "FALSE": False}[item.upper()])
    elif tokens.peek() == "(":
        found = called(item.lower(), tokens)
    else:
        found = lambda row: row[item]  # noqa: E731
    while tokens.peek() in ("->", "->>"):
        as_text, member, inner = tokens.next() == "->>", single(tokens), found
        found = lambda row, as_text=as_text, member=member, inner=inner: taken_out(inner(row), member(row), as_text=as_text)  # noqa: E731
    return found


def constant(value: Any) -> Expression:
    """Return an expression that is always the same."""
    return lambda _: value


def called(name: str, tokens: Tokens) -> Expression:
    """Read the arguments of a function of numbers; of NULL it is NULL."""
    function, given = FUNCTIONS[name], []
    tokens.need("(")
    while not tokens.take(")"):
        given.append(summed(tokens))
        tokens.take(",")

    def call(row: Row) -> Any:
        values = [item(row) for item in given]
        return None if None in values else function(*values)

    return call


def taken_out(document: str | None, member: str, *, as_text: bool) -> str | None:
    """Return a member of a JSON object: its text, or as JSON; of one that stands twice the first."""
    first = {"parse_int": str, "parse_float": str, "object_pairs_hook": lambda pairs: dict(reversed(pairs))}
    found = json.loads(document, **first) if document is not None else None  # type: ignore[arg-type]
    if not isinstance(found, dict) or member not in found:
        return None
    value = found[member]
    if as_text:
        return value if isinstance(value, str) or value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
