"""The one place that says a label in words: a sentence for a cause, a note for one finding."""

from __future__ import annotations

from decimal import Decimal

from dq.words import money_text

_UNITS = ((86_400_000_000, "day"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms"), (1, "µs"))
_PLAIN = {
    "other": "has another value",
    "null to empty": "NULL became ''",
    "empty to null": "'' became NULL",
    "to null": "became NULL",
    "from null": "was NULL and has a value",
    "to empty": "became empty",
    "from empty": "was empty and has a value",
    "form": "is in another Unicode form",
    "line ends": "has other line ends",
    "blanks": "has other blanks at its ends",
    "case": "is in another case",
    "lost characters": "has ? for characters that were lost",
    "longer": "has something added at its end",
    "sign": "has the other sign",
    "to zero": "became 0",
    "from zero": "was 0 and has another value",
    "swapped": "was exchanged with another row's",
    "twice": "is twice as much",
}

_WHY = {
    "factor": "minor units read as major ones",
    "part": "major units read as minor ones",
    "precision": "a type with fewer digits",
    "twice": "moved twice",
}


def said(column: str, label: str) -> str:
    """Return what happened to a column, e.g. `expires_at is 7 h early`; no values but words of an enumeration."""
    kind, _, rest = label.partition(":")
    if kind == "became":
        before, _, after = rest.partition(":")
        return f"{column} went from {before} to {after}"
    if kind == "offset":
        return f"{column} is {_span(int(rest))} {'late' if int(rest) > 0 else 'early'}"
    if kind == "difference":
        amount = Decimal(rest)
        return f"{column} is {money_text(abs(amount))} {'more' if amount > 0 else 'less'}"
    forms = {
        "cut": f"is cut at {rest} characters",
        "precision": f"is cut to whole {rest}",
        "factor": f"is {rest} times as much",
        "part": f"is a {rest}th",
        "rounded": f"is rounded to {rest} decimals",
    }
    return f"{column} {forms.get(kind) or _PLAIN[label]}"


def why(label: str) -> str:
    """Return the likeliest explanation of a label, or ''."""
    kind, _, rest = label.partition(":")
    if kind == "offset":
        hours = int(rest) / 3_600_000_000
        if hours in (-24, 24):
            return "the last day counted " + ("not at all" if hours < 0 else "twice")
        if hours in (-1, 1):
            return "a neighbouring zone, or summer time"
        if abs(hours) <= 14 and int(rest) % 900_000_000 == 0:  # noqa: PLR2004 - the widest offset of a zone is 14 h
            return "local time read as UTC" if hours > 0 else "the zone's offset taken off twice"
    return _WHY.get(kind, "")


def _span(microseconds: int) -> str:
    """Return `7 h`, `1 day`, `5 min 30 s`: the two largest units that are not 0."""
    left = abs(microseconds)
    parts: list[str] = []
    for size, unit in _UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number:,} {unit}{'s' if unit == 'day' and number > 1 else ''}")
    return " ".join(parts[:2])
