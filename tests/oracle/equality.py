"""The one place that says, in plain Python, when two canonical values are the same, and after which declared rule they count as equal.

Source: DESIGN, law 3; DECISIONS "JSON".
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from dq.contract.models import Column

RULES: dict[str, Callable[[str], str]] = {
    "nfc": lambda text: unicodedata.normalize("NFC", text),
    "trim": lambda text: text.strip(" \t\n\r\v\f\u0085\u00a0\u2028\u2029\u3000\u200b\ufeff"),
    "casefold": lambda text: text.lower(),  # letter by letter: ß is no ss
    "crlf": lambda text: text.replace("\r\n", "\n"),
}


def is_same(source: Any, target: Any) -> bool:
    """Return whether two values are the same: NULL is a value like any other."""
    if source is None or target is None:
        return source is None and target is None
    return type(source) is type(target) and bool(source == target)


def rule_between(column: Column, source: Any, target: Any) -> str | None:
    """Return the first rule after which two different values count as equal: a declared one, or for JSON its meaning."""
    if source is None or target is None:
        return None
    if column.type.name == "JSON" and json_means_the_same(source, target):
        return "json"
    for rule in column.equal_after:
        source, target = RULES[rule](source), RULES[rule](target)
        if source == target:
            return rule
    if column.tolerance is not None and abs(source - target) <= column.tolerance:
        return "tolerance"
    return None


def json_means_the_same(source: str, target: str) -> bool:
    """Return whether two JSON texts mean the same; one with a key that stands twice means nothing."""
    try:
        return bool(_meaning(source) == _meaning(target))
    except ValueError:
        return False


def _meaning(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> Any:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a key stands twice")
        return ("object", frozenset((name, _frozen(value)) for name, value in pairs))

    return _frozen(json.loads(text, parse_int=Decimal, parse_float=_exact, object_pairs_hook=once))


def _exact(text: str) -> Any:
    """Return a number; one with an exponent that no `Decimal` has is only the same as it is written."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return ("number", text)


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return ("array", tuple(_frozen(item) for item in value))
    return value if isinstance(value, tuple) else (type(value).__name__, value)
