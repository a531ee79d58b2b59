"""The one place that counts what a fit looks at, and of claims in plain SQL what breaks them: all of a table's from one scan.

What a fit looks at: rows of the table, non-NULL values of its column, rows that `ignore_row_if` leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from dq.engine import Engine
from dq.errors import EngineError
from dq.expect.known import STOCK
from dq.expect.native import Claim, claim
from dq.expect.refuse import columns_of
from dq.sql import Query, listed, quote

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


@dataclass(frozen=True, slots=True)
class Counted:
    """How many values or rows a fit looks at, and how many of them break it; None where only Great Expectations can say."""

    looked_at: int
    broken: int | None


def count(connection: Connection, *, table: str, fits: Sequence[Fit], types: Mapping[str, str]) -> tuple[Counted, ...]:
    """Count for each fit, in one scan; values that stand twice, where there are any, in one more.

    A claim that the engine cannot answer (a regex that it does not know) fails them all: then each is asked alone, and
    that one is left to Great Expectations, which has the words for it.
    """
    engine = Engine(cast("Any", connection))
    claims = [claim(fit.type, fit.arguments, types) for fit in fits]
    try:
        return _counted(engine, table, fits, claims)
    except EngineError:
        return tuple(_alone(engine, table, fit, item) for fit, item in zip(fits, claims, strict=True))


def _alone(engine: Engine, table: str, fit: Fit, item: Claim | None) -> Counted:
    try:
        return _counted(engine, table, [fit], [item])[0]
    except EngineError:
        return _counted(engine, table, [fit], [None])[0]


def _counted(engine: Engine, table: str, fits: Sequence[Fit], claims: Sequence[Claim | None]) -> tuple[Counted, ...]:
    wanted = list(dict.fromkeys(part for fit, item in zip(fits, claims, strict=True) for part in _counts(fit, item)))
    if not wanted:
        return ()
    sql = f"SELECT {listed(part for part, _ in wanted)} FROM {table}"
    row = engine.one(Query(sql, tuple(value for _, values in wanted for value in values), step="fitness"))
    found = dict(zip(wanted, map(int, row), strict=True))
    return tuple(_told(engine, table, fit, item, [found[part] for part in _counts(fit, item)]) for fit, item in zip(fits, claims, strict=True))


def _counts(fit: Fit, item: Claim | None) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield the aggregates that a fit needs, each with its bound values: what it looks at, and what keeps it or is distinct in it."""
    left = _left(fit)
    yield f"count(*){_filtered(left)}", ()
    if item is not None and item.unique:
        names = [quote(name) for name in item.unique]
        yield f"count(DISTINCT {names[0] if len(names) == 1 else f'row({listed(names)})'}){_filtered(left)}", ()
    elif item is not None:
        yield f"count(*){_filtered(left, item.condition)}", item.values


def _filtered(*conditions: str) -> str:
    given = [f"({condition})" for condition in conditions if condition]
    return f" FILTER (WHERE {_ALL.join(given)})" if given else ""


def _told(engine: Engine, table: str, fit: Fit, item: Claim | None, counts: Sequence[int]) -> Counted:
    looked_at, *kept = counts
    if item is None:
        return Counted(looked_at, None)
    broken = looked_at - kept[0]
    return Counted(looked_at, _repeated(engine, table, _left(fit), item.unique) if broken and item.unique else broken)


def _repeated(engine: Engine, table: str, left: str, columns: Iterable[str]) -> int:
    """Return how many rows have a key that another row has, too; NULL equals NULL in it."""
    where = f" WHERE {left}" if left else ""
    groups = f"SELECT count(*) AS n FROM {table}{where} GROUP BY {listed(map(quote, columns))} HAVING count(*) > 1"
    return int(engine.one(Query(f"SELECT coalesce(sum(n), 0) FROM ({groups})", step="fitness"))[0])


def _left(fit: Fit) -> str:
    """Return which rows a fit is about; '' for all of them."""
    counts = STOCK[fit.type].counts
    if counts in ("rows", "table"):
        return ""
    filled = [f"{quote(name)} IS NOT NULL" for name in columns_of(fit.arguments)]
    if counts in ("values", "column"):
        return filled[0]
    joined = _LEFT.get(str(fit.arguments.get("ignore_row_if", BY_DEFAULT[counts])))
    return joined.join(filled) if joined else ""
