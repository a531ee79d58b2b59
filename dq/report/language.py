"""The one place for the language that a page is written in: its words, numbers and moments; the one door to babel.

English is the language of the texts themselves, and needs no catalogue. Any other has one in `languages/`, which is read when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from dq.errors import UsageError, near_miss

if TYPE_CHECKING:
    from gettext import GNUTranslations

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "id")
RECORDED: Final = "record"  # the context of a catalogue's messages that the record's own sentences are made of
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # strftime follows the locale


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the record with its blanks, as it is written (one and many), and what it becomes."""

    written: tuple[str, ...]
    becomes: str


@dataclass(frozen=True, slots=True)
class Language:
    """How a page is written."""

    code: str
    words: GNUTranslations | None = None  # None: the texts are in this language
    sentences: tuple[Sentence, ...] = ()  # of the record
    group: str = ","
    point: str = "."
    months: tuple[str, ...] = MONTHS
    clock: str = ":"  # between hours and minutes
    currencies: Mapping[str, str] = field(default_factory=dict)  # those that are written with their sign, which stands before the number

    def word(self, text: str) -> str:
        """Return a text of the page in this language, its blanks as they are."""
        return text if self.words is None or not text else self.words.gettext(text)

    def digits(self, text: str) -> str:
        """Return `1,234.50` as this language's readers write it: every digit kept."""
        return text.translate({ord(","): self.group, ord("."): self.point})


_CURRENT: Final[ContextVar[Language]] = ContextVar("language")
_ENGLISH: Final = Language(ENGLISH)


def current() -> Language:
    """Return the language that is being written in; English where nobody said otherwise."""
    return _CURRENT.get(_ENGLISH)


@contextmanager
def writing(code: str) -> Iterator[Language]:
    """Write in a language until the end of the block. Raises UsageError where there is none of that code."""
    language = language_of(code)
    token = _CURRENT.set(language)
    try:
        yield language
    finally:
        _CURRENT.reset(token)


def say(text: str, /, **values: object) -> str:
    """Return a text of the page in the current language, its blanks filled in."""
    said = current().word(text)
    return said.format(**values) if values else said


def say_counted(one: str, many: str, number: int, /, **values: object) -> str:
    """Return the text for one, or for several, in the current language; `{n}` is the number as it is written there."""
    language = current()
    said = (one if number == 1 else many) if language.words is None else language.words.ngettext(one, many, number)
    return said.format(n=language.digits(f"{number:,}"), **values)


@lru_cache(maxsize=len(LANGUAGES))
def language_of(code: str) -> Language:
    """Return a language by its code. Raises UsageError where there is none of that code."""
    if code not in LANGUAGES:
        raise UsageError(f"there is no language '{code}'{near_miss(code, LANGUAGES)}")
    return _ENGLISH if code == ENGLISH else _read(code)


def _read(code: str) -> Language:
    from gettext import GNUTranslations  # noqa: PLC0415
    from importlib import resources  # noqa: PLC0415
    from io import BytesIO  # noqa: PLC0415

    from babel import Locale  # noqa: PLC0415 - only where another language than English is asked for
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415
    from babel.numbers import get_currency_symbol, get_territory_currencies  # noqa: PLC0415

    source = resources.files("dq.report").joinpath("languages", f"{code}.po").read_bytes()
    catalogue = read_po(BytesIO(source), locale=code, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    sentences = []
    for message in catalogue:
        if message.id and (message.context == RECORDED or message.pluralizable or "{" not in message.id):  # counts and plain words stand there, too
            written = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
            becomes = message.string if isinstance(message.string, str) else (message.string or ("",))[0]
            sentences.append(Sentence(tuple(written), becomes))
    locale = Locale.parse(code, sep="_")
    symbols = locale.number_symbols["latn"]
    months = locale.months["format"]["abbreviated"]
    own = get_territory_currencies(str(_TERRITORY[code]))
    return Language(
        code=code,
        words=GNUTranslations(compiled),
        sentences=tuple(sentences),
        group=symbols["group"],
        point=symbols["decimal"],
        months=tuple(months[number] for number in range(1, 13)),
        clock="." if "." in locale.time_formats["short"].pattern else ":",
        currencies={currency: get_currency_symbol(currency, locale=code) for currency in own},
    )


_TERRITORY: Final = {"id": "ID"}  # whose currency is written with its sign
