"""The one place that says how alike two names are: of tables and of columns, by their words and not by any list of a trade's words."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

_ALIKE = 0.72  # of two words' letters
_SAME = (  # plain words of databases that say the same
    frozenset({"at", "on", "ts", "time", "date", "datetime", "timestamp", "when", "day"}),
    frozenset({"id", "no", "nr", "num", "number", "code", "ref", "key"}),
    frozenset({"minor", "cent", "unit"}),
    frozenset({"amount", "value", "sum"}),
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, in small letters and the singular: `orderLines` and `order_line` are the same."""
    return tuple(_singular(word.lower()) for word in _WORDS.findall(name))


@lru_cache(maxsize=100_000)
def alike(one: str, other: str) -> float:
    """Return how alike two names are, 0 to 1: the share of their words that are alike."""
    ours, theirs = words(one), words(other)
    if not ours or not theirs:
        return float(one == other)
    if ours == theirs:
        return 1.0
    left, found = list(theirs), 0.0
    for word in ours:
        best = max(left, key=lambda item: _word_alike(word, item), default=None)
        if best is not None and (how := _word_alike(word, best)) >= _ALIKE:
            left.remove(best)
            found += how
    return 0.95 * 2 * found / (len(ours) + len(theirs))


def refers(column: str, table: str, key: str) -> bool:
    """Say whether a column is called as a reference to a table's key is: `reader_id`, `old_reader_id` or `reader` for `readers.reader_id`."""
    if column == key:
        return len(words(key)) > 1 or key.lower() not in ("id", "no", "code", "name", "key")
    return (len(words(key)) > 1 and column.endswith(f"_{key}")) or words(column) in ((*words(table), *words(key)), words(table))


def plain(name: str) -> str:
    """Return a name in small letters, digits and underscores; it begins with a letter."""
    found = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
    return found if found[:1].isalpha() else f"t_{found}".rstrip("_")


def _word_alike(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if any(one in same and other in same for same in _SAME):
        return 0.9
    return SequenceMatcher(None, one, other).ratio()


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:  # noqa: PLR2004 - not `ties`
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2 else word  # noqa: PLR2004 - `ts`
