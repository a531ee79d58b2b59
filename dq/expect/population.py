"""The one place that counts what a fit looks at: rows of the table, non-NULL values of its column, rows that `ignore_row_if` leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dq.expect.known import STOCK
from dq.expect.refuse import columns_of
from dq.sql import listed, quote

if TYPE_CHECKING:
    from dq.expect.fitness import Connection, Fit

_SOME, _ALL = " OR ", " AND "
_LEFT = {  # which rows a rule leaves: those with some, or with all, of the columns filled
    "both_values_are_missing": _SOME,
    "all_values_are_missing": _SOME,
    "either_value_is_missing": _ALL,
    "any_value_is_missing": _ALL,
}
BY_DEFAULT = {"pairs": "both_values_are_missing", "records": "all_values_are_missing"}


def population(connection: Connection, *, table: str, fits: Sequence[Fit]) -> tuple[int, ...]:
    """Return how many values or rows each fit looks at, from one scan."""
    conditions = [_condition(fit) for fit in fits]
    distinct = sorted(set(conditions))
    if not distinct:
        return ()
    counts = listed(f"count(*) FILTER (WHERE {condition})" if condition else "count(*)" for condition in distinct)
    row = connection.execute(f"SELECT {counts} FROM {table}").fetchall()[0]
    found = dict(zip(distinct, row, strict=True))
    return tuple(int(found[condition]) for condition in conditions)


def _condition(fit: Fit) -> str:
    """Return which rows a fit is about; '' for all of them."""
    counts = STOCK[fit.type].counts
    if counts in ("rows", "table"):
        return ""
    filled = [f"{quote(name)} IS NOT NULL" for name in columns_of(fit.arguments)]
    if counts in ("values", "column"):
        return filled[0]
    joined = _LEFT.get(str(fit.arguments.get("ignore_row_if", BY_DEFAULT[counts])))
    return joined.join(filled) if joined else ""
