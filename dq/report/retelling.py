"""The one place that retells the record's English sentences in the language of the page; the record itself has one language.

A sentence is held against those of the catalogue, whose blanks say what stands in them by their first letter:

    n  a number          d  a day, with or without a clock     c  a count with its noun (`12 rows`)
    s  a sentence or phrase, retold in turn                     l  a list (`a, b and c`), each of it retold in turn
    x  a name or a value, kept as it is                         t  any text, kept as it is: the contract's own words

What no single message matches is taken apart where sentences are put together, and retold where every part can be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from dq.report.language import ENGLISH, MONTHS, Language, current, language_of

_BLANK: Final = re.compile(r"\{(\w+)\}")
_DAY: Final = rf"[0-9]{{1,2}} (?:{'|'.join(MONTHS)}) [0-9]{{4}}(?: [0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?)?"
_NUMBER: Final = r"[−-]?[0-9][0-9,]*(?:\.[0-9]+)?"
_HOLDS: Final = {"n": _NUMBER, "d": _DAY, "c": rf"{_NUMBER} [a-z][a-z'’ -]*", "s": r".+?", "l": r".+?", "t": r".+", "x": r"(?:(?!: |; |\. ).)+?"}
_JOINTS: Final = (". ", "; ", ": ", ", and ", ", ", " and ")  # where sentences are put together, the widest first
_AND: Final = {" and ": " {} ", ", and ": ", {} "}
_LONGEST: Final = 1_000  # characters of a sentence that is looked at
_MOST: Final = 40  # joints of one that is taken apart
_LONGEST_KEPT: Final = 20_000  # sentences


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One way in which a sentence is written."""

    regex: re.Pattern[str]
    literal: str  # its longest words, which a sentence must hold
    weight: int  # how much of it is words
    becomes: str


def retold(text: str) -> str:
    """Return a sentence of the record in the current language; as it is where that is English, or nobody knows how to say it."""
    language = current()
    if language.code == ENGLISH or not text:
        return text
    return retell(text, code=language.code) or text


@lru_cache(maxsize=_LONGEST_KEPT)
def retell(text: str, *, code: str) -> str | None:
    """Return a sentence of the record in another language; None where nobody knows how to say it."""
    if len(text) > _LONGEST:
        return None
    return _matched(text, code, is_whole=True) or _taken_apart(text, code) or _matched(text, code, is_whole=False)


def _matched(text: str, code: str, *, is_whole: bool) -> str | None:
    """Return the sentence by the first message that it matches; of a whole one every part is known."""
    for pattern in _patterns(code):
        match = pattern.regex.fullmatch(text) if pattern.literal in text else None
        said = _filled(pattern.becomes, match.groupdict(), code, is_whole=is_whole) if match is not None else None
        if said is not None:
            return said
    return None


def _filled(becomes: str, blanks: Mapping[str, str], code: str, *, is_whole: bool) -> str | None:
    """Return the sentence with its blanks filled in; None where one of them is not what should stand there."""
    language = language_of(code)
    values: dict[str, str] = {}
    for name, text in blanks.items():
        said = _FILLED[name[0]](text, language)
        if said is None and name[0] == "s" and not is_whole:
            said = text
        if said is None:
            return None
        values[name] = said
    return becomes.format(**values)


def _phrase(text: str, language: Language) -> str | None:
    return retell(text, code=language.code)


def _list(text: str, language: Language) -> str:
    *firsts, last = re.split(r", | and ", text)
    said = [_phrase(item, language) or item for item in (*firsts, last)]
    return said[0] if not firsts else f"{', '.join(said[:-1])} {language.word('and')} {said[-1]}"


def _day(text: str, language: Language) -> str:
    day, month, rest = text.split(" ", 2)
    year, _, clock = rest.partition(" ")
    return " ".join(part for part in (day, language.months[MONTHS.index(month)], year, clock.replace(":", language.clock)) if part)


_FILLED: Final[Mapping[str, Callable[[str, Language], str | None]]] = {
    "n": lambda text, language: language.digits(text),
    "d": _day,
    "c": _phrase,
    "s": _phrase,
    "l": _list,
    "t": lambda text, _: text,
    "x": lambda text, _: text,
}


def _taken_apart(text: str, code: str) -> str | None:
    """Return the parts of a sentence, each retold; None where one of them is not known."""
    if text.endswith(".") and (whole := retell(text[:-1], code=code)) is not None:
        return f"{whole}."
    if sum(text.count(joint) for joint in _JOINTS) > _MOST:
        return None
    for joint in _JOINTS:
        for before, after in _halves(text, joint):
            first = retell(before, code=code)
            second = retell(after, code=code) if first is not None else None
            if first is not None and second is not None:
                return f"{first}{_joint(joint, code)}{second}"
    return None


def _halves(text: str, joint: str) -> Iterator[tuple[str, str]]:
    at = text.find(joint)
    while at >= 0:
        yield text[:at], text[at + len(joint) :]
        at = text.find(joint, at + 1)


def _joint(joint: str, code: str) -> str:
    return _AND[joint].format(language_of(code).word("and")) if joint in _AND else joint


@lru_cache(maxsize=2)
def _patterns(code: str) -> tuple[_Pattern, ...]:
    """Return all ways in which the record's sentences are written, the ones with the most words first."""
    found = [_pattern(written, sentence.becomes) for sentence in language_of(code).sentences for written in sentence.written]
    return tuple(sorted(found, key=lambda pattern: -pattern.weight))


def _pattern(written: str, becomes: str) -> _Pattern:
    parts = _BLANK.split(written)
    words = parts[::2]
    regex = "".join(re.escape(part) if turn % 2 == 0 else f"(?P<{part}>{_HOLDS[part[0]]})" for turn, part in enumerate(parts))
    return _Pattern(re.compile(regex), max(words, key=len), sum(map(len, words)), becomes)
