"""The one place for showing strangers' text: what cannot be seen becomes a code point, what is too long is cut with a count."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from dq.report.language import say_counted

# Control, format (bidi marks, zero width, BOM, tags), surrogate, private use, line and paragraph separators.
_UNSEEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Drawn as nothing though they are letters or marks. Source: Unicode, Default_Ignorable_Code_Point outside Cf.
_UNSEEN_RANGES: Final = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x2800, 0x2800),  # the empty braille pattern
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)
_NONCHARACTERS: Final = (0xFDD0, 0xFDEF)
_NOT_PLAIN: Final = re.compile(r"[^ -~]+")
_MARKS_IN_A_ROW: Final = 3  # more are no script's writing and climb out of their line


def visible(text: str) -> str:
    """Return `text` with every character that a reader could not see or that moves others as its code point: `‹U+200B›`.

    A space stays a space; every other blank (no-break, tab, line break) is named. The result is one line.
    """
    return _NOT_PLAIN.sub(_shown_run, text)


def clip(text: str, limit: int) -> str:
    """Return `text` in at most about `limit` characters; what was cut is counted, so nothing is cut in silence."""
    if len(text) <= limit:
        return text
    return text[:limit] + say_counted("… (+{n} character)", "… (+{n} characters)", len(text) - limit)


def printable_in(text: str, *, encoding: str) -> str:
    """Return `text` as `encoding` can carry it; the rest as code points (a terminal or file that is not UTF-8)."""
    if text.isascii() or encoding.lower().replace("_", "-") in {"utf-8", "utf8"}:
        return text
    return "".join(char if _fits(char, encoding) else _code_point(char, quotes="<>") for char in text)


def _fits(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return char.isascii()
    return True


def _shown_run(match: re.Match[str]) -> str:
    """Return a run of characters beyond plain ASCII; combining marks stand only with something to stand on."""
    marks = 0 if match.start() else _MARKS_IN_A_ROW
    shown = []
    for char in match[0]:
        marks = marks + 1 if unicodedata.combining(char) else 0
        shown.append(_code_point(char) if marks > _MARKS_IN_A_ROW or _is_unseen(char) else char)
    return "".join(shown)


@lru_cache(maxsize=4096)
def _is_unseen(char: str) -> bool:
    category = unicodedata.category(char)
    if category in _UNSEEN_CATEGORIES or (category == "Zs" and char != " "):
        return True
    point = ord(char)
    if _NONCHARACTERS[0] <= point <= _NONCHARACTERS[1] or point & 0xFFFE == 0xFFFE:  # noqa: PLR2004 - the last two of each plane
        return True
    return any(first <= point <= last for first, last in _UNSEEN_RANGES)


def _code_point(char: str, *, quotes: str = "‹›") -> str:
    return f"{quotes[0]}U+{ord(char):04X}{quotes[1]}"
