"""The one place for how the report writes things: counts, money, moments, outcomes and slice values, alike in every rendering."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dq.record import Money, Outcome
from dq.report.language import current, say, say_counted

NOTHING: Final = "–"
MINUS: Final = "\N{MINUS SIGN}"
_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_ZERO: Final = re.compile(r"-?0+(\.0*)?")
_UNNAMED: Final = "units"  # an amount whose contract names no currency, such as points


@dataclass(frozen=True, slots=True)
class Mark:
    """How an outcome is shown: a word, and a symbol and a style that never stand without the word."""

    word: str
    symbol: str
    ascii: str  # the symbol where the terminal knows no other
    slug: str  # class name and icon name in HTML
    style: str  # rich style
    fill: str  # background under white letters, fine on a light and on a dark page


MARKS: Final[Mapping[Outcome, Mark]] = {
    Outcome.PASSED: Mark("PASSED", "✓", "+", "passed", "green", "#1b6e42"),
    Outcome.WAIVED: Mark("WAIVED", "◇", "~", "waived", "blue", "#35598a"),
    Outcome.FAILED: Mark("FAILED", "✗", "x", "failed", "bold red", "#a8261f"),
    Outcome.NOT_PROVEN: Mark("NOT PROVEN", "?", "?", "unproven", "bold yellow", "#855200"),
}


def count(number: int | None) -> str:
    """Return `12,345`; a dash where there is nothing to count (None), which is not 0."""
    return NOTHING if number is None else current().digits(f"{number:,}").replace("-", MINUS)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return `1 row`, `2 rows`, `0 people`."""
    return say_counted(f"{{n}} {one}", f"{{n}} {many or one + ('es' if one.endswith('ch') else 's')}", number)


def amount(text: str) -> str:
    """Return decimal text with thousands separators, every digit kept: `1,234,567.89`; other text as it is."""
    if not _DECIMAL.fullmatch(text):
        return text
    sign = MINUS if text.startswith("-") else ""
    whole, point, fraction = text.lstrip("-").partition(".")
    grouped = re.sub(r"(?<=[0-9])(?=(?:[0-9]{3})+$)", ",", whole)
    return sign + current().digits(f"{grouped}{point}{fraction}")


def money(item: Money) -> str:
    """Return `IDR 1,234,567.00`, or `1,200 units` where the contract names no currency; in the language's own currency its sign."""
    written = amount(item.amount)
    sign = current().currencies.get(item.currency)
    if sign is not None:
        return f"{sign}{written}"
    return f"{item.currency} {written}" if item.currency else f"{written} {say(_UNNAMED)}"


def moneys(items: Iterable[Money]) -> tuple[str, ...]:
    """Return one text a currency, by currency, zeros left out; never added across currencies."""
    kept = [item for item in items if not _ZERO.fullmatch(item.amount)]
    return tuple(money(item) for item in sorted(kept, key=lambda item: (not item.currency, item.currency, item.amount)))


def moment(text: str | None) -> str:
    """Return an ISO 8601 moment as `20 Oct 2024, 17:00 UTC`, seconds only where there are any; other text as it is."""
    if text is None:
        return NOTHING
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    clock = at.timetz().replace(tzinfo=None).isoformat("minutes" if not (at.second or at.microsecond) else "auto")
    clock = clock.replace(":", current().clock)
    offset = "" if at.tzinfo is None else " UTC" if not at.utcoffset() else f" {at.isoformat()[-6:]}"
    return f"{at.day} {current().months[at.month - 1]} {at.year}, {clock}{offset}"


def slice_value(value: str | None) -> str:
    """Return a slice's value; NULL bare, and in quotes what would be read as NULL, as nothing or without its outer spaces."""
    if value is None:
        return "NULL"
    return f"'{value}'" if value in {"", "NULL"} or value != value.strip() else value


def largest_first(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Return (name, count) by count, largest first, then by name: the same whatever order the mapping has."""
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def share(part: int, whole: int, *, of: int) -> int:
    """Return how many of `of` steps a bar is long: in integers, and at least 1 where `part` is not 0."""
    if part <= 0 or whole <= 0:
        return 0
    return max(1, min(of, part * of // whole))
