"""The one place for the plain words that the record is written in: counts, amounts and the sentence of a check."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

_PLURALS = {"person": "people", "currency": "currencies", "entity": "entities", "entry": "entries", "batch": "batches", "discrepancy": "discrepancies"}
_COLUMNS_NAMED = 4


def counted(number: int, noun: str) -> str:
    """Return `1 row`, `2 rows`, `1,234 people`."""
    return f"{number:,} {noun if number == 1 else _PLURALS.get(noun, f'{noun}s')}"


def money_text(amount: Decimal) -> str:
    """Return an amount as plain decimal text, without exponent, as many decimals as it has."""
    return format(amount, "f")


def listed(items: list[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def sentence_of(kind: str, *, broken: int, looked_at: int, statuses: Mapping[str, int], columns: Mapping[str, int]) -> str:
    """Return what a check over rows found, in one sentence."""
    if not broken:
        return _FINE[kind].format(rows=counted(looked_at, "row"))
    if kind == "keys":
        return f"{counted(broken, 'key')} {'is' if broken == 1 else 'are'} NULL or {'stands' if broken == 1 else 'stand'} more than once."
    if kind == "rows":
        words = {"missing": "missing in the target", "extra": "in the target only", "lost": "lost by the SQL", "multiplied": "repeated by a join"}
        parts = [f"{counted(count, 'row')} {'is' if count == 1 else 'are'} {words[status]}" for status, count in statuses.items() if status in words]
        return f"{listed(parts)}."
    ranked = sorted(columns.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{name} ({count:,})" for name, count in ranked[:_COLUMNS_NAMED]]
    more = f" and {counted(len(ranked) - _COLUMNS_NAMED, 'further column')}" if len(ranked) > _COLUMNS_NAMED else ""
    verb = "differs" if broken == 1 else "differ"
    return f"{counted(broken, 'row')} of {looked_at:,} {verb}: {', '.join(named)}{more}."


_FINE = {
    "keys": "Every key stands once on each side, and none is NULL ({rows}).",
    "rows": "Every row has its counterpart ({rows} on both sides together).",
    "values": "Every value is the same in {rows}.",
    "attribution": "Owners, authors and references are the same in {rows}.",
    "instants": "Every instant is the same in {rows}.",
}
