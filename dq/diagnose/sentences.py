"""The one place that says a label in words: a sentence for a cause, a note for one finding."""

from __future__ import annotations

from decimal import Decimal

from dq.words import money_text

_UNITS = ((86_400_000_000, "day"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms"), (1, "µs"))
_QUARTER = 900_000_000  # microseconds
_PLAIN = {
    "other": "has another value",
    "null to empty": "NULL became ''",
    "empty to null": "'' became NULL",
    "null to zero": "was NULL and became 0",
    "zero to null": "was 0 and became NULL",
    "to null": "became NULL",
    "from null": "was NULL and has a value",
    "to empty": "became empty",
    "from empty": "was empty and has a value",
    "mojibake:twice": "was read in another character set twice",
    "escaped": "is escaped for HTML",
    "escaped:twice": "is escaped for HTML twice",
    "unescaped": "lost its escapes for HTML",
    "form": "is in another Unicode form",
    "line ends": "has other line ends",
    "blanks": "has other blanks at its ends",
    "case": "is in another case",
    "emoji gone": "lost its emoji",
    "emoji cut": "is cut at its first emoji",
    "lost characters": "has ? for characters that were lost",
    "longer": "has something added at its end",
    "sign": "has the other sign",
    "to zero": "became 0",
    "from zero": "was 0 and has another value",
    "wrapped": "went through 32 bits",
    "swapped": "was exchanged with another row's",
    "one value": "has one and the same value in several rows",
    "recoded": "has another value wherever it had one, and always the same",
    "twice": "is twice as much",
    "neighbour:previous": "holds the value of the row before",
    "neighbour:next": "holds the value of the row after",
    "day end:not at all": "is 1 day early",
    "day end:twice": "is 1 day late",
    "day end:last moment": "is the last moment of the day before",
}
_FORMS = {
    "cut": "is cut at {} characters",
    "bytes cut": "is cut at {} bytes",
    "precision": "is cut to whole {}",
    "factor": "is {} times as much",
    "part": "is a {}th",
    "rounded": "is rounded to {} decimals",
    "rounded to even": "is rounded to {} decimals, half to even",
    "rounded down": "is rounded down to {} decimals",
    "rounded up": "is rounded up to {} decimals",
    "digits cut": "is cut to {} decimals",
    "default": "became {}",
    "mojibake": "was read as {}",
    "column": "holds the value of {}",
    "form": "is in another Unicode form ({})",
    "line ends": "has other line ends ({})",
    "blanks": "has other blanks at its ends ({})",
    "case": "is in another case ({})",
    "local day": "is cut to the day in {}",
}
_OF_SEVERAL = {"became": "went from {} to {}", "rate": "is exchanged from {} to {} at about {}"}
_WHY = {
    "factor": "minor units read as major ones",
    "part": "major units read as minor ones",
    "precision": "a type with fewer digits",
    "twice": "moved twice",
    "mojibake": "its bytes are UTF-8",
    "mojibake:twice": "its bytes are UTF-8",
    "emoji cut": "a character set of three bytes",
    "emoji gone": "a character set of three bytes",
    "default": "a default of the store",
    "one value": "a default, or a key that was not looked up",
    "recoded": "a map of codes that is wrong",
    "neighbour": "keys and values are off by one",
    "day end:not at all": "the last day counted not at all",
    "day end:twice": "the last day counted twice",
    "day end": "a day that ends before midnight",
    "local day": "a date without time",
}


def said(column: str, label: str, *, span: tuple[int, int] | None = None) -> str:
    """Return what happened to a column, e.g. `expires_at is 7 h early`; no values but words of an enumeration.

    Args:
        column: its name.
        label: what happened.
        span: of instants whose label does not say it, by how many microseconds they differ at least and at most.
    """
    kind, _, rest = label.partition(":")
    if kind in _OF_SEVERAL:
        form = _OF_SEVERAL[kind]
        return f"{column} {form.format(*rest.split(':', form.count('{}') - 1))}"
    if kind == "offset":
        return f"{column} is {_apart(int(rest))}"
    if kind == "difference":
        amount = Decimal(rest)
        return f"{column} is {money_text(abs(amount))} {'more' if amount > 0 else 'less'}"
    if kind in _OF_CLOCKS:
        if span is None:
            return f"{column} is another moment ({why(label)})"
        least, most = span
        return f"{column} is {_apart(least)}" if least == most else f"{column} is {_apart(least)} to {_apart(most)}"
    return f"{column} {_PLAIN.get(label) or _FORMS[kind].format(rest)}"


def why(label: str, *, zoned: bool = False, digits: int = 0) -> str:
    """Return the likeliest explanation of a label, or ''.

    Args:
        label: what happened.
        zoned: of an instant, each row's zone is known, and none explains it.
        digits: of a number, how many it has after the point.
    """
    kind, _, rest = label.partition(":")
    if kind == "difference":
        return "one unit of the last digit, as another way of rounding gives" if digits and abs(Decimal(rest)) == Decimal(1).scaleb(-digits) else ""
    if kind == "offset":
        return _why_offset(int(rest), zoned=zoned)
    if kind in _OF_CLOCKS:
        zone, _, other = rest.partition(":")
        other, _, day = other.partition(":")
        words = {
            "summer": f"summer time of {other} {zone}",
            "overlap": f"the other one of two hours of the same name when summer time ended in {zone}",
            "zone": f"{zone} wall clock read as {other}",
            "offset twice": f"the offset of {zone} taken off twice",
            "zone and day": f"{zone} wall clock read as {other}, and the last day counted {day}",
        }
        return words[kind]
    return _WHY.get(label) or _WHY.get(kind, "")


_OF_CLOCKS = ("summer", "overlap", "zone", "offset twice", "zone and day")


def _why_offset(apart: int, *, zoned: bool) -> str:
    hours = apart / 3_600_000_000
    if hours in (-24, 24):
        return "the last day counted " + ("not at all" if hours < 0 else "twice")
    if zoned:
        return "a constant offset, whatever the zone of the row" if apart % _QUARTER == 0 else ""
    if hours in (-1, 1):
        return "a neighbouring zone, or summer time"
    if abs(hours) <= 14 and apart % _QUARTER == 0:  # noqa: PLR2004 - the widest offset of a zone is 14 h
        return "local time read as UTC" if hours > 0 else "the zone's offset taken off twice"
    return ""


def _apart(microseconds: int) -> str:
    return f"{_span(microseconds)} {'late' if microseconds > 0 else 'early'}"


def _span(microseconds: int) -> str:
    """Return `7 h`, `1 day`, `5 min 30 s`: the two largest units that are not 0."""
    left = abs(microseconds)
    parts: list[str] = []
    for size, unit in _UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number:,} {unit}{'s' if unit == 'day' and number > 1 else ''}")
    return " ".join(parts[:2])
